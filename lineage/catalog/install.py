"""Registers the types that an account lacks: adds, and never changes or removes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from lineage.catalog.atlas import FALLBACK
from lineage.catalog.typedefs import definitions
from lineage.errors import Rejected
from lineage.model import Json

BASE = "atlas_core"  # Atlas's own model, which every server has
_OURS = ("source", "confidence")  # for our documents
_EXISTS = 409
_KINDS = ("entityDefs", "relationshipDefs")
_EMPTY = dict.fromkeys(("enumDefs", "structDefs", "classificationDefs", *_KINDS), ())


class Server(Protocol):
    """The part of a server that keeps its types."""

    def definition(self, type_name: str) -> Json | None:
        """The definition of a type, or None."""
        ...

    def register(self, method: str, definitions: Json) -> None:
        """POST new type definitions, or PUT changed ones."""
        ...


def everything(name: str) -> bool:
    """All types of typedefs.json."""
    return True


def fallback(name: str) -> bool:
    """Our own fall-back type alone."""
    return name == FALLBACK


def install(server: Server, wanted: Callable[[str], bool]) -> list[str]:
    """
    Register the `wanted` types, and attributes of them, that the server lacks; returns their names.

    Doing it again does nothing. Where somebody else registers at the same time it looks again.
    """
    try:
        return _install(server, wanted)
    except Rejected as error:
        if error.status != _EXISTS:
            raise
        return _install(server, wanted)


def _install(server: Server, wanted: Callable[[str], bool]) -> list[str]:
    new: dict[str, list[Json]] = {}
    grown: list[Json] = []
    for kind, definition in _ours(wanted):
        there = server.definition(definition["name"])
        if there is None:
            new.setdefault(kind, []).append(_clean(definition))
        elif kind == "entityDefs" and (more := _lacking(there, definition)):
            grown.append({**there, "attributeDefs": [*there.get("attributeDefs", ()), *more]})
    if new:
        server.register("POST", {**_EMPTY, **new})
    if grown:
        server.register("PUT", {**_EMPTY, "entityDefs": grown})
    return [each["name"] for found in (*new.values(), grown) for each in found]


def _ours(wanted: Callable[[str], bool]) -> Iterable[tuple[str, Json]]:
    known = definitions()
    return (
        (kind, each)
        for kind in _KINDS
        for each in known[kind]
        if each["serviceType"] != BASE and wanted(each["name"])
    )


def _lacking(there: Json, ours: Json) -> list[Json]:
    known = {each["name"] for each in there.get("attributeDefs", ())}
    return [_clean(each) for each in ours["attributeDefs"] if each["name"] not in known]


def _clean(definition: Json) -> dict[str, Any]:
    """Without what only our documents say."""
    kept = {key: value for key, value in definition.items() if key not in _OURS}
    if isinstance(found := kept.get("attributeDefs"), list):
        kept["attributeDefs"] = [_clean(each) for each in found if isinstance(each, Mapping)]
    return kept
