from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import ticks
from lineage.ticks import Ticks

NOON = 638_991_504_000_000_000  # 2025-11-19T12:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-19T12:00:00Z", NOON),
        ("2025-11-19T12:00:00.1234567Z", NOON + 1_234_567),
        ("2025-11-19T12:00:00.123456Z", NOON + 1_234_560),
        ("2025-11-19T12:00:00.5Z", NOON + 5_000_000),
        ("2025-11-19T12:00:00.123456789Z", NOON + 1_234_567),
        ("2025-11-19T12:00:00", NOON),
        ("2025-11-19 12:00:00", NOON),
        ("2025-11-19T13:00:00+01:00", NOON),
        ("2025-11-19T06:30:00-0530", NOON),
        ("  2025-11-19T12:00:00Z\n", NOON),
        ("0001-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59.9999999Z", 3_155_378_975_999_999_999),
    ],
)
def test_a_moment_is_read_to_its_seventh_decimal(text: str, expected: int) -> None:
    assert ticks.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2025-11-19", "2025-13-19T12:00:00Z", "2025-11-19T25:00:00Z"),
        *("2025-11-19T12:00:00.Z", "0001-01-01T00:00:00+01:00", "٢٠٢٥-11-19T12:00:00Z"),
        *("2025-11-19T12:00:00Z and more", "2025-11-19T12:00:00+99:00"),
        *(None, 5, NOON, ["2025-11-19T12:00:00Z"]),
    ],
)
def test_what_is_no_moment_is_none(text: object) -> None:
    assert ticks.parse(text) is None


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?"))
def test_any_text_is_read_or_none(text: str) -> None:
    found = ticks.parse(text)

    assert found is None or found >= 0


@given(st.integers(0, 3_155_378_975_999_999_999))
def test_text_is_read_back_without_loss(moment: int) -> None:
    assert ticks.parse(ticks.text(Ticks(moment))) == moment


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2025-11-19T12:00:00Z"),
        (NOON + 1, "2025-11-19T12:00:00.0000001Z"),
        (NOON + 5_000_000, "2025-11-19T12:00:00.5Z"),
        (0, "0001-01-01T00:00:00Z"),
    ],
)
def test_text_has_as_many_decimals_as_there_are(moment: int, text: str) -> None:
    assert ticks.text(Ticks(moment)) == text


def test_a_moment_of_any_zone_is_utc() -> None:
    there = datetime(2025, 11, 19, 13, tzinfo=timezone(timedelta(hours=1)))

    assert ticks.of(there) == NOON
    assert ticks.moment(Ticks(NOON)) == datetime(2025, 11, 19, 12, tzinfo=UTC)


def test_atlas_counts_milliseconds_since_1970() -> None:
    assert ticks.epoch_milliseconds(Ticks(NOON + 12_345)) == 1_763_553_600_001


def test_seconds_are_shifted_to_the_tick() -> None:
    assert ticks.shift(Ticks(NOON), 1.5) == NOON + 15_000_000
    assert ticks.shift(Ticks(NOON), -900) == NOON - 9_000_000_000


def test_lower_bounds_are_rounded_down_and_upper_bounds_up() -> None:
    assert ticks.floor_second(Ticks(NOON + 1)) == NOON
    assert ticks.floor_second(Ticks(NOON)) == NOON
    assert ticks.ceil_second(Ticks(NOON + 1)) == NOON + 10_000_000
    assert ticks.ceil_second(Ticks(NOON)) == NOON
