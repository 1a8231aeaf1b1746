"""What the source has, and what is to come of it: taken from the estate that the services serve."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from demo import times
from demo.shapes import Estate, Run, Site

Name = tuple[str, str]  # type and qualifiedName
Edge = tuple[Name, str, Name]  # operation, READS or WRITES, data set
Pair = tuple[str, str, str, str, str]  # operation, source, its column, sink, its column

READS, WRITES = "reads", "writes"
_YEAR_ONE = 62_135_596_800 * times.SECOND  # from year 1, where the ledger counts from, to 1970
_FINISHED = frozenset({"Succeeded", "Failed", "Cancelled"})
_UNDER_WAY = frozenset({"InProgress", "Queued", "Cancelling"})


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a run makes of its activity's last-run attributes."""

    lastRunTime: int
    rowCount: int
    dataSize: int
    status: str = "Completed"
    errorMessage: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """A terminal activity run; `status` and `reasons` are those it is to end with."""

    id: str
    name: str
    type: str
    run_status: str
    status: str
    reasons: tuple[str, ...]
    edges: frozenset[Edge]
    last: LastRun


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A finished pipeline run; `updated` in ticks since year 1."""

    factory: str
    id: str
    pipeline: str
    updated: int
    activities: Mapping[str, Activity]


@dataclass(frozen=True, slots=True)
class Truth:
    """Every finished pipeline run, by id, and what the catalog is to hold in the end."""

    runs: Mapping[str, PipelineRun]
    entities: frozenset[Name]
    edges: frozenset[Edge]
    pairs: frozenset[Pair]

    @property
    def activities(self) -> Iterator[tuple[PipelineRun, Activity]]:
        """Every activity run with its pipeline run."""
        for run in self.runs.values():
            for activity in run.activities.values():
                yield run, activity


def truth_of(estate: Estate) -> Truth:
    """The truth about an estate; a run tells an edge only where the expectations name it."""
    expected = estate.expected()
    runs = {
        run.id: _run(site, run, expected)
        for site in estate.sites
        for run in site.runs
        if run.row.fields["Status"] in _FINISHED
    }
    edges = frozenset(edge for told in expected["edges"] for edge in _edges(*told))
    pairs = frozenset((op, src, col, sink, out) for op, src, col, sink, out in expected["columns"])
    return Truth(runs, frozenset(_entities(edges)), edges, pairs)


def _run(site: Site, run: Run, expected: Mapping[str, Any]) -> PipelineRun:
    activities = [json.loads(row.body()) for row in run.activities()]
    return PipelineRun(
        site.id,
        run.id,
        run.pipeline,
        run.row.updated + _YEAR_ONE,
        {
            body["activityRunId"]: _activity(body, expected["activityRuns"][body["activityRunId"]])
            for body in activities
            if body["status"] not in _UNDER_WAY
        },
    )


def _activity(body: Mapping[str, Any], expected: Mapping[str, Any]) -> Activity:
    edge = expected.get("edge")
    output = body["output"] or {}
    return Activity(
        body["activityRunId"],
        body["activityName"],
        body["activityType"],
        body["status"],
        expected["status"],
        tuple(expected["reasons"]),
        frozenset(_edges(*edge)) if edge else frozenset(),
        LastRun(
            times.parse(body["activityRunEnd"] or body["activityRunStart"]) // 10_000,
            output.get("rowsCopied", 0),
            output.get("dataWritten", 0),
        ),
    )


def _edges(source: str | None, source_type: str, name: str, sink: str, kind: str) -> Iterator[Edge]:
    synapse = "/microsoft.synapse/" in name.lower()
    operation = "azure_synapse_operation" if synapse else "adf_copy_operation", name
    yield operation, WRITES, (kind, sink)
    if source is not None:
        yield operation, READS, (source_type, source)


def _entities(edges: frozenset[Edge]) -> Iterator[Name]:
    """Both ends of every edge, and what is above an operation."""
    for operation, _, data_set in edges:
        yield operation
        yield data_set
        activity = operation[1].partition("#")[0]
        pipeline = activity.rpartition("/activities/")[0]
        if operation[0] == "adf_copy_operation":
            yield "adf_copy_activity", activity
            yield "adf_pipeline", pipeline
            yield "azure_data_factory", pipeline.rpartition("/pipelines/")[0]
        else:
            yield "azure_synapse_copy_activity", activity
            yield "azure_synapse_pipeline", pipeline
