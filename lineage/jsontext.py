"""
JSON text, by msgspec where it can: a sync reads and writes it for every row and answer.

msgspec refuses lone surrogates and texts of a class of their own. Both occur in what others wrote
or gave, so the standard library does those.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

_PLAIN = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder()
_SORTED_BY_HAND = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def dumps(value: Any) -> str:
    """Compact JSON."""
    try:
        return _PLAIN.encode(value).decode()
    except (TypeError, UnicodeEncodeError):
        return json.dumps(value, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """The one text of a value: keys in order, UTF-8."""
    try:
        return _SORTED.encode(value)
    except (TypeError, UnicodeEncodeError):
        return _SORTED_BY_HAND.encode(value).encode("utf-8", "surrogatepass")


def loads(text: str | bytes) -> Any:
    """The value of a text that we wrote."""
    try:
        return _DECODER.decode(text)
    except ValueError:
        return json.loads(text)
