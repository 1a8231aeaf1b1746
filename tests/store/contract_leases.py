"""Who may write a thing now, on every store."""

import pytest

from lineage import ticks
from lineage.model import (
    Rows,
)
from lineage.store.notes import Notes
from tests.store.words import (
    NOW,
    once,
)
from tests.world import (
    Tape,
    TapedRows,
)


def test_a_lease_is_held_by_one(rows: Rows) -> None:
    notes = Notes(rows)

    assert notes.take("factory|0", "me", NOW)
    assert not notes.take("factory|0", "you", NOW)
    assert notes.take("factory|1", "you", NOW)


def test_a_holder_may_take_his_own_lease_again(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "me", NOW)

    assert notes.take("lane", "me", ticks.shift(NOW, 599))
    assert not notes.take("lane", "you", ticks.shift(NOW, 1000))


def test_a_lease_ends_by_itself_after_ten_minutes(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "dead", NOW)

    assert not notes.take("lane", "me", ticks.shift(NOW, 599))
    assert notes.take("lane", "me", ticks.shift(NOW, 600))


def test_a_lease_is_let_go_of_by_its_holder_alone(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "me", NOW)

    notes.free("lane", "you")
    assert not notes.take("lane", "you", NOW)
    notes.free("lane", "me")
    assert notes.take("lane", "you", NOW)


def test_of_two_who_take_a_lease_at_once_one_gets_it(rows: Rows) -> None:
    tape = Tape(before=once(lambda: Notes(rows).take("lane", "you", NOW)))

    assert not Notes(TapedRows(rows, tape)).take("lane", "me", NOW)
    assert not Notes(rows).take("lane", "me", NOW)


def test_a_lease_lost_and_made_anew_is_not_taken_over(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "dead", NOW)
    later = ticks.shift(NOW, 700)

    def meanwhile() -> None:
        notes.free("lane", "dead")
        notes.take("lane", "you", later)

    assert not Notes(TapedRows(rows, Tape(before=once(meanwhile)))).take("lane", "me", later)


def test_one_who_has_the_store_for_himself_voids_every_lease(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "dead", NOW)
    notes.take("create", "dead", NOW)

    notes.void("")

    assert notes.take("lane", "me", NOW)
    assert notes.take("create", "me", NOW)


def test_a_lease_is_held_for_the_length_of_a_block(rows: Rows) -> None:
    notes = Notes(rows)

    with notes.lease("lane", "me", NOW) as taken, notes.lease("lane", "you", NOW) as other:
        assert (taken, other) == (True, False)
    with notes.lease("lane", "you", NOW) as taken:
        assert taken


def test_one_who_did_not_get_a_lease_does_not_let_go_of_it(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "me", NOW)

    with notes.lease("lane", "you", NOW):
        pass

    assert not notes.take("lane", "you", NOW)


def test_a_lease_is_let_go_of_after_an_error(rows: Rows) -> None:
    notes = Notes(rows)

    with pytest.raises(KeyError), notes.lease("lane", "me", NOW):
        raise KeyError

    assert notes.take("lane", "you", NOW)
