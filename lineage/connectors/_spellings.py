"""Every spelling of an asset's name that the catalog may have, the one to create first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lineage.connectors._connector import Connector
from lineage.connectors._normal import encoded_blanks, normal
from lineage.model import Asset, Name

_FOLDED = frozenset({"database", "schema", "table"})  # SQL stores ignore their case


@lru_cache(maxsize=8192)
def asset_of(row: Connector, parts: tuple[tuple[str, str], ...]) -> Asset:
    """The asset of a row whose parts are all known; runs name the same ones again and again."""
    return Asset(tuple(dict.fromkeys(_candidates(row, dict(parts)))))


def _candidates(row: Connector, parts: dict[str, str]) -> Iterator[Name]:
    """
    Each spelling with each type; the first is the one to create.

    SQL names as written, then in lower case, each with `%20` for a blank before the blank; a
    folder with its slash before without.
    """
    relational = "table" in parts
    for form in (parts, _lowered(parts)) if relational else (parts,):
        patterns = dict.fromkeys(row.names.values())  # the types of a row share them
        whole = {pattern: normal(pattern.format_map(form), row.kind) for pattern in patterns}
        for spell in (encoded_blanks, _as_it_is) if relational else (_as_it_is, _slashless):
            for type_name, pattern in row.names.items():
                yield Name(type_name, spell(whole[pattern]))


def _lowered(parts: dict[str, str]) -> dict[str, str]:
    return {label: text.lower() if label in _FOLDED else text for label, text in parts.items()}


def _slashless(name: str) -> str:
    return name.rstrip("/")


def _as_it_is(name: str) -> str:
    return name
