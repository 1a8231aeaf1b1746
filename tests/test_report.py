import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from lineage import ticks
from lineage.catalog import bulk
from lineage.errors import Cause, Rejected, SettingsError, Unavailable, Untranslatable
from lineage.jsontext import Packed
from lineage.model import (
    ActivityRun,
    Batch,
    Change,
    Gap,
    Json,
    Outcome,
    Reading,
    Reason,
    Status,
    Translation,
    Where,
)
from lineage.report import Translate, held, report
from lineage.store.ledger import Ledger
from lineage.ticks import Ticks
from tests.world import (
    COPY,
    FACTORY,
    Held,
    Killed,
    World,
    activity_run,
    at,
    batch_of,
    data_set,
    edge,
    fallback,
    foreign_operation,
    operation,
    pipeline_run,
    process,
    reading,
    table,
    telling,
    told,
    value,
)

UNKNOWN_SOURCE = Gap(Reason.UNRESOLVED, Where.INPUT, "table of dataset ds_in")
COLUMNS = Gap(Reason.COLUMNS_UNKNOWN, Where.COLUMNS, "the translator is an expression")


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def runs(count: int) -> list[ActivityRun]:
    return [activity_run(pipeline_run(f"run-{n}"), f"activity-{n}") for n in range(count)]


def statuses(outcomes: Iterable[Outcome]) -> dict[str, str]:
    return {outcome.run.id: outcome.status.value for outcome in outcomes}


# ---------------------------------------------------------------- the order of writes


def test_rows_before_anything_push_before_memory_memory_before_status(world: World) -> None:
    world.report(telling(process("sink", "a")), activity_run())

    assert world.tape.events == [
        "rows",  # every run has its row, before …
        "listed",  # … its pipeline run counts as listed
        "published",  # what is about to be ours
        "send",
        *("assets", "assets"),
        "published",
        "rows done",
    ]


def test_what_tells_nothing_is_settled_without_a_call(world: World) -> None:
    silent = Untranslatable(Gap(Reason.UNSUPPORTED_ACTIVITY, detail="activity type Lookup"))

    [outcome] = world.report(told(activity_1=silent), activity_run())

    assert world.tape.events == ["rows", "listed", "rows done"]
    assert world.catalog.reads == []
    assert outcome.status is Status.NOT_REPORTED
    assert outcome.gaps == silent.gaps


def test_an_unchanged_process_sends_nothing(world: World) -> None:
    translate = telling(process("sink", "a", columns=[value("x", "a")]))
    world.report(translate, activity_run())
    world.catalog.reads.clear()

    [outcome] = world.report(translate, *runs(1))

    assert world.tape.events == ["rows", "listed", "rows done"]
    assert world.catalog.reads == []
    assert outcome.status is Status.SUCCEEDED
    assert [each.change for each in outcome.processes] == [Change.UNCHANGED]


def test_a_second_delivery_finds_nothing_to_do(world: World) -> None:
    world.report(telling(process("sink", "a")), activity_run())

    outcomes = world.report(told(), activity_run())

    assert outcomes == []
    assert world.tape.events == []


def picture(world: World, *sinks: str) -> dict[str, Any]:
    """All that a kill must not change, clocks and attempts aside."""
    made: dict[str, Any] = {"totals": world.ledger.totals(FACTORY)}
    for row in world.ledger.activity_rows(FACTORY):
        made[row["activityRunId"]] = (row["status"], row["reasons"], row["processes"])
    for sink in sinks:
        name = operation(sink)
        made[sink] = (world.ends(name), world.ends(name, "outputs"), world.mapping(name))
    activity = world.entity(COPY)
    made["last run"] = activity and activity["attributes"]["lastRunTime"]
    made["backlog"] = world.ledger.backlog(FACTORY)
    return made


