"""Our own words -> the JSON that the service would give: what `payloads` reads back."""

from __future__ import annotations

from lineage import ticks
from lineage.model import ActivityRun, Factory, Json, PipelineRun
from lineage.ticks import Ticks


def pipeline_run(run: PipelineRun) -> Json:
    """A pipeline run."""
    return {
        "runId": run.id,
        "pipelineName": run.pipeline,
        "status": run.status,
        "lastUpdated": ticks.text(run.updated),
        "parameters": dict(run.parameters),
        **_moments("run", run.started, run.ended),
    }


def activity_run(run: ActivityRun) -> Json:
    """Of a type that nobody translates no payload is kept but the built-in connection's word."""
    native = {"reportLineageToPurview": {"status": run.native}} if run.native else None
    output = native if run.output is None else run.output
    payload = {"input": run.input, "output": output}
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
