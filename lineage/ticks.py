"""Moments as the source tells them: whole 100-nanosecond ticks since year 1, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType

Ticks = NewType("Ticks", int)

SECOND = 10_000_000  # ticks
DAY = 86_400 * SECOND

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_END = 3_652_059 * DAY  # the first moment of year 10000, which no datetime holds
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)


def parse(text: object) -> Ticks | None:
    """
    Ticks of an ISO 8601 moment, or None if `text` is none: the source leaves times null.

    Data Factory writes 6 or 7 decimals, of which a datetime would lose the last. A moment without
    a zone is UTC.
    """
    match = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    day, clock, decimals, zone = match.groups()
    try:
        began = _day(day)
        hour, minute, second = int(clock[:2]), int(clock[3:5]), int(clock[6:])
        if hour > 23 or minute > 59 or second > 59:
            return None
        since = (hour * 60 + minute - _offset(zone)) * 60 + second
        ticks = began + since * SECOND + int((decimals or "0").ljust(7, "0")[:7])
        return Ticks(ticks) if 0 <= ticks < _END else None
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _day(text: str) -> int:
    """Ticks of a day's beginning; most moments are of few days."""
    return of(datetime.fromisoformat(f"{text}T00:00:00+00:00"))


def _offset(zone: str | None) -> int:
    """Minutes that a zone is ahead of UTC."""
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    if minutes >= 24 * 60 or int(zone[-2:]) > 59:
        raise ValueError("zone")
    return -minutes if zone[0] == "-" else minutes


def of(moment: datetime) -> Ticks:
    """Ticks of an aware datetime."""
    since = moment - _YEAR_ONE
    return Ticks((since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 10)


def moment(ticks: Ticks) -> datetime:
    """The datetime of `ticks`; the seventh decimal is lost."""
    return _YEAR_ONE + timedelta(microseconds=ticks // 10)


def text(ticks: Ticks) -> str:
    """ISO 8601 with `Z` and as many decimals as there are: `2026-11-19T02:00:00.1234567Z`."""
    whole, rest = divmod(ticks, SECOND)
    decimals = f".{rest:07d}".rstrip("0") if rest else ""
    return f"{_second(whole)}{decimals}Z"


@lru_cache(maxsize=1024)
def _second(whole: int) -> str:
    """A whole second without its zone; many moments are of the same."""
    return moment(Ticks(whole * SECOND)).isoformat()[:19]  # half the time of strftime


def shift(ticks: Ticks, seconds: float) -> Ticks:
    """The moment `seconds` later (earlier, if negative)."""
    return Ticks(ticks + round(seconds * SECOND))


def epoch_milliseconds(ticks: Ticks) -> int:
    """Atlas's form of a date."""
    return (ticks - of(datetime(1970, 1, 1, tzinfo=UTC))) // 10_000


def floor_second(ticks: Ticks) -> Ticks:
    """The whole second at or before `ticks`: for lower bounds."""
    return Ticks(ticks - ticks % SECOND)


def ceil_second(ticks: Ticks) -> Ticks:
    """The whole second at or after `ticks`: for upper bounds."""
    return Ticks(-(-ticks // SECOND) * SECOND)
