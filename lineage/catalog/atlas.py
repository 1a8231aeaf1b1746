"""Processes -> Atlas JSON, and what an operation that somebody else wrote says; pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lineage import ticks
from lineage.catalog.bulk import Unit
from lineage.jsontext import dumps
from lineage.model import (
    ANYTHING,
    Asset,
    Column,
    ColumnKind,
    ColumnLink,
    Gap,
    Json,
    LastRun,
    Name,
    Process,
    Reason,
    Where,
)

LARGEST_PROPERTY = 32_768  # bytes of a property's name and value; Purview's limit, documented 2022
LONGEST_NAME = 4_096  # bytes of a qualifiedName; as above
LONGEST_QUOTED = 7_600  # bytes of one in a URL, which holds 8 KB with all that is around it

FALLBACK = "lineage_dataset"  # ours, below DataSet, where it may be registered

_MAPPING = "columnMapping"
_PLAIN = "/:@,;!$'()*-._~"  # what need not be encoded in the value of a query


def unit(
    operation: Name,
    process: Process,
    names: Mapping[Asset, Name],
    create: Collection[Name],
    last: LastRun | None,
) -> tuple[Unit, tuple[Gap, ...]]:
    """
    The entities of one operation, and what had to be left out of them.

    `process` is everything known of the operation, `names` has the name of each of its assets,
    `create` those that do not exist yet. `last` are the attributes of the latest run, or None to
    leave them as they are.
    """
    mapping, gaps = column_mapping(process.columns, names, names[process.sink.asset])
    inputs = sorted({names[edge.asset] for edge in process.inputs})
    outputs = dict.fromkeys(names[edge.asset] for edge in (process.sink, *process.outputs))
    created = [_asset(name) for name in sorted({*inputs, *outputs} & set(create))]
    attributes = {
        "qualifiedName": operation.qualified,
        "name": process.activity,
        _MAPPING: mapping,
        "inputs": [reference(name) for name in inputs],
        "outputs": [reference(name) for name in outputs],
    }
    entity = _entity(operation, attributes, parent=process.parents[-1])
    return Unit(operation, (*created, *_parents(process, last), entity)), gaps


def fits(qualified: str) -> bool:
    """Whether a catalog takes a name, and a URL holds it: what cannot be looked up is not sent."""
    size = len(qualified.encode("utf-8", "surrogatepass"))
    if 3 * size <= LONGEST_QUOTED:  # of a byte come three at most
        return True
    return size <= LONGEST_NAME and len(quoted(qualified)) <= LONGEST_QUOTED


def quoted(qualified: str) -> str:
    """A name as the value of a query; what is no text of Unicode is a question mark in it."""
    return quote(qualified, safe=_PLAIN, errors="replace")


def reference(name: Name) -> dict[str, Any]:
    """How an entity is referred to by its name."""
    return {"typeName": name.type, "uniqueAttributes": {"qualifiedName": name.qualified}}


def _entity(name: Name, attributes: Json, parent: Name | None = None, key: str = "parent") -> Json:
    entity: dict[str, Any] = {"typeName": name.type, "attributes": attributes}
    if parent:
        entity["relationshipAttributes"] = {key: reference(parent)}
    return entity


def _asset(name: Name) -> Json:
    """An asset by its name alone, so that a later scan fills the same entity."""
    short = name.qualified.rstrip("/").rpartition("/")[2].replace("%20", " ")
    told = _read_off(name.qualified) if name.type == FALLBACK else {}
    return _entity(name, {"qualifiedName": name.qualified, "name": short or name.qualified, **told})


def _read_off(qualified: str) -> dict[str, str]:
    """What the name of a fall-back says: `{connector}://{host or linked service}/{locator}`."""
    connector, _, locator = qualified.partition("://")
    told = {"connector": connector, "locator": locator}
    top, *parts = locator.split("/")
    if top == "linked-service" and len(parts) > 1:
        told |= {"factory": parts[0], "linkedService": parts[1], "locator": "/".join(parts[2:])}
    return told


def _parents(process: Process, last: LastRun | None) -> Iterable[Json]:
    """Factory, pipeline and activity, from the top down; Synapse has no workspace entity."""
    *above, pipeline, activity = process.parents
    for factory in above:
        parts = process.factory.strip("/").split("/")
        known = {"qualifiedName": factory.qualified, "name": parts[-1]}
        if len(parts) > 3:
            known |= {"subscriptionId": parts[1], "resourceGroupName": parts[3]}
        yield _entity(factory, known)
    yield _entity(
        pipeline,
        {"qualifiedName": pipeline.qualified, "name": process.pipeline},
        parent=above[-1] if above else None,
        key="factory",
    )
    attributes: dict[str, Any] = {"qualifiedName": activity.qualified, "name": process.activity}
    if last:
        attributes |= {
            "status": "Completed",
            "errorMessage": "",
            "lastRunTime": ticks.epoch_milliseconds(last.ended),
            "rowCount": last.rows or 0,  # a number that is not set reads as 0
            "dataSize": last.size or 0,
        }
    yield _entity(activity, attributes, parent=pipeline)


# ---------------------------------------------------------------- columns


def column_mapping(
    links: Iterable[ColumnLink], names: Mapping[Asset, Name], sink: Name
) -> tuple[str, tuple[Gap, ...]]:
    """
    The text of `columnMapping`: one element for each source, with real names.

    Above the size of a property same-name pairs are left out first, then whole elements; the
    published row keeps all of them.
    """
    pairs: dict[str, set[tuple[str, str]]] = {}
    for link in links:
        for column in link.sources:
            source = names.get(column.asset, ANYTHING.candidates[0]).qualified
            pairs.setdefault(source, set()).add((column.name, link.output))
    text = _mapping_text(pairs, sink)
    if _fits(text):
        return text, ()
    renamed = {source: {p for p in found if p[0] != p[1]} for source, found in pairs.items()}
    while not _fits(_mapping_text(renamed, sink)):
        del renamed[max(renamed, key=lambda source: (len(renamed[source]), source))]
    detail = f"{sum(map(len, pairs.values()))} column pairs exceed what one property holds"
    gap = Gap(Reason.COLUMN_MAPPING_TOO_LARGE, Where.COLUMNS, detail)
    return _mapping_text(renamed, sink), (gap,)


def _mapping_text(pairs: Mapping[str, Collection[tuple[str, str]]], sink: Name) -> str:
    elements = [
        {
            "DatasetMapping": {"Source": source, "Sink": sink.qualified},
            "ColumnMapping": [{"Source": a, "Sink": b} for a, b in sorted(pairs[source])],
        }
        for source in sorted(pairs)
        if pairs[source]
    ]
    return dumps(elements)


def _fits(text: str) -> bool:
    return len(_MAPPING) + len(text.encode("utf-8", "surrogatepass")) <= LARGEST_PROPERTY


# ---------------------------------------------------------------- reading


def ends(entity: Json, key: str) -> list[Name]:
    """
    The data sets at `inputs` or `outputs` of an operation as it stands in the catalog.

    Of a relationship that was removed only `relationshipStatus` tells.
    """
    current = (entity.get("relationshipAttributes") or {}).get(key)
    if current is None:
        current = (entity.get("attributes") or {}).get(key)
    return [
        Name(str(each["typeName"]), str(name))
        for each in (current if isinstance(current, list | tuple) else ())
        if isinstance(each, Mapping)
        and each.get("relationshipStatus", "ACTIVE") == "ACTIVE"
        and (name := _qualified(each, entity, key))
    ]


def _qualified(end: Json, entity: Json, key: str) -> str | None:
    unique = end.get("uniqueAttributes")
    if isinstance(unique, Mapping):
        return unique.get("qualifiedName")
    listed = (entity.get("attributes") or {}).get(key) or ()
    for each in listed if isinstance(listed, list | tuple) else ():
        if isinstance(each, Mapping) and each.get("guid") == end.get("guid"):
            unique = each.get("uniqueAttributes")
            if isinstance(unique, Mapping):
                return unique.get("qualifiedName")
    return None


def pairs(entity: Json, without: Collection[str] = ()) -> list[tuple[str, str, str]]:
    """
    `(source data set or *, source column, sink column)` of an operation's columnMapping.

    Sinks `without` are left out.
    """
    text = (entity.get("attributes") or {}).get(_MAPPING)
    try:
        elements = json.loads(text) if isinstance(text, str) and text else []
        return [
            (str(each["DatasetMapping"]["Source"]), str(pair["Source"]), str(pair["Sink"]))
            for each in elements
            for pair in each["ColumnMapping"]
            if each["DatasetMapping"].get("Sink") not in without
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []  # somebody else's text in a form of his own


def foreign_links(
    entity: Json, inputs: Sequence[Asset], others: Collection[Name] = ()
) -> tuple[ColumnLink, ...]:
    """
    The column links of an operation somebody else wrote; `inputs` are its data sets.

    Those into `others`, its outputs beside the sink, are left out: they are none of the sink's.
    """
    assets = {asset.candidates[0].qualified: asset for asset in inputs}
    if len(inputs) == 1:
        assets["*"] = inputs[0]
    return tuple(
        ColumnLink(sink, ColumnKind.VALUE, (Column(assets.get(source, ANYTHING), column),))
        for source, column, sink in pairs(entity, {name.qualified for name in others})
    )
