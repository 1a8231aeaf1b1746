"""What stands in place of a value that is taken out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.model import REMOVED

HIDDEN = frozenset({"azurekeyvaultsecret", "securestring"})
_TYPES = frozenset(
    {"array", "bool", "float", "int", "number", "object", "securestring", "string"}
)  # of parameters


def undeclared(value: Any) -> Any:
    """A declaration without its default, a value without itself."""
    if isinstance(value, Mapping) and kind(value) in _TYPES:
        return {key: each if key == "type" else blank(each) for key, each in value.items()}
    return blank(value)


def blank(value: Any) -> Any:
    """A mark in place of a value; of a hidden one its type is told, and nothing of nothing."""
    if value is None or isinstance(value, bool) or value in ("", REMOVED, [], {}):
        return value
    if isinstance(value, Mapping) and kind(value) in HIDDEN:
        return {key: each if key == "type" else blank(each) for key, each in value.items()}
    return REMOVED


def kind(value: Mapping[str, Any]) -> str:
    """The `type` of an object, in lower case; empty where it has none."""
    found = value.get("type")
    return found.lower() if isinstance(found, str) else ""
