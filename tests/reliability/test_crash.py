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
    operation,
    pipeline_run,
    process,
    telling,
)

EVENTS = 12  # more than one report has


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
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
