"""The lineage of an asset as the catalog has it now: what was removed is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lineage.catalog import atlas
from lineage.model import Catalog, Json, Name

UPSTREAM, DOWNSTREAM, BOTH = "INPUT", "OUTPUT", "BOTH"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """
    Entities around `base`. `label` is what people call one, `process` has the whole entity.

    `edges` are (from, to) in the direction of the data.
    """

    base: Name
    label: Mapping[Name, str]
    process: Mapping[Name, Json]
    edges: tuple[tuple[Name, Name], ...]

    def beside(self, direction: str) -> dict[Name, list[Name]]:
        """The neighbours of each entity on one side, in order."""
        found: dict[Name, list[Name]] = {}
        for start, end in self.edges:
            near, far = (end, start) if direction == UPSTREAM else (start, end)
            found.setdefault(near, []).append(far)
        return {near: sorted(far) for near, far in found.items()}


def find(catalog: Catalog, qualified: str) -> Name | None:
    """The data set, else the process, that has this qualifiedName: an exact look-up."""
    for kind in ("DataSet", "Process"):
        for entity in catalog.get(kind, [qualified]):
            return Name(str(entity["typeName"]), qualified)
    return None


def read(catalog: Catalog, base: Name, direction: str, depth: int) -> Graph:
    """
    The graph on one side or both; a depth of 0 is without limit.

    Atlas's answer holds deleted entities, and relations that were removed without a mark: only the
    processes themselves tell what they read and write now.
    """
    answer = catalog.lineage(base, direction, depth)
    headers = {guid: each for guid, each in answer["guidEntityMap"].items() if _is_active(each)}
    names = {guid: _name(each) for guid, each in headers.items()}
    wanted = sorted({name.qualified for name in names.values()})
    found = catalog.get("Process", wanted) if wanted else []
    process = {_name(each): each for each in found if each["guid"] in headers}
    current = {edge for name, entity in process.items() for edge in _edges(name, entity)}
    edges = {
        (names[each["fromEntityId"]], names[each["toEntityId"]])
        for each in answer["relations"]
        if each["fromEntityId"] in names and each["toEntityId"] in names
    }
    kept = _reached(base, edges & current, direction)
    label = {name: _label(headers[guid], name) for guid, name in names.items()}
    shown = {base, *(name for edge in kept for name in edge)}
    return Graph(
        base,
        {name: label.get(name) or _last_part(name) for name in sorted(shown)},
        {name: entity for name, entity in process.items() if name in shown},
        tuple(sorted(kept)),
    )


def _edges(process: Name, entity: Json) -> Iterator[tuple[Name, Name]]:
    yield from ((end, process) for end in atlas.ends(entity, "inputs"))
    yield from ((process, end) for end in atlas.ends(entity, "outputs"))


def _reached(
    base: Name, edges: Iterable[tuple[Name, Name]], direction: str
) -> set[tuple[Name, Name]]:
    """The edges on a way from the base that goes upstream only, or downstream only."""
    kept: set[tuple[Name, Name]] = set()
    for side in (UPSTREAM, DOWNSTREAM) if direction == BOTH else (direction,):
        near, far = (1, 0) if side == UPSTREAM else (0, 1)
        leaving: dict[Name, list[tuple[Name, Name]]] = {}
        for edge in edges:
            leaving.setdefault(edge[near], []).append(edge)
        pending, seen = [base], {base}
        while pending:
            for edge in leaving.get(pending.pop(), ()):
                kept.add(edge)
                if edge[far] not in seen:
                    seen.add(edge[far])
                    pending.append(edge[far])
    return kept


def _is_active(header: Json) -> bool:
    return bool(header.get("status", "ACTIVE") == "ACTIVE")


def _name(entity: Json) -> Name:
    return Name(str(entity["typeName"]), str(entity["attributes"]["qualifiedName"]))


def _label(header: Json, name: Name) -> str:
    given = header["attributes"].get("name") or header.get("displayText")
    return str(given) if given else _last_part(name)


def _last_part(name: Name) -> str:
    return name.qualified.rstrip("/").rpartition("/")[2] or name.qualified
