"""Rows of the embedded catalog -> the JSON that Atlas answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from lineage.catalog.draft import ACTIVE, Stored
from lineage.catalog.typedefs import types
from lineage.model import Json


class Related(Struct, frozen=True):
    """A relation as one of its ends sees it: `end` is the reader's own, `guid` the relation's."""

    guid: str
    type: str
    end: int
    status: str
    other: str
    other_type: str
    other_name: str
    other_status: str
    label: str | None


def entity(stored: Stored, related: Iterable[Related]) -> Json:
    """A whole entity; `related` in the order to be shown."""
    kind = types()[stored.type]
    attributes: dict[str, Any] = {
        name: stored.attributes.get(name, attribute.unset)
        for name, attribute in kind.attributes.items()
    }
    by_end: dict[tuple[str, int], list[Related]] = {}
    for each in related:
        by_end.setdefault((each.type, each.end), []).append(each)
    relationships: dict[str, Any] = {}
    for name, reference in kind.references.items():
        found = by_end.get((reference.relation, reference.end), [])
        shown = [_relationship(each) for each in found]
        relationships[name] = shown if reference.many else _current(shown)
        if reference.listed:
            attributes[name] = [_reference(each) for each in found]
    return {
        "typeName": stored.type,
        "attributes": attributes,
        "guid": stored.guid,
        "isIncomplete": False,
        "status": stored.status,
        "createTime": stored.created,
        "updateTime": stored.updated,
        "version": 0,
        "relationshipAttributes": relationships,
        "labels": [],
    }


def header(stored: Stored) -> Json:
    """An entity as lineage shows it."""
    return {
        "typeName": stored.type,
        "attributes": {"qualifiedName": stored.name, "name": stored.attributes.get("name")},
        "guid": stored.guid,
        "status": stored.status,
        "displayText": stored.attributes.get("name"),
        "classificationNames": [],
        "meaningNames": [],
        "meanings": [],
        "isIncomplete": False,
        "labels": [],
    }


def lineage(
    base: str,
    direction: str,
    depth: int,
    edges: Mapping[str, tuple[str, str]],
    entities: Iterable[Stored],
) -> Json:
    """Lineage: `edges` are `{relation: (from, to)}`, `entities` those at their ends."""
    return {
        "baseEntityGuid": base,
        "lineageDirection": direction,
        "lineageDepth": depth,
        "guidEntityMap": {each.guid: header(each) for each in entities},
        "relations": [
            {"fromEntityId": start, "toEntityId": end, "relationshipId": relation}
            for relation, (start, end) in edges.items()
        ],
    }


def _relationship(each: Related) -> Json:
    return {
        "guid": each.other,
        "typeName": each.other_type,
        "entityStatus": each.other_status,
        "displayText": each.label,
        "relationshipType": each.type,
        "relationshipGuid": each.guid,
        "relationshipStatus": each.status,
        "relationshipAttributes": {"typeName": each.type},
    }


def _current(shown: list[Json]) -> Json | None:
    """Of a single reference the active one, or else the last that was."""
    for each in shown:
        if each["relationshipStatus"] == ACTIVE:
            return each
    return shown[-1] if shown else None


def _reference(each: Related) -> Json:
    return {
        "guid": each.other,
        "typeName": each.other_type,
        "uniqueAttributes": {"qualifiedName": each.other_name},
    }