def scene(run: ActivityRun) -> tuple[Translate, list[ActivityRun]]:
    vague = process("sink", edge(fallback("ls"), "ds_in"), columns=[value("y", fallback("ls"))])
    sure = process("sink", edge("a", "ds_in"), columns=[value("x", "a")])
    translate = told(
        one=sure,
        two=Translation((vague, process("other", "b")), (UNKNOWN_SOURCE,)),
        three=Untranslatable(Gap(Reason.RUN_FAILED)),
    )
    others = [replace(run, id="two", ended=at("02:06:00")), replace(run, id="three")]
    return translate, [replace(run, id="one"), *others]


def test_a_kill_before_any_write_changes_nothing_in_the_end() -> None:
    calm = World()
    translate, ended = scene(activity_run())
    calm.report(translate, *ended)
    expected = picture(calm, "sink", "other")
    steps = len(calm.tape.events)

    assert steps > 8
    for step in range(steps):
        world = World()
        world.tape.before = kill_at(step, world)
        with suppress(Killed):
            world.report(translate, *ended)
        world.tape.before = None
        world.report(translate, *ended)

        assert picture(world, "sink", "other") == expected, step
        world.close()
    calm.close()


def kill_at(step: int, world: World) -> Any:
    """Kill before the event of this number, counted from the first row."""

    def before(event: str) -> None:
        if "rows" in [event, *world.tape.events] and len(world.tape.events) == step:
            raise Killed(event)

    return before


# ---------------------------------------------------------------- how runs end


def test_a_bug_in_a_translator_fails_its_own_run_only(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    translate = told(activity_0=ZeroDivisionError("secret"), activity_1=process("sink", "a"))

    outcomes = {outcome.run.id: outcome for outcome in world.report(translate, *runs(2))}

    assert statuses(outcomes.values()) == {"activity-0": "Failed", "activity-1": "Succeeded"}
    assert outcomes["activity-0"].gaps == (
        Gap(Reason.BUG, detail="ZeroDivisionError in the translator of Copy"),
    )
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.getMessage() == "activity run activity-0 of pipeline P"


def test_a_set_up_that_is_unfinished_while_translating_leaves_the_runs_open(world: World) -> None:
    translate = told(activity_0=process("sink", "a"), activity_1=SettingsError("no role"))

    with pytest.raises(SettingsError):
        world.report(translate, *runs(2))

    assert [world.status(run) for run in runs(2)] == ["Pending", "Pending"]


def test_a_definition_that_cannot_be_had_while_translating_holds_up_its_run_alone(
    world: World,
) -> None:
    missing = Unavailable("not prefetched", cause=Cause.REPLACED)
    translate = told(activity_0=process("sink", "a"), activity_1=missing)

    outcomes = {each.run.id: each for each in world.report(translate, *runs(2))}

    assert [world.status(run) for run in runs(2)] == ["Succeeded", "Retrying"]
    assert outcomes["activity-1"].gaps == (Gap(Reason.UNAVAILABLE, detail="not prefetched"),)


def test_an_error_of_a_translator_is_a_bug_of_ours(world: World) -> None:
    [outcome] = world.report(told(activity_1=LookupError("a key")), activity_run())

    assert outcome.status is Status.FAILED


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (SettingsError("no role", cause=Cause.ROLE), "Pending", "RoleMissing"),
        (SettingsError("shut", cause=Cause.FIREWALL), "Pending", "Firewall"),
        (SettingsError("no token", cause=Cause.TOKEN), "Pending", "Unavailable"),
        (Unavailable("no such host", cause=Cause.NAME), "Pending", "Unavailable"),
        (Unavailable("slow down", cause=Cause.OVERLOADED), "Retrying", "Throttled"),
        (Unavailable("no answer", cause=Cause.TIME), "TimedOut", "Unavailable"),
        (Unavailable("down"), "Retrying", "Unavailable"),
    ],
    ids=["role", "firewall", "token", "name", "overloaded", "time", "down"],
)
def test_every_run_that_the_catalog_holds_up_says_why(
    error: SettingsError | Unavailable, status: str, reason: str
) -> None:
    one, two = runs(2)

    outcomes = held(reading(one, two), error)

    assert [(each.run, each.status.value) for each in outcomes] == [(one, status), (two, status)]
    assert {each.gaps for each in outcomes} == {(Gap(Reason(reason), detail=str(error)),)}


