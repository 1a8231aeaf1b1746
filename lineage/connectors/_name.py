"""What an endpoint is called in the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from string import Formatter

from lineage.connectors import _fallback, _generic
from lineage.connectors._connector import Connector, row_for, rows_for
from lineage.connectors._normal import encoded_blanks, normal
from lineage.connectors._parts import Parts
from lineage.connectors._stores import store_of
from lineage.connectors._table import CONNECTORS
from lineage.model import Asset, Certainty, Endpoint, Name, Named

_FOLDED = frozenset({"database", "schema", "table"})  # SQL stores ignore their case


def name(endpoint: Endpoint) -> Named:
    """
    The possible names of an endpoint, how sure they are, and what stood in the way of a better one.

    Never raises: an endpoint that cannot be named is the fall-back asset of the deepest level that
    is known, at least of its linked service.
    """
    rows = rows_for(endpoint, CONNECTORS)
    if not rows:
        scheme = store_of(endpoint.linked_service_type).scheme
        parts = _generic.read(endpoint)
        return _fallback.named(endpoint, scheme, parts, _fallback.no_row(endpoint))
    parts = rows[0].read(endpoint)
    host = next(iter(parts.values())).text
    scheme = rows[0].scheme or endpoint.linked_service_type.lower()
    if host is None:
        return _fallback.named(endpoint, scheme, parts)
    row = row_for(host, rows, CONNECTORS)
    if row is None:
        return _fallback.named(endpoint, scheme, parts, _fallback.no_row(endpoint))
    return _named(row, endpoint, parts)


def _named(row: Connector, endpoint: Endpoint, parts: Parts) -> Named:
    pattern = next(iter(row.names.values()))
    wanted = _fields(pattern)
    parts = {label: part for label, part in parts.items() if label in wanted}
    text, complete = _filled(pattern, parts)
    if not complete:
        return _fallback.cut(endpoint, normal(text, row.kind).rstrip("/"), parts)
    inferred = any(part.assumed for part in parts.values())
    return Named(
        _asset(row, tuple((label, part.text or "") for label, part in parts.items())),
        Certainty.INFERRED if inferred else Certainty.EXACT,
        trace=_fallback.trace(parts),
    )


@lru_cache(maxsize=8192)
def _asset(row: Connector, parts: tuple[tuple[str, str], ...]) -> Asset:
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
        for spell in (encoded_blanks, _as_it_is) if relational else (_as_it_is, _slashless):
            for type_name, pattern in row.names.items():
                yield Name(type_name, spell(normal(pattern.format_map(form), row.kind)))


def _filled(pattern: str, parts: Parts) -> tuple[str, bool]:
    """The pattern up to its first field that is not known, and whether that is all of it."""
    text = ""
    for literal, field in _pieces(pattern):
        text += literal
        if field is None:
            break
        part = parts.get(field)
        if part is None or part.text is None:
            return text, False
        text += part.text
    return text, True


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, field) for literal, field, _, _ in Formatter().parse(pattern))


def _fields(pattern: str) -> set[str]:
    return {field for _, field in _pieces(pattern) if field is not None}


def _lowered(parts: dict[str, str]) -> dict[str, str]:
    return {label: text.lower() if label in _FOLDED else text for label, text in parts.items()}


def _slashless(name: str) -> str:
    return name.rstrip("/")


def _as_it_is(name: str) -> str:
    return name
