"""Many runs of one activity become one process: knowing less never removes an edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from lineage.model import ANYTHING, Asset, Certainty, Column, ColumnKind, ColumnLink, Edge, Process

_KIND_RANK = {kind: rank for rank, kind in enumerate(ColumnKind)}
_RANK = {Certainty.EXACT: 0, Certainty.INFERRED: 1, Certainty.FALLBACK: 2}


def unite(known: Process, new: Process) -> Process:
    """
    Everything that either of the two knows of one process; the order does not matter.

    An end with an exact edge drops its fall-backs, and the columns that came from them.
    """
    if known is new or known == new:
        return known
    whole = replace(
        known,
        sink=min(known.sink, new.sink, key=lambda edge: (_RANK[edge.certainty], edge)),
        columns=(*known.columns, *new.columns),
        outputs=tuple(sorted({*known.outputs, *new.outputs})),
    )
    return only(whole, _edges([*known.inputs, *new.inputs]))


def only(process: Process, inputs: tuple[Edge, ...]) -> Process:
    """A process with these inputs, and of its columns those that come from them."""
    assets = {edge.asset for edge in inputs} | {ANYTHING}
    return replace(process, inputs=inputs, columns=_columns(process.columns, assets))


def _edges(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The surest edge of each asset and end, without what an exact edge makes superfluous."""
    surest: dict[tuple[Asset, str], Edge] = {}
    for edge in edges:
        key = edge.asset, edge.end
        if key not in surest or _RANK[edge.certainty] < _RANK[surest[key].certainty]:
            surest[key] = edge
    exact = {edge.end for edge in surest.values() if edge.certainty is Certainty.EXACT}
    return tuple(
        sorted(
            edge
            for edge in surest.values()
            if edge.certainty is not Certainty.FALLBACK or edge.end not in exact
        )
    )


def _columns(links: Iterable[ColumnLink], assets: set[Asset]) -> tuple[ColumnLink, ...]:
    """One link for each output column; where any of its values comes from a column, those count."""
    found: dict[str, list[ColumnLink]] = {}
    for link in dict.fromkeys(links):
        found.setdefault(link.output, []).append(link)
    joined = (_joined(found[output], assets) for output in sorted(found))
    return tuple(link for link in joined if link is not None)


def _joined(links: Sequence[ColumnLink], assets: set[Asset]) -> ColumnLink | None:
    """The links of one output column as one, without columns of other assets than these."""
    one = links[0]
    if len(links) == 1 and len(one.sources) < 2:
        return None if one.sources and one.sources[0].asset not in assets else one
    kept = [link for link in links if not link.sources or _from(link, assets)]
    if not kept:
        return None
    kind = min((link.kind for link in kept), key=_KIND_RANK.__getitem__)
    sources = {column for link in kept for column in _from(link, assets)}
    return ColumnLink(one.output, kind, tuple(sorted(sources)))


def _from(link: ColumnLink, assets: set[Asset]) -> list[Column]:
    return [column for column in link.sources if column.asset in assets]
