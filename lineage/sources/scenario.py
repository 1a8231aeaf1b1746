"""A scenario folder, read or written: one pipeline run, as the service gave it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from lineage.errors import BadInput
from lineage.model import FactoryId, Json, Listed
from lineage.sources import jsonfile, payloads

RUN = "pipelineRun.json"
ACTIVITIES = "activityRuns.json"
BESIDE = "besideRuns.json"  # activity runs that are not shown themselves: others look at them
TRIGGERS = "triggerRuns.json"


def is_scenario(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / RUN).is_file()


def listed(folder: Path, factory: FactoryId) -> Listed:
    """
    The run of a scenario folder: `pipelineRun.json`, and `activityRuns.json` (a list or `{value}`).

    Where there are any, `besideRuns.json` holds further activity runs of it, and `triggerRuns.json`
    the run of the trigger that started it. Raises `BadInput` where a file is missing or holds
    something else.
    """
    rows = _rows(folder / RUN)
    beside, triggers = (
        _rows(folder / name) if (folder / name).is_file() else None for name in (BESIDE, TRIGGERS)
    )
    run = payloads.pipeline_run(rows[0], factory, triggers) if len(rows) == 1 else None
    if run is None:
        raise BadInput(f"{folder / RUN}: holds no pipeline run")
    return payloads.listed(run, _rows(folder / ACTIVITIES), beside or ())


def check(folder: Path) -> None:
    """Raises `BadInput` where the folder cannot be made, or already holds something."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput(
                f"{folder}: is there already and not an empty folder; nothing is written"
            )
    except OSError as error:
        raise BadInput(f"{folder}: cannot be read: {error.strerror}") from None


def write(folder: Path, content: Mapping[str, Any]) -> None:
    """
    Write the files, the run itself last: until then the folder is no scenario.

    Nothing is overwritten, and nothing written elsewhere. Raises `BadInput`.
    """
    check(folder)
    try:
        for path in sorted(content, key=lambda path: (path == RUN, path)):
            file = folder / PurePosixPath(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text(content[path]))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written: {error.strerror}") from None


def text(content: Any) -> str:
    """JSON for people to read and compare."""
    made = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    if any("\ud800" <= character <= "\udfff" for character in made):  # no UTF-8 for half a pair
        made = json.dumps(content, indent=2, sort_keys=True)
    return made + "\n"


def _rows(file: Path) -> list[Json]:
    try:
        rows: Any = jsonfile.read(file)
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    if isinstance(rows, Mapping):
        rows = rows.get("value", [rows])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadInput(f"{file}: is no list of runs")
    return rows
