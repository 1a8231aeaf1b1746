"""Timestamps as texts, the moments they stand for, and time zones by their Windows names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from lineage.resolve.functions._function import Refused
from lineage.ticks import DAY, SECOND, Ticks, moment, of

_END = 3_652_059 * DAY  # the first moment of year 10000
_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<decimals>\d{1,7}))?)?"
_HALF = r"(?: (?P<half>[AaPp])[Mm])?"
_FORMS = tuple(
    re.compile(rf"{day}(?:[T ]{_CLOCK}{_HALF}(?P<zone>Z|[+-]00:00)?)?", re.ASCII)
    for day in (  # the month first in en-US, as the documentation has it
        r"(?P<year>\d{4})[-/](?P<month>\d\d?)[-/](?P<day>\d\d?)",
        r"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{4})",
    )
)
_ZONES = {name.lower(): place for name, place in win_tz.items()}


@dataclass(frozen=True, slots=True)
class Stamp:
    """
    A timestamp: what its clock shows, in ticks, and its zone.

    `zone` is `Z` for UTC, empty where there is none, `?` where it is zero and .NET might write it
    either way.
    """

    ticks: int
    zone: str

    @property
    def clock(self) -> datetime:
        """What the clock shows; the seventh decimal is lost."""
        return moment(Ticks(self.ticks)).replace(tzinfo=None)

    def plus(self, ticks: int) -> Stamp:
        """The stamp so much later."""
        if not 0 <= self.ticks + ticks < _END:
            raise Refused("gives a time that is out of range")
        return replace(self, ticks=self.ticks + ticks)


def read(value: object) -> Stamp:
    """
    A timestamp as .NET reads it.

    One with an offset of its own is refused: documents do not say whether it is kept.
    """
    written = value.strip() if isinstance(value, str) else ""
    match = next((found for form in _FORMS if (found := form.fullmatch(written))), None)
    if match is None:
        raise Refused("takes a timestamp")
    part = match.groupdict()
    try:
        shown = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            _hour(int(part["hour"] or 0), part["half"]),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            tzinfo=UTC,
        )
    except ValueError:
        raise Refused("takes a timestamp") from None
    ticks = of(shown) + int((part["decimals"] or "0").ljust(7, "0"))
    zone = part["zone"] or ""
    return Stamp(ticks, zone if zone in ("", "Z") else "?")


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half in "Pp" else 0)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    place = _ZONES.get(name.lower())
    if place is None:
        raise Refused("takes the Windows name of a time zone")
    return ZoneInfo(place)


def to_utc(stamp: Stamp, name: str) -> Stamp:
    """
    From the clock of a zone to UTC's.

    Of two moments with one clock that in standard time is meant, as .NET has it; a clock that a
    zone leaves out is refused, and so is a stamp of UTC in another zone.
    """
    zone = _zone(name)
    shown = stamp.clock
    offsets = [shown.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    if stamp.zone and any(offsets):
        raise Refused("takes no timestamp with another zone")
    utc = replace(stamp.plus(-_ticks(min(offsets))), zone="Z")
    if from_utc(utc, name).clock != shown:
        raise Refused("takes no time that the zone leaves out")
    return utc


def from_utc(stamp: Stamp, name: str) -> Stamp:
    """From UTC's clock to that of a zone; only UTC itself is written with its `Z`."""
    zone = _zone(name)
    try:
        offset = stamp.clock.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
    except OverflowError:
        raise Refused("gives a time that is out of range") from None
    return replace(stamp.plus(_ticks(offset)), zone="Z" if name.lower() == "utc" else "")


def _ticks(offset: timedelta) -> int:
    return (offset.days * 86_400 + offset.seconds) * SECOND
