"""Moments as people write them."""

import pytest

from lineage import ticks
from lineage.cli import _times

NOW = ticks.parse("2026-11-19T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-19T02:00:00Z", "2026-11-19T02:00:00Z"),
        ("2026-11-19 02:00:00+01:00", "2026-11-19T01:00:00Z"),
        ("2026-11-18", "2026-11-18T00:00:00Z"),
        ("90s", "2026-11-19T11:58:30Z"),
        ("15m", "2026-11-19T11:45:00Z"),
        ("2d", "2026-11-17T12:00:00Z"),
        ("1W", "2026-11-12T12:00:00Z"),
        ("yesterday", None),
        ("2026-02-30", None),
        ("-2d", None),
        ("", None),
    ],
)
def test_a_moment_is_iso_a_day_or_so_long_ago(text: str, moment: str | None) -> None:
    assert NOW is not None
    found = _times.read(text, NOW)

    assert (found and ticks.text(found)) == moment