@pytest.mark.parametrize(
    ("gaps", "status"),
    [
        ((), "Succeeded"),
        ((COLUMNS,), "Succeeded"),
        ((UNKNOWN_SOURCE,), "Partial"),
        ((COLUMNS, UNKNOWN_SOURCE), "Partial"),
    ],
)
def test_a_run_is_partial_where_an_edge_is_missing_or_unsure(
    world: World, gaps: tuple[Gap, ...], status: str
) -> None:
    [outcome] = world.report(telling(process("sink", "a"), gaps=gaps), activity_run())

    assert outcome.status == status
    assert outcome.gaps == gaps


def test_an_unchanged_process_ends_as_it_ended_before(world: World) -> None:
    wide = [value("é" * 200 + str(n), "a", str(n)) for n in range(200)]
    translate = telling(process("sink", "a", columns=wide))
    [first] = world.report(translate, activity_run())

    [second] = world.report(translate, *runs(1))

    assert [gap.reason for gap in first.gaps] == [Reason.COLUMN_MAPPING_TOO_LARGE]
    assert (second.status, second.gaps) == (Status.PARTIAL, first.gaps)


def refuse(*sinks: str, code: str = "ATLAS-400-00-021") -> Any:
    """A catalog that refuses the operations of these sinks."""
    names = {operation(sink).qualified for sink in sinks}

    def answer(entities: Sequence[Json]) -> None:
        if names & {each["attributes"]["qualifiedName"] for each in entities}:
            raise Rejected("no", 400, code)

    return answer


REFUSED = Gap(Reason.REJECTED, detail="the catalog refused it: ATLAS-400-00-021")


@pytest.mark.parametrize(
    ("refused", "status", "gaps"),
    [
        ((), "Succeeded", ()),
        (("one",), "Partial", (REFUSED,)),
        (("one", "two"), "Failed", (REFUSED,)),
    ],
)
def test_a_run_fails_only_if_nothing_of_it_could_be_reported(
    world: World, refused: tuple[str, ...], status: str, gaps: tuple[Gap, ...]
) -> None:
    world.catalog.answer = refuse(*refused)

    [outcome] = world.report(telling(process("one", "a"), process("two", "a")), activity_run())

    assert (outcome.status, outcome.gaps) == (status, gaps)


def test_a_run_of_which_one_sink_is_refused_and_the_other_missing_failed(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("a")), data_set(table("one")))
    world.catalog.answer = refuse("one")

    [outcome] = world.report(telling(process("one", "a"), process("two", "a")), activity_run())

    assert outcome.status is Status.FAILED
    assert {gap.reason for gap in outcome.gaps} == {Reason.REJECTED, Reason.MISSING_ASSET}


def test_a_gap_of_several_processes_is_told_once(world: World) -> None:
    world.set(create=False)
    missing = telling(process("one", "a"), process("two", "a"))

    [outcome] = world.report(missing, activity_run())

    assert outcome.status is Status.NOT_REPORTED
    assert outcome.gaps == (
        Gap(Reason.MISSING_ASSET, Where.OUTPUT, "the sink is not in the catalog"),
    )


def test_an_outcome_shows_what_this_run_tells(world: World) -> None:
    world.report(telling(process("sink", "a")), activity_run())

    [outcome] = world.report(telling(process("sink", "b"), process("new", "b")), *runs(1))

    assert [(each.process, each.name, each.change) for each in outcome.processes] == [
        (process("sink", "b"), operation("sink"), Change.UPDATED),
        (process("new", "b"), operation("new"), Change.CREATED),
    ]
    assert [each.key for each in outcome.processes] == [
        world.published.key(process("sink")),
        world.published.key(process("new")),
    ]


# ---------------------------------------------------------------- many runs, one process


def test_runs_of_one_activity_are_united_and_sent_once(world: World) -> None:
    translate = told(activity_0=process("sink", "a"), activity_1=process("sink", "b"))

    outcomes = world.report(translate, *runs(2))

    assert world.ends(operation("sink")) == ["a", "b"]
    assert len(world.catalog.sent) == 1
    assert statuses(outcomes) == {"activity-0": "Succeeded", "activity-1": "Succeeded"}


