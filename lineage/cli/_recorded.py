"""Runs from a scenario folder, or from a file that somebody recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lineage.errors import BadInput
from lineage.model import ActivityRun, Definitions, Factory, FactoryId, Json, PipelineRun
from lineage.sources import folder, jsonfile, payloads, scenario
from lineage.sources.gitfolder import read_git
from lineage.sources.ondisk import FolderDefinitions
from lineage.ticks import Ticks

_NOWHERE = FactoryId(
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/folder"
    "/providers/Microsoft.DataFactory/factories/unknown"
)

Runs = tuple[tuple[ActivityRun, ...], Definitions]


def read(place: Path) -> Runs:
    """
    The terminal activity runs of a folder or file, and the definitions beside them.

    Raises `BadInput` where there are none.
    """
    if place.is_file():
        return _of_file(place), FolderDefinitions(Factory(_NOWHERE, "unknown"))
    if not scenario.is_scenario(place):
        raise BadInput(f"{place}: no scenario folder, which holds {scenario.RUN}")
    try:
        definitions = folder.read(place)
    except BadInput:
        definitions = read_git(place)
    return scenario.listed(place, definitions.factory.id).activities, definitions


def _of_file(file: Path) -> tuple[ActivityRun, ...]:
    """Activity runs wherever in the file they stand: a page of a query, one alone, an exchange."""
    try:
        objects = list(_objects(jsonfile.read(file)))
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    known = {
        run.id: run
        for each in objects
        if (run := payloads.pipeline_run(each, _NOWHERE)) is not None
    }
    runs = [
        payloads.activity_run(
            each, known.get(str(each.get("pipelineRunId"))) or _pipeline_run(each)
        )
        for each in objects
        if isinstance(each.get("activityName"), str) and isinstance(each.get("activityType"), str)
    ]
    if not runs:
        raise BadInput(f"{file}: holds no activity run")
    return tuple(run for run in runs if not payloads.is_running(run.status))


def _objects(json: Any) -> Iterator[Json]:
    pending = [json]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            yield value
            pending += reversed(list(value.values()))
        elif isinstance(value, list):
            pending += reversed(value)


def _pipeline_run(row: Json) -> PipelineRun:
    """What an activity run tells of its pipeline run."""
    told = {
        "runId": row.get("pipelineRunId"),
        "pipelineName": row.get("pipelineName"),
        "runStart": row.get("activityRunStart"),
        "runEnd": row.get("activityRunEnd"),
    }
    unknown = PipelineRun(_NOWHERE, "unknown", "unknown", "", Ticks(0), None, None, {})
    return payloads.pipeline_run(told, _NOWHERE) or unknown
