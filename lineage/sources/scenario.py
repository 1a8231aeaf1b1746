"""A scenario folder: one pipeline run with its activity runs, as the service gave them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.errors import BadInput
from lineage.model import FactoryId, Json, Listed
from lineage.sources import jsonfile, payloads

RUN = "pipelineRun.json"
ACTIVITIES = "activityRuns.json"


def is_scenario(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / RUN).is_file()


def listed(folder: Path, factory: FactoryId) -> Listed:
    """
    The run of a scenario folder: `pipelineRun.json`, and `activityRuns.json` (a list or `{value}`).

    Raises `BadInput` where a file is missing or holds something else.
    """
    rows = _rows(folder / RUN)
    run = payloads.pipeline_run(rows[0], factory) if len(rows) == 1 else None
    if run is None:
        raise BadInput(f"{folder / RUN}: holds no pipeline run")
    activities = [payloads.activity_run(row, run) for row in _rows(folder / ACTIVITIES)]
    ended = tuple(a for a in activities if not payloads.is_running(a.status))
    return Listed(run, payloads.together(ended), len(activities) - len(ended))


def _rows(file: Path) -> list[Json]:
    try:
        json: Any = jsonfile.read(file)
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    if isinstance(json, Mapping):
        json = json.get("value", [json])
    if not isinstance(json, list) or not all(isinstance(row, Mapping) for row in json):
        raise BadInput(f"{file}: is no list of runs")
    return json
