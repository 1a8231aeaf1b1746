"""A live run as the files of a scenario folder: made, read back, and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from lineage import ticks
from lineage.errors import BadInput
from lineage.model import ActivityRun, Definition, Factory, Json, Kind, Listed, PipelineRun
from lineage.sources import payloads
from lineage.sources.folder import FolderDefinitions
from lineage.sources.scenario import ACTIVITIES, RUN
from lineage.ticks import Ticks

FOLDERS = {
    Kind.DATA_FLOW: "dataflow",
    Kind.DATASET: "dataset",
    Kind.LINKED_SERVICE: "linkedService",
    Kind.PIPELINE: "pipeline",
}  # as Data Factory's studio saves to Git
_LONGEST = 120  # characters of a file's name; file systems take 255 bytes
_DEVICES = frozenset({"aux", "con", "nul", "prn"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}  # no file of Windows may be called so


def files(listed: Listed, factory: Factory, definitions: Iterable[Definition]) -> dict[str, Any]:
    """What is known of a pipeline run, by path within the folder; what else was told is left."""
    made: dict[str, Any] = {
        RUN: _pipeline_run(listed.run),
        ACTIVITIES: [_activity_run(run) for run in listed.activities],
        f"factory/{_file_name(factory.name)}": _factory(factory),
    }
    for each in definitions:
        body = {"name": each.name, "properties": dict(each.properties)}
        made[f"{FOLDERS[each.kind]}/{_file_name(each.name)}"] = (
            {**body, "etag": each.etag} if each.etag else body
        )
    return made


def runs(content: Mapping[str, Any]) -> tuple[tuple[ActivityRun, ...], FolderDefinitions]:
    """The activity runs and definitions in such files, as if their folder had been read."""
    [factory] = [payloads.factory(each) for path, each in content.items() if _in(path, "factory")]
    run = payloads.pipeline_run(content[RUN], factory.id)
    if run is None:
        raise BadInput(f"{RUN}: holds no pipeline run")
    found = [
        payloads.definition(each, kind)
        for kind, folder in FOLDERS.items()
        for path, each in content.items()
        if _in(path, folder)
    ]
    definitions = {(each.kind, each.name.casefold()): each for each in found}
    activities = payloads.together(payloads.activity_run(row, run) for row in content[ACTIVITIES])
    return activities, FolderDefinitions(factory, definitions)


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


def _pipeline_run(run: PipelineRun) -> Json:
    return {
        "runId": run.id,
        "pipelineName": run.pipeline,
        "status": run.status,
        "lastUpdated": ticks.text(run.updated),
        "parameters": dict(run.parameters),
        **_moments("run", run.started, run.ended),
    }


def _activity_run(run: ActivityRun) -> Json:
    """Of a type that nobody translates no payload is kept but the built-in connection's word."""
    native = {"reportLineageToPurview": {"status": run.native}} if run.native else None
    output = native if run.output is None else run.output
    payload = {"input": run.input, "output": output, "userProperties": dict(run.user) or None}
    return {
        "activityRunId": run.id,
        "activityName": run.name,
        "activityType": run.type,
        "pipelineName": run.of.pipeline,
        "pipelineRunId": run.of.id,
        "status": run.status,
        **_moments("activityRun", run.started, run.ended),
        **{key: value for key, value in payload.items() if value is not None},
    }


def _moments(prefix: str, started: Ticks | None, ended: Ticks | None) -> Json:
    told = {f"{prefix}Start": started, f"{prefix}End": ended}
    return {key: ticks.text(moment) for key, moment in told.items() if moment is not None}


def _factory(factory: Factory) -> Json:
    shared = {name: {"value": value} for name, value in factory.parameters.items()}
    return {"id": factory.id, "name": factory.name, "properties": {"globalParameters": shared}}


def _file_name(name: str) -> str:
    """
    A definition's name as that of a file, wherever it is written: `a/b` is `a%2Fb.json`.

    Different names stay different where case does not count, and none is a device or hidden.
    """
    safe = quote(name.encode("utf-8", "surrogatepass"), safe=" ()")
    if safe.startswith((".", " ")) or safe.split(".")[0].strip().lower() in _DEVICES or not safe:
        safe = f"%{ord(name[0]):02X}{safe[1:]}" if name else "%"
    if len(safe) > _LONGEST:
        safe = f"{safe[:_LONGEST]}-{sha256(safe.encode()).hexdigest()[:12]}"
    return f"{safe}.json"


def _in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
