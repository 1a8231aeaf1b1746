from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from lineage import ticks
from lineage.compare import MOST_PRINTS, Done, Work, compare, fingerprint, last_seen, last_told
from lineage.model import (
    Certainty,
    Change,
    Gap,
    LastRun,
    Process,
    Reason,
    Status,
    Where,
)
from lineage.store.processes import Head, Published, published_partition
from lineage.ticks import Ticks
from tests.world import FACTORY, World, at, edge, operation, process, value

DAY = 86_400.0
NOW = at("03:00:00")
RUN = LastRun(at("02:05:00"))
LEFT = Gap(Reason.REPORTED_BY_SERVICE)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def work(world: World, told: Process, **more: Any) -> dict[str, Work]:
    """A process as one run of now tells it."""
    variants = {fingerprint(told, world.desk): told}
    return {world.published.key(told): Work(told, RUN, variants, **more)}


def publish(
    world: World,
    told: Process,
    status: Status = Status.SUCCEEDED,
    gaps: tuple[Gap, ...] = (),
    sent: Ticks = NOW,
    superseded: bool = False,
) -> None:
    """It was published as one run of then told it."""
    print_ = fingerprint(told, world.desk)
    head = Head(operation("sink"), status, sent, gaps, superseded, {print_: RUN.ended})
    seen = dict.fromkeys((told.sink, *told.inputs), RUN.ended)
    assert world.published.put(Published(head, told, print_, seen), None)


def changed(world: World, told: Process, **more: Any) -> bool:
    """Whether a process has to be sent."""
    return bool(compare(work(world, told, **more), world.desk)[0])


def row(world: World, told: Process) -> Published:
    key = world.published.key(told)
    return world.published.get(told.factory, told.pipeline, [key])[key]


# ---------------------------------------------------------------- what is sent


def test_a_new_process_is_sent(world: World) -> None:
    [(key, found)] = compare(work(world, process("sink", "a")), world.desk)[0].items()

    assert key == world.published.key(process("sink"))
    assert (found.process, found.row) == (process("sink", "a"), None)


def test_an_unchanged_process_ends_as_it_ended_before(world: World) -> None:
    gaps = (Gap(Reason.COLUMN_MAPPING_TOO_LARGE),)
    publish(world, process("sink", "a"), Status.PARTIAL, gaps)

    sent, known = compare(work(world, process("sink", "a")), world.desk)

    done = Done(operation("sink"), Change.UNCHANGED, Status.PARTIAL, gaps)
    assert sent == {}
    told = fingerprint(process("sink", "a"), world.desk)
    assert known == {(world.published.key(process("sink")), told): done}


def test_an_unchanged_process_needs_the_small_row_alone(world: World) -> None:
    publish(world, process("sink", "a"))
    told = work(world, process("sink", "a"))
    [key] = told

    world.rows.write("published", published_partition(FACTORY, "P"), {}, [f"r|{key}"])

    assert compare(told, world.desk)[0] == {}


@pytest.mark.parametrize(
    "told",
    [
        process("sink", "b"),
        process("sink", "a", "b"),
        process("sink", edge("a", "other")),
        process("sink", "a", columns=[value("x", "a")]),
    ],
    ids=["another input", "one more input", "another end", "a column"],
)
def test_what_was_not_told_before_is_sent_united_with_what_was(world: World, told: Process) -> None:
    publish(world, process("sink", "a"))

    [found] = compare(work(world, told), world.desk)[0].values()

    assert set(found.process.inputs) == {*process("sink", "a").inputs, *told.inputs}
    assert found.row is not None


def test_knowing_less_sends_nothing_and_is_remembered(world: World) -> None:
    more = process("sink", "a", "b", columns=[value("x", "a")])
    publish(world, more)

    first = compare(work(world, process("sink", "a")), world.desk)
    world.tape.events.clear()
    second = compare(work(world, process("sink", "a")), world.desk)

    assert first == second
    assert first[0] == {}
    assert world.tape.events == []
    assert row(world, process("sink")).process == more


def test_a_surer_word_is_sent(world: World) -> None:
    publish(world, process("sink", edge("a", "ds", Certainty.INFERRED)))

    assert changed(world, process("sink", edge("a", "ds")))


@pytest.mark.parametrize("settings", [{"create": False}, {"native": "always"}])
def test_a_setting_that_changes_what_is_sent_sends_everything_again(
    world: World, settings: Mapping[str, Any]
) -> None:
    publish(world, process("sink", "a"))

    world.set(**settings)

    assert changed(world, process("sink", "a"))


@pytest.mark.parametrize(
    ("status", "gaps", "claimed", "after", "expected"),
    [
        (Status.SUCCEEDED, (), False, 0.99, False),
        (Status.SUCCEEDED, (), False, 1, True),
        (Status.PARTIAL, (), False, 0.99, False),
        (Status.PARTIAL, (), False, 1, True),
        (Status.PENDING, (), False, 0, True),
        (Status.FAILED, (), False, 0.99, False),
        (Status.FAILED, (), False, 1, True),
        (Status.NOT_REPORTED, (Gap(Reason.MISSING_ASSET),), False, 0.99, False),
        (Status.NOT_REPORTED, (Gap(Reason.MISSING_ASSET),), False, 1, True),
        (Status.NOT_REPORTED, (LEFT,), True, 10, False),
        (Status.NOT_REPORTED, (LEFT,), False, 0, True),
    ],
    ids=[
        *("arrived today", "arrived a day ago", "in part today", "in part a day ago"),
        "sent, and whether it arrived is not known",
        *("refused today", "refused a day ago", "missing today", "missing a day ago"),
        *("left to the built-in, which claims it", "left, and no longer claimed"),
    ],
)
def test_when_an_unchanged_process_is_sent_again(
    world: World,
    status: Status,
    gaps: tuple[Gap, ...],
    claimed: bool,
    after: float,
    expected: bool,
) -> None:
    publish(world, process("sink", "a"), status, gaps, sent=ticks.shift(NOW, -after * DAY))

    assert changed(world, process("sink", "a"), claimed=claimed) is expected


