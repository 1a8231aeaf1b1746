"""The runs of a synthetic estate: rows whose JSON is made when it is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from demo import payloads, times
from demo import synthetic_definitions as definitions
from demo.shapes import Json, Row, Run

TAKES = 120 * times.SECOND  # a pipeline run
_COPY_TAKES = 40  # seconds


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
    ended = plan.started + TAKES
    fields = {
        "PipelineName": plan.pipeline,
        "Status": plan.status,
        "RunStart": times.text(plan.started),
        "RunEnd": times.text(ended),
        "RunGroupId": plan.id,
        "LatestOnly": "True",
    }
    row = Row(plan.id, plan.started, ended, fields, partial(_body, plan))
    return Run(row, partial(_rows, plan, templates))


def _body(plan: Plan) -> bytes:
    body = payloads.pipeline_run(
        plan.site,
        plan.id,
        plan.pipeline,
        plan.started,
        plan.started + TAKES,
        plan.started + TAKES,
        status=plan.status,
        parameters={"batch": plan.own, "table": plan.table},
    )
    return payloads.serialise(body)


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
    holes = {
        "run": plan.id,
        "pipeline": plan.pipeline,
        "id": activity_id(plan, index),
        "start": start,
        "end": end,
    }
    return Row(holes["id"], started, ended, fields, partial(templates.body, name, status, holes))


class Templates:
    """
    Serialised activity runs with holes, one for each activity and status.

    Filling holes is ten times faster than serialising, and a benchmark measures the client.
    """

    def __init__(self, site: str, columns: int) -> None:
        self._site = site
        self._columns = columns
        self._kept: dict[tuple[str, str], bytes] = {}

    def body(self, name: str, status: str, holes: Mapping[str, str]) -> bytes:
        """An activity run's JSON."""
        filled = self._kept.get((name, status))
        if filled is None:
            filled = self._kept[name, status] = self._template(name, status)
        for hole, value in holes.items():
            filled = filled.replace(b"{%b}" % hole.encode(), value.encode())
        return filled

    def _template(self, name: str, status: str) -> bytes:
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
        return payloads.serialise(body | {"activityRunStart": "{start}", "activityRunEnd": "{end}"})
