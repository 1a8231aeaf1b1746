"""
Entities as a request brings them, checked the way Atlas checks them, without looking at storage.

Source of every rule and code here: a real Atlas 2.1.0, call by call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from msgspec import Struct

from lineage.catalog.typedefs import EntityType, Reference, types
from lineage.errors import Rejected
from lineage.model import Json


class Pointer(Struct, frozen=True):
    """A reference: by guid, real or negative, or else by the type (or a supertype) and the name."""

    guid: str | None
    type: str = "null"
    name: str | None = None

    def __str__(self) -> str:
        if self.guid:
            return self.guid
        unique = "" if self.name is None else f"qualifiedName:{self.name}"
        return (
            f"AtlasObjectId{{guid='null', typeName='{self.type}', uniqueAttributes={{{unique}}}}}"
        )


class Sent(Struct, frozen=True, eq=False):
    """
    An entity of a request: known attributes only, their values as they are stored.

    An attribute that is None is to be cleared; a reference without pointers is to be emptied.
    """

    guid: str
    type: EntityType
    name: str
    attributes: Mapping[str, str | int | None]
    references: Mapping[str, tuple[Pointer, ...]]


def read(entities: Iterable[Json]) -> list[Sent]:
    """
    The entities of a request; of two with one guid Atlas takes the first without a word.

    Raises `Rejected` for the whole request.
    """
    invented = (f"-{number}" for number in count(10**12))
    read: dict[str, Sent] = {}
    for entity in entities:
        guid = str(entity.get("guid") or next(invented))
        if guid not in read:
            read[guid] = _read(entity, guid)
    if not read:
        raise Rejected("invalid parameters: no entities to create/update.", 400, "ATLAS-400-00-01A")
    return list(read.values())


def entity_type(name: object) -> EntityType:
    """The type of that name. Raises `Rejected` where it does not exist."""
    found = types().get(name) if isinstance(name, str) else None
    if found is None:
        raise Rejected(f"Type ENTITY with name {name} does not exist", 400, "ATLAS-400-00-014")
    return found


def missing(pointer: Pointer | str) -> Rejected:
    """What Atlas answers where a referenced entity is missing, word for word."""
    return Rejected(f"Referenced entity {pointer} is not found", 404, "ATLAS-404-00-00A")


def _read(entity: Json, guid: str) -> Sent:
    kind = entity_type(entity.get("typeName"))
    given = _mapping(entity, "attributes")
    attributes = {name: given[name] for name in kind.attributes.keys() & given.keys()}
    for attribute in kind.attributes.values():
        if attribute.optional and attribute.name not in attributes:
            continue  # most are not told
        value = attributes.get(attribute.name)
        if value is None and not attribute.optional:
            reason = f"mandatory attribute value missing in type {attribute.owner}"
            raise _invalid(f"{kind.name}.{attribute.name}: {reason}")
        try:
            if attribute.name in attributes:
                attributes[attribute.name] = attribute.take(value)
        except ValueError as error:
            what = f"{kind.name}.{attribute.name}"
            raise _invalid(f"{what}: invalid value for type {attribute.type}") from error
    name = str(attributes["qualifiedName"])
    if "\0" in name:
        raise _invalid(f"{kind.name}.qualifiedName: the embedded catalog takes no zero character")
    references = dict(_references(kind, given, _mapping(entity, "relationshipAttributes")))
    return Sent(guid, kind, name, attributes, references)


def _mapping(entity: Json, key: str) -> Json:
    value = entity.get(key)
    return value if isinstance(value, dict) else {}


def _references(
    kind: EntityType, attributes: Json, relationships: Json
) -> Iterator[tuple[str, tuple[Pointer, ...]]]:
    """Null keeps what is there in `attributes`, and empties it in `relationshipAttributes`."""
    for name, reference in kind.references.items():
        value = relationships.get(name, attributes.get(name))
        if value is None and name not in relationships:
            continue
        if reference.end == 2:
            where = f"{kind.name}.{name}: send {reference.opposite} of {reference.target} instead"
            raise _invalid(f"{where}; the embedded catalog takes a relationship from one end only")
        yield name, () if value is None else _pointers(kind, reference, value)


def _pointers(kind: EntityType, reference: Reference, value: object) -> tuple[Pointer, ...]:
    if not reference.many:
        return (_pointer(value),)
    if not isinstance(value, Sequence) or isinstance(value, str):
        what = f"{kind.name}.{reference.name}"
        raise _invalid(f"{what}: invalid value for type array<objectid>")
    return tuple(map(_pointer, value))


def _pointer(value: object) -> Pointer:
    if not isinstance(value, dict):
        raise _no_object(type(value).__name__)
    if value.get("guid"):
        return Pointer(str(value["guid"]))
    unique = value.get("uniqueAttributes")
    if not isinstance(unique, dict) or not unique or not value.get("typeName"):
        raise _no_object(Pointer(None))
    name = unique.get("qualifiedName")
    known = entity_type(value["typeName"]).name
    return Pointer(None, known, name if isinstance(name, str) else None)


def _no_object(what: Pointer | str) -> Rejected:
    return Rejected(f"ObjectId is not valid {what}", 400, "ATLAS-400-00-021")


def _invalid(what: str) -> Rejected:
    message = f"Invalid instance creation/updation parameters passed : {what}"
    return Rejected(message, 404, "ATLAS-404-00-007")
