"""
Functions of timestamps, which are texts.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from typing import Any

from lineage.resolve.functions._formats import shown
from lineage.resolve.functions._function import Function, Refused, string, whole
from lineage.resolve.functions._moments import Stamp, from_utc, read, to_utc
from lineage.ticks import DAY, SECOND

_UNITS = {
    "second": SECOND,
    "minute": 60 * SECOND,
    "hour": 3600 * SECOND,
    "day": DAY,
    "week": 7 * DAY,
}
_MONTHS = {"month": 1, "year": 12}


def _written(stamp: Stamp, form: Any) -> str:
    return shown(stamp, "o" if form is None else string(form))


def _adding(unit: str) -> Callable[..., str]:
    def apply(timestamp: Any, amount: Any, form: Any = None) -> str:
        return _written(_later(read(timestamp), whole(amount), unit), form)

    return apply


def _later(stamp: Stamp, amount: int, unit: Any) -> Stamp:
    folded = string(unit).lower()
    if folded in _UNITS:
        return stamp.plus(amount * _UNITS[folded])
    if folded not in _MONTHS:
        raise Refused("takes a unit of time")
    clock = stamp.clock
    year, month = divmod(clock.year * 12 + clock.month - 1 + amount * _MONTHS[folded], 12)
    if not 1 <= year <= 9999:
        raise Refused("gives a time that is out of range")
    day = min(clock.day, monthrange(year, month + 1)[1])
    moved = clock.replace(year=year, month=month + 1, day=day)
    return stamp.plus((moved.toordinal() - clock.toordinal()) * DAY)


def _add_to_time(timestamp: Any, amount: Any, unit: Any, form: Any = None) -> str:
    return _written(_later(read(timestamp), whole(amount), unit), form)


def _subtract_from_time(timestamp: Any, amount: Any, unit: Any, form: Any = None) -> str:
    return _written(_later(read(timestamp), -whole(amount), unit), form)


def _convert_from_utc(timestamp: Any, zone: Any, form: Any = None) -> str:
    return _written(from_utc(read(timestamp), string(zone)), form)


def _convert_time_zone(timestamp: Any, source: Any, target: Any, form: Any = None) -> str:
    return _written(from_utc(to_utc(read(timestamp), string(source)), string(target)), form)


def _convert_to_utc(timestamp: Any, zone: Any, form: Any = None) -> str:
    return _written(to_utc(read(timestamp), string(zone)), form)


def _day_of_week(timestamp: Any) -> int:
    """Sunday is 0."""
    return read(timestamp).clock.isoweekday() % 7


def _format(timestamp: Any, form: Any = None) -> str:
    return _written(read(timestamp), form)


def _start(of: Callable[[Stamp], int]) -> Callable[..., str]:
    def apply(timestamp: Any, form: Any = None) -> str:
        stamp = read(timestamp)
        return _written(stamp.plus(-of(stamp)), form)

    return apply


def _into_month(stamp: Stamp) -> int:
    return stamp.ticks % DAY + (stamp.clock.day - 1) * DAY


def _now(moment: int, form: Any = None) -> str:
    return _written(Stamp(moment, "Z"), form)


def _future(moment: int, amount: Any, unit: Any, form: Any = None) -> str:
    return _written(_later(Stamp(moment, "Z"), whole(amount), unit), form)


def _past(moment: int, amount: Any, unit: Any, form: Any = None) -> str:
    return _written(_later(Stamp(moment, "Z"), -whole(amount), unit), form)


DATES = {
    "adddays": Function(_adding("day"), 2, 3),
    "addhours": Function(_adding("hour"), 2, 3),
    "addminutes": Function(_adding("minute"), 2, 3),
    "addseconds": Function(_adding("second"), 2, 3),
    "addtotime": Function(_add_to_time, 3, 4),
    "convertfromutc": Function(_convert_from_utc, 2, 3),
    "converttimezone": Function(_convert_time_zone, 3, 4),
    "converttoutc": Function(_convert_to_utc, 2, 3),
    "dayofmonth": Function(lambda timestamp: read(timestamp).clock.day, 1, 1),
    "dayofweek": Function(_day_of_week, 1, 1),
    "dayofyear": Function(lambda timestamp: read(timestamp).clock.timetuple().tm_yday, 1, 1),
    "formatdatetime": Function(_format, 1, 2),
    "getfuturetime": Function(_future, 2, 3, asks_time=True),
    "getpasttime": Function(_past, 2, 3, asks_time=True),
    "startofday": Function(_start(lambda stamp: stamp.ticks % DAY), 1, 2),
    "startofhour": Function(_start(lambda stamp: stamp.ticks % (3600 * SECOND)), 1, 2),
    "startofmonth": Function(_start(_into_month), 1, 2),
    "subtractfromtime": Function(_subtract_from_time, 3, 4),
    "ticks": Function(lambda timestamp: read(timestamp).ticks, 1, 1),
    "utcnow": Function(_now, 0, 1, asks_time=True),
}
