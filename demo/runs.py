"""
The short form of an estate's runs, and its expansion to what the services tell.

`runs.json` is `{"id", "prefix", "written", "activities", "runs"}`:

* `activities[pipeline]` lists what usually happens: `{name, starts, takes}` in seconds after the
  pipeline run's start, and what differs from a plain success: `type` (else the definition's),
  `status`, `input` (else the definition's `typeProperties`), `output`, `copied` (see
  payloads.copy_output), `retry`, `iteration`, `error`, `ended: false`.
* `runs` lists pipeline runs: `{n, pipeline, at, takes}` and what differs: `status`, `parameters`,
  `by` (a trigger's name, or the number of the run that called), `rerunOf`, `latest`, `message`,
  `ended: false`, and `activities`: which of the usual ones, by name or with what differs.

Run 0102 is `<prefix>-0102-4000-8000-000000000000`; its second activity run ends in `02`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from demo import payloads, times
from demo.shapes import Json, Row, Run

_PLAIN = ("ForEach", "IfCondition", "Switch", "Until")  # show neither input nor output
_MOVES_DATA = ("Copy", "Lookup")  # run on an integration runtime, and show it
_MANAGED = {
    "name": "AutoResolveIntegrationRuntime",
    "type": "Managed",
    "location": "West Europe",
}
_NOTHING_COPIED = {"read": 0, "written": 0, "rows": 0, "native": None}


def expand(told: Json, pipelines: Mapping[str, Json], epoch: int) -> tuple[Run, ...]:
    """The runs of a runs.json; `pipelines` are the definitions, by name."""
    return tuple(
        _run(told, each, pipelines.get(each["pipeline"], {}), epoch) for each in told["runs"]
    )


def triggers(site: str, expanded: Iterable[Run]) -> Iterator[Row]:
    """The runs of the triggers that started these."""
    for run in expanded:
        body = json.loads(run.row.body())
        if body["invokedBy"]["invokedByType"].endswith("Trigger"):
            yield payloads.trigger_row(site, body)


def identity(prefix: str, number: str, activity: int = 0) -> str:
    """The id of a pipeline run, or of its n-th activity run."""
    return f"{prefix}-{number}-4000-8000-{activity:012d}"


def _run(told: Json, short: Json, pipeline: Json, epoch: int) -> Run:
    site, prefix = told["id"], told["prefix"]
    run = identity(prefix, short["n"])
    started = times.before(epoch, short["at"]) + _fraction(run)
    ended = started + round(short["takes"] * times.SECOND)
    body = payloads.pipeline_run(
        site,
        run,
        short["pipeline"],
        started,
        ended if short.get("ended", True) else None,
        ended,
        status=short.get("status", "Succeeded"),
        parameters=short.get("parameters", {}),
        by=_by(short, prefix),
        group=identity(prefix, short.get("rerunOf", short["n"])),
        latest=short.get("latest", True),
        message=short.get("message", ""),
    )
    usual = {each["name"]: each for each in told["activities"].get(short["pipeline"], ())}
    rows = tuple(
        _activity(site, body, index, _merged(usual, each), pipeline)
        for index, each in enumerate(short.get("activities", usual), 1)
    )
    return Run(payloads.pipeline_row(body), lambda: rows)


def _activity(site: str, run: Json, index: int, told: Json, pipeline: Json) -> Any:
    defined = dict(_all_activities(pipeline)).get(told["name"], {})
    kind = told.get("type") or defined["type"]
    begun = times.parse(run["runStart"]) + round(told["starts"] * times.SECOND)
    started = begun + _fraction(f"{run['runId']}/{index}") // 10
    ended = started + round(told["takes"] * times.SECOND) if told.get("ended", True) else None
    status = told.get("status", "Succeeded")
    copied = told.get("copied") if kind == "Copy" and status != "Skipped" else None
    body = payloads.activity_run(
        site,
        run["runId"],
        run["pipelineName"],
        {
            **told,
            "id": f"{run['runId'][:-12]}{index:012d}",
            "type": kind,
            "status": status,
            "input": _input(told, kind, status, defined),
            "output": _output(told, status, copied, started),
            "runtimes": _runtimes(copied) if kind in _MOVES_DATA and status != "Skipped" else (),
        },
        started,
        ended,
    )
    # an end that is not told still came: the event is as old as the pipeline run's
    return payloads.activity_row(body, updated=None if ended else times.parse(run["lastUpdated"]))


def _merged(usual: Mapping[str, Json], told: str | Json) -> dict[str, Any]:
    if isinstance(told, str):
        return dict(usual[told])
    plain = usual.get(told["name"], {})
    merged = {**plain, **told}
    if "copied" in plain and "copied" in told:
        merged["copied"] = {**plain["copied"], **told["copied"]}
    return merged


def _input(told: Json, kind: str, status: str, defined: Json) -> Any:
    if "input" in told:
        return told["input"]
    if kind in _PLAIN or status == "Skipped":
        return {}
    return defined.get("typeProperties", {})


def _output(told: Json, status: str, copied: Json | None, started: int) -> Any:
    if "output" in told or copied is None:
        return told.get("output", {})
    if status == "Succeeded":
        return payloads.copy_output(copied, started, told["takes"])
    nothing = {**copied, **_NOTHING_COPIED, "status": status}
    return payloads.copy_output(nothing, started, told["takes"])


def _runtimes(copied: Json | None) -> tuple[Json, ...]:
    name = (copied or {}).get("runtime", payloads.RUNTIME)
    return (_MANAGED,) if "(" in name else ({"name": name, "type": "SelfHosted", "location": ""},)


def _by(short: Json, prefix: str) -> dict[str, str] | None:
    by = short.get("by")
    if by is None:
        return None
    if "trigger" in by:
        return {
            "id": sha256(f"{by['trigger']}/{short['n']}".encode()).hexdigest()[:32],
            "name": by["trigger"],
            "invokedByType": "ScheduleTrigger",
        }
    caller = identity(prefix, by["run"])
    return {
        "id": identity(prefix, by["run"], by["activity"]),
        "name": by["pipeline"],
        "invokedByType": "PipelineActivity",
        "pipelineName": by["pipeline"],
        "pipelineRunId": caller,
    }


def _all_activities(pipeline: Json) -> Iterator[tuple[str, Json]]:
    """Every activity by name, those in containers too."""
    yield from _within(pipeline.get("properties", {}))


def _within(value: Any) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping):
        if "name" in value and "type" in value and "typeProperties" in value:
            yield value["name"], value
        for each in value.values():
            yield from _within(each)
    elif isinstance(value, list):
        for each in value:
            yield from _within(each)


def _fraction(of: str) -> int:
    """A part of a second, in ticks: times are never round."""
    return int(sha256(of.encode()).hexdigest()[:8], 16) % times.SECOND
