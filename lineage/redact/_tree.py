"""JSON without what is secret in it: by its key, by its form, or because nobody needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.redact import _keys
from lineage.redact._blanks import blank, kind, undeclared
from lineage.redact._connections import connection
from lineage.redact._keys import Kept
from lineage.redact._leaves import JSON, Text, free, leaf, within
from lineage.redact._texts import clean

_NAMES = frozenset({"name", "referenceName"})  # by which files refer to one another
_COLUMNS = frozenset({"columnMappings", "schemaMapping"})  # whose keys are names of columns


def walk(value: Any, kept: Kept, text: Text) -> Any:
    """An object or list of which only what is kept is told; other texts give way to their mark."""
    if isinstance(value, list):
        return [walk(each, kept, text) for each in value]
    if not isinstance(value, Mapping):
        return leaf(value, text)
    if kind(value) == "expression":
        return _expression(value, text)
    return {
        key: _member(key, each, kept, text)
        for key, each in value.items()
        if key.lower() != _keys.DROPPED
    }


def _member(key: str, value: Any, kept: Kept, text: Text) -> Any:
    readable = key.lower() in _keys.READABLE
    if key in kept.open and isinstance(value, Mapping) and kind(value) != "expression":
        return opened(value, columns=key in _COLUMNS)
    if key in _NAMES and isinstance(value, str) and not JSON.match(value):
        return value
    if readable and isinstance(value, Mapping) and kind(value) == "securestring":
        shown = leaf(value.get("value"), connection)  # it may be plain text, and name a host
        return {**blank(value), "value": shown if isinstance(shown, str) else blank(shown)}
    if key in kept.texts:
        return walk(value, kept, connection if readable else text)
    if key in kept.shapes and not isinstance(value, str):
        return walk(value, kept, text)
    if key in kept.shapes:
        return within(value, lambda inner: walk(inner, kept, text)) or blank(value)
    if key == "value" and isinstance(value, str) and value.startswith("$$"):
        return clean(value)  # an added column that holds another's value
    if _keys.secret(key, marked=kept is _keys.LINKED_SERVICE):
        return blank(value)
    return value if isinstance(value, (bool, int, float)) else blank(value)


def opened(value: Any, *, columns: bool = False) -> Any:
    """An object whose keys are names: of parameters (declared, or with values), or of columns."""
    if not isinstance(value, Mapping):
        return leaf(value, clean)
    found: dict[str, Any] = {}
    for name, each in value.items():
        readable = name.lower() in _keys.READABLE
        secure = isinstance(each, Mapping) and kind(each).startswith("secure")
        if secure or (_keys.secret(name) and not readable and not columns):
            found[name] = undeclared(each)
        else:
            found[name] = free(each, connection if readable else clean)
    return found


def _expression(value: Mapping[str, Any], text: Text) -> dict[str, Any]:
    return {
        key: each if key == "type" else leaf(each, text) if isinstance(each, str) else blank(each)
        for key, each in value.items()
    }
