"""
The JSON of runs and definitions, key by key as recorded answers have it.

What is real and what is inferred about these shapes: the run of a Copy and of a pipeline, the
definitions and the factory are as recorded (2018 to 2021). The payloads of other activities are
plausible, not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from demo import times
from demo.shapes import Definition, Json, Row, etag

RUNTIME = "AutoResolveIntegrationRuntime (West Europe)"


def serialise(value: Any) -> bytes:
    """JSON without blanks, as the services send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def arguments(parameters: Json) -> dict[str, str]:
    """Parameters as a run shows them: strings all, arrays and objects JSON-encoded."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in parameters.items()
    }


def pipeline_run(
    site: str,
    run: str,
    pipeline: str,
    started: int,
    ended: int | None,
    updated: int,
    *,
    status: str = "Succeeded",
    parameters: Json | None = None,
    by: Json | None = None,
    group: str = "",
    latest: bool = True,
    message: str | None = "",
) -> dict[str, Any]:
    """
    A pipeline run; the site's id is in upper case in it, as recorded.

    A cancelled one may have no end, and then no duration.
    """
    return {
        "id": f"{site.upper()}/pipelineruns/{run}",
        "runId": run,
        "debugRunId": None,
        "runGroupId": group or run,
        "pipelineName": pipeline,
        "parameters": arguments(parameters or {}),
        "invokedBy": dict(
            by or {"id": run.replace("-", ""), "name": "Manual", "invokedByType": "Manual"}
        ),
        "runStart": times.text(started),
        "runEnd": None if ended is None else times.text(ended),
        "durationInMs": None if ended is None else (ended - started) // 10_000,
        "status": status,
        "message": message,
        "lastUpdated": times.text(updated),
        "annotations": [],
        "runDimension": {},
        "isLatest": latest,
    }


def activity_run(
    site: str,
    run: str,
    pipeline: str,
    activity: Mapping[str, Any],
    started: int,
    ended: int | None,
) -> dict[str, Any]:
    """
    An activity run. `activity` has `id`, `name`, `type`, `status`, `input`, `output`, and where
    they are not the usual ones `retry`, `iteration`, `error`, `runtimes`.

    `runtimes` are those of data movement, `[{name, type, location}]`; other activities show none.
    """
    error = {"errorCode": "", "message": "", "failureType": "", "target": activity["name"]}
    row: dict[str, Any] = {
        "activityRunEnd": None if ended is None else times.text(ended),
        "activityName": activity["name"],
        "activityRunStart": times.text(started),
        "activityType": activity["type"],
        "durationInMs": None if ended is None else (ended - started) // 10_000,
        "retryAttempt": activity.get("retry"),
        "error": error | {"details": ""} | dict(activity.get("error") or {}),
        "activityRunId": activity["id"],
        "iterationHash": activity.get("iteration", ""),
        "input": activity["input"],
        "linkedServiceName": "",
        "output": activity["output"],
        "userProperties": {},
        "pipelineName": pipeline,
        "pipelineRunId": run,
        "status": activity["status"],
        "recoveryStatus": "None",
    }
    if runtimes := activity.get("runtimes"):
        row["integrationRuntimeNames"] = [runtime["name"].lower() for runtime in runtimes]
        row["executionDetails"] = {
            "integrationRuntime": [{**runtime, "nodes": None} for runtime in runtimes]
        }
    row["id"] = f"{site.upper()}/pipelineruns/{run}/activityruns/{activity['id']}"
    return row


def copy_output(copied: Mapping[str, Any], started: int, seconds: int) -> dict[str, Any]:
    """
    What a Copy reports. `copied` has `from`, `to` (types of linked services), `read`, `written`
    (bytes), `rows`, `filesRead`, `filesWritten` where they apply, `runtime`, `native`.

    `native` is the word of the built-in catalog connection; null leaves it out, as old runtimes do.
    """
    runtime = copied.get("runtime", RUNTIME)
    managed = "(" in runtime
    output: dict[str, Any] = {"dataRead": copied["read"], "dataWritten": copied["written"]}
    output |= {key: copied[key] for key in ("filesRead", "filesWritten") if key in copied}
    output |= {"sourcePeakConnections": 1, "sinkPeakConnections": 1}
    if "rows" in copied:
        output |= {"rowsRead": copied["rows"], "rowsCopied": copied["rows"]}
    output |= {
        "copyDuration": seconds,
        "throughput": round(copied["read"] / 1024 / max(seconds, 1), 3),
        "errors": [],
        "effectiveIntegrationRuntime": runtime,
        "usedDataIntegrationUnits": 4,
        "billingReference": {
            "activityType": "DataMovement",
            "billableDuration": [
                {
                    "meterType": "AzureIR" if managed else "SelfhostedIR",
                    "duration": round(seconds / 900, 4),
                    "unit": "DIUHours" if managed else "Hours",
                }
            ],
        },
        "usedParallelCopies": 1,
        "executionDetails": [_execution(copied, started, seconds)],
        "dataConsistencyVerification": {"VerificationResult": "NotVerified"},
        "durationInQueue": {"integrationRuntimeQueue": 0},
    }
    if native := copied.get("native", "NotReported"):
        output["reportLineageToPurview"] = {"status": native}
    return output


def _execution(copied: Mapping[str, Any], started: int, seconds: int) -> dict[str, Any]:
    return {
        "source": {"type": copied["from"]},
        "sink": {"type": copied["to"]},
        "status": copied.get("status", "Succeeded"),
        "start": times.text(started + times.SECOND),
        "duration": seconds,
        "usedDataIntegrationUnits": 4,
        "usedParallelCopies": 1,
        "profile": {
            "queue": {"status": "Completed", "duration": 0},
            "transfer": {"status": "Completed", "duration": seconds},
        },
        "detailedDurations": {"queuingDuration": 0, "transferDuration": seconds},
    }


def _given(made: bytes) -> Callable[[], bytes]:
    return lambda: made


def pipeline_row(body: Json, *, updated: int | None = None) -> Row:
    """The row of a pipeline run's JSON."""
    return Row(
        body["runId"],
        times.parse(body["runStart"]),
        times.parse(body["lastUpdated"]) if updated is None else updated,
        {
            "PipelineName": body["pipelineName"],
            "Status": body["status"],
            "RunStart": body["runStart"],
            "RunEnd": body["runEnd"] or "",
            "RunGroupId": body.get("runGroupId", body["runId"]),
            "LatestOnly": str(body.get("isLatest", True)),
        },
        _given(serialise(body)),
    )


