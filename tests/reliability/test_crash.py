"""A process that ends before each of its writes in turn: what was in the catalog stays there."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from lineage import ticks
from lineage.errors import Rejected
from lineage.model import ActivityRun, Json
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
    told,
)

pytestmark = pytest.mark.slow

EVENTS = 16  # more than one report has
BAD_EVENTS = 42  # more than one has that tries variants apart


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


def refuse_bad_and_all_that_takes_back(world: World) -> None:
    """A catalog that refuses `bad`; that an edge is taken back is an error of the test's."""

    def answer(entities: Sequence[Json]) -> None:
        names = {each["guid"]: each["attributes"]["qualifiedName"] for each in entities}
        if any(name.endswith("/bad") for name in names.values()):
            raise Rejected("no", 400, "ATLAS-400-00-036")
        for each in entities:
            if each["attributes"]["qualifiedName"] == operation("sink").qualified:
                found = [end.get("guid") for end in each["attributes"]["inputs"]]
                unique = [end.get("uniqueAttributes", {}) for end in each["attributes"]["inputs"]]
                sent = [names.get(guid, "") for guid in found if guid]
                sent += [str(end.get("qualifiedName", "")) for end in unique]
                there = world.ends(operation("sink")) if world.entity(operation("sink")) else []
                assert {*there} <= {name.rpartition("/")[2] for name in sent}

    world.catalog.answer = answer


BATCH = {
    "activity_2": process("sink", "b"),
    "activity_3": process("sink", "bad"),
    "activity_4": process("sink", "c"),
    "activity_5": process("sink", "d"),
}


def batch_with_a_bad_run(world: World) -> dict[str, str]:
    """How the runs of a batch end, one of which the catalog refuses; or that it was killed."""
    runs = [run(number, f"02:0{number}:00") for number in (2, 3, 4, 5)]
    with suppress(Killed):
        outcomes = world.report(told(**BATCH), *runs)
        return {outcome.run.id: outcome.status.value for outcome in outcomes}
    return {}


def test_a_batch_with_a_bad_run_has_fewer_writes_than_are_tried(world: World) -> None:
    refuse_bad_and_all_that_takes_back(world)

    batch_with_a_bad_run(world)

    assert EVENTS < len(world.tape.events) < BAD_EVENTS


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("writes", range(BAD_EVENTS))
def test_a_bad_run_poisons_nothing_whenever_the_crash_comes(
    world: World, writes: int, known: bool
) -> None:
    refuse_bad_and_all_that_takes_back(world)
    if known:
        world.report(telling(process("sink", "a")), run(1, "02:01:00"))
    world.tape.events.clear()
    world.tape.until = writes
    batch_with_a_bad_run(world)
    world.tape.until = None

    [another] = world.report(telling(process("sink", "e")), run(6, "02:06:00"))
    batch_with_a_bad_run(world)

    statuses = [world.status(run(number, "02:05:00")) for number in (2, 3, 4, 5)]
    assert another.status == "Succeeded"
    assert statuses == ["Succeeded", "Failed", "Succeeded", "Succeeded"]
    assert world.ends(operation("sink")) == [*("a" * known), *"bcde"]


@pytest.mark.parametrize("first", range(8))
@pytest.mark.parametrize("second", range(0, BAD_EVENTS, 2))
def test_a_crash_after_a_crash_takes_nothing_back(world: World, first: int, second: int) -> None:
    refuse_bad_and_all_that_takes_back(world)
    world.report(telling(process("sink", "a")), run(1, "02:01:00"))
    world.tape.events.clear()
    world.tape.until = first
    with suppress(Killed):
        world.report(telling(process("sink", "e")), run(6, "02:06:00"))
    world.tape.until = second
    batch_with_a_bad_run(world)
    world.tape.until = None

    batch_with_a_bad_run(world)
    world.report(telling(process("sink", "e")), run(6, "02:06:00"))

    assert world.ends(operation("sink")) == [*"abcde"]


def crash_before_memory(world: World) -> None:
    """A run that tells `b` arrives, and the crash comes before it is known that it did."""
    world.set(create=False)
    world.have(*(data_set(table(name)) for name in ("a", "b", "c", "sink")))
    world.report(telling(process("sink", "a")), run(1, "02:01:00"))
    world.catalog.lose = lambda: setattr(world.tape, "until", 0)
    with suppress(Killed):
        world.report(telling(process("sink", "b")), run(2, "02:02:00"))
    world.catalog.lose = None
    world.tape.until = None
    assert world.ends(operation("sink")) == ["a", "b"]


def test_what_was_noted_outlasts_a_sink_that_is_missing_for_a_while(world: World) -> None:
    crash_before_memory(world)
    world.local.delete(table("sink").candidates[0])
    world.published.forget([table("sink")])
    [missing] = world.report(telling(process("sink", "c")), run(3, "02:03:00"))
    world.have(data_set(table("sink")))

    world.now = ticks.shift(world.now, 86_400.0)
    world.report(telling(process("sink", "c")), run(4, "02:04:00"))

    assert missing.status == "NotReported"
    assert world.ends(operation("sink")) == ["a", "b", "c"]


def test_what_was_noted_outlasts_a_name_too_long(world: World) -> None:
    crash_before_memory(world)
    [refused] = world.report(telling(process("sink", "x" * 5000)), run(3, "02:03:00"))

    world.report(telling(process("sink", "c")), run(4, "02:04:00"))

    assert refused.status == "Failed"
    assert world.ends(operation("sink")) == ["a", "b", "c"]


@pytest.mark.parametrize("refused_before", [False, True])
def test_what_was_noted_of_one_dataset_of_a_sink_is_known_to_the_other(
    world: World, refused_before: bool
) -> None:
    refuse_bad_and_all_that_takes_back(world)
    if refused_before:
        world.report(telling(process(edge("sink", "ds1"), "bad")), run(1, "02:01:00"))
    world.catalog.lose = lambda: setattr(world.tape, "until", 0)
    with suppress(Killed):
        world.report(telling(process(edge("sink", "ds1"), "a")), run(2, "02:02:00"))
    world.catalog.lose = None
    world.tape.until = None

    world.report(telling(process(edge("sink", "ds2"), "b")), run(3, "02:03:00"))

    assert world.ends(operation("sink")) == ["a", "b"]
