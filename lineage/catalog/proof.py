"""What a server's answer proves of what was sent, and what has to be read back; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from lineage.catalog import atlas
from lineage.errors import Rejected, Unavailable
from lineage.model import Json, Name

DELETED = "EntityDeleted"  # our code for an entity that was written and stays deleted

Get = Callable[[str, Sequence[str]], list[Json]]

_EDGES = {"inputs": "dataset_process_inputs", "outputs": "process_dataset_outputs"}


class Told(Struct, frozen=True, eq=False):
    """An answer to a bulk: guids assigned to guids sent, which it made, how it names which."""

    assigned: Mapping[str, str]
    created: frozenset[str]
    names: Mapping[str, str]


def read(body: Any, what: str) -> Told:
    """
    The answer to a bulk. Raises `Unavailable` where it is none, as a gateway's page is none.

    Raises `Rejected` with the code `DELETED` where an entity was written that stays deleted.
    """
    answer = _object(body, what)
    mutated = _object(answer.get("mutatedEntities") or {}, what)
    headers = {kind: _list(found or [], what) for kind, found in mutated.items()}
    assigned = _object(answer.get("guidAssignments") or {}, what)
    real = {str(guid) for guid in assigned.values()}
    names: dict[str, str] = {}
    for header in (each for kind, found in headers.items() if kind != "DELETE" for each in found):
        named = _object(header.get("attributes") or {}, what).get("qualifiedName")
        if header.get("status") == "DELETED" and str(header.get("guid")) in real:
            raise Rejected(f"{header.get('typeName')} {named} is deleted there", 200, DELETED)
        if isinstance(named, str):
            names[str(header.get("guid"))] = named
    created = frozenset(str(each.get("guid")) for each in headers.get("CREATE", ()))
    return Told({str(sent): str(guid) for sent, guid in assigned.items() if guid}, created, names)


def returned(told: Told, entities: Sequence[Json]) -> list[tuple[Name, str]]:
    """The names that were sent, each with the one that came back, where one did."""
    guids = {each["guid"]: told.assigned.get(each["guid"], each["guid"]) for each in entities}
    return [
        (_name(each), told.names[guids[each["guid"]]])
        for each in entities
        if guids[each["guid"]] in told.names
    ]


def read_back(told: Told, entities: Sequence[Json], get: Get) -> dict[str, str]:
    """The guids of entities that the answer does not name, and that the catalog shows as sent."""
    unproven = [
        each
        for each in entities
        if str(each["guid"]).startswith("-") and each["guid"] not in told.assigned
    ]
    found = _read(unproven, get)
    names = _names(entities)
    return {
        each["guid"]: str(found[name]["guid"])
        for each in unproven
        if (name := _name(each)) in found
        and found[name].get("guid")
        and _shows(found[name], each, names)
    }


def lost_edges(told: Told, entities: Sequence[Json], get: Get) -> Iterator[Json]:
    """
    The relationships that were sent and are not there, in the form of POST /relationship.

    A real Atlas compares an array sent with the one it lists, removed members included; where they
    are alike it leaves the removed ones removed and says nothing. An entity that the answer calls
    created has no such past, so that only what was there before is read: one call for many.
    """
    names = _names(entities)
    old = [
        each
        for each in entities
        if told.assigned.get(each["guid"], each["guid"]) not in told.created
        and any(each["attributes"].get(key) for key in _EDGES)
    ]
    found = _read(old, get)
    for each in old:
        entity = found.get(_name(each))
        for key, kind in _EDGES.items() if entity else ():
            there = set(atlas.ends(entity or {}, key))
            for end in dict.fromkeys(_ends(each, key, names)):
                if end not in there:
                    yield {
                        "typeName": kind,
                        "end1": atlas.reference(_name(each)),
                        "end2": atlas.reference(end),
                    }


def entities(body: Any, what: str) -> list[Json]:
    """
    The entities of an answer to a look-up; it has no such key where none was found.

    Each has a type, and attributes with a name.
    """
    found = _list(_object(body, what).get("entities") or [], what)
    for each in found:
        _object(each.get("relationshipAttributes") or {}, what)
        named = _object(each.get("attributes"), what).get("qualifiedName")
        if not (isinstance(named, str) and isinstance(each.get("typeName"), str)):
            raise Unavailable(f"{what}: an entity without a name in the answer")
    return found


def graph(body: Any, what: str) -> Json:
    """An answer to a question for lineage."""
    answer = _object(body, what)
    _object(answer.get("guidEntityMap"), what)
    _list(answer.get("relations"), what)
    return answer


def definition(body: Any, what: str) -> Json:
    """The definition of a type."""
    answer = _object(body, what)
    members = [*_list(answer.get("attributeDefs") or [], what)]
    ends = _list(answer.get("relationshipAttributeDefs") or [], what)
    names = [each.get("name") for each in (answer, *members, *ends)]
    names += [each.get("typeName") for each in ends]
    above = answer.get("superTypes") or []
    if not (isinstance(above, list) and all(isinstance(each, str) for each in (*names, *above))):
        raise Unavailable(f"{what}: no definition in the answer")
    return answer


def _read(wanted: Sequence[Json], get: Get) -> dict[Name, Json]:
    by_type: dict[str, list[str]] = {}
    for each in wanted:
        by_type.setdefault(each["typeName"], []).append(each["attributes"]["qualifiedName"])
    return {
        _name(found): found
        for kind, qualified in by_type.items()
        for found in get(kind, list(dict.fromkeys(qualified)))
    }


def _shows(found: Json, sent: Json, names: Mapping[str, Name]) -> bool:
    """Whether an entity as it is read has everything that was sent."""
    there = found["attributes"]
    for key, value in sent["attributes"].items():
        if key in _EDGES:
            if not set(_ends(sent, key, names)) <= set(atlas.ends(found, key)):
                return False
        elif there.get(key) != value:
            return False
    return True


def _ends(sent: Json, key: str, names: Mapping[str, Name]) -> Iterator[Name]:
    for each in sent["attributes"].get(key) or ():
        if each.get("guid") in names:
            yield names[each["guid"]]
        elif "uniqueAttributes" in each:
            yield Name(each["typeName"], each["uniqueAttributes"]["qualifiedName"])


def _names(sent: Sequence[Json]) -> dict[str, Name]:
    return {each["guid"]: _name(each) for each in sent}


def _name(entity: Json) -> Name:
    return Name(entity["typeName"], entity["attributes"]["qualifiedName"])


def _object(value: Any, what: str) -> Json:
    if not isinstance(value, Mapping):
        raise Unavailable(f"{what}: an answer of another form")
    return value


def _list(value: Any, what: str) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Unavailable(f"{what}: an answer of another form")
    return value
