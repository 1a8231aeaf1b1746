"""From the bytes of an answer to JSON, within limits."""

from __future__ import annotations

import codecs
import json
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from lineage.errors import Cause, Unavailable


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Seconds to connect, of silence (whole ones), and for one whole answer; bytes of a body, as sent
    and inflated.

    At most `attempts`, none of which begins later than `patience` seconds after the first.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0
    wire: int = 32 * 1024 * 1024
    inflated: int = 64 * 1024 * 1024
    attempts: int = 5
    patience: float = 180.0


LIMITS = Limits()

Shape = msgspec.json.Decoder[Any]
ANY: Shape = msgspec.json.Decoder()
_PIECE = 65_536  # bytes


class TooLarge(Unavailable):
    """A body above the limits; it will be no smaller next time."""


def decode(raw: bytes, what: Callable[[], str], shape: Shape = ANY) -> Any:
    """
    The JSON of the answer to `what`, in a shape where msgspec can read it; else whole.

    What a shape leaves as text is well-formed. NaN and infinity are refused, as catalogs refuse
    them; a number beyond all bounds too, but for one in such a text. Lone surrogates, which can be
    written as escapes but not as UTF-8, are replaced.
    """
    with suppress(ValueError, RecursionError):  # the standard library tells why
        found = shape.decode(raw)
        if shape is not ANY:
            _read_through(raw)
        return found
    try:
        value = _JSON.decode(raw.removeprefix(b"\xef\xbb\xbf").decode())
        return _scrubbed(value) if b"\\ud" in raw or b"\\uD" in raw else value
    except (ValueError, RecursionError) as error:
        said = f"{what()}: no JSON in the answer: {type(error).__name__}"
        raise Unavailable(said, cause=Cause.PAGE) from None


def _read_through(raw: bytes) -> None:
    """Raise `ValueError` where that is no UTF-8: nobody looked at what was left out, or as text."""
    if not raw.isascii():
        pieces = (raw[at : at + _PIECE] for at in range(0, len(raw), _PIECE))
        deque(codecs.iterdecode(pieces, "utf-8"), maxlen=0)


def _not_json(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _not_json("a number beyond all bounds")


_JSON = json.JSONDecoder(parse_constant=_not_json, parse_float=_finite)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(each) for key, each in value.items()}
    return [_scrubbed(each) for each in value] if isinstance(value, list) else value
