"""Forged evidence: a small source, the ledger and catalog it should leave, ways to spoil them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.reliability.evidence import Entity, Evidence, Relation, Row, Served, Step
from tests.reliability.truth import READS, WRITES, Activity, Edge, LastRun, Name, PipelineRun, Truth

FACTORY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/f"
PART = "runs|f"
MINUTE = 600_000_000  # ticks
NOON = 638_000_000_000_000_000  # a moment, in ticks

_ACTIVITY = f"{FACTORY}/pipelines/P/activities/Load"
SINK: Name = ("azure_sql_table", "mssql://h/d/s/t")
FIRST: Name = ("azure_blob_path", "https://a/1.csv")
SECOND: Name = ("azure_blob_path", "https://a/2.csv")
FALLBACK: Name = ("DataSet", "somewhere://a")
OPERATION: Name = ("adf_copy_operation", f"{_ACTIVITY}#{SINK[1]}#{SINK[0]}")
ACTIVITY: Name = ("adf_copy_activity", _ACTIVITY)
PIPELINE: Name = ("adf_pipeline", f"{FACTORY}/pipelines/P")
OWNER: Name = ("azure_data_factory", FACTORY)

_INPUT, _OUTPUT = "dataset_process_inputs", "process_dataset_outputs"
_COLUMNS = (
    '[{"DatasetMapping":{"Source":"https://a/1.csv","Sink":"mssql://h/d/s/t"},'
    '"ColumnMapping":[{"Source":"a","Sink":"b"}]}]'
)

# ---------------------------------------------------------------- the source


def _copy(id: str, source: Name, last: LastRun) -> Activity:
    edges: frozenset[Edge] = frozenset({(OPERATION, READS, source), (OPERATION, WRITES, SINK)})
    return Activity(id, "Load", "Copy", "Succeeded", "Succeeded", (), edges, last)


def _silent(id: str, kind: str, run_status: str, reason: str) -> Activity:
    last = LastRun(0, 0, 0)
    return Activity(id, "Look", kind, run_status, "NotReported", (reason,), frozenset(), last)


def _run(id: str, updated: int, *activities: Activity) -> PipelineRun:
    return PipelineRun(FACTORY, id, "P", updated, {each.id: each for each in activities})


TRUTH = Truth(
    {
        run.id: run
        for run in (
            _run(
                "r1",
                NOON,
                _copy("a1", FIRST, LastRun(1000, 10, 100)),
                _silent("b1", "Lookup", "Succeeded", "UnsupportedActivity"),
            ),
            _run("r2", NOON + 10 * MINUTE, _copy("a2", SECOND, LastRun(2000, 20, 200))),
            _run("r3", NOON + 20 * MINUTE, _silent("a3", "Copy", "Failed", "RunFailed")),
        )
    },
    frozenset({SINK, FIRST, SECOND, OPERATION, ACTIVITY, PIPELINE, OWNER}),
    frozenset({(OPERATION, READS, FIRST), (OPERATION, READS, SECOND), (OPERATION, WRITES, SINK)}),
    frozenset({(OPERATION[1], FIRST[1], "a", SINK[1], "b")}),
)

SERVED = Served(
    frozenset({"r1", "r2", "r3"}),
    frozenset({("r1", "a1"), ("r1", "b1"), ("r2", "a2"), ("r3", "a3")}),
    frozenset({"r1", "r2", "r3"}),
)

# ---------------------------------------------------------------- the ledger


def run_row(state: str, run: str) -> Row:
    """A run row; `state` is q, o, p or x."""
    updated = TRUTH.runs[run].updated
    body = {"id": run, "pipeline": "P", "sent": 1, "tries": 0}
    return Row(PART, f"{state}|{updated:019d}|{run}", body)


def activity_row(run: str, id: str, status: str | None = None) -> Row:
    """A ledger row: with the right end, or one that is open."""
    of, activity = TRUTH.runs[run], TRUTH.runs[run].activities[id]
    ended = status in (None, activity.status)
    body = {
        "pipelineRunId": run,
        "activityRunId": id,
        "pipeline": of.pipeline,
        "activity": activity.name,
        "activityType": activity.type,
        "runStatus": activity.run_status,
        "updated": of.updated,
        "status": status or activity.status,
        "reasons": [[reason, "process", ""] for reason in activity.reasons] if ended else [],
    }
    return Row(PART, f"a|{run}|{id}", body)


def cursor(minutes: int) -> Row:
    """The cursor, so many minutes after noon; the watermark is 15 minutes below."""
    return Row(PART, "c", {"factory": FACTORY, "scanned": NOON + minutes * MINUTE})


def counts(**statuses: int) -> Row:
    """A row of counts."""
    return Row(PART, "n|1|x", {"delta": statuses})


LISTED = (run_row("p", "r1"), run_row("p", "r2"), run_row("p", "r3"))
ENDED = (
    activity_row("r1", "a1"),
    activity_row("r1", "b1"),
    activity_row("r2", "a2"),
    activity_row("r3", "a3"),
)
ROWS = (cursor(60), *LISTED, *ENDED, counts(Succeeded=2, NotReported=2))

# ---------------------------------------------------------------- the catalog


def entity(name: Name, guid: str = "", status: str = "ACTIVE", **attributes: Any) -> Entity:
    """An entity; its guid is its name, unless told otherwise."""
    return Entity(guid or name[1] + name[0], name, status, attributes)


def edge(source: Name, status: str = "ACTIVE", operation: Name = OPERATION) -> Relation:
    """An operation reads a data set."""
    return Relation(_INPUT, entity(operation).guid, entity(source).guid, status)


def wrote(sink: Name = SINK, status: str = "ACTIVE", operation: Name = OPERATION) -> Relation:
    """An operation writes a data set."""
    return Relation(_OUTPUT, entity(operation).guid, entity(sink).guid, status)


ENTITIES = (
    entity(OWNER),
    entity(PIPELINE),
    entity(ACTIVITY),
    entity(OPERATION, columnMapping=_COLUMNS),
    entity(SINK),
    entity(FIRST),
    entity(SECOND),
)
RELATIONS = (edge(FIRST), edge(SECOND), wrote())


def made(*things: Entity | Relation) -> tuple[Step, ...]:
    """A past in which these were made, one after the other."""
    return tuple(Step(n, each, None, "ACTIVE") for n, each in enumerate(things, 1))


def gone(relation: Relation, n: int = 99) -> Step:
    """The step in which a relation was taken away."""
    return Step(n, replace(relation, status="DELETED"), "ACTIVE", "DELETED")


GOOD = Evidence(ROWS, ENTITIES, RELATIONS, made(*ENTITIES, *RELATIONS), SERVED)

# Killed when the first pipeline run was reported, the second open, the third queued.
MIDWAY = Evidence(
    (
        cursor(25),
        run_row("p", "r1"),
        run_row("o", "r2"),
        run_row("q", "r3"),
        activity_row("r1", "a1"),
        activity_row("r1", "b1"),
        activity_row("r2", "a2", "Pending"),
        counts(Succeeded=1, NotReported=1, Pending=1),
    ),
    tuple(each for each in ENTITIES if each.name != SECOND),
    (edge(FIRST), wrote()),
    made(*(each for each in ENTITIES if each.name != SECOND), edge(FIRST), wrote()),
    Served(
        frozenset({"r1", "r2", "r3"}),
        frozenset({("r1", "a1"), ("r1", "b1"), ("r2", "a2")}),
        frozenset({"r1", "r2"}),
    ),
)

# ---------------------------------------------------------------- spoiling


def rows(evidence: Evidence, *add: Row, drop: Iterable[str] = ()) -> Evidence:
    """With these rows, in place of those of the same key, and without those of a dropped key."""
    replaced = {(row.part, row.key) for row in add} | {(PART, key) for key in drop}
    kept = (row for row in evidence.rows if (row.part, row.key) not in replaced)
    return replace(evidence, rows=(*kept, *add))


def said(row: Row, **changes: Any) -> Row:
    """A row that says something else."""
    return replace(row, body={**row.body, **changes})


def besides(evidence: Evidence, *add: Entity | Relation, past: Iterable[Step] = ()) -> Evidence:
    """With these entities and relations, too, and steps that follow all others."""
    return replace(
        evidence,
        entities=(*evidence.entities, *(each for each in add if isinstance(each, Entity))),
        relations=(*evidence.relations, *(each for each in add if isinstance(each, Relation))),
        past=(*evidence.past, *past),
    )


def without(evidence: Evidence, thing: Entity | Relation) -> Evidence:
    """Without an entity or a relation, and nothing in the past says that it went."""
    return replace(
        evidence,
        entities=tuple(each for each in evidence.entities if each != thing),
        relations=tuple(each for each in evidence.relations if each != thing),
    )
