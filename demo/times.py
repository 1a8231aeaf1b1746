"""Moments as the services write them: whole 100-nanosecond ticks since 1970, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 10_000_000  # ticks

_START = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_SPAN = re.compile(r"-(?:(\d+)d)?(\d\d):(\d\d):(\d\d)", re.ASCII)


def of(moment: datetime) -> int:
    """Ticks of an aware datetime."""
    since = moment - _START
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 10


@lru_cache(maxsize=65_536)  # a run's end is read whenever runs are sorted by it
def parse(text: str) -> int:
    """
    Ticks of an ISO 8601 moment; one without a zone is UTC.

    Raises ValueError for anything else, as the services answer 400.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"not a moment: {text!r}")
    day, clock, decimals, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{(zone or 'Z').replace('Z', '+00:00')}")
    return of(moment) + int((decimals or "0").ljust(7, "0")[:7])


def text(ticks: int) -> str:
    """As .NET writes it: up to seven decimals, without the zeros at their end."""
    whole, rest = divmod(ticks, SECOND)
    seconds = (_START + timedelta(seconds=whole)).isoformat()[:19]
    decimals = f".{rest:07d}".rstrip("0") if rest else ""
    return f"{seconds}{decimals}Z"


def american(ticks: int) -> str:
    """As the properties of a trigger's run have it: `6/16/2018 12:43:15 AM`."""
    moment = _START + timedelta(seconds=ticks // SECOND)
    hour = moment.hour % 12 or 12
    half = "PM" if moment.hour >= 12 else "AM"
    day = f"{moment.month}/{moment.day}/{moment.year}"
    return f"{day} {hour}:{moment.minute:02}:{moment.second:02} {half}"


def before(epoch: int, span: str) -> int:
    """The moment `span` before the epoch: `-1d06:00:00` is a day and six hours earlier."""
    match = _SPAN.fullmatch(span)
    if match is None:
        raise ValueError(f"not a span before the epoch: {span!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return epoch - (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * SECOND
