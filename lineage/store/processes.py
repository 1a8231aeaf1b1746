"""The rows of what the catalog holds <-> model: processes, how they ended, last runs; pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from lineage.model import (
    Asset,
    Certainty,
    Column,
    ColumnKind,
    ColumnLink,
    Edge,
    FactoryId,
    Gap,
    LastRun,
    Name,
    Process,
    Row,
    Status,
)
from lineage.store.rows import VERSION, digest, gap, gap_row, remembered
from lineage.ticks import Ticks

MOST_TOLD = 100  # variants of one process that a head remembers


class Refusal(Struct, frozen=True):
    """Why a variant of a process is not in the catalog, and when that turned out, by our clock."""

    when: Ticks
    gap: Gap


class Head(Struct, frozen=True):
    """
    How publishing a process ended: all that an unchanged process needs to know.

    `told` has the fingerprints of what runs told of it, as far as it is united already, and when
    each was last told, by the source's clock, moved at most daily. `name` is the operation's;
    `superseded` says that a fall-back gave way to an exact edge of the same end. `sent` is by our
    clock. `refused` has the fingerprints of what runs told of it in vain.
    """

    name: Name | None
    status: Status
    sent: Ticks
    gaps: tuple[Gap, ...] = ()
    superseded: bool = False
    told: Mapping[str, Ticks] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)


class Published(Struct, frozen=True):
    """
    What the catalog holds of one process, as far as we put it there.

    `process` unites everything known; `seen` tells when each edge was last seen, by the source's
    clock, moved at most daily. `version` is the store's, for compare-and-set; 0 where there is no
    row. `intended` is all that was about to be sent: the catalog has `process`, or this.
    """

    head: Head
    process: Process
    fingerprint: str
    seen: Mapping[Edge, Ticks] = field(default_factory=dict)
    version: int = 0
    intended: Process | None = None


@lru_cache(maxsize=4096)
def published_partition(factory: FactoryId, pipeline: str) -> str:
    """The partition of a pipeline's published rows."""
    return digest(factory.lower(), pipeline.lower())


def process_key(catalog: str, process: Process) -> str:
    """
    The key of a process: catalog, activity, operation type, the sink's candidates and its end.

    It tells pipelines apart by itself, since a batch holds several: an activity that is called
    alike may write to the same sink in each. Two datasets of one sink are two ends: a fall-back of
    either gives way, whichever was told first.
    """
    pipeline = published_partition(process.factory, process.pipeline)
    sink = _candidates(process.sink.asset)
    of = process.activity, process.type
    return remembered(catalog, pipeline, *of, sink, process.sink.end)


def process_row(process: Process, seen: Mapping[Edge, Ticks]) -> Row:
    """A process as JSON; assets are listed once and referred to by their place."""
    places: dict[Asset, int] = {}
    place = places.setdefault

    def edge(value: Edge) -> list[Any]:
        at = place(value.asset, len(places))
        return [at, value.end, value.certainty, seen.get(value)]

    outputs = {"outputs": [edge(value) for value in process.outputs]} if process.outputs else {}
    return {
        **outputs,
        "factory": process.factory,
        "pipeline": process.pipeline,
        "activity": process.activity,
        "type": process.type,
        "parents": [[name.type, name.qualified] for name in process.parents],
        "sink": edge(process.sink),
        "inputs": [edge(value) for value in process.inputs],
        "columns": [
            [link.output, link.kind, [[place(c.asset, len(places)), c.name] for c in link.sources]]
            for link in process.columns
        ],
        "assets": [[[n.type, n.qualified] for n in asset.candidates] for asset in places],
    }


def process(row: Row) -> tuple[Process, dict[Edge, Ticks]]:
    """The process and the `seen` that `process_row` made."""
    assets = [Asset(tuple(Name(*name) for name in names)) for names in row["assets"]]
    seen: dict[Edge, Ticks] = {}

    def edge(value: list[Any]) -> Edge:
        made = Edge(assets[value[0]], value[1], Certainty(value[2]))
        if value[3] is not None:
            seen[made] = Ticks(value[3])
        return made

    made = Process(
        FactoryId(row["factory"]),
        row["pipeline"],
        row["activity"],
        row["type"],
        tuple(Name(*name) for name in row["parents"]),
        edge(row["sink"]),
        tuple(edge(value) for value in row["inputs"]),
        tuple(
            ColumnLink(
                output,
                ColumnKind(kind),
                tuple(Column(assets[place], name) for place, name in sources),
            )
            for output, kind, sources in row["columns"]
        ),
        tuple(edge(value) for value in row.get("outputs", ())),
    )
    return made, seen


def head_row(value: Head) -> Row:
    """The small row of a process; of many variants told, or refused, the latest are kept."""
    latest = sorted(value.told.items(), key=lambda each: (-each[1], each[0]))[:MOST_TOLD]
    refused = sorted(value.refused.items(), key=lambda each: (-each[1].when, each[0]))[:MOST_TOLD]
    return {
        "v": VERSION,
        "name": [value.name.type, value.name.qualified] if value.name else None,
        "status": value.status.value,
        "gaps": [gap_row(each) for each in value.gaps],
        "sent": value.sent,
        "superseded": value.superseded,
        "told": dict(latest),
        "refused": {told: [each.when, gap_row(each.gap)] for told, each in refused},
    }


def head(row: Row) -> Head:
    """What `head_row` made."""
    return Head(
        Name(*row["name"]) if row["name"] else None,
        Status(row["status"]),
        Ticks(row["sent"]),
        tuple(gap(each) for each in row["gaps"]),
        row["superseded"],
        row["told"],
        {
            told: Refusal(Ticks(when), gap(why))
            for told, (when, why) in row.get("refused", {}).items()
        },
    )


def published_row(value: Published) -> Row:
    """The large row of a process; its head is a row of its own."""
    intended = {"intended": process_row(value.intended, {})} if value.intended else {}
    return {
        **intended,
        "v": VERSION,
        "process": process_row(value.process, value.seen),
        "fingerprint": value.fingerprint,
    }


def published(of: Row, row: Row, version: int) -> Published:
    """
    What `head_row` and `published_row` made.

    Rows of a newer release get a version that never holds: they are read, and not written.
    """
    known, seen = process(row["process"])
    intended = process(row["intended"])[0] if "intended" in row else None
    ours = of["v"] == row["v"] == VERSION
    version = version if ours else -1
    return Published(head(of), known, row["fingerprint"], seen, version, intended)


def last_run_row(last: LastRun) -> Row:
    """The latest run whose attributes the catalog has, as a row."""
    return {"v": VERSION, "ended": last.ended, "rows": last.rows, "size": last.size}


def last_run(row: Row) -> LastRun:
    """The latest run whose attributes the catalog has."""
    return LastRun(Ticks(row["ended"]), row["rows"], row["size"])


def asset_key(catalog: str, asset: Asset) -> tuple[str, str]:
    """Partition and key of the row that remembers which candidate an asset goes by."""
    key = digest(catalog, _candidates(asset))
    return key[:1], key


@lru_cache(maxsize=16_384)
def _candidates(asset: Asset) -> str:
    return digest(*(text for name in asset.candidates for text in (name.type, name.qualified)))
