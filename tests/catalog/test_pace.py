import pytest

from lineage.catalog.pace import Pace
from tests.catalog.test_rest import Clock


def test_entities_per_second_are_kept_on_average_and_the_first_bulk_goes_at_once() -> None:
    clock = Clock()
    pace = Pace(20, 50, 50, clock, clock.sleep)

    for _ in range(3):
        pace.wait(100)

    assert clock.slept == [5.0, 5.0]


def test_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    pace = Pace(20, 50, 50, clock, clock.sleep)
    pace.wait(100)
    clock.now += 1000

    pace.wait(100)
    pace.wait(1)

    assert clock.slept == [5.0]


def test_the_catalog_rests_for_as_long_as_it_asked() -> None:
    clock = Clock()
    pace = Pace(1e9, 50, 50, clock, clock.sleep)

    pace.overloaded(9.0)
    pace.wait(1)
    pace.overloaded(None)
    pace.wait(1)

    assert clock.slept == [9.0, 1.0]


def test_bulks_begin_small_are_halved_at_once_and_grow_slowly() -> None:
    pace = Pace(1e9, 25, 50, Clock(), lambda seconds: None)
    sizes = [pace.size]

    for _ in range(6):
        pace.overloaded(None)
        sizes.append(pace.size)
    grown = 0
    while pace.size < 50:
        pace.accepted(pace.size)
        grown += 1

    assert sizes == [25, 12, 6, 3, 1, 1, 1]
    assert grown == pytest.approx(36, abs=5)


def test_a_bulk_that_was_not_full_says_nothing_of_how_much_is_taken() -> None:
    pace = Pace(1e9, 25, 50, Clock(), lambda seconds: None)

    for _ in range(50):
        pace.accepted(24)

    assert pace.size == 25


def test_a_bulk_never_holds_more_than_was_set() -> None:
    assert Pace(1e9, 25, 10, Clock()).size == 10
