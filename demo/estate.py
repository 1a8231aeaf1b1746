"""
The bundled sample estate: a folder of definitions and runs, dated by an epoch.

    estate/<site>/factory|pipeline|dataset|linkedService|dataflow/*.json   as Studio saves them
    estate/<site>/runs.json      the site's id, and its runs in the short form that `runs` expands
    estate/catalog.json          Atlas entities that a catalog knows beforehand
    estate/expected.json         the truth, by hand: statuses, edges, columns

Definitions were written 30 days before the epoch, but for those named under `written` in
runs.json. Nothing here evaluates an expression: what a run shows of its activity's `typeProperties`
is what the definition says, and where that is an expression runs.json gives the value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from demo import payloads, runs, times
from demo.shapes import Definition, Estate, Json, Site
from demo.synthetic import synthetic

__all__ = ["FOLDER", "load", "synthetic"]

FOLDER = Path(__file__).parent / "estate"

_FOLDERS = {  # folder in Git: kind, the path segment in REST
    "dataflow": "dataflows",
    "dataset": "datasets",
    "linkedService": "linkedservices",
    "pipeline": "pipelines",
}
_WRITTEN = "-30d00:00:00"  # before the epoch


def load(epoch: datetime, folder: Path = FOLDER) -> Estate:
    """The estate of a folder, its dates hung on `epoch` (an aware datetime)."""
    moment = times.of(epoch)
    return Estate(
        tuple(_site(each.parent, moment) for each in sorted(folder.glob("*/runs.json"))),
        _read(folder / "catalog.json")["entities"],
        lambda: _read(folder / "expected.json"),
    )


def _site(folder: Path, epoch: int) -> Site:
    told = _read(folder / "runs.json")
    site = told["id"]
    own = next(iter(folder.glob("factory/*.json")), None)
    properties = _read(own)["properties"] if own else {}
    pipelines = {path.stem: _read(path) for path in sorted(folder.glob("pipeline/*.json"))}
    expanded = runs.expand(told, pipelines, epoch)
    return Site(
        site,
        payloads.factory(site, properties, times.before(epoch, _WRITTEN)),
        tuple(_definitions(folder, site, told.get("written", {}), epoch)),
        expanded,
        tuple(runs.triggers(site, expanded)),
    )


def _definitions(folder: Path, site: str, written: Json, epoch: int) -> Iterator[Definition]:
    for directory, kind in _FOLDERS.items():
        for path in sorted(folder.glob(f"{directory}/*.json")):
            when = times.before(epoch, written.get(f"{directory}/{path.stem}", _WRITTEN))
            body = _read(path)
            yield payloads.definition(
                site, kind, body["name"], body["properties"], when // times.SECOND
            )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
