"""What an activity run told the others: of that is kept what expressions ask for by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lineage.redact import _keys
from lineage.redact._blanks import HIDDEN, blank, kind
from lineage.redact._leaves import leaf
from lineage.redact._parameters import asks
from lineage.redact._texts import clean

_LISTING = frozenset({"Filter", "GetMetadata", "Lookup", "Script"})  # what a call answers is secret
_SETTERS = frozenset({"AppendVariable", "SetVariable"})


def said(row: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """
    The parts of an activity run's payload that others look at; `asked` are all expressions.

    The output of one that lists things and that `activity('…')` names, the value of a variable, the
    items of a ForEach. In them a value stays whose key is a word of an expression, be it within a
    list, unless its key says that it is secret.
    """
    found: dict[str, Any] = {}
    name, given = str(row.get("activityName")).replace("'", "''"), row.get("input")
    named = rf"activity\(\s*'{re.escape(name)}'\s*\)"
    if (
        row.get("activityType") in _LISTING
        and "output" in row
        and re.search(named, asked, re.IGNORECASE)
    ):
        found["output"] = _told(row["output"], asked)
    if isinstance(given, Mapping):
        if row.get("activityType") in _SETTERS and "value" in given:
            variable = given.get("variableName")
            if isinstance(variable, str) and asks(asked, variable) and not _keys.secret(variable):
                found["input"] = {"value": _told(given["value"], asked, kept=True)}
        if row.get("activityType") == "ForEach" and isinstance(given.get("items"), list):
            found["input"] = {"items": _told(given["items"], asked, kept=True)}
    return found


def _told(value: Any, asked: str, *, kept: bool = False) -> Any:
    if isinstance(value, list):
        return [_told(each, asked, kept=kept) for each in value]
    if not isinstance(value, Mapping):
        return leaf(value, clean) if kept else blank(value)
    if kind(value) in HIDDEN:
        return blank(value)
    return {
        key: blank(each) if _keys.secret(key) else _told(each, asked, kept=asks(asked, key))
        for key, each in value.items()
    }
