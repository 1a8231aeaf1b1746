"""Data Factory's and Synapse's JSON -> our own words; what is missing or malformed survives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypedDict

from msgspec import Raw
from msgspec.json import Decoder
from msgspec.structs import replace

from lineage import ticks
from lineage.jsontext import Packed, loads
from lineage.model import (
    ActivityRun,
    Definition,
    Factory,
    FactoryId,
    Json,
    Kind,
    Listed,
    PipelineRun,
    TriggerRun,
)
from lineage.ticks import Ticks

_RUNNING = frozenset(
    {"canceling", "cancelling", "inprogress", "pending", "queued", "running", "waiting"}
)  # all other statuses are terminal: an open set
_NATIVE = frozenset({"reportlineagetopurview", "reportlineagetopurvew"})  # a docs page misspells it
_ETAG = re.compile(r'(?:W/)?"?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-([0-9a-f]{8})[0-9a-f]{4}"?', re.I)
_AMERICAN = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):(\d\d) ([AP])M", re.ASCII)
_EPOCH = ticks.of(datetime(1970, 1, 1, tzinfo=UTC))
_EARLIEST = ticks.of(datetime(2015, 1, 1, tzinfo=UTC))  # before it there was no Data Factory v2
_LATEST = ticks.of(datetime(2100, 1, 1, tzinfo=UTC))


def pipeline_run(
    json: Json, factory: FactoryId, triggers: Iterable[Json] | None = None
) -> PipelineRun | None:
    """
    A pipeline run as `queryPipelineRuns` and `pipelineruns/{id}` tell it.

    `triggers` are the runs of triggers, if they were asked for. None where it has no `runId`,
    `pipelineName` or moment: it could neither be kept nor asked for.
    """
    run_id, pipeline = _text(json, "runId"), _text(json, "pipelineName")
    started, ended = _moment(json, "runStart"), _moment(json, "runEnd")
    updated = _moment(json, "lastUpdated") or ended or started
    if not run_id or not pipeline or updated is None:
        return None
    return PipelineRun(
        factory=factory,
        id=run_id,
        pipeline=pipeline,
        status=_text(json, "status"),
        updated=updated,
        started=started,
        ended=ended,
        parameters=_object(json.get("parameters")) or {},
        group=_text(json, "runGroupId"),
        invoker=_object(json.get("invokedBy")) or {},
        trigger=None if triggers is None else _starting(run_id, triggers),
    )


def _starting(run_id: str, triggers: Iterable[Json]) -> TriggerRun:
    told = map(trigger_run, triggers)
    return next((trigger for trigger, runs in told if run_id.lower() in runs), TriggerRun())


class _ActivityRun(TypedDict, total=False):
    """The members of an activity run that are read."""

    activityRunId: Any
    activityName: Any
    activityType: Any
    activityRunStart: Any
    activityRunEnd: Any
    error: Any
    id: Any
    input: Raw
    output: Raw
    status: Any
    userProperties: Any


class _ActivityRuns(TypedDict, total=False):
    value: list[_ActivityRun]
    continuationToken: Any


# A page of activity runs, with their inputs and outputs, most of its bytes, as text.
ACTIVITY_RUNS = Decoder(_ActivityRuns)
_MEMBERS = Decoder(dict[str, Raw])


def activity_run(json: Json, of: PipelineRun) -> ActivityRun:
    """
    An activity run as `queryActivityruns` tells it, on a page of `ACTIVITY_RUNS` or decoded whole.

    `id` is empty where it is told nowhere. `input` and `output` that are no objects are None;
    an empty one stays empty.
    """
    output = _object(json.get("output"))
    return ActivityRun(
        of=of,
        id=_text(json, "activityRunId") or _last_segment(_text(json, "id"), "activityruns"),
        name=_text(json, "activityName"),
        type=_text(json, "activityType"),
        status=_text(json, "status"),
        started=_moment(json, "activityRunStart"),
        ended=_moment(json, "activityRunEnd"),
        input=_object(json.get("input")),
        output=output,
        native=native(output),
        error=_object(json.get("error")),
        user=_object(json.get("userProperties")) or {},
    )


def trigger_run(json: Json) -> tuple[TriggerRun, frozenset[str]]:
    """
    A trigger's run as `queryTriggerRuns` tells it, and the ids of the pipeline runs it started.

    Those are in lower case. The moment of firing is `properties.TriggerTime`, which the service
    writes as Americans do, to the second: `6/16/2018 12:43:15 AM`.

    Source: learn.microsoft.com/rest/api/datafactory/trigger-runs/query-by-factory
    """
    properties = _object(json.get("properties")) or {}
    started = (_object(json.get("triggeredPipelines")) or {}).values()
    return TriggerRun(
        id=_text(json, "triggerRunId"),
        name=_text(json, "triggerName"),
        type=_text(json, "triggerType"),
        stamp=_moment(json, "triggerRunTimestamp"),
        second=_american(_text(properties, "TriggerTime")) or _moment(properties, "TriggerTime"),
    ), frozenset(each.lower() for each in started if isinstance(each, str))


def together(runs: Iterable[ActivityRun]) -> tuple[ActivityRun, ...]:
    """The activity runs of one pipeline run, each with those beside it."""
    beside = tuple(runs)
    return tuple(replace(run, beside=beside) for run in beside)


def listed(run: PipelineRun, rows: Iterable[Json], beside: Iterable[Json] = ()) -> Listed:
    """A pipeline run with its activity runs; those `beside` are for the others to look at."""
    shown = [activity_run(row, run) for row in rows]
    others = [activity_run(row, run) for row in beside]
    ended = [each for each in shown if not is_running(each.status)]
    every = together([*ended, *(each for each in others if not is_running(each.status))])
    return Listed(run, every[: len(ended)], len(shown) - len(ended))


def is_running(status: str) -> bool:
    """Whether a run with this status has not ended."""
    return status.replace(" ", "").lower() in _RUNNING


def native(output: object) -> str | None:
    """What the built-in connection says of a run: `reportLineageToPurview.status` of its output."""
    told = _MEMBERS.decode(output.text) if isinstance(output, Packed) else _object(output) or {}
    said = next((value for key, value in told.items() if key.lower() in _NATIVE), None)
    if isinstance(said, Raw):
        said = loads(bytes(said))
    for key, value in (_object(said) or {"status": said}).items():
        if key.lower() == "status" and isinstance(value, str) and value:
            return value
    return None


def etag_second(etag: object) -> Ticks | None:
    """
    When an entity was last written, to the second, as its ETag betrays; None if it does not.

    The first 8 hex digits of the last group are the Unix second. Undocumented; true for 7 of 7
    recorded writes (data-factory §4.3). A hint only.
    """
    match = _ETAG.fullmatch(etag.strip()) if isinstance(etag, str) else None
    written = _EPOCH + int(match[1], 16) * ticks.SECOND if match else 0
    return Ticks(written) if _EARLIEST <= written < _LATEST else None


def definition(json: Json, kind: Kind) -> Definition:
    """A pipeline, dataset, linked service or data flow; its name is empty where it has none."""
    etag = _text(json, "etag") or _text(json, "eTag")
    properties = _object(json.get("properties")) or {}
    return Definition(kind, _text(json, "name"), properties, etag, etag_second(etag))


def factory(json: Json) -> Factory:
    """A factory or workspace as a GET tells it."""
    properties = _object(json.get("properties")) or {}
    parameters = global_parameters(properties.get("globalParameters"))
    etag = _text(json, "eTag") or _text(json, "etag")
    written = etag_second(etag)
    return Factory(FactoryId(_text(json, "id")), _text(json, "name"), parameters, written=written)


def global_parameters(json: object) -> dict[str, Any]:
    """`{name: {type, value}}` -> `{name: value}`."""
    found = _object(json) or {}
    return {name: p["value"] for name, p in found.items() if isinstance(p, dict) and "value" in p}


def _text(json: Json, key: str) -> str:
    value = json.get(key)
    return value if isinstance(value, str) else ""


def _moment(json: Json, key: str) -> Ticks | None:
    """A moment; those before the service existed stand for none (`1601-01-01`, `0001-01-01`)."""
    found = ticks.parse(json.get(key))
    return found if found is not None and found >= _EARLIEST else None


def _american(text: str) -> Ticks | None:
    found = _AMERICAN.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute, second = map(int, found.groups()[:6])
    if not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (found[7] == "P")
    return ticks.parse(f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")


def _object(value: object) -> Json | None:
    if isinstance(value, Raw):
        text = bytes(value)
        return Packed(text) if text.startswith(b"{") else None
    return value if isinstance(value, dict) else None


def _last_segment(path: str, collection: str) -> str:
    head, _, last = path.rpartition("/")
    return last if head.lower().endswith("/" + collection) else ""
