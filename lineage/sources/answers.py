"""Our own words -> the JSON that the service would give: what `payloads` reads back."""

from __future__ import annotations

from lineage import ticks
from lineage.jsontext import unpacked
from lineage.model import ActivityRun, Factory, Json, PipelineRun, TriggerRun
from lineage.ticks import Ticks

_INVOKER = ("invokedByType", "pipelineName", "pipelineRunId")


def pipeline_run(run: PipelineRun) -> Json:
    """A pipeline run; of who started it by hand nothing is told but that it was so."""
    told = {
        key: run.invoker[key]
        for key in (*_INVOKER, *(["id", "name"] if run.triggered else ()))
        if isinstance(run.invoker.get(key), str)
    }
    return {
        **({"runGroupId": run.group} if run.group else {}),
        **({"invokedBy": told} if told else {}),
        "runId": run.id,
        "pipelineName": run.pipeline,
        "status": run.status,
        "lastUpdated": ticks.text(run.updated),
        "parameters": dict(run.parameters),
        **_moments("run", run.started, run.ended),
    }


def trigger_run(run: PipelineRun, trigger: TriggerRun) -> Json:
    """The run of the trigger that started a pipeline run."""
    moments = {
        "triggerRunTimestamp": trigger.stamp,
        "properties": trigger.second and {"TriggerTime": ticks.text(trigger.second)},
    }
    return {
        "triggerRunId": trigger.id,
        "triggerName": trigger.name,
        "triggerType": trigger.type,
        "triggeredPipelines": {run.pipeline: run.id},
        **{
            key: ticks.text(Ticks(each)) if isinstance(each, int) else each
            for key, each in moments.items()
            if each is not None
        },
    }


def activity_run(run: ActivityRun) -> Json:
    """Of a type that nobody translates no payload is kept but the built-in connection's word."""
    native = {"reportLineageToPurview": {"status": run.native}} if run.native else None
    output = native if run.output is None else unpacked(run.output)
    payload = {
        "input": unpacked(run.input),
        "output": output,
        "userProperties": dict(run.user) or None,
    }
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


def factory_body(factory: Factory) -> Json:
    """A factory with its global parameters."""
    shared = {name: {"value": value} for name, value in factory.parameters.items()}
    return {"id": factory.id, "name": factory.name, "properties": {"globalParameters": shared}}
