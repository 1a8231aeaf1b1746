"""What is closed to us for now, on every store."""

import pytest

from lineage import ticks
from lineage.errors import LineageError, SettingsError, Unavailable
from lineage.model import Rows
from lineage.store.circuits import Circuit, Circuits
from lineage.store.rows import digest
from lineage.ticks import Ticks
from tests.store.words import NOW, of_a_newer_release, once
from tests.world import Tape, TapedRows

ADF, ATLAS = "/subscriptions/s/factories/f", "catalog|https://c"
DOWN, FORBIDDEN = Unavailable("down"), SettingsError("a role is missing")


class Hands:
    """A clock: it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Ticks:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now = ticks.shift(self.now, seconds)


def broken(rows: Rows, clock: Hands, *what: str, error: LineageError = DOWN) -> Circuits:
    made = Circuits(rows, clock)
    for each in what:
        made.failed(each, error)
    return made


def test_what_never_failed_is_tried_at_once_and_leaves_nothing(rows: Rows) -> None:
    circuits = Circuits(rows, Hands())

    assert circuits.wait(ADF, ATLAS) == 0.0
    circuits.worked(ADF, ATLAS)

    assert circuits.all() == []


def test_what_failed_keeps_everybody_waiting_and_nothing_else(rows: Rows) -> None:
    clock = Hands()
    broken(rows, clock, ATLAS)
    clock.wait(10)
    other = Circuits(rows, clock)

    assert other.wait(ATLAS) == 20.0
    assert other.wait(ADF, ATLAS) == 20.0
    assert other.wait(ADF) == 0.0


def test_the_wait_is_for_the_last_of_them(rows: Rows) -> None:
    clock = Hands()
    circuits = broken(rows, clock, ATLAS)
    circuits.failed(ADF, FORBIDDEN)

    assert circuits.wait(ADF, ATLAS) == 900.0
    clock.wait(30)
    assert circuits.wait(ADF, ATLAS) == 870.0
    assert circuits.wait(ATLAS) == 0.0  # the probe was not spent on what had to wait


def test_one_alone_tries_again_once_the_time_has_come(rows: Rows) -> None:
    clock = Hands()
    broken(rows, clock, ADF, ATLAS)
    clock.wait(30)

    waits = [Circuits(rows, clock).wait(ADF, ATLAS) for _ in range(3)]

    assert waits == [0.0, 120.0, 120.0]


def test_of_two_who_ask_at_once_one_tries(rows: Rows) -> None:
    clock = Hands()
    broken(rows, clock, ATLAS)
    clock.wait(30)
    waits: list[float] = []
    tape = Tape(before=once(lambda: waits.append(Circuits(rows, clock).wait(ATLAS))))

    waits.append(Circuits(TapedRows(rows, tape), clock).wait(ATLAS))

    assert waits == [0.0, 120.0]


def test_one_who_dies_while_he_tries_is_followed_by_another(rows: Rows) -> None:
    clock = Hands()
    broken(rows, clock, ATLAS)
    clock.wait(30)
    Circuits(rows, clock).wait(ATLAS)
    clock.wait(120)

    assert Circuits(rows, clock).wait(ATLAS) == 0.0


def test_the_wait_doubles_with_each_try_up_to_a_quarter_of_an_hour(rows: Rows) -> None:
    clock = Hands()
    circuits = Circuits(rows, clock)
    waits = []
    for _ in range(8):
        waits.append(circuits.failed(ATLAS, DOWN))
        clock.wait(waits[-1])
        assert circuits.wait(ATLAS) == 0.0

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_failures_of_what_was_under_way_do_not_count_as_tries(rows: Rows) -> None:
    clock = Hands()
    broken(rows, clock, ATLAS)
    clock.wait(10)

    again = [Circuits(rows, clock).failed(ATLAS, DOWN) for _ in range(5)]

    assert again == [20.0] * 5
    assert [each.tries for each in Circuits(rows, clock).all()] == [1]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (FORBIDDEN, 900.0),
        (Unavailable("x", 10.0), 30.0),
        (Unavailable("x", 77.0), 77.0),
        (Unavailable("x", 1000.0), 1000.0),
        (Unavailable("x", 86_400.0), 3600.0),
        (Unavailable("x", -5.0), 30.0),
    ],
    ids=["set-up", "asked for less", "asked for more", "for long", "for a day", "for nothing"],
)
def test_how_long_to_wait(rows: Rows, error: LineageError, wait: float) -> None:
    circuits = Circuits(rows, Hands())

    assert circuits.failed(ATLAS, error) == wait
    assert circuits.wait(ATLAS) == wait


def test_a_longer_wait_is_kept_whoever_fails_meanwhile(rows: Rows) -> None:
    clock = Hands()
    circuits = broken(rows, clock, ATLAS)

    assert circuits.failed(ATLAS, Unavailable("busy", 300.0)) == 300.0
    assert circuits.failed(ATLAS, DOWN) == 300.0
    assert circuits.failed(ATLAS, FORBIDDEN) == 900.0


def test_what_works_again_is_closed(rows: Rows) -> None:
    clock = Hands()
    circuits = broken(rows, clock, ADF, ATLAS)
    clock.wait(30)
    circuits.wait(ATLAS)

    circuits.worked(ATLAS)

    later = ticks.shift(NOW, 30)
    assert circuits.wait(ATLAS) == 0.0
    assert Circuits(rows, clock).wait(ATLAS) == 0.0
    until = ticks.shift(NOW, 30)
    assert circuits.all() == [
        Circuit(ADF, True, NOW, until, 1, "down", Ticks(0)),
        Circuit(ATLAS, False, NOW, ticks.shift(NOW, 150), 0, "down", later),
    ]


def test_what_is_closed_begins_anew_when_it_fails_again(rows: Rows) -> None:
    clock = Hands()
    circuits = broken(rows, clock, ATLAS)
    clock.wait(30)
    circuits.wait(ATLAS)
    circuits.failed(ATLAS, DOWN)
    circuits.worked(ATLAS)
    clock.wait(5)

    assert circuits.failed(ATLAS, SettingsError("x" * 1000)) == 900.0

    [found] = circuits.all()
    assert (found.open, found.since, found.tries) == (True, ticks.shift(NOW, 35), 1)
    assert (found.why, found.closed) == ("x" * 256, ticks.shift(NOW, 30))


def test_one_who_saw_all_of_them_closed_writes_nothing(rows: Rows) -> None:
    clock, tape = Hands(), Tape()
    circuits = Circuits(TapedRows(rows, tape), clock)
    circuits.wait(ATLAS)
    broken(rows, clock, ATLAS)

    circuits.worked(ATLAS)

    assert tape.events == []
    assert Circuits(rows, clock).wait(ATLAS) == 30.0


def test_a_circuit_that_another_writes_meanwhile_is_closed_all_the_same(rows: Rows) -> None:
    clock = Hands()
    broken(rows, clock, ATLAS)
    tape = Tape(before=once(lambda: broken(rows, clock, ATLAS, error=FORBIDDEN)))
    circuits = Circuits(TapedRows(rows, tape), clock)
    circuits.wait(ATLAS)

    circuits.worked(ATLAS)

    assert Circuits(rows, clock).wait(ATLAS) == 0.0


def test_two_who_fail_at_once_open_it_once(rows: Rows) -> None:
    clock = Hands()
    tape = Tape(before=once(lambda: broken(rows, clock, ATLAS)))

    assert Circuits(TapedRows(rows, tape), clock).failed(ATLAS, DOWN) == 30.0

    assert [each.tries for each in Circuits(rows, clock).all()] == [1]


def test_a_circuit_of_a_newer_release_is_heeded_and_left_alone(rows: Rows) -> None:
    clock = Hands()
    circuits = broken(rows, clock, ATLAS)
    row = of_a_newer_release(rows, digest(ATLAS), "notes", "circuit")

    assert circuits.wait(ATLAS) == 30.0
    assert circuits.failed(ATLAS, FORBIDDEN) == 30.0
    circuits.worked(ATLAS)
    clock.wait(40)
    assert circuits.wait(ATLAS) == 0.0
    assert circuits.failed(ATLAS, DOWN) == 0.0

    assert rows.get("notes", "circuit", [digest(ATLAS)])[digest(ATLAS)][0] == row
