"""
Evaluates what definitions hold: plain values, texts with expressions, and secrets.

Every value comes with its trace: what it was followed through, nearest first, down to the place
where it is written. `table` of a dataset may read `dataset().table`, `argument table of dataset
ds_sql in activity 'Copy orders'`, `pipeline().parameters.table`, `run parameter table`; a plain
one has its own place only: `table of dataset ds_sql`. Names and places, never values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.errors import BadInput
from lineage.model import Evaluated, Gap, Reason, Value
from lineage.resolve.evaluator import NOTHING, Scope, evaluate_node, gap, joined, member
from lineage.resolve.syntax import Text, parse

__all__ = ["NOTHING", "Scope", "depends", "evaluate", "evaluate_tree", "gap", "member"]

DEEPEST_JSON = 64  # objects and lists within one another

_HIDDEN = frozenset({"securestring", "azurekeyvaultsecret"})
_READABLE = frozenset({"connectionstring", "sasuri"})  # a SecureString here may be plain text
_NEVER_READ = frozenset({"encryptedcredential"})  # opaque, and a secret


def evaluate(value: Any, scope: Scope, place: str) -> Value:
    """
    The plain value of a leaf of a definition: text, Expression object, number, list, object.

    A `Value` within it is one that could not be known when the definition was read (a template's
    parameter). `place` says where it is written, for trace and gaps. Never raises.
    """
    if isinstance(value, str) and "@" not in value:  # most are
        return Value(value, (place,))
    found = _json(value, scope, place, 0)
    return found if found.trace or found.gap else Value(found.value, (place,))


def evaluate_tree(json: Any, scope: Scope, place: str) -> Evaluated:
    """
    An object leaf by leaf; empty where `json` is none.

    The place of a leaf is `location.fileName of <place>`. A secure string is a gap, unless it is
    a connection string that can be read.
    """
    if isinstance(json, str) or _kind(json) == "expression":
        whole = evaluate(json, scope, place)
        found = whole.value if isinstance(whole.value, dict) else {}
        return {key: Value(value, whole.trace) for key, value in found.items()}
    return _tree(json, scope, place, ())


def depends(json: Any, ignore: frozenset[str] = frozenset()) -> bool:
    """Whether anything in `json` is not plain; `ignore` holds lower-cased keys to pass over."""
    pending = [json]
    while pending:
        value = pending.pop()
        if isinstance(value, Value) or (isinstance(value, str) and not _is_plain(value)):
            return True
        if isinstance(value, dict):
            pending += (v for k, v in value.items() if str(k).lower() not in ignore)
        elif isinstance(value, (list, tuple)):
            pending += value
    return False


def _is_plain(text: str) -> bool:
    try:
        node = parse(text) if "@" in text else Text((text,))
    except BadInput:
        return False
    return isinstance(node, Text) and all(isinstance(part, str) for part in node.parts)


def _json(value: Any, scope: Scope, place: str, depth: int) -> Value:
    if isinstance(value, str):
        return _text(value, scope, place)
    if isinstance(value, Value):
        return _hole(value, place)
    if not isinstance(value, (dict, list, tuple)):
        return Value(value, (place,))
    if depth >= DEEPEST_JSON:
        return gap(place, f"nested deeper than {DEEPEST_JSON}")
    if isinstance(value, dict):
        return _object(value, scope, place, depth)
    parts = [_json(item, scope, place, depth + 1) for item in value]
    return joined(parts, [part.value for part in parts])


def _object(value: Mapping[str, Any], scope: Scope, place: str, depth: int) -> Value:
    kind = _kind(value)
    if kind == "expression" and ("value" in value or "content" in value):
        return _json(value.get("value", value.get("content")), scope, place, depth + 1)
    if kind in _HIDDEN:
        return gap(place, "", Reason.HIDDEN_CONNECTION)
    parts = {key: _json(item, scope, place, depth + 1) for key, item in value.items()}
    return joined(parts.values(), {key: part.value for key, part in parts.items()})


def _text(value: str, scope: Scope, place: str) -> Value:
    if "@" not in value:
        return Value(value, (place,))
    try:
        return evaluate_node(parse(value), scope, place)
    except BadInput as error:
        return gap(place, str(error))


def _hole(value: Value, place: str) -> Value:
    if value.gap is None:
        return Value(value.value, (place, *value.trace))
    return Value(None, (place,), Gap(value.gap.reason, detail=f"{place}: {value.gap.detail}"))


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind.lower() if isinstance(kind, str) else ""


def _tree(json: Any, scope: Scope, place: str, path: tuple[str, ...]) -> Evaluated:
    if not isinstance(json, dict):
        return {}
    return {
        key: _leaf(key, value, scope, place, (*path, key))
        for key, value in json.items()
        if key.lower() not in _NEVER_READ
    }


def _leaf(
    key: str, value: Any, scope: Scope, place: str, path: tuple[str, ...]
) -> Value | Evaluated:
    where = f"{'.'.join(path)} of {place}"
    kind = _kind(value)
    if kind in _HIDDEN:
        shown = value.get("value")
        readable = isinstance(shown, str) and "=" in shown and key.lower() in _READABLE
        return evaluate(shown if readable else value, scope, where)
    if not isinstance(value, dict) or kind == "expression":
        return evaluate(value, scope, where)
    if len(path) >= DEEPEST_JSON:
        return gap(where, f"nested deeper than {DEEPEST_JSON}")
    return _tree(value, scope, place, path)
