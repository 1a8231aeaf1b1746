"""Many processes in few requests, and which of them a refusal is about; pure but for `send`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from lineage.errors import Cause, Rejected, Unavailable
from lineage.jsontext import dumps
from lineage.model import Json, Name

COUNT = 50  # processes in a request
SIZE = 1_000_000  # bytes of a request

_ENVELOPE = len('{"entities": []}')
_GUID = len('"guid": "-1234567", , ')  # what `assemble` adds to an entity, at most

Guids = Mapping[Name, str]
Send = Callable[[Sequence[Json]], Mapping[str, str]]


class Unit(Struct, frozen=True, eq=False):
    """
    A process and the entities that must be there with it: what is accepted or refused as one.

    `key` is the process's own name. Entities have no guids; they refer to each other, and to what
    the catalog has, by `{"typeName", "uniqueAttributes": {"qualifiedName"}}` in `attributes` and
    `relationshipAttributes`. An entity may be in many units.
    """

    key: Name
    entities: tuple[Json, ...]


def cut(
    units: Iterable[Unit], count: Callable[[], int] = lambda: COUNT, size: int = SIZE
) -> Iterator[list[Unit]]:
    """
    Bulks of at most `count()` units and `size` bytes of JSON, in order; a larger unit goes alone.

    What units share counts once. `count` is asked for each bulk: it may depend on how those before
    it fared.
    """
    bulk: list[Unit] = []
    held: dict[Name, list[Json]] = {}
    room, most = size - _ENVELOPE, count()
    for unit in units:
        new = _not_in(held, unit)
        needed = sum(map(_bytes, new))
        if bulk and (len(bulk) >= most or needed > room):
            yield bulk
            bulk, held, room, most = [], {}, size - _ENVELOPE, count()
            new = unit.entities
            needed = sum(map(_bytes, new))
        bulk.append(unit)
        room -= needed
        for entity in new:
            held.setdefault(_name(entity), []).append(entity)
    if bulk:
        yield bulk


def assemble(units: Iterable[Unit]) -> list[Json]:
    """
    The entities of one request: each once, numbered, what is referred to before what refers.

    Of one attribute in two units the later value wins. A reference to an entity of the request
    becomes its negative guid, because nothing else reaches it on a real Atlas; the others stay.
    """
    return list(_assemble(units).values())


def publish(units: Sequence[Unit], send: Send) -> Iterator[tuple[Unit, Guids | Rejected]]:
    """
    Send one bulk and say of each unit which guids its entities have, or why it was refused.

    A refused request is halved until only what is wrong is refused: k bad ones of n units cost at
    most 2k(1 + ⌈log₂ n⌉) + 1 calls. One that was too much at once is halved too; a unit that is
    too much by itself raises `Unavailable`. What the answer does not name is not proven, and counts
    as refused with status 200. Every other error of `send` is let through; what was yielded before
    is in the catalog.
    """
    waiting = [list(units)]
    while waiting:
        part = waiting.pop()
        if not part:
            continue
        entities = _assemble(part)
        try:
            assigned = send(list(entities.values()))
        except (Rejected, Unavailable) as refusal:
            alone = len(part) == 1
            if isinstance(refusal, Unavailable) and (alone or refusal.cause != Cause.OVERLOADED):
                raise
            if isinstance(refusal, Rejected) and alone:
                yield part[0], refusal
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
            continue
        known = {name: assigned.get(entity["guid"]) for name, entity in entities.items()}
        for unit in part:
            yield unit, _proof(unit, known)


def _proof(unit: Unit, known: Mapping[Name, str | None]) -> Guids | Rejected:
    guids: dict[Name, str] = {}
    for name in map(_name, unit.entities):
        guid = known[name]
        if not guid:
            what = f"{name.type} {name.qualified}"
            return Rejected(f"the catalog's answer names no guid for {what}", 200)
        guids[name] = guid
    return guids


def _assemble(units: Iterable[Unit]) -> dict[Name, Json]:
    merged: dict[Name, Json] = {}
    for unit in units:
        for entity in unit.entities:
            name = _name(entity)
            known = merged.get(name, entity)
            merged[name] = entity if known is entity else _merge(known, entity)
    ordered: dict[Name, None] = {}
    for name in merged:
        _order(name, merged, ordered, set())
    guids = {name: f"-{number}" for number, name in enumerate(ordered, 1)}
    return {name: _numbered(merged[name], guids[name], guids) for name in ordered}


def _merge(known: Json, entity: Json) -> Json:
    parts = {
        key: {**known.get(key, {}), **entity.get(key, {})}
        for key in ("attributes", "relationshipAttributes")
        if key in known or key in entity
    }
    return {**known, **entity, **parts}


def _order(
    name: Name, entities: Mapping[Name, Json], ordered: dict[Name, None], above: set[Name]
) -> None:
    """Put an entity after those it refers to; a loop is cut where it closes."""
    if name in ordered or name in above:
        return
    for target in _targets(entities[name]):
        if target in entities:
            _order(target, entities, ordered, above | {name})
    ordered[name] = None


def _targets(entity: Json) -> Iterator[Name]:
    for key in ("attributes", "relationshipAttributes"):
        for value in entity.get(key, {}).values():
            for each in value if isinstance(value, (list, tuple)) else (value,):
                if target := _target(each):
                    yield target


def _target(value: object) -> Name | None:
    """The name that a reference refers by, or None where it is no such reference."""
    if isinstance(value, dict) and "typeName" in value and "uniqueAttributes" in value:
        return Name(value["typeName"], value["uniqueAttributes"]["qualifiedName"])
    return None


def _numbered(entity: Json, guid: str, guids: Guids) -> Json:
    parts = {
        key: {name: _linked(value, guids) for name, value in entity[key].items()}
        for key in ("attributes", "relationshipAttributes")
        if key in entity
    }
    return {**entity, "guid": guid, **parts}


def _linked(value: Any, guids: Guids) -> Any:
    if isinstance(value, (list, tuple)):
        return [_linked(each, guids) for each in value]
    target = _target(value)
    if target is not None and target in guids:
        return {"guid": guids[target], "typeName": target.type}
    return value


def _name(entity: Json) -> Name:
    return Name(entity["typeName"], entity["attributes"]["qualifiedName"])


def _not_in(held: Mapping[Name, Sequence[Json]], unit: Unit) -> Sequence[Json]:
    return [entity for entity in unit.entities if entity not in held.get(_name(entity), ())]


def _bytes(entity: Json) -> int:
    """Bytes in a request, at most: it is sent in ASCII, with a blank behind each separator."""
    text = dumps(entity)
    blanks = text.count(",") + text.count(":")  # or more: names hold some too
    return (len(text) + blanks if text.isascii() else len(json.dumps(entity))) + _GUID
