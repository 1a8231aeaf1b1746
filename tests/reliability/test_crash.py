"""A process that ends before each of its writes in turn: what was in the catalog stays there."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from lineage.model import ActivityRun
from tests.world import (
    COPY,
    Killed,
    World,
    activity_run,
    data_set,
    edge,
    fallback,
    operation,
    pipeline_run,
    process,
    table,
    telling,
)

EVENTS = 16  # more than one report has


@pytest.fixture(params=[False, True], ids=["blocks are kept", "every write is made at once"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(at_once=request.param)
    yield made
    made.close()


def run(number: int, ended: str) -> ActivityRun:
    return activity_run(pipeline_run(f"run-{number}"), f"activity-{number}", ended=ended)


def last_run(world: World) -> int:
    found = world.entity(COPY)
    assert found is not None
    return int(found["attributes"]["lastRunTime"])


@pytest.mark.parametrize("writes", range(EVENTS))
def test_another_batch_after_a_crash_takes_nothing_back(world: World, writes: int) -> None:
    """Found by the kill test: batches are cut anew after a kill, so another one may come first."""
    late, early = run(2, "02:08:00"), run(3, "02:06:00")
    world.report(telling(process("sink", "a")), run(1, "02:05:00"))
    world.tape.events.clear()
    world.tape.until = writes
    with suppress(Killed):
        world.report(telling(process("sink", "b")), late)
    world.tape.until = None
    edges, moment = world.ends(operation("sink")), last_run(world)

    world.report(telling(process("sink", "c")), early)
    between = world.ends(operation("sink"))
    attributes = last_run(world)
    world.report(telling(process("sink", "b")), late)

    assert set(edges) <= set(between)
    assert attributes >= moment
    assert world.ends(operation("sink")) == ["a", "b", "c"]
    assert [world.status(each) for each in (late, early)] == ["Succeeded", "Succeeded"]


VAGUE = process(edge(fallback("ls"), "ds"), "a")
SURE = process(edge("sink", "ds"), "b")


@pytest.mark.parametrize("writes", range(EVENTS))
def test_a_fall_back_gives_way_to_an_exact_sink_whenever_that_was_killed(
    world: World, writes: int
) -> None:
    world.report(telling(VAGUE), run(1, "02:05:00"))
    world.tape.until = writes
    with suppress(Killed):
        world.report(telling(SURE, process("other", "c")), run(2, "02:06:00"))
    world.tape.until = None

    world.report(telling(VAGUE), run(3, "02:07:00"))
    world.report(telling(SURE, process("other", "c")), run(2, "02:06:00"))
    world.report(telling(VAGUE), run(4, "02:08:00"))

    assert world.entity(operation(fallback("ls"))) is None
    assert world.ends(operation("sink")) == ["b"]
    assert world.ends(operation("other")) == ["c"]
    assert [world.status(run(n, "02:05:00")) for n in (1, 2, 3, 4)] == ["Succeeded"] * 4


@pytest.mark.parametrize("writes", range(EVENTS))
def test_a_name_that_is_gone_is_located_anew_whenever_that_was_killed(
    world: World, writes: int
) -> None:
    world.have(data_set(table("a")))
    world.report(telling(process("sink", "a")), run(1, "02:05:00"))
    world.local.delete(table("a").candidates[0])
    world.tape.until = writes
    with suppress(Killed):
        world.report(telling(process("sink", "a", "b")), run(2, "02:06:00"))
    world.tape.until = None

    world.report(telling(process("sink", "a", "b")), run(2, "02:06:00"))

    assert world.ends(operation("sink")) == ["a", "b"]
    assert world.status(run(2, "02:06:00")) == "Succeeded"
