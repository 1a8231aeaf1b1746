"""Moments as people write them in options."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import click

from lineage import ticks
from lineage.ticks import Ticks

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])", re.ASCII | re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Moment(click.ParamType[Ticks]):
    """`2026-11-19T02:00:00Z`, `2026-11-19` (its midnight, UTC), or `2d`: so long ago."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Ticks:
        """The moment in ticks."""
        found = read(str(value).strip(), ticks.of(datetime.now(UTC)))
        if found is None:
            self.fail("is to be a time such as 2026-11-19T02:00:00Z, 2026-11-19 or 2d", param, ctx)
        return found


def read(text: str, now: Ticks) -> Ticks | None:
    """The moment that a text names, or None."""
    if ago := _AGO.fullmatch(text):
        return Ticks(max(0, now - int(ago[1]) * _SECONDS[ago[2].lower()] * ticks.SECOND))
    return ticks.parse(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)


def short(value: int | None) -> str:
    """A moment to the minute, for tables; empty where there is none."""
    return "" if value is None else ticks.moment(Ticks(value)).strftime("%Y-%m-%d %H:%M")
