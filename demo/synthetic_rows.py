"""The runs of a synthetic estate: rows whose JSON is made when it is served."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from demo import payloads, times
from demo import synthetic_definitions as definitions
from demo.shapes import Json, Row, Run

TAKES = 120 * times.SECOND  # a pipeline run
_COPY_TAKES = 40  # seconds
_HOLE = re.compile(rb"\{(run|plain|pipeline|id|start|end|own|table)\}")
_Template = tuple[list[bytes], list[str]]  # the text, every second piece a hole; their names


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One pipeline run to be. `place` and `number` make its id; `own` is its parameter, 0 the usual.

    `activities` is how many activity runs there are; with `wide` they are iterations of one Copy.
    """

    site: str
    pipeline: str
    place: int
    number: int
    started: int
    activities: int
    own: int = 0
    failed: bool = False
    wide: bool = False

    @property
    def id(self) -> str:
        """The run's id; factories begin with `a`, workspaces with `b`."""
        kind = "b" if "/Microsoft.Synapse/" in self.site else "a"
        return f"{kind}{self.place:07x}-{self.number:04x}-4000-8000-000000000000"

    @property
    def table(self) -> str:
        """The parameter `table`: in every fourth pipeline it follows `own`."""
        return f"part{self.own}" if self.own and self.place % 4 == 0 else "all"

    @property
    def status(self) -> str:
        """How the pipeline run ended."""
        return "Failed" if self.failed else "Succeeded"


def steps(plan: Plan) -> list[tuple[str, str]]:
    """Name and status of each activity run, in order; where the run failed, its last Copy did."""
    if plan.wide:
        copies = [(definitions.WIDE_COPY, "Succeeded")] * plan.activities
        return [(definitions.WIDE_LOOP, "Succeeded"), *copies]
    names = [definitions.activity_name(number) for number in range(plan.activities)]
    copies_at = [at for at, name in enumerate(names) if definitions.activity_type(name) == "Copy"]
    return [
        (name, "Failed" if plan.failed and at == copies_at[-1] else "Succeeded")
        for at, name in enumerate(names)
    ]


def activity_id(plan: Plan, index: int) -> str:
    """The id of the n-th activity run, from 0."""
    return f"{plan.id[:-12]}{index + 1:012d}"


def run(plan: Plan, templates: Templates) -> Run:
    """The pipeline run with its activity runs."""
    start, end = times.text(plan.started), times.text(plan.started + TAKES)
    fields = {
        "PipelineName": plan.pipeline,
        "Status": plan.status,
        "RunStart": start,
        "RunEnd": end,
        "RunGroupId": plan.id,
        "LatestOnly": "True",
    }
    body = partial(templates.pipeline_run, plan, start, end)
    row = Row(plan.id, plan.started, plan.started + TAKES, fields, body)
    return Run(row, partial(_rows, plan, templates))


def _rows(plan: Plan, templates: Templates) -> Sequence[Row]:
    return [
        _row(plan, templates, index, name, status)
        for index, (name, status) in enumerate(steps(plan))
    ]


def _row(plan: Plan, templates: Templates, index: int, name: str, status: str) -> Row:
    started = plan.started + (1 + index % 60) * times.SECOND
    ended = started + _COPY_TAKES * times.SECOND
    start, end = times.text(started), times.text(ended)
    fields = {
        "ActivityName": name,
        "ActivityType": definitions.activity_type(name),
        "ActivityRunStart": start,
        "ActivityRunEnd": end,
        "Status": status,
    }
    activity = activity_id(plan, index)
    holes = {"run": plan.id, "pipeline": plan.pipeline, "id": activity, "start": start, "end": end}
    return Row(
        activity, started, ended, fields, partial(templates.activity_run, name, status, holes)
    )


class Templates:
    """
    Serialised runs with holes, one for each activity and status.

    Filling holes is ten times faster than serialising, and a benchmark measures the client.
    """

    def __init__(self, site: str, columns: int) -> None:
        self._site = site
        self._columns = columns
        self._kept: dict[tuple[str, str], _Template] = {}

    def pipeline_run(self, plan: Plan, start: str, end: str) -> bytes:
        """A pipeline run's JSON."""
        key = "", plan.status
        if key not in self._kept:
            self._kept[key] = _cut(self._pipeline_run(plan.status))
        holes = {
            "run": plan.id,
            "plain": plan.id.replace("-", ""),
            "pipeline": plan.pipeline,
            "start": start,
            "end": end,
            "own": str(plan.own),
            "table": plan.table,
        }
        return _filled(self._kept[key], holes)

    def activity_run(self, name: str, status: str, holes: Mapping[str, str]) -> bytes:
        """An activity run's JSON."""
        key = name, status
        if key not in self._kept:
            self._kept[key] = _cut(self._activity_run(name, status))
        return _filled(self._kept[key], holes)

    def _pipeline_run(self, status: str) -> Json:
        by = {"id": "{plain}", "name": "Manual", "invokedByType": "Manual"}
        given = {"batch": "{own}", "table": "{table}"}
        body = payloads.pipeline_run(
            self._site,
            "{run}",
            "{pipeline}",
            0,
            TAKES,
            TAKES,
            status=status,
            parameters=given,
            by=by,
        )
        return body | {"runStart": "{start}", "runEnd": "{end}", "lastUpdated": "{end}"}

    def _activity_run(self, name: str, status: str) -> Json:
        kind = definitions.activity_type(name)
        output: Json = {"firstRow": {"n": 1}} if kind == "Lookup" else {}
        if kind == "Copy" and status == "Succeeded":
            staged = name.startswith("Stage")
            copied = {
                "from": "AzureBlobFS" if staged else "AzureBlobStorage",
                "to": "AzureSqlDatabase" if staged else "AzureBlobFS",
                "rows": 1000,
                "read": 65_536,
                "written": 32_768,
            }
            output = payloads.copy_output(copied, 0, _COPY_TAKES)
        told = {
            "id": "{id}",
            "name": name,
            "type": kind,
            "status": status,
            "input": definitions.type_properties(name, self._columns),
            "output": output,
        }
        span = (0, _COPY_TAKES * times.SECOND)
        body = payloads.activity_run(self._site, "{run}", "{pipeline}", told, *span)
        return body | {"activityRunStart": "{start}", "activityRunEnd": "{end}"}


def _cut(body: Json) -> _Template:
    text = _HOLE.split(payloads.serialise(body))
    return text, [name.decode() for name in text[1::2]]


def _filled(template: _Template, holes: Mapping[str, str]) -> bytes:
    parts = template[0].copy()
    parts[1::2] = [holes[name].encode() for name in template[1]]
    return b"".join(parts)
