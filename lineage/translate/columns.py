"""Which column feeds which in a Copy activity, and why that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from lineage.model import Asset, Column, ColumnKind, ColumnLink, Gap, Reason, Where
from lineage.translate.columnnames import plain
from lineage.translate.mappings import Pair, pairs_of, translator_of

_COPY = "$$COLUMN:"  # an added column that holds another column's value
_FILE = "$$FILEPATH"  # … the path of the file that a row came from


class Columns(Struct, frozen=True):
    """An asset and the columns its dataset declares, in order; none where they are not known."""

    asset: Asset
    names: tuple[str, ...]


Added = tuple[ColumnKind, str | None]  # of an added column: how it is made, and from which
Linked = tuple[tuple[ColumnLink, ...], list[Gap]]


def link(
    translator: Any,
    source: Columns,
    sink: Columns,
    *,
    additional: Any = None,
    binary: bool = False,
    from_definition: bool = False,
) -> Linked:
    """
    The column links of a Copy, and why there are none or not all.

    `translator` is the run's, or the definition's; `additional` the source's additionalColumns.
    `binary` copies bytes: there are no columns. `from_definition` says that the translator was
    written after the run, so that it is not to be believed.
    """
    if binary:
        return (), []
    found = translator_of(translator)
    if isinstance(found, str):
        return (), [_unknown(found)]
    if from_definition and found:
        return (), [_unknown("the translator was written after the run")]
    pairs = pairs_of(found, source.names, sink.names)
    if pairs is None:
        return (), [_unknown("no mapping, and the columns of both sides are not known")]
    added = _additional(additional)
    links = [_link(pair, source.asset, added) for pair in pairs]
    known = tuple(sorted({each for each in links if each is not None}))
    left = links.count(None)
    gaps = [_unknown(f"{left} mappings do not tell the name of their column")] if left else []
    if not pairs:
        gaps = [_unknown("the two sides have no column name in common")]
    return known, gaps


def _unknown(detail: str) -> Gap:
    return Gap(Reason.COLUMNS_UNKNOWN, Where.COLUMNS, detail)


def _additional(value: Any) -> dict[str, Added]:
    """Columns that the source adds, by name."""
    added: dict[str, Added] = {}
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            text = str(each.get("value"))
            if text.upper().startswith(_COPY):
                added[each["name"]] = ColumnKind.VALUE, plain(text[len(_COPY) :])
            else:
                kind = ColumnKind.GENERATED if text.upper() == _FILE else ColumnKind.CONSTANT
                added[each["name"]] = kind, None
    return added


def _link(pair: Pair, source: Asset, added: Mapping[str, Added]) -> ColumnLink | None:
    if not pair.sink or not pair.source:
        return None
    kind, column = added.get(pair.source, (ColumnKind.VALUE, pair.source))
    if kind is not ColumnKind.VALUE:
        return ColumnLink(pair.sink, kind)
    return ColumnLink(pair.sink, kind, (Column(source, column),)) if column else None
