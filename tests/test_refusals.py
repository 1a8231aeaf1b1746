"""What a catalog refuses fails alone: an operation keeps, and gains, the edges that it takes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import ticks
from lineage.errors import Rejected
from lineage.jsontext import dumps
from lineage.model import Asset, Gap, Json, Outcome, Process, Reason, Row, Rows, Status, Where
from lineage.store.processes import Published
from lineage.store.published import PublishedRows
from lineage.store.rows import TOO_LARGE
from tests.world import (
    FACTORY,
    World,
    activity_run,
    data_set,
    edge,
    fallback,
    foreign_operation,
    operation,
    pipeline_run,
    process,
    table,
    table_or_view,
    told,
)

DAY = 86_400.0
LONG = table("bad" * 1500)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    made.catalog.answer = refusing()
    yield made
    made.close()


def refusing(*names: str) -> Callable[[Sequence[Json]], None]:
    """A catalog that refuses a request about one of these tables, or one called bad."""

    def answer(entities: Sequence[Json]) -> None:
        for each in entities:
            ends = [end.get("uniqueAttributes", {}) for end in each["attributes"].get("inputs", ())]
            for qualified in (of.get("qualifiedName", "") for of in (each["attributes"], *ends)):
                last = qualified.rpartition("/")[2]
                if last in names or last.startswith("bad"):
                    raise Rejected("no", 400, "ATLAS-400-00-036")

    return answer


def tell(world: World, *processes: Process, native: str | None = None) -> list[Outcome]:
    """One batch with a run for each of these."""
    number = sum(1 for _ in world.ledger.activity_rows(FACTORY))
    names = [f"run-{number + place}" for place in range(len(processes))]
    runs = [activity_run(pipeline_run(name), name, native=native) for name in names]
    by_run: Mapping[str, Process] = {
        name.replace("-", "_"): each for name, each in zip(names, processes, strict=True)
    }
    outcomes = world.report(told(**by_run), *runs)
    return sorted(outcomes, key=lambda outcome: names.index(outcome.run.id))


def statuses(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def row(world: World, of: Process) -> Published:
    key = world.published.key(of)
    return world.published.get(of.factory, of.pipeline, [key])[key]


# ---------------------------------------------------------------- alone


@pytest.mark.parametrize(
    ("bad", "gap"),
    [
        (table("bad"), Gap(Reason.REJECTED, detail="the catalog refused it: ATLAS-400-00-036")),
        (LONG, Gap(Reason.TOO_LONG, detail="a qualified name of 4519 bytes")),
    ],
    ids=["refused", "too long"],
)
def test_a_bad_input_fails_alone_before_with_and_after_good_runs(
    world: World, bad: Asset, gap: Gap
) -> None:
    first = tell(world, process("sink", bad))
    good = tell(world, process("sink", "a"))
    both = tell(world, process("sink", "b"), process("sink", "b", bad), process("sink", "c"))
    last = tell(world, process("sink", "d"))

    assert statuses([*first, *good, *both, *last]) == [
        *("Failed", "Succeeded", "Succeeded", "Failed", "Succeeded", "Succeeded"),
    ]
    assert [outcome.gaps for outcome in (first[0], both[1])] == [(gap,), (gap,)]
    assert world.ends(operation("sink")) == ["a", "b", "c", "d"]
    assert row(world, process("sink")).process == process("sink", "a", "b", "c", "d")


class Narrow:
    """Rows of a store that holds no row longer than this."""

    MOST = 6000

    def __init__(self, rows: Rows) -> None:
        self.get, self.range, self.scan, self.under = rows.get, rows.range, rows.scan, rows.under
        self.together = rows.together
        self._rows = rows

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        if any(len(dumps(row)) > self.MOST for row in puts.values()):
            raise Rejected("too large", 413, TOO_LARGE)
        return self._rows.write(table, partition, puts, deletes, expected)


def test_what_no_row_of_the_store_holds_is_not_sent_and_fails_alone(world: World) -> None:
    world.set(published=PublishedRows(Narrow(world.taped), world.catalog.address))
    huge = process("sink", *(f"t{n:03d}" for n in range(100)))
    other = process("large", *(f"t{n:03d}" for n in range(100)))

    outcomes = tell(world, process("sink", "a"), huge, process("next", "b"), other)
    again = tell(world, huge, process("sink", "c"))

    assert statuses(outcomes) == ["Succeeded", "Failed", "Succeeded", "Failed"]
    gap = Gap(Reason.REJECTED, detail="not sent: larger than a row of the store holds")
    assert outcomes[1].gaps == outcomes[3].gaps == again[0].gaps == (gap,)
    assert statuses(again) == ["Failed", "Succeeded"]
    assert world.ends(operation("sink")) == ["a", "c"]
    assert world.entity(operation("large")) is None


def test_what_is_refused_leaves_what_is_published_as_it_was(world: World) -> None:
    tell(world, process("sink", "a"))
    before = row(world, process("sink"))

    tell(world, process("sink", "bad"))

    after = row(world, process("sink"))
    assert (after.process, after.fingerprint) == (before.process, before.fingerprint)
    assert (after.head.status, after.head.sent) == (Status.SUCCEEDED, before.head.sent)
    assert (after.seen, after.intended) == (before.seen, None)
    assert len(after.head.refused) == 1


@pytest.mark.parametrize("bad", [table("bad"), LONG], ids=["refused", "too long"])
def test_what_was_refused_is_sent_no_more_that_day_and_again_the_next(
    world: World, bad: Asset
) -> None:
    tell(world, process("sink", "a"), process("sink", bad))
    world.catalog.sent.clear()

    same_day = tell(world, process("sink", bad), process("sink", "a"))
    untouched = list(world.catalog.sent)
    world.now = ticks.shift(world.now, DAY)
    next_day = tell(world, process("sink", bad))
    world.now = ticks.shift(world.now, 0.99 * DAY)
    world.catalog.sent.clear()
    later = tell(world, process("sink", bad))

    assert statuses(same_day) == ["Failed", "Succeeded"]
    assert untouched == world.catalog.sent == []
    assert [each.change.value for each in next_day[0].processes] == ["refused"]
    assert [each.change.value for each in later[0].processes] == ["unchanged"]


def test_what_was_refused_is_taken_once_the_catalog_takes_it(world: World) -> None:
    tell(world, process("sink", "a"), process("sink", "bad"))
    world.catalog.answer = None

    world.now = ticks.shift(world.now, DAY)
    outcomes = tell(world, process("sink", "bad"))

    assert statuses(outcomes) == ["Succeeded"]
    assert world.ends(operation("sink")) == ["a", "bad"]
    assert row(world, process("sink")).head.refused == {}


def test_a_published_operation_that_is_refused_itself_failed(world: World) -> None:
    tell(world, process("sink", "a"))
    world.catalog.answer = refusing("sink", "A")

    world.now = ticks.shift(world.now, DAY)
    outcomes = [*tell(world, process("sink", "a")), *tell(world, process("sink", "a"))]

    assert statuses(outcomes) == ["Failed", "Failed"]
    assert row(world, process("sink")).head.status is Status.FAILED
    assert row(world, process("sink")).process == process("sink", "a")


def test_edges_of_somebody_else_outlast_a_refusal(world: World) -> None:
    world.have(data_set(table("theirs")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("theirs")], [table("sink")]))

    outcomes = tell(world, process("sink", "bad"), process("sink", "a"), process("sink", "b"))

    assert statuses(outcomes) == ["Failed", "Succeeded", "Succeeded"]
    assert world.ends(operation("sink")) == ["a", "b", "theirs"]


def test_processes_of_one_name_fail_apart(world: World) -> None:
    one, other = edge("sink", "ds1"), edge("sink", "ds2")

    outcomes = tell(world, process(one, "a"), process(other, "bad"), process(other, "b"))

    assert statuses(outcomes) == ["Succeeded", "Failed", "Succeeded"]
    assert world.ends(operation("sink")) == ["a", "b"]


# ---------------------------------------------------------------- what was never proven


def test_what_was_left_to_the_built_in_does_not_hold_up_what_is_sent_later(world: World) -> None:
    world.have(data_set(table("a")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("a")], [table("sink")]))
    tell(world, process("sink", "bad"), native="Succeeded")

    outcomes = tell(world, process("sink", "b"))

    assert statuses(outcomes) == ["Succeeded"]
    assert world.ends(operation("sink")) == ["a", "b"]


@pytest.mark.parametrize("known", [False, True])
def test_what_was_told_of_a_missing_sink_does_not_hold_it_up(world: World, known: bool) -> None:
    world.have(*(data_set(table(name)) for name in ("a", "b", "sink")))
    world.set(create=False)
    if known:
        tell(world, process("sink", "a"))
    world.local.delete(table("sink").candidates[0])
    world.published.forget([table("sink")])
    missing = tell(world, process("sink", "bad"), process("sink", "b", "c"))
    world.have(data_set(table("sink")), data_set(table("bad")))

    world.now = ticks.shift(world.now, DAY)
    world.set(create=True)
    outcomes = tell(world, process("sink", "b"))

    assert {each.gaps[0].where for each in missing} == {Where.OUTPUT}
    assert statuses(outcomes) == ["Succeeded"]
    assert world.ends(operation("sink")) == (["a", "b"] if known else ["b"])


def test_what_was_told_while_the_sink_was_missing_is_sent_when_it_is_back(world: World) -> None:
    """Also where another run is the first to be told then."""
    world.have(*(data_set(table(name)) for name in ("a", "b", "sink")))
    world.set(create=False)
    tell(world, process("sink", "a"))
    world.local.delete(table("sink").candidates[0])
    world.published.forget([table("sink")])
    missing = [tell(world, process("sink", name)) for name in ("a", "b", "b")]
    sent = len(world.catalog.reads)
    tell(world, process("sink", "b"))
    world.have(data_set(table("sink")))

    untouched = len(world.catalog.reads)
    world.now = ticks.shift(world.now, DAY)
    outcomes = [tell(world, process("sink", name)) for name in ("a", "b")]

    assert [statuses(each) for each in missing] == [["Succeeded"]] + [["NotReported"]] * 2
    assert untouched == sent
    assert [statuses(each) for each in outcomes] == [["Succeeded"]] * 2
    assert world.ends(operation("sink")) == ["a", "b"]


def test_what_was_published_before_is_reported_once_another_run_finds_the_sink_back(
    world: World,
) -> None:
    world.have(*(data_set(table(name)) for name in ("a", "d", "sink")))
    world.set(create=False)
    tell(world, process("sink", "a"))
    world.local.delete(table("sink").candidates[0])
    world.published.forget([table("sink")])
    world.now = ticks.shift(world.now, DAY)
    missing = tell(world, process("sink", "a"))
    world.have(data_set(table("sink")))

    outcomes = [*tell(world, process("sink", "d")), *tell(world, process("sink", "a"))]

    assert statuses(missing) == ["NotReported"]
    assert statuses(outcomes) == ["Succeeded", "Succeeded"]
    assert world.ends(operation("sink")) == ["a", "d"]


def test_what_is_given_up_is_told_anew(world: World) -> None:
    world.have(data_set(table("a")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("a")], [table("sink")]))
    tell(world, process("sink", "bad"), process("sink", "c"), native="Succeeded")
    tell(world, process("sink", "b"))

    outcomes = tell(world, process("sink", "c"))

    assert statuses(outcomes) == ["Succeeded"]
    assert world.ends(operation("sink")) == ["a", "b", "c"]


def test_a_fall_back_stays_where_only_a_bad_run_names_the_exact_sink(world: World) -> None:
    vague = process(edge(fallback("ls"), "ds"), "a")
    tell(world, vague)

    outcomes = tell(world, process(edge("sink", "ds"), "bad"), vague)

    assert statuses(outcomes) == ["Failed", "Succeeded"]
    assert world.ends(operation(fallback("ls"))) == ["a"]


def test_a_name_that_is_gone_is_found_anew_beside_a_bad_run(world: World) -> None:
    source = table_or_view("orders")
    view = source.candidates[1]
    world.have(data_set(table("sink")), data_set(Asset((view,))))
    tell(world, process("sink", source))
    world.local.delete(view)
    world.have(data_set(source))

    outcomes = tell(world, process("sink", source, "b"), process("sink", "bad"))

    assert statuses(outcomes) == ["Succeeded", "Failed"]
    assert world.ends(operation("sink")) == ["b", "orders"]


# ---------------------------------------------------------------- what it costs


@pytest.mark.parametrize(("bad", "calls"), [(0, 1), (1, 13), (2, 23)])
def test_bad_ones_of_many_variants_are_found_by_halving(world: World, bad: int, calls: int) -> None:
    """At most 2k(1 + ⌈log₂ n⌉) + 1 calls for k bad ones of n variants."""
    names = [f"t{n:02d}" for n in range(64 - bad)] + [f"bad{n}" for n in range(bad)]
    names = names[::2] + names[1::2]

    outcomes = tell(world, *(process("sink", name) for name in names))

    good = sorted(name for name in names if name.startswith("t"))
    assert len(world.catalog.sent) <= 2 * bad * 7 + 1
    assert len(world.catalog.sent) == calls
    assert statuses(outcomes) == ["Failed" if n.startswith("bad") else "Succeeded" for n in names]
    assert world.ends(operation("sink")) == good


def test_operations_that_are_refused_are_halved_together(world: World) -> None:
    sinks = [f"sink-{n}" for n in range(4)]

    tell(world, *(process(sink, name) for sink in sinks for name in ("a", "bad")))

    assert [world.ends(operation(sink)) for sink in sinks] == [["a"]] * 4
    assert len(world.catalog.sent) == 7 + 1 + 7  # all, the good halves, the bad halves


# ---------------------------------------------------------------- any order


batches = st.lists(
    st.lists(st.sets(st.sampled_from(["a", "b", "c", "bad1", "bad2"]), min_size=1), min_size=1),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@given(batches)
@settings(max_examples=60, deadline=None)
def test_whatever_runs_tell_and_in_whatever_order_only_the_bad_ones_fail(
    runs: list[list[set[str]]],
) -> None:
    world = World()
    world.catalog.answer = refusing()
    good = {name for batch in runs for told in batch if not bad(told) for name in told}

    for batch in runs:
        outcomes = tell(world, *(process("sink", *sorted(told)) for told in batch))

        assert statuses(outcomes) == ["Failed" if bad(told) else "Succeeded" for told in batch]

    entity = world.entity(operation("sink"))
    assert (world.ends(operation("sink")) if entity else []) == sorted(good)
    world.close()


def bad(told: set[str]) -> bool:
    return any(name.startswith("bad") for name in told)
