"""One sync at a time, where no file can be locked."""

import time
from collections.abc import Iterator

import pytest

from lineage import ticks
from lineage.errors import Unavailable
from lineage.model import Clock, Rows
from lineage.store.hold import held
from lineage.store.notes import Notes
from lineage.store.sqlite import SqliteRows
from lineage.wiring import now
from tests.store.words import NOW

BRIEF = 0.4  # seconds


@pytest.fixture
def rows() -> Iterator[Rows]:
    with SqliteRows(":memory:") as rows:
        yield rows


def later(seconds: float) -> Clock:
    return lambda: ticks.shift(NOW, seconds)


def test_what_is_held_is_not_to_be_had(rows: Rows) -> None:
    with (
        held(Notes(rows), "sync", later(0)),
        pytest.raises(Unavailable, match="another sync works on this store: wait"),
        held(Notes(rows), "sync", later(59)),
    ):
        pass


def test_what_was_let_go_of_is(rows: Rows) -> None:
    for _ in range(2):
        with held(Notes(rows), "sync", later(0)) as check:
            check()


def test_a_holder_that_was_killed_keeps_others_out_for_a_minute(rows: Rows) -> None:
    assert Notes(rows).take("sync", "killed", NOW, 60.0)

    with held(Notes(rows), "sync", later(60)) as check:
        check()


def test_it_is_held_for_as_long_as_its_holder_lives(rows: Rows) -> None:
    with held(Notes(rows), "sync", now, BRIEF) as check:
        time.sleep(2 * BRIEF)

        check()
        assert not Notes(rows).take("sync", "another", now(), BRIEF)


def test_who_slept_for_too_long_is_told(rows: Rows) -> None:
    moments = [0.0]
    with held(Notes(rows), "sync", lambda: later(moments[0])()) as check:
        moments[0] = 60.0

        with pytest.raises(Unavailable, match="lost its lease"):
            check()


def test_voiding_what_dead_syncs_left_leaves_the_hold_and_other_owners(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane 0", "sync-1", NOW)
    notes.take("lane 1", "message-1", NOW)
    with held(notes, "sync", later(0)):
        notes.void("sync-")

        assert notes.take("lane 0", "sync-2", NOW)
        assert not notes.take("lane 1", "sync-2", NOW)
        assert not notes.take("sync", "another", NOW)
