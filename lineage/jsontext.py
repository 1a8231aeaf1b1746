"""
JSON text, by msgspec where it can: a sync reads and writes it for every row and answer.

msgspec refuses lone surrogates and texts of a class of their own. Both occur in what others wrote
or gave, so the standard library does those.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec


class Packed(Mapping[str, Any]):
    """
    A JSON object as the text it came in, read when somebody looks.

    Thousands of them read would fill the memory, and of most nothing is asked but whether their
    texts are the same.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text

    def __getitem__(self, key: str) -> Any:
        return plain(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(plain(self))

    def __len__(self) -> int:
        return len(plain(self))

    def __bool__(self) -> bool:
        return bool(self.text[1:-1].strip())

    def __hash__(self) -> int:
        return id(self)


@lru_cache(maxsize=256)
def _read(packed: Packed) -> dict[str, Any]:
    found: dict[str, Any] = loads(packed.text)
    return found


def plain(value: Any) -> Any:
    """A value, read if it is packed: an object is a dict."""
    return _read(value) if isinstance(value, Packed) else value


def text_of(value: Any) -> bytes:
    """A text by which equal values are known again: of what is packed, the one it came in."""
    return value.text if isinstance(value, Packed) else canonical(value)


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
    """
    The value of a text that we wrote, or that is known to be well-formed.

    A number beyond all bounds stays a text.
    """
    try:
        return _DECODER.decode(text)
    except ValueError:
        return json.loads(text, parse_float=_float, parse_int=_int)


def _float(text: str) -> float | str:
    return value if math.isfinite(value := float(text)) else text


def _int(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # of thousands of digits
        return text
