"""
The estate of secrets.json: each CANARY in it becomes a word that is found wherever it turns up.

One pipeline copies from stores of every kind and into files whose names cannot be evaluated,
another shows inputs and outputs of activities, and further factories answer with errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from demo import payloads, times
from demo.queries import Refusal
from demo.shapes import Definition, Estate, Json, Row, Run, Site

FACTORIES = (
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-secrets"
    "/providers/Microsoft.DataFactory/factories"
)
MAIN = f"{FACTORIES}/adf-secrets"
COPIES, SHOWS = "5ec00000-0001-4000-8000-", "5ec00000-0002-4000-8000-"  # runs begin with these

_FOLDERS = {"datasets": "dataset", "linkedservices": "linkedService", "pipelines": "pipeline"}
_TAKES = 60 * times.SECOND
_SINK = {
    "type": "AzureBlobFSLocation",
    "fileSystem": "lake",
    "folderPath": "out",
    "fileName": {"value": "@dataset().file", "type": "Expression"},
}
_COPIED = {"from": "X", "to": "AzureBlobFS", "rows": 1, "read": 1, "written": 1}


@dataclass(frozen=True, slots=True)
class Secrets:
    """An estate, and where each of its secrets was planted, by the word it is."""

    estate: Estate
    planted: Mapping[str, str]

    def found(self, text: str) -> set[str]:
        """Where those were planted that are in a text, whatever became of their case."""
        folded = text.lower()
        return {where for word, where in self.planted.items() if word in folded}

    def save(self, folder: Path) -> None:
        """Write the main factory's definitions as Git has them."""
        for each in self.estate.sites[0].definitions:
            body = json.loads(each.body)
            path = folder / _FOLDERS[each.kind] / f"{each.name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({key: body[key] for key in ("name", "properties")}))


def secrets(epoch: datetime, tail: str = "") -> Secrets:
    """The estate, its runs an hour before `epoch`; `tail` ends each secret."""
    planted: dict[str, str] = {}

    def plant(line: str) -> str:
        def word(_: re.Match[str]) -> str:
            made = f"zq7canary{len(planted):02d}x{tail}"  # no escaping hides letters and digits
            planted[made.lower()] = line.strip()
            return made

        return re.sub("CANARY", word, line)

    text = (Path(__file__).parent / "secrets.json").read_text("utf-8")
    told = json.loads("".join(plant(line) for line in text.splitlines(keepends=True)))
    moment = times.of(epoch) - 3_600 * times.SECOND
    sites = [_main(told, moment)]
    sites += [_failing(name, error, moment) for name, error in told["errors"].items()]
    return Secrets(Estate(tuple(sites)), planted)


def _main(told: Json, moment: int) -> Site:
    definitions = tuple(_definitions(told, moment // times.SECOND - 86_400))
    shared = {"globalParameters": told["parameters"]["global"]}
    copies = [*(f"Copy {name}" for name in told["stores"]), *map(_write, told["files"])]
    runs = (
        _run(COPIES, "PL_Copies", told, {name: {"type": "Copy"} for name in copies}, moment),
        _run(SHOWS, "PL_Shows", told, told["shows"], moment),
    )
    return Site(MAIN, payloads.factory(MAIN, shared, moment), definitions, runs)


def _write(name: str) -> str:
    return f"Write {name}"


def _definitions(told: Json, written: int) -> Iterator[Definition]:
    def made(kind: str, name: str, properties: Json) -> Definition:
        return payloads.definition(MAIN, kind, name, properties, written)

    lake = {"type": "AzureBlobFS", "typeProperties": {"url": "https://acc.dfs.core.windows.net"}}
    yield made("linkedservices", "LS_lake", lake)
    sink = {
        "type": "Parquet",
        "parameters": {"file": {"type": "string"}},
        "typeProperties": {"location": _SINK},
        "linkedServiceName": _reference("LinkedService", "LS_lake"),
    }
    yield made("datasets", "DS_sink", sink)
    for name, store in told["stores"].items():
        service = {"type": store["type"], "typeProperties": store["connection"]}
        yield made("linkedservices", f"LS_{name}", {**service, **store.get("besides", {})})
        reference = _reference("LinkedService", f"LS_{name}")
        data = {**told["datasets"][store["dataset"]], "linkedServiceName": reference}
        yield made("datasets", f"DS_{name}", data)
    copies = [_copy(f"Copy {name}", f"DS_{name}", name) for name in told["stores"]]
    copies += [_copy(_write(name), "DS_lake_key", file) for name, file in told["files"].items()]
    parameters = told["parameters"]["declared"]
    yield made("pipelines", "PL_Copies", {"activities": copies, "parameters": parameters})
    shows = [
        _copy(name, "DS_lake_key", name) | {"type": each["type"], "typeProperties": each["input"]}
        for name, each in told["shows"].items()
    ]
    yield made("pipelines", "PL_Shows", {"activities": shows, "parameters": parameters})


def _copy(name: str, source: str, file: str) -> dict[str, Any]:
    """A Copy activity. Its input, which a run shows too, holds no secret."""
    return {
        "name": name,
        "type": "Copy",
        "typeProperties": {"source": {"type": "Source"}, "sink": {"type": "ParquetSink"}},
        "inputs": [_reference("Dataset", source)],
        "outputs": [_reference("Dataset", "DS_sink") | {"parameters": {"file": file}}],
    }


def _reference(kind: str, name: str) -> dict[str, Any]:
    return {"referenceName": name, "type": f"{kind}Reference"}


def _run(prefix: str, pipeline: str, told: Json, activities: Json, moment: int) -> Run:
    body = payloads.pipeline_run(
        MAIN,
        f"{prefix}{0:012d}",
        pipeline,
        moment,
        moment + _TAKES,
        moment + _TAKES,
        parameters=told["parameters"]["passed"],
    )
    rows = tuple(
        payloads.activity_row(_activity(body, number, name, each, moment))
        for number, (name, each) in enumerate(activities.items(), 1)
    )
    return Run(payloads.pipeline_row(body), lambda: rows)


def _activity(run: Json, number: int, name: str, told: Json, moment: int) -> dict[str, Any]:
    status = told.get("status", "Succeeded")
    copy = told["type"] == "Copy" and status == "Succeeded"
    usual = payloads.copy_output(_COPIED, moment, 1) if copy else {}
    activity = {
        "id": f"{run['runId'][:-12]}{number:012d}",
        "name": name,
        "type": told["type"],
        "status": status,
        "input": told.get("input", {"source": {"type": "Source"}, "sink": {"type": "Sink"}}),
        "output": {**usual, **told.get("output", {})},
        "error": told.get("error"),
    }
    return payloads.activity_run(
        MAIN, run["runId"], run["pipelineName"], activity, moment, moment + _TAKES
    )


def _failing(name: str, error: Json, moment: int) -> Site:
    """A factory with one run, whose activity runs are an error or no JSON."""
    site = f"{FACTORIES}/{name}"
    run = f"5ec00000-{error.get('status', 999):04d}-4000-8000-000000000000"
    body = payloads.pipeline_run(site, run, "PL", moment, moment + _TAKES, moment + _TAKES)

    def activities() -> list[Row]:
        if "broken" not in error:
            raise Refusal(error["status"], error["code"], error["message"])
        return [Row(run, moment, moment + _TAKES, {}, error["broken"].encode)]

    row = Run(payloads.pipeline_row(body), activities)
    return Site(site, payloads.factory(site, {}, moment), (), (row,))
