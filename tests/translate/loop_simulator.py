"""A ForEach as the service would run it: definition, runs, and what each run truly moved."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lineage.model import ActivityRun, Definition, Kind
from lineage.sources.payloads import together
from lineage.ticks import SECOND, Ticks
from tests.translate.test_copy import BLOB_DATASET, TABLE_DATASET, factory
from tests.world import Held, activity_run, at, pipeline_run

START = at("02:00:00")
BLOB = "https://stsales.blob.core.windows.net/landing/"
TABLE = "mssql://sql-sales.database.windows.net/Stage/dbo/"
QUERY = "SELECT * FROM @{item().name}"


class Loop(Struct, frozen=True):
    """What is drawn of a loop; a `skipped` item has no Copy run, `tries` are runs of each item."""

    items: tuple[dict[str, str], ...]
    sequential: bool
    tries: tuple[int, ...]
    skipped: frozenset[int]
    failed: frozenset[int]
    query: bool
    user: bool
    source_varies: bool
    lookup: bool


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A loop's definitions, and the runs with the names that each truly read and wrote."""

    definitions: Held
    runs: tuple[ActivityRun, ...]
    truth: dict[str, tuple[str, str]]


def draw(chance: random.Random) -> Loop:
    """Any loop."""
    count = chance.choice([0, 1, 1, 2, 2, 3, 4, 5, 8])
    names = [f"T{chance.randrange(max(count, 1) + 1)}" for _ in range(count)]
    numbers = range(count)
    return Loop(
        items=tuple({"name": name, "folder": f"in{chance.randrange(3)}"} for name in names),
        sequential=chance.random() < 0.5,
        tries=tuple(chance.choice([1, 1, 1, 1, 2, 3]) for _ in numbers),
        skipped=frozenset(n for n in numbers if chance.random() < 0.1),
        failed=frozenset(n for n in numbers if chance.random() < 0.15),
        query=chance.random() < 0.3,
        user=chance.random() < 0.3,
        source_varies=chance.random() < 0.5,
        lookup=chance.random() < 0.5,
    )


def simulate(loop: Loop, chance: random.Random) -> Simulated:
    """The loop's runs, in any order, as the service lists them."""
    truth: dict[str, tuple[str, str]] = {}
    runs: list[ActivityRun] = list(_copies(loop, chance, truth))
    end = max([each.ended or START for each in runs] + [START]) + SECOND
    runs.append(_run("loop", "Each", "ForEach", START, Ticks(end), input={}, output={}))
    if loop.lookup:
        told = {"count": len(loop.items), "value": [dict(item) for item in loop.items]}
        before = Ticks(START - 5 * SECOND)
        runs.append(_run("lookup", "List", "Lookup", before, Ticks(START - SECOND), output=told))
    chance.shuffle(runs)
    return Simulated(definitions(loop), together(runs), truth)


def _copies(
    loop: Loop, chance: random.Random, truth: dict[str, tuple[str, str]]
) -> Iterator[ActivityRun]:
    clock = START + SECOND
    for number, item in enumerate(loop.items):
        if number in loop.skipped:
            continue
        began = clock if loop.sequential else START + SECOND + chance.randrange(5 * SECOND)
        for attempt in range(loop.tries[number]):
            ended = began + 1 + chance.randrange(3 * SECOND)
            last = attempt == loop.tries[number] - 1
            run_id = f"copy-{number}-{attempt}"
            status = "Succeeded" if last and number not in loop.failed else "Failed"
            source = {"sqlReaderQuery": QUERY.replace("@{item().name}", item["name"])}
            yield replace(
                _run(run_id, "A", "Copy", Ticks(began), Ticks(ended)),
                status=status,
                input={"source": source if loop.query else {}, "sink": {}},
                output={"rowsCopied": 1},
                user={"to": item["name"]} if loop.user else {},
            )
            folder = item["folder"] if loop.source_varies else "in"
            truth[run_id] = f"{BLOB}{folder}/orders.csv", f"{TABLE}{item['name']}"
            began = ended + chance.randrange(SECOND)
        clock = began


def _run(run_id: str, name: str, kind: str, start: Ticks, end: Ticks, **told: Any) -> ActivityRun:
    run = activity_run(pipeline_run(), run_id, name=name, kind=kind)
    return replace(run, started=start, ended=end, **{"input": {}, "output": {}, **told})


def definitions(loop: Loop) -> Held:
    """The factory: a Copy in an If in the loop, its ends named by the item."""
    folder = "@item().folder" if loop.source_varies else "in"
    copy = {
        "name": "A",
        "type": "Copy",
        "inputs": [{"referenceName": "ds_blob", "parameters": {"folder": folder}}],
        "outputs": [{"referenceName": "ds_table", "parameters": {"table": "@item().name"}}],
        "typeProperties": {
            "source": {"type": "DelimitedTextSource"}
            | ({"sqlReaderQuery": QUERY} if loop.query else {}),
            "sink": {"type": "AzureSqlSink"},
        },
        "policy": {"retry": max(loop.tries, default=1) - 1},
        "userProperties": [{"name": "to", "value": "@item().name"}] if loop.user else [],
    }
    items = "@activity('List').output.value" if loop.lookup else "@pipeline().parameters.items"
    branch = {
        "name": "If",
        "type": "IfCondition",
        "typeProperties": {"expression": "@true", "ifTrueActivities": [copy]},
    }
    each = {
        "name": "Each",
        "type": "ForEach",
        "typeProperties": {
            "items": {"value": items, "type": "Expression"},
            "isSequential": loop.sequential,
            "activities": [branch],
        },
    }
    pipeline = {
        "activities": [{"name": "List", "type": "Lookup"}, each],
        "parameters": {
            "items": {"type": "Array", "defaultValue": [dict(item) for item in loop.items]}
        },
    }
    made = factory(ds_blob=_blob(), ds_table=_table())
    return Held(
        made.factory, {**made.found, (Kind.PIPELINE, "P"): Definition(Kind.PIPELINE, "P", pipeline)}
    )


def _blob() -> dict[str, Any]:
    location = {**BLOB_DATASET["typeProperties"]["location"], "folderPath": "@dataset().folder"}
    return {
        **BLOB_DATASET,
        "parameters": {"folder": {"type": "string"}},
        "typeProperties": {"location": location},
    }


def _table() -> dict[str, Any]:
    return {
        **TABLE_DATASET,
        "parameters": {"table": {"type": "string"}},
        "typeProperties": {"schema": "dbo", "table": "@dataset().table"},
    }
