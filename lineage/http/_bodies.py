"""From the bytes of an answer to JSON, within limits."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson
from requests import Response
from urllib3.exceptions import HTTPError

from lineage.errors import TimedOut, Unavailable

_PIECE = 65_536  # bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Seconds to connect, between two pieces of an answer, and for one whole answer; bytes of a body.

    At most `attempts`, none of which begins later than `patience` seconds after the first.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0
    wire: int = 32 * 1024 * 1024
    inflated: int = 64 * 1024 * 1024
    attempts: int = 5
    patience: float = 180.0


class TooLarge(Unavailable):
    """A body above the limits; it will be no smaller next time."""


def cause(error: BaseException) -> str:
    """The name of the innermost error; its text may hold the address of a proxy with a password."""
    inner = error.args[0] if error.args else None
    for each in (getattr(inner, "reason", None), inner):
        if isinstance(each, BaseException):
            return type(each).__name__
    return type(error).__name__


def read(
    response: Response, what: str, limits: Limits, clock: Callable[[], float] = time.monotonic
) -> bytes:
    """
    The body of the answer to `what`. That of a refusal, which says little, may be missing.

    `timeout` of `requests` bounds each read only; hence a clock of our own, and `read1`, which
    returns what is there: with a `Content-Length`, `iter_content` waits for a whole piece.
    """
    try:
        return b"".join(_pieces(response, what, limits, clock))
    except (OSError, HTTPError, Unavailable) as error:
        response.raw.close()
        if response.status_code >= 300:
            return b""
        if isinstance(error, Unavailable):
            raise
        raise Unavailable(f"{what}: the answer is cut: {cause(error)}") from None


def _pieces(
    response: Response, what: str, limits: Limits, clock: Callable[[], float]
) -> list[bytes]:
    raw, deadline = response.raw, clock() + limits.total
    pieces, size = [], 0
    while piece := raw.read1(_PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > limits.inflated or raw.tell() > limits.wire:
            raise TooLarge(f"{what}: the answer is above {limits.wire >> 20} MB")
        if clock() > deadline:
            raise TimedOut(f"{what}: no whole answer within {limits.total:g} s")
    return pieces


def decode(raw: bytes, what: str) -> Any:
    """
    The JSON of the answer to `what`.

    NaN and infinity are refused, as catalogs refuse them. Lone surrogates, which can be written as
    escapes but not as UTF-8, are replaced.
    """
    if _LARGE not in raw.translate(_DIGITS):
        with suppress(ValueError):  # to be told by the standard library
            return orjson.loads(raw)
    try:
        value = _JSON.decode(raw.removeprefix(b"\xef\xbb\xbf").decode())
        return _scrubbed(value) if b"\\ud" in raw or b"\\uD" in raw else value
    except (ValueError, RecursionError) as error:
        raise Unavailable(f"{what}: no JSON in the answer: {type(error).__name__}") from None


# orjson makes floats of integers above 64 bits: what has so many digits in a row is not for it.
_DIGITS = bytes.maketrans(b"0123456789", b"0000000000")
_LARGE = b"0" * 19


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
