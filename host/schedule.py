"""Schedules of timers: six fields, from seconds to days of the week, in UTC."""

from __future__ import annotations

import re
from datetime import datetime

from croniter import CroniterError, croniter

from host.errors import HostError

_FIELD = re.compile(r"(?:[0-9*,/-]|[A-Za-z]{3})+")  # croniter knows more; NCRONTAB does not


def check(schedule: str, function: str) -> None:
    """Raise `HostError` on what is no schedule."""
    fields = schedule.split()
    if len(fields) != 6 or not all(map(_FIELD.fullmatch, fields)):
        raise HostError(f"{function}: {schedule!r} is no schedule of six fields (0 */5 * * * *)")
    try:
        croniter(schedule, second_at_beginning=True)
    except CroniterError as error:
        raise HostError(f"{function}: {schedule!r} is no schedule: {error}") from None


def following(schedule: str, moment: datetime) -> datetime:
    """The first moment after `moment` that the schedule names: both its days must match."""
    found = croniter(schedule, moment, second_at_beginning=True, day_or=False)
    result: datetime = found.get_next(datetime)
    return result
