"""
JSON text, by orjson where it can: a sync reads and writes it for every row and answer.

orjson refuses lone surrogates and integers of more than 64 bits. Both occur in what others wrote,
so the standard library does those.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

_SORTED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def dumps(value: Any) -> str:
    """Compact JSON."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """The one text of a value: keys in order, UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _SORTED.encode(value).encode("utf-8", "surrogatepass")


def loads(text: str | bytes) -> Any:
    """The value of a text that we wrote."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
