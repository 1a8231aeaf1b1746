"""
The Copy activity's translator, read in all its forms: which column goes where.

Source: learn.microsoft.com/azure/data-factory/copy-activity-schema-and-type-mapping
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from lineage.model import Json
from lineage.translate.columnnames import Names, column_of, path_of


class Pair(Struct, frozen=True):
    """One mapping: None where it does not name the column."""

    source: str | None
    sink: str | None


def translator_of(value: Any) -> Json | str:
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


def pairs_of(translator: Json, source: Names, sink: Names) -> list[Pair] | None:
    """The mappings of a translator, else by name; None where neither tells of any."""
    root = translator.get("collectionReference")
    prefix = path_of(root) if isinstance(root, str) else ""
    mappings = translator.get("mappings")
    if isinstance(mappings, list) and mappings:
        sides = [each if isinstance(each, dict) else {} for each in mappings]
        left = [column_of(each.get("source"), source, prefix) for each in sides]
        right = [column_of(each.get("sink"), sink, "") for each in sides]
        return [Pair(*each) for each in zip(left, right, strict=True)]
    for key, named in (("columnMappings", str), ("schemaMapping", path_of)):
        legacy = list(_legacy(translator.get(key)))
        if legacy:
            return [Pair(named(left), named(right)) for left, right in legacy]
    if any(translator.get(key) for key in ("mappings", "columnMappings", "schemaMapping")):
        return [Pair(None, None)]
    return _by_name(source, sink)


def _legacy(value: Any) -> Iterator[tuple[str, str]]:
    """`{"a": "b"}` or `a: b, c: d`."""
    if isinstance(value, dict) and value.get("type") != "Expression":
        yield from ((a, b) for a, b in value.items() if isinstance(b, str))
    elif isinstance(value, str) and not value.startswith("@"):
        for part in value.split(","):
            left, colon, right = part.partition(":")
            if colon and left.strip() and right.strip():
                yield left.strip(), right.strip()


def _by_name(source: Names, sink: Names) -> list[Pair] | None:
    """Without a mapping Data Factory goes by name, in exact case."""
    if not source or not sink:
        return None
    common = set(sink)
    return [Pair(name, name) for name in source if name in common]