def test_activities_of_one_name_and_sink_in_two_pipelines_are_two_operations(world: World) -> None:
    one = activity_run(pipeline_run("run-1", pipeline="P"), "activity-1")
    two = activity_run(pipeline_run("run-2", pipeline="Q"), "activity-2")
    translate = told(
        activity_1=process("sink", "a", pipeline="P"), activity_2=process("sink", "b", pipeline="Q")
    )

    outcomes = world.report(translate, one, two)

    named = {each.run.of.pipeline: [e.name for e in each.processes] for each in outcomes}
    assert named == {"P": [operation(pipeline="P")], "Q": [operation(pipeline="Q")]}
    assert world.ends(operation(pipeline="P")) == ["a"]
    assert world.ends(operation(pipeline="Q")) == ["b"]


def test_edges_of_earlier_batches_stay(world: World) -> None:
    world.report(telling(process("sink", "a", columns=[value("x", "a")])), activity_run())

    world.report(telling(process("sink", "b", columns=[value("x", "b")])), *runs(1))

    assert world.ends(operation("sink")) == ["a", "b"]
    assert '"Source":"mssql://srv/db/dbo/a"' in world.mapping(operation("sink"))


def test_two_outputs_of_one_run_that_are_one_asset_are_united(world: World) -> None:
    translate = telling(
        process("sink", "a", columns=[value("x", "a")]),
        process("sink", "b", columns=[value("y", "b")]),
    )

    [outcome] = world.report(translate, activity_run())

    assert world.ends(operation("sink")) == ["a", "b"]
    assert len(outcome.processes) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_latest_run_gives_the_attributes(world: World, order: tuple[int, int]) -> None:
    two = [
        replace(activity_run(run_id="early", ended="02:05:00"), output={"rowsCopied": 1}),
        replace(activity_run(run_id="late", ended="02:06:00"), output={"rowsCopied": 2}),
    ]

    world.report(telling(process("sink", "a")), *(two[place] for place in order))

    assert attributes(world) == {
        "lastRunTime": ticks.epoch_milliseconds(at("02:06:00")),
        "rowCount": 2,
        "dataSize": 0,
    }


def attributes(world: World) -> dict[str, Any]:
    entity = world.entity(COPY)
    assert entity is not None
    return {key: entity["attributes"][key] for key in ("lastRunTime", "rowCount", "dataSize")}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (activity_run(), ("02:05:00", 10, 4096)),
        (replace(activity_run(), ended=None), ("02:10:00", 10, 4096)),
        (
            replace(activity_run(), ended=None, of=replace(pipeline_run(), ended=None)),
            ("02:10:00", 10, 4096),
        ),
        (activity_run(output={"rowsCopied": "10", "dataWritten": None}), ("02:05:00", 0, 0)),
        (activity_run(output={"rowsCopied": True, "dataWritten": -1}), ("02:05:00", 0, 0)),
        (activity_run(output=Packed(b'{"rowsCopied": 7, "dataWritten": 8}')), ("02:05:00", 7, 8)),
        (
            activity_run(output=Packed(b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}")),
            ("02:05:00", 0, 0),
        ),
        (activity_run(output={"rowsCopied": 2**63, "dataWritten": 1.5}), ("02:05:00", 0, 0)),
        (
            activity_run(output={"rowsCopied": 2**63 - 1, "dataWritten": 0}),
            ("02:05:00", 2**63 - 1, 0),
        ),
        (replace(activity_run(), output=None), ("02:05:00", 0, 0)),
    ],
    ids=[
        *("all told", "no end", "no end at all", "no numbers", "not numbers of things"),
        *("not read yet", "deeper than can be read"),
        *("more than a catalog holds", "all that a catalog holds", "no output"),
    ],
)
def test_attributes_are_those_the_run_tells(
    world: World, run: ActivityRun, expected: tuple[str, int, int]
) -> None:
    ended, rows, size = expected

    world.report(telling(process("sink", "a")), run)

    assert attributes(world) == {
        "lastRunTime": ticks.epoch_milliseconds(at(ended)),
        "rowCount": rows,
        "dataSize": size,
    }