def test_without_run_attributes_an_unchanged_process_is_never_sent_again(world: World) -> None:
    world.set(daily=False)
    publish(world, process("sink", "a"), sent=ticks.shift(NOW, -100 * DAY))

    assert not changed(world, process("sink", "a"))


@pytest.mark.parametrize(("after", "expected"), [(0.99, False), (1, True)])
def test_an_input_that_was_missing_is_looked_for_daily_without_run_attributes_too(
    world: World, after: float, expected: bool
) -> None:
    world.set(daily=False)
    missing = Gap(Reason.MISSING_ASSET, Where.INPUT)
    sent = ticks.shift(NOW, -after * DAY)
    publish(world, process("sink", "a"), Status.PARTIAL, (missing,), sent)

    assert changed(world, process("sink", "a")) is expected


def test_a_fall_back_that_gave_way_is_not_sent_again(world: World) -> None:
    long_ago = ticks.shift(NOW, -100 * DAY)
    publish(world, process("sink", "a"), sent=long_ago, superseded=True)

    assert not changed(world, process("sink", "a"))


# ---------------------------------------------------------------- when it was seen


def again(world: World, told: Process, days: float) -> Published:
    """The row after a run that told this so much later."""
    [(key, first)] = work(world, told).items()
    last = LastRun(ticks.shift(RUN.ended, days * DAY))
    assert compare({key: replace(first, last=last)}, world.desk)[0] == {}
    return row(world, told)


def test_edges_are_seen_again_after_a_day(world: World) -> None:
    publish(world, process("sink", "a"))
    world.tape.events.clear()

    same_day = again(world, process("sink", "a"), 0.99)
    untouched = list(world.tape.events)
    next_day = again(world, process("sink", "a"), 1)

    assert untouched == []
    assert set(same_day.seen.values()) == {RUN.ended}
    assert set(next_day.seen.values()) == {ticks.shift(RUN.ended, DAY)}
    assert set(next_day.head.told.values()) == {ticks.shift(RUN.ended, DAY)}


def test_an_edge_that_a_run_does_not_tell_is_not_seen_again(world: World) -> None:
    publish(world, process("sink", "a", "b"))

    seen = again(world, process("sink", "a"), 7).seen

    assert seen[edge("a", "ds_in")] == ticks.shift(RUN.ended, 7 * DAY)
    assert seen[edge("b", "ds_in")] == RUN.ended


def test_a_run_of_long_ago_does_not_turn_the_clock_back(world: World) -> None:
    publish(world, process("sink", "a"))

    assert set(again(world, process("sink", "a"), -30).seen.values()) == {RUN.ended}


def test_what_was_never_seen_is_seen_now(world: World) -> None:
    told = process("sink", "a")
    united = replace(next(iter(work(world, told).values())), edges=(told.sink, *told.inputs))

    assert last_seen(united) == dict.fromkeys((told.sink, *told.inputs), RUN.ended)
    assert last_told(united) == {fingerprint(told, world.desk): RUN.ended}


# ---------------------------------------------------------------- fingerprints


def test_a_fingerprint_is_the_same_in_every_process(world: World) -> None:
    told = process("sink", "a", "b", columns=[value("x", "a", "Ж"), value("y", "b")])

    print_ = fingerprint(told, world.desk)

    # It changes with what is sent: count `compare.BODY` up then, and everything is sent again.
    assert print_ == "62123e6437022b68ec6a0289ceb8fb6ecb396b1a53249b2628a2eb3d31ad4de7"


def test_a_fingerprint_is_taken_once_for_one_object(world: World) -> None:
    told = process("sink", "a")

    first = fingerprint(told, world.desk)

    assert fingerprint(told, world.desk) == first
    assert list(world.desk.prints.values()) == [(told, first)]
    assert fingerprint(process("sink", "a"), world.desk) == first


def test_fingerprints_are_forgotten_before_they_fill_the_memory(world: World) -> None:
    others = {-number: (process("sink"), "") for number in range(1, MOST_PRINTS + 1)}
    world.desk.prints.update(others)

    print_ = fingerprint(process("sink", "a"), world.desk)

    assert [kept for _, kept in world.desk.prints.values()] == [print_]


def test_half_of_a_surrogate_pair_has_a_fingerprint(world: World) -> None:
    assert len(fingerprint(process("\ud800", "a"), world.desk)) == 64


def test_processes_of_several_pipelines_are_compared_at_once(world: World) -> None:
    one, other = process("sink", "a"), replace(process("sink", "a"), pipeline="Q", activity="B")
    publish(world, one)

    sent, known = compare(work(world, one) | work(world, other), world.desk)

    assert list(sent) == [world.published.key(other)]
    assert list(known) == [(world.published.key(one), fingerprint(one, world.desk))]
