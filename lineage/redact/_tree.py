"""JSON without what is secret in it: by its key, by its form, or because nobody needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lineage.model import REMOVED
from lineage.redact import _keys
from lineage.redact._keys import Kept
from lineage.redact._texts import clean, connection, settled

_HIDDEN = frozenset({"azurekeyvaultsecret", "securestring"})
_NAMES = frozenset({"name", "referenceName"})  # by which files refer to one another
_COLUMNS = frozenset({"columnMappings", "schemaMapping"})  # whose keys are names of columns
_TYPES = frozenset(
    {"array", "bool", "float", "int", "number", "object", "securestring", "string"}
)  # of parameters
_JSON = re.compile(r"\s*[\[{]")

Text = Callable[[str], str]


def walk(value: Any, kept: Kept, text: Text) -> Any:
    """An object or list of which only what is kept is told; other texts give way to their mark."""
    if isinstance(value, list):
        return [walk(each, kept, text) for each in value]
    if not isinstance(value, Mapping):
        return _leaf(value, text)
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
    if key in _NAMES and isinstance(value, str) and not _JSON.match(value):
        return value
    if readable and isinstance(value, Mapping) and kind(value) == "securestring":
        shown = _leaf(value.get("value"), connection)  # it may be plain text, and name a host
        return {**_blank(value), "value": shown if isinstance(shown, str) else _blank(shown)}
    if key in kept.texts:
        return walk(value, kept, connection if readable else text)
    if key in kept.shapes and not isinstance(value, str):
        return walk(value, kept, text)
    if key in kept.shapes:
        return _json(value, lambda inner: walk(inner, kept, text)) or _blank(value)
    if key == "value" and isinstance(value, str) and value.startswith("$$"):
        return clean(value)  # an added column that holds another's value
    if _keys.secret(key, marked=kept is _keys.LINKED_SERVICE):
        return _blank(value)
    return value if isinstance(value, (bool, int, float)) else _blank(value)


def opened(value: Any, *, columns: bool = False) -> Any:
    """An object whose keys are names: of parameters (declared, or with values), or of columns."""
    if not isinstance(value, Mapping):
        return _leaf(value, clean)
    found: dict[str, Any] = {}
    for name, each in value.items():
        readable = name.lower() in _keys.READABLE
        secure = isinstance(each, Mapping) and kind(each).startswith("secure")
        if secure or (_keys.secret(name) and not readable and not columns):
            found[name] = undeclared(each)
        else:
            found[name] = _free(each, connection if readable else clean)
    return found


def undeclared(value: Any) -> Any:
    """A declaration without its default, a value without itself."""
    if isinstance(value, Mapping) and kind(value) in _TYPES:
        return {key: each if key == "type" else _blank(each) for key, each in value.items()}
    return _blank(value)


def _free(value: Any, text: Text) -> Any:
    """JSON of which nothing is known: all is kept but what a key or a form gives away."""
    if isinstance(value, list):
        return [_free(each, text) for each in value]
    if not isinstance(value, Mapping):
        return _leaf(value, text)
    if kind(value) in _HIDDEN:
        return _blank(value)
    return {
        key: _blank(each) if _keys.secret(key) else _free(each, text) for key, each in value.items()
    }


# ---------------------------------------------------------------- leaves


def _leaf(value: Any, text: Text) -> Any:
    """A text, be it JSON, without its secrets; what is no text is left."""

    def changed(value: str) -> str:
        read = _json(value, lambda inner: _free(inner, text))
        return text(value) if read is None else read

    return settled(changed, value) if isinstance(value, str) else value


def _json(value: str, change: Callable[[Any], Any]) -> str | None:
    """JSON that stands in a text, changed; None where it is none, or says one thing twice."""
    if not _JSON.match(value):
        return None
    try:
        read = json.loads(value, object_pairs_hook=_once)
        changed = change(read)
        if changed == read:
            return value
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _expression(value: Mapping[str, Any], text: Text) -> dict[str, Any]:
    return {
        key: each if key == "type" else _leaf(each, text) if isinstance(each, str) else _blank(each)
        for key, each in value.items()
    }


def _blank(value: Any) -> Any:
    """A mark in place of a value; of a hidden one its type is told, and nothing of nothing."""
    if value is None or isinstance(value, bool) or value in ("", REMOVED, [], {}):
        return value
    if isinstance(value, Mapping) and kind(value) in _HIDDEN:
        return {key: each if key == "type" else _blank(each) for key, each in value.items()}
    return REMOVED


def kind(value: Mapping[str, Any]) -> str:
    """The `type` of an object, in lower case; empty where it has none."""
    found = value.get("type")
    return found.lower() if isinstance(found, str) else ""