def trigger_row(site: str, run: Json) -> Row:
    """
    The row of the trigger's run that started a pipeline run, given as its JSON.

    Its `TriggerTime` is written as Americans do, to the second. Source: the example of
    learn.microsoft.com/rest/api/datafactory/trigger-runs/query-by-factory.
    """
    fired = times.parse(run["runStart"]) - times.SECOND
    told = times.american(fired)
    body = {
        "triggerName": run["invokedBy"]["name"],
        "triggerRunId": run["invokedBy"]["id"],
        "triggerType": run["invokedBy"]["invokedByType"],
        "triggerRunTimestamp": times.text(fired),
        "status": "Succeeded",
        "message": "",
        "properties": {"TriggerTime": told, "ScheduleTime": told},
        "triggeredPipelines": {run["pipelineName"]: run["runId"]},
        "runDimension": {},
        "dependencyStatus": {},
        "id": f"{site.upper()}/triggerruns/{run['invokedBy']['id']}",
    }
    fields = {
        "TriggerName": body["triggerName"],
        "TriggerRunTimestamp": body["triggerRunTimestamp"],
        "Status": body["status"],
    }
    return Row(body["triggerRunId"], fired, fired + times.SECOND, fields, _given(serialise(body)))


def activity_row(body: Json, *, updated: int | None = None) -> Row:
    """The row of an activity run's JSON; without an end its event is as old as its start."""
    started = times.parse(body["activityRunStart"])
    ended = body["activityRunEnd"]
    if updated is None:
        updated = started if ended is None else times.parse(ended)
    return Row(
        body["activityRunId"],
        started,
        updated,
        {
            "ActivityName": body["activityName"],
            "ActivityType": body["activityType"],
            "ActivityRunStart": body["activityRunStart"],
            "ActivityRunEnd": ended or "",
            "Status": body["status"],
        },
        _given(serialise(body)),
    )


def definition(site: str, kind: str, name: str, properties: Json, written: int) -> Definition:
    """A definition as GET and list give it; `written` is a Unix second."""
    tag = etag(kind, name, written)
    provider = site.split("/providers/", 1)[1].rsplit("/", 1)[0]
    body = {
        "id": f"{site}/{kind}/{name}",
        "name": name,
        "type": f"{provider}/{kind}",
        "properties": properties,
        "etag": tag,
    }
    return Definition(kind, name, tag, serialise(body))


def factory(site: str, properties: Json, created: int) -> bytes:
    """A factory or workspace as GET gives it; `created` in ticks. Its eTag is quoted."""
    provider = site.split("/providers/", 1)[1].rsplit("/", 1)[0]
    tag = etag("factory", site, created // times.SECOND)
    body = {
        "name": site.rsplit("/", 1)[1],
        "identity": {
            "type": "SystemAssigned",
            "principalId": "00000000-0000-0000-0000-0000000000aa",
            "tenantId": "00000000-0000-0000-0000-0000000000bb",
        },
        "id": site,
        "type": provider,
        "properties": {
            "provisioningState": "Succeeded",
            "createTime": times.text(created),
            "version": "2018-06-01",
            **properties,
        },
        "eTag": f'"{tag}"',
        "location": "westeurope",
        "tags": {},
    }
    return serialise(body)
