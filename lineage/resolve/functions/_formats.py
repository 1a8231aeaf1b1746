"""
.NET's formats of dates and times, in the culture en-US.

Source: learn.microsoft.com/dotnet/standard/base-types/standard-date-and-time-format-strings and
custom-date-and-time-format-strings
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from lineage.resolve.functions._function import Refused
from lineage.resolve.functions._moments import Stamp
from lineage.ticks import SECOND

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_STANDARD = {
    "D": "dddd, MMMM d, yyyy",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "M": "MMMM d",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "T": "h:mm:ss tt",
    "U": "dddd, MMMM d, yyyy h:mm:ss tt",
    "Y": "MMMM yyyy",
    "d": "M/d/yyyy",
    "f": "dddd, MMMM d, yyyy h:mm tt",
    "g": "M/d/yyyy h:mm tt",
    "m": "MMMM d",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "h:mm tt",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "y": "MMMM yyyy",
}
_LONGEST = 1_000  # characters of a format
_TOKEN = re.compile(
    r"""(?P<quoted>'[^'\\]*'|"[^"\\]*")|\\(?P<escaped>.)|%(?P<single>[dfFghHKmMstyz])"""
    r"|(?P<run>([dfFghHmMstyz])\5*|K)|(?P<plain>[^'\"\\%])",
    re.S,
)


def shown(stamp: Stamp, form: str) -> str:
    """A timestamp in a format; one character alone is a standard format."""
    if len(form) == 1:
        if form not in _STANDARD:
            raise Refused("takes a format of dates")
        if form == "U" and stamp.zone != "Z":
            raise Refused("takes a timestamp in UTC for this format")
        form = _STANDARD[form]
    if not form or len(form) > _LONGEST:
        raise Refused("takes a format of dates")
    found, at = [""], 0
    while at < len(form):
        token = _TOKEN.match(form, at)
        if token is None:
            raise Refused("takes a format of dates")
        at = token.end()
        found.append(_written(stamp, token, found))
    return "".join(found)


def _written(stamp: Stamp, token: re.Match[str], before: list[str]) -> str:
    if token["quoted"] is not None:
        return token["quoted"][1:-1]
    run = token["run"] or token["single"]
    if run is None:
        return token["escaped"] or token["plain"]
    sign, width = run[0], len(run)
    if sign in "fF":
        return _decimals(stamp, sign, width, before)
    if sign in "Kz":
        return _zone(stamp, sign, width)
    return _WRITERS[sign](stamp.clock, width)


def _decimals(stamp: Stamp, sign: str, width: int, before: list[str]) -> str:
    """`F` leaves out zeros at the end, and the dot before it where nothing is left."""
    if width > 7:
        raise Refused("takes a format of dates")
    digits = f"{stamp.ticks % SECOND:07d}"[:width]
    if sign == "f":
        return digits
    digits = digits.rstrip("0")
    if not digits and before[-1].endswith("."):
        before[-1] = before[-1][:-1]
    return digits


def _zone(stamp: Stamp, sign: str, width: int) -> str:
    if sign == "K" and stamp.zone != "?":
        return stamp.zone
    if stamp.zone != "Z":
        raise Refused("a zone that the timestamp does not tell")
    return ("+0", "+00", "+00:00")[min(width, 3) - 1]


def _padded(part: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda clock, width: str(part(clock)).rjust(min(width, 2), "0")


def _day(clock: datetime, width: int) -> str:
    if width > 2:
        name = _DAYS[clock.weekday()]
        return name[:3] if width == 3 else name
    return str(clock.day).rjust(width, "0")


def _month(clock: datetime, width: int) -> str:
    if width > 2:
        name = _MONTHS[clock.month - 1]
        return name[:3] if width == 3 else name
    return str(clock.month).rjust(width, "0")


def _year(clock: datetime, width: int) -> str:
    return str(clock.year % 100 if width < 3 else clock.year).rjust(width, "0")


_WRITERS: dict[str, Callable[[datetime, int], str]] = {
    "H": _padded(lambda clock: clock.hour),
    "M": _month,
    "d": _day,
    "g": lambda clock, width: "A.D.",
    "h": _padded(lambda clock: (clock.hour - 1) % 12 + 1),
    "m": _padded(lambda clock: clock.minute),
    "s": _padded(lambda clock: clock.second),
    "t": lambda clock, width: ("AM" if clock.hour < 12 else "PM")[: min(width, 2)],
    "y": _year,
}
