"""
Which column feeds which: the Copy activity's translator, read in all its forms.

Source: learn.microsoft.com/azure/data-factory/copy-activity-schema-and-type-mapping
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lineage.model import Asset, Column, ColumnKind, ColumnLink, Gap, Json, Reason, Where

_COPY = "$$COLUMN:"  # an added column that holds another column's value
_FILE = "$$FILEPATH"  # … the path of the file that a row came from
_ORDINAL = re.compile(r"\d{1,5}", re.ASCII)
_STEP = re.compile(r"\[\s*'([^']*)'\s*\]|\[\s*(\d+|\*)\s*\]|\.?([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Columns:
    """An asset and the columns its dataset declares, in order; none where they are not known."""

    asset: Asset
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One mapping: None where it does not name the column."""

    source: str | None
    sink: str | None


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
    found = _translator(translator)
    if isinstance(found, str):
        return (), [_unknown(found)]
    if from_definition and found:
        return (), [_unknown("the translator was written after the run")]
    pairs = _pairs(found, source, sink)
    if pairs is None:
        pairs = _by_name(source, sink)
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


def _translator(value: Any) -> Json | str:
    """The translator as an object (empty: none was given), or why it cannot be read."""
    if value is None:
        return {}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return "the translator is text that is no JSON"
    if not isinstance(value, dict) or value.get("type") == "Expression":
        return "the translator is an expression"
    if value.get("type", "TabularTranslator") != "TabularTranslator":
        return "the translator is of another type than TabularTranslator"
    return value


def _pairs(translator: Json, source: Columns, sink: Columns) -> list[Pair] | None:
    """The mappings of a translator, or None where it has none: columns then go by name."""
    root = translator.get("collectionReference")
    prefix = _path(root) if isinstance(root, str) else ""
    mappings = translator.get("mappings")
    if isinstance(mappings, list) and mappings:
        sides = [each if isinstance(each, dict) else {} for each in mappings]
        return [
            Pair(_column(each.get("source"), source, prefix), _column(each.get("sink"), sink, ""))
            for each in sides
        ]
    for key, named in (("columnMappings", str), ("schemaMapping", _path)):
        legacy = list(_legacy(translator.get(key)))
        if legacy:
            return [Pair(named(left), named(right)) for left, right in legacy]
    if any(translator.get(key) for key in ("mappings", "columnMappings", "schemaMapping")):
        return [Pair(None, None)]
    return None


def _legacy(value: Any) -> Iterator[tuple[str, str]]:
    """`{"a": "b"}` or `a: b, c: d`."""
    if isinstance(value, dict) and value.get("type") != "Expression":
        yield from ((a, b) for a, b in value.items() if isinstance(b, str))
    elif isinstance(value, str) and not value.startswith("@"):
        for part in value.split(","):
            left, colon, right = part.partition(":")
            if colon and left.strip() and right.strip():
                yield left.strip(), right.strip()


def _column(side: Any, columns: Columns, prefix: str) -> str | None:
    """The name a mapping gives by `name`, by `path` or by `ordinal` (from 1), in this order."""
    if not isinstance(side, dict):
        return None
    name, path, ordinal = side.get("name"), side.get("path"), side.get("ordinal")
    if isinstance(name, str) and name:
        return _plain(name)
    if isinstance(path, str) and path:
        absolute = path.lstrip().startswith("$")
        tail = _path(path)
        return tail if absolute or not prefix or not tail else f"{prefix}.{tail}"
    if isinstance(ordinal, str) and _ORDINAL.fullmatch(ordinal):
        ordinal = int(ordinal)
    if isinstance(ordinal, int) and 1 <= ordinal <= len(columns.names):
        return columns.names[ordinal - 1]
    return None


def _path(path: str) -> str:
    """`$['order']['id']` and `$.order.id` as `order.id`."""
    steps = [a or b or c for a, b, c in _STEP.findall(path.strip().removeprefix("$"))]
    return _plain(".".join(step.strip() for step in steps if step.strip())) or ""


def _plain(name: str) -> str | None:
    """No column name holds expression text."""
    return None if "@{" in name or name.startswith("@") else name


def _by_name(source: Columns, sink: Columns) -> list[Pair] | None:
    """Without a mapping Data Factory goes by name, in exact case."""
    if not source.names or not sink.names:
        return None
    common = set(sink.names)
    return [Pair(name, name) for name in source.names if name in common]


def _additional(value: Any) -> dict[str, Added]:
    """Columns that the source adds, by name."""
    added: dict[str, Added] = {}
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            text = str(each.get("value"))
            if text.upper().startswith(_COPY):
                added[each["name"]] = ColumnKind.VALUE, _plain(text[len(_COPY) :])
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
