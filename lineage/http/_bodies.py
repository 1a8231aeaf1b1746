"""From the bytes of an answer to JSON, within limits."""

from __future__ import annotations

import json
import math
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


class TooLarge(Unavailable):
    """A body above the limits; it will be no smaller next time."""


def decode(raw: bytes, what: Callable[[], str], shape: Shape = ANY) -> Any:
    """
    The JSON of the answer to `what`, in a shape if it fits into that; what it leaves as text is
    well-formed.

    NaN and infinity are refused, as catalogs refuse them. Lone surrogates, which can be written as
    escapes but not as UTF-8, are replaced.
    """
    with suppress(ValueError, RecursionError):  # the standard library tells why
        found = shape.decode(raw)
        if shape is not ANY and not raw.isascii():
            raw.decode()  # what is left out, or as text, was not looked at
        return found
    try:
        value = _JSON.decode(raw.removeprefix(b"\xef\xbb\xbf").decode())
        value = _scrubbed(value) if b"\\ud" in raw or b"\\uD" in raw else value
        return value if shape is ANY else _shaped(value, shape)
    except (ValueError, RecursionError) as error:
        said = f"{what()}: no JSON in the answer: {type(error).__name__}"
        raise Unavailable(said, cause=Cause.PAGE) from None


def _shaped(value: Any, shape: Shape) -> Any:
    with suppress(msgspec.ValidationError):
        return shape.decode(msgspec.json.encode(value))
    return value


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
