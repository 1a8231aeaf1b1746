"""
JSON text, by msgspec where it can: a sync reads and writes it for every row and answer.

msgspec refuses lone surrogates and texts of a class of their own. Both occur in what others wrote
or gave, so the standard library does those.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec


class Packed(Mapping[str, Any]):
    """
    A JSON object as the text it came in, read when somebody looks, and then held.

    Thousands of them read would fill the memory, and of most nothing is asked but whether their
    texts are the same. One that lives long has `read` hold what it read, or not.
    """

    __slots__ = ("_held", "_read", "text")

    def __init__(self, text: bytes, read: Callable[[bytes], dict[str, Any]] | None = None) -> None:
        self.text = text
        self._read = read
        self._held: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        return self.object[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.object)

    def __len__(self) -> int:
        return len(self.object)

    def __bool__(self) -> bool:
        return bool(self.text[1:-1].strip())

    @property
    def object(self) -> dict[str, Any]:
        """What the text says."""
        if self._read is not None:
            return self._read(self.text)
        if self._held is None:
            self._held = loads(self.text)
        return self._held


def unpacked(value: Any) -> Any:
    """A value, read if it is packed: who asks whether something is a dict, asks of this."""
    return value.object if isinstance(value, Packed) else value


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
