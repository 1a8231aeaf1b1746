"""
The types we send, read from typedefs.json, and how Atlas takes a value of each.

The file has the form of Atlas's type definitions. Those whose serviceType is `atlas_core` are
Atlas's own base model and are there for the embedded catalog; an Atlas server has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from lineage import ticks
from lineage.catalog.atlas import FALLBACK
from lineage.model import Json

_LARGEST = {"int": 2**31, "long": 2**63}
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A plain attribute; `owner` is the type that declares it."""

    name: str
    type: str  # string, int, long, date or boolean
    optional: bool
    owner: str

    @property
    def unset(self) -> int | None:
        """How it reads where it was never set: numbers and dates as 0."""
        return 0 if self.type in ("int", "long", "date") else None

    def take(self, value: object) -> str | int | None:
        """
        The value as Atlas stores it; a date in milliseconds since 1970.

        Raises `ValueError` where Atlas refuses it. Source: a real Atlas 2.1.0, value by value.
        """
        return None if value is None else _TAKE[self.type](value, self.type)


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute that is one end (1 or 2) of a relationship; `opposite` is the other's name."""

    name: str
    relation: str
    end: int
    target: str
    many: bool
    listed: bool  # among `attributes` too: Atlas's legacy attributes
    opposite: str


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type with everything it inherits; `ancestors` include the type itself."""

    name: str
    ancestors: frozenset[str]
    attributes: Mapping[str, Attribute]
    references: Mapping[str, Reference]


@cache
def definitions() -> Json:
    """The file itself."""
    read: Json = json.loads(files(__package__).joinpath("typedefs.json").read_text("utf-8"))
    return read


def sent() -> list[str]:
    """The types of what we send, our own aside: those that no other descends from, and DataSet."""
    leaves = [name for name in types() if len(subtypes(name)) == 1]
    return [*(name for name in leaves if name != FALLBACK), "DataSet"]


@cache
def types() -> Mapping[str, EntityType]:
    """Every type we know, by name."""
    known = definitions()
    entities = {each["name"]: each for each in known["entityDefs"]}
    references = [each for found in known["relationshipDefs"] for each in _references(found)]
    return MappingProxyType({name: _entity_type(name, entities, references) for name in entities})


def definition(name: str) -> Json | None:
    """A type as a server would define it, with what it inherits; None where we know none."""
    known = types().get(name)
    if known is None:
        return None
    return {
        "name": name,
        "attributeDefs": [{"name": each} for each in known.attributes],
        "relationshipAttributeDefs": [
            {"name": each.name, "typeName": each.target} for each in known.references.values()
        ],
    }


@cache
def subtypes(name: str) -> tuple[str, ...]:
    """The type and all that descend from it, the type itself first."""
    found = [each.name for each in types().values() if name in each.ancestors]
    return tuple(sorted(found, key=lambda each: (each != name, each)))


def _entity_type(
    name: str, entities: Mapping[str, Json], references: list[tuple[str, Reference]]
) -> EntityType:
    ancestors: list[str] = [name]
    for each in ancestors:
        ancestors += [one for one in entities[each]["superTypes"] if one not in ancestors]
    attributes = {
        each["name"]: Attribute(each["name"], each["typeName"], each["isOptional"], owner)
        for owner in ancestors
        for each in entities[owner]["attributeDefs"]
        if each["typeName"] in _TAKE
    }
    ends = {reference.name: reference for owner, reference in references if owner in ancestors}
    return EntityType(name, frozenset(ancestors), attributes, ends)


def _references(definition: Json) -> list[tuple[str, Reference]]:
    """Both ends of a relationship, each with the type that has the attribute."""
    ends = definition["endDef1"], definition["endDef2"]
    return [
        (
            mine["type"],
            Reference(
                mine["name"],
                definition["name"],
                end,
                other["type"],
                mine["cardinality"] == "SET",
                mine["isLegacyAttribute"],
                other["name"],
            ),
        )
        for end, mine, other in ((1, *ends), (2, *reversed(ends)))
    ]


# ---------------------------------------------------------------- values


def _text(value: object, _: str = "") -> str:
    """What is no string becomes one the way Java prints it."""
    match value:
        case str():
            value.encode()  # half of a surrogate pair is a UnicodeError, which is a ValueError
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ", ".join(f"{_text(k)}={_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_text, value)) + "]"
    return str(value)


def _whole(value: object, kind: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError(value)
    try:
        number = int(value)
    except OverflowError as error:
        raise ValueError(value) from error
    if not -_LARGEST[kind] <= number < _LARGEST[kind]:
        raise ValueError(value)
    return number


def _date(value: object, _: str) -> int:
    if isinstance(value, str):
        if not _DATE.fullmatch(value):
            raise ValueError(value)
        return ticks.epoch_milliseconds(ticks.of(datetime.fromisoformat(value)))
    return _whole(value, "long")


def _truth(value: object, _: str) -> bool:
    if isinstance(value, bool):
        return value
    return _text(value).lower() == "true"


_TAKE: dict[str, Callable[[Any, str], str | int]] = {
    "boolean": _truth,
    "date": _date,
    "int": _whole,
    "long": _whole,
    "string": _text,
}
