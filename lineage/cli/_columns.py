"""Which column feeds which in the processes of a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lineage.catalog import atlas
from lineage.cli._lineage import Graph
from lineage.model import ANYTHING, Asset, ColumnKind, FactoryId, Json, Name
from lineage.plan import assets_of
from lineage.store.processes import Published
from lineage.store.published import PublishedRows

# The qualifiedName of an operation as we, and the built-in connection, write it.
OPERATION = re.compile(
    r"(?P<factory>/.+?)/pipelines/(?P<pipeline>[^/]+)/activities/.+#.+#.+", re.DOTALL
)

Source = tuple[Name | None, str]  # a data set, or None where the mapping names none we know


@dataclass(frozen=True, slots=True)
class Feed:
    """A column that a process writes, and the columns that feed it."""

    process: Name
    sink: Name | None
    column: str
    kind: ColumnKind
    sources: tuple[Source, ...]

    def json(self) -> dict[str, Any]:
        """A column as it is everywhere, and the process it passes through."""
        return {
            "output": _end(self.sink, self.column),
            "kind": self.kind.value,
            "from": [_end(*source) for source in self.sources],
            "process": self.process.qualified,
        }


def of(graph: Graph, published: PublishedRows) -> dict[Name, list[Feed]]:
    """
    The columns of each process.

    Those of our own published rows come first, because a catalog's property may be too small for
    all of them; what else the operation's columnMapping says is added.
    """
    return {name: list(_united(name, entity, published)) for name, entity in graph.process.items()}


def _united(name: Name, entity: Json, published: PublishedRows) -> Iterator[Feed]:
    outputs = atlas.ends(entity, "outputs")
    sink = outputs[0] if len(outputs) == 1 else None
    sources: dict[str, set[Source]] = {}
    kinds: dict[str, ColumnKind] = {}
    for column, kind, found in [*_ours(name, published), *_theirs(entity)]:
        kinds.setdefault(column, kind)
        sources.setdefault(column, set()).update(found)
    for column, found in sorted(sources.items()):
        ordered = sorted(found, key=lambda each: (str(each[0] or ""), each[1]))
        yield Feed(name, sink, column, kinds[column], tuple(ordered))


def _ours(name: Name, published: PublishedRows) -> Iterator[tuple[str, ColumnKind, set[Source]]]:
    """What we published, whatever the catalog had room for."""
    for row in _rows(name, published):
        names = _names(row, published)
        for link in row.process.columns:
            found: set[Source] = {(names.get(each.asset), each.name) for each in link.sources}
            yield link.output, link.kind, found


def _rows(name: Name, published: PublishedRows) -> Iterable[Published]:
    parts = OPERATION.fullmatch(name.qualified)
    if parts is None:
        return ()
    factory = FactoryId(parts["factory"])
    return published.of_operation(factory, parts["pipeline"], name).values()


def _names(row: Published, published: PublishedRows) -> dict[Asset, Name]:
    assets = [asset for asset in assets_of(row.process) if asset != ANYTHING]
    return {asset: asset.candidates[0] for asset in assets} | published.choices(assets)


def _theirs(entity: Json) -> Iterator[tuple[str, ColumnKind, set[Source]]]:
    """What the catalog says."""
    inputs = {name.qualified: name for name in atlas.ends(entity, "inputs")}
    for source, column, output in atlas.pairs(entity):
        yield output, ColumnKind.VALUE, {(inputs.get(source), column)}


def _end(asset: Name | None, column: str) -> dict[str, str]:
    if asset is None:
        return {"column": column}
    return {"typeName": asset.type, "qualifiedName": asset.qualified, "column": column}