def test_a_pipeline_run_without_an_end_is_dated_by_its_update(world: World) -> None:
    of = replace(pipeline_run(updated="02:40:00"), ended=None)

    world.report(telling(process("sink", "a")), replace(activity_run(of), ended=None))

    assert attributes(world)["lastRunTime"] == ticks.epoch_milliseconds(at("02:40:00"))


# ---------------------------------------------------------------- the built-in connection

SAYS_SO = Gap(Reason.REPORTED_BY_SERVICE, detail="the catalog shows its operation")


def shown(world: World, *inputs: str) -> None:
    """The catalog shows the built-in's operation."""
    world.have(*(data_set(table(name)) for name in (*inputs, "sink")))
    ends = [table(name) for name in inputs]
    world.have(foreign_operation(operation("sink"), ends, [table("sink")]))


@pytest.mark.parametrize("native", ["Succeeded", "succeeded"])
def test_a_run_is_left_to_the_built_in_if_the_catalog_shows_it(world: World, native: str) -> None:
    shown(world, "a")

    [outcome] = world.report(telling(process("sink", "a")), activity_run(native=native))

    assert (outcome.status, outcome.gaps) == (Status.NOT_REPORTED, (SAYS_SO,))
    assert world.catalog.sent == []


def test_a_run_that_the_catalog_does_not_show_is_reported(world: World) -> None:
    [outcome] = world.report(telling(process("sink", "a")), activity_run(native="Succeeded"))

    assert outcome.status is Status.SUCCEEDED
    assert [each.change for each in outcome.processes] == [Change.CREATED]
    assert world.ends(operation("sink")) == ["a"]


@pytest.mark.parametrize("native", [None, "NotReported", "Failed", ""])
def test_a_run_that_the_built_in_does_not_claim_is_reported(
    world: World, native: str | None
) -> None:
    shown(world, "a")

    [outcome] = world.report(telling(process("sink", "a")), activity_run(native=native))

    assert outcome.status is Status.SUCCEEDED


def test_a_process_is_left_to_the_built_in_only_if_it_claims_all_of_its_runs(
    world: World,
) -> None:
    shown(world, "a")
    one, two = runs(2)

    outcomes = world.report(telling(process("sink", "b")), replace(one, native="Succeeded"), two)

    assert set(statuses(outcomes).values()) == {"Succeeded"}
    assert world.ends(operation("sink")) == ["a", "b"]


def test_a_later_claim_does_not_undo_a_report(world: World) -> None:
    one, two = runs(2)
    world.report(telling(process("sink", "a")), two, replace(one, native="Succeeded"))

    assert world.ends(operation("sink")) == ["a"]


def test_trust_takes_the_built_in_at_its_word(world: World) -> None:
    world.set(native="trust")

    outcomes = world.report(
        told(activity_1=process("sink", "b")),
        activity_run(run_id="activity-0", native="Succeeded"),
        activity_run(),
    )

    assert statuses(outcomes) == {"activity-0": "NotReported", "activity-1": "Succeeded"}
    [gaps] = [outcome.gaps for outcome in outcomes if outcome.run.id == "activity-0"]
    assert gaps == (Gap(Reason.REPORTED_BY_SERVICE, detail="trusted by LINEAGE_NATIVE"),)


def test_always_reports_what_the_built_in_reported_too(world: World) -> None:
    shown(world, "a")
    world.set(native="always")

    [outcome] = world.report(telling(process("sink", "b")), activity_run(native="Succeeded"))

    assert outcome.status is Status.SUCCEEDED
    assert world.ends(operation("sink")) == ["a", "b"]


# ---------------------------------------------------------------- as soon as it is recorded


@dataclass
class Settling:
    """A ledger that keeps which runs it was asked to settle, each time."""

    ledger: Ledger
    asked: list[list[str]] = field(default_factory=list)

    def open(self, batch: Batch, read: Reading, now: Ticks, overlap: float) -> list[ActivityRun]:
        return self.ledger.open(batch, read, now, overlap)

    def settling(
        self, batch: Batch, outcomes: Iterable[Outcome], now: Ticks, waiting: Collection[str]
    ) -> Iterator[Outcome]:
        given = list(outcomes)
        self.asked.append([outcome.run.id for outcome in given])
        return self.ledger.settling(batch, given, now, waiting)


