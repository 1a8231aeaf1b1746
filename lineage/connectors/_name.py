"""What an endpoint is called in the catalog."""

from __future__ import annotations

from functools import lru_cache
from string import Formatter

from lineage.connectors import _fallback, _generic, _told
from lineage.connectors._connector import Connector, row_for, rows_for
from lineage.connectors._normal import normal
from lineage.connectors._parts import Parts
from lineage.connectors._spellings import asset_of
from lineage.connectors._stores import store_of
from lineage.connectors._table import CONNECTORS
from lineage.model import Certainty, Endpoint, Named


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
        return _fallback.named(endpoint, scheme, parts, _told.no_row(endpoint))
    parts = rows[0].read(endpoint)
    host = next(iter(parts.values())).text
    scheme = rows[0].scheme or endpoint.linked_service_type.lower()
    if host is None:
        return _fallback.named(endpoint, scheme, parts)
    row = row_for(host, rows, CONNECTORS)
    if row is None:
        return _fallback.named(endpoint, scheme, parts, _told.no_row(endpoint))
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
        asset_of(row, tuple((label, part.text or "") for label, part in parts.items())),
        Certainty.INFERRED if inferred else Certainty.EXACT,
        steps=_told.steps(parts),
    )


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
