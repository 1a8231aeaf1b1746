"""The public JSON of a run: one line for each activity run; see docs/schema/run.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lineage import ticks
from lineage.model import ANYTHING, Asset, Change, ColumnLink, Edge, Name, Outcome, Process, Row
from lineage.plan import assets_of
from lineage.store import rows
from lineage.store.processes import Published
from lineage.store.rows import gaps_of
from lineage.ticks import Ticks

VERSION = 1

Names = Callable[[Iterable[Asset]], Mapping[Asset, Name]]


def outcome_line(outcome: Outcome, names: Names) -> dict[str, Any]:
    """A run as `sync` tells it: its processes are what this run tells. `names` locates assets."""
    run = outcome.run
    return {
        **_head(rows.pending(run, Ticks(0)), run.of.factory),
        "status": outcome.status.value,
        "reasons": [gap.json() for gap in outcome.gaps],
        "processes": [
            process_json(each.process, each.name, names, each.change) for each in outcome.processes
        ],
    }


def row_line(
    row: Row, factory: str, published: Iterable[Published], names: Names
) -> dict[str, Any]:
    """A run as `runs` tells it: its processes are the union over runs, as the catalog has them."""
    return {
        **_head(row, factory),
        "status": row["status"],
        "reasons": [gap.json() for gap in gaps_of(row)],
        "processes": [process_json(each.process, each.head.name, names) for each in published],
    }


def _head(row: Row, factory: str) -> dict[str, Any]:
    return {
        "v": VERSION,
        "event": "run",
        "factory": factory,
        "pipeline": row["pipeline"],
        "pipelineRunId": row["pipelineRunId"],
        "activity": row["activity"],
        "activityRunId": row["activityRunId"],
        "activityType": row["activityType"],
        "runStatus": row["runStatus"],
        "started": _time(row["started"]),
        "ended": _time(row["ended"]),
        "native": row["native"],
    }


def _time(value: int | None) -> str | None:
    return None if value is None else ticks.text(Ticks(value))


def process_json(
    process: Process, name: Name | None, names: Names, change: Change | None = None
) -> dict[str, Any]:
    """A process with the names its assets have in the catalog."""
    located = {asset: asset.candidates[0] for asset in [*assets_of(process), ANYTHING]}
    located |= names(assets_of(process))
    made: dict[str, Any] = {
        "typeName": name.type if name else process.type,
        "qualifiedName": name.qualified if name else None,
    }
    if change:
        made["change"] = change.value
    return made | {
        "inputs": [_edge(edge, located) for edge in process.inputs],
        "outputs": [_edge(edge, located) for edge in (process.sink, *process.outputs)],
        "columns": [column_json(link, process.sink.asset, located) for link in process.columns],
    }


def _edge(edge: Edge, located: Mapping[Asset, Name]) -> dict[str, str]:
    name = located[edge.asset]
    return {
        "typeName": name.type,
        "qualifiedName": name.qualified,
        "certainty": edge.certainty.value,
    }


def column_json(link: ColumnLink, sink: Asset, located: Mapping[Asset, Name]) -> dict[str, Any]:
    """A column, everywhere the same; what is not known of an endpoint is left out."""
    return {
        "output": {"qualifiedName": located[sink].qualified, "column": link.output},
        "kind": link.kind.value,
        "from": [
            {"qualifiedName": located[column.asset].qualified, "column": column.name}
            for column in link.sources
        ],
    }