def test_a_run_is_settled_once_with_the_last_of_its_processes(world: World) -> None:
    ledger = Settling(world.ledger)
    world.set(ledger=ledger)
    many = [process(f"sink-{n}", "a") for n in range(bulk.COUNT + 1)]
    translate = told(
        early=Translation((many[0],)),
        late=Translation((many[-1],)),
        both=Translation((many[0], many[-1])),
        middle=Translation(tuple(many)),
        silent=Untranslatable(Gap(Reason.RUN_FAILED)),
    )
    ended = [activity_run(run_id=name) for name in ("early", "middle", "late", "both", "silent")]

    world.report(translate, *ended)

    assert [each for each in ledger.asked if each] == [
        ["silent"],
        ["early"],
        ["middle", "late", "both"],
    ]


def test_what_was_settled_before_an_outage_stays_settled(world: World) -> None:
    many = [process(f"sink-{n:03d}", "a") for n in range(bulk.COUNT + 1)]
    translate = told(early=many[0], late=Translation((many[-1],)), all=Translation(tuple(many)))
    ended = [activity_run(run_id=name) for name in ("early", "all", "late")]

    def second_fails(entities: Sequence[Json]) -> None:
        if len(world.catalog.sent) == 2:
            raise Unavailable("503")

    world.catalog.answer = second_fails

    with pytest.raises(Unavailable):
        world.report(translate, *ended)
    after_outage = [world.status(run) for run in ended]
    world.catalog.answer = None
    outcomes = world.report(translate, *ended)

    assert after_outage == ["Succeeded", "Pending", "Pending"]
    assert statuses(outcomes) == {"late": "Succeeded", "all": "Succeeded"}
    assert len(world.catalog.sent) == 3


def test_outcomes_are_told_as_soon_as_they_are_recorded(world: World) -> None:
    many = [process(f"sink-{n:03d}", "a") for n in range(bulk.COUNT + 1)]
    translate = told(
        early=many[0],
        late=Translation((many[-1],)),
        all=Translation(tuple(many)),
        silent=Untranslatable(),
    )
    ended = [activity_run(run_id=name) for name in ("early", "all", "late", "silent")]
    read = reading(*ended)
    world.ledger.enqueue(FACTORY, batch_of(read).runs, world.now)

    seen = [
        (outcome.run.id, [world.status(run) for run in ended], len(world.catalog.sent))
        for outcome in report(batch_of(read), read, Held(), translate, world.desk)
    ]

    assert seen[0] == ("silent", ["Pending", "Pending", "Pending", "NotReported"], 0)
    assert seen[1] == ("early", ["Succeeded", "Pending", "Pending", "NotReported"], 1)
    assert [run for run, _, sent in seen[2:] if sent == 2] == ["all", "late"]


def test_runs_that_are_settled_are_not_translated_again(world: World) -> None:
    world.report(told(activity_0=process("sink", "a")), *runs(1))

    outcomes = world.report(told(activity_1=process("sink", "b")), *runs(2))

    assert statuses(outcomes) == {"activity-1": "Succeeded"}


def test_our_own_clock_dates_a_row_and_the_overlap_is_as_set(world: World) -> None:
    run = activity_run(pipeline_run(updated="02:50:00"))
    world.set(overlap=601.0)

    world.report(telling(process("sink", "a")), run, running=1)
    waiting = world.ledger.standing(FACTORY, 0.0).watermark, world.ledger.backlog(FACTORY)
    world.set(overlap=600.0)
    world.report_reading(telling(process("sink", "a")), reading(run, running=1))

    row = world.ledger.row(run)
    assert row is not None
    assert (row["first"], row["settled"]) == (world.now, world.now)
    assert waiting == (None, 1)
    assert world.ledger.backlog(FACTORY) == 0
