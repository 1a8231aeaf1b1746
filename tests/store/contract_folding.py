"""Counts of past hours become one row, on every store."""

from contextlib import suppress

import pytest

from lineage import ticks
from lineage.model import Outcome, Row, Rows, Status
from lineage.store.folding import TOTAL, fold
from lineage.store.ledger import Ledger
from lineage.store.rows import count_key
from lineage.store.sweep import sweep
from tests.store.words import NOW, PARTITION, of_a_newer_release, once, settle
from tests.world import FACTORY, Killed, Tape, TapedRows, activity_run, at, pipeline_run

HOUR_LATER = ticks.shift(NOW, 3600)


def hours(rows: Rows) -> Ledger:
    """The counts of 250 writes, within five hours."""
    deltas = [{"Pending": 3}, {"Pending": -2, "Succeeded": 2}]
    counts: dict[str, Row] = {
        count_key(ticks.shift(NOW, -60 * n), f"{n:03d}"): {"v": 1, "delta": deltas[n % 2]}
        for n in range(250)
    }
    rows.write("runs", PARTITION, counts)
    return Ledger(rows)


def count_rows(rows: Rows) -> list[str]:
    return [key for key, _ in rows.range("runs", PARTITION, "n|", "n|~")]


def test_counts_of_past_hours_become_one_row(rows: Rows) -> None:
    ledger = Ledger(rows)
    settle(ledger, Outcome(activity_run(), Status.PARTIAL))

    assert sweep(rows, FACTORY, at("00:00:00"), NOW) == 0
    this_hour = len(count_rows(rows))
    sweep(rows, FACTORY, at("00:00:00"), HOUR_LATER)

    assert (this_hour, count_rows(rows)) == (2, [TOTAL])
    assert ledger.totals(FACTORY) == {"Partial": 1}
    assert ledger.standing(FACTORY, 0.0).totals == {"Partial": 1}
    assert fold(rows, FACTORY, HOUR_LATER) == 0


def test_more_are_added_to_the_total_later(rows: Rows) -> None:
    ledger = hours(rows)
    assert fold(rows, FACTORY, HOUR_LATER) == 250
    before = ledger.totals(FACTORY)
    settle(ledger, activity_run(pipeline_run("run-9"), "activity-9"))

    assert fold(rows, FACTORY, ticks.shift(NOW, 7200)) == 2

    assert count_rows(rows) == [TOTAL]
    assert ledger.totals(FACTORY) == before + type(before)({"Succeeded": 1})


@pytest.mark.parametrize("writes", range(3))  # of three
def test_a_kill_between_two_writes_keeps_the_sum(rows: Rows, writes: int) -> None:
    ledger = hours(rows)
    before = ledger.totals(FACTORY)
    with suppress(Killed):
        fold(TapedRows(rows, Tape(until=writes)), FACTORY, HOUR_LATER)
    between = ledger.totals(FACTORY)

    assert fold(rows, FACTORY, HOUR_LATER) == 250 - 99 * writes

    assert between == ledger.totals(FACTORY) == before
    assert count_rows(rows) == [TOTAL]


def test_two_who_fold_at_once_keep_the_sum(rows: Rows) -> None:
    ledger = hours(rows)
    before = ledger.totals(FACTORY)
    tape = Tape(before=once(lambda: fold(rows, FACTORY, HOUR_LATER)))

    assert fold(TapedRows(rows, tape), FACTORY, HOUR_LATER) == 0

    assert ledger.totals(FACTORY) == before


def test_what_is_counted_meanwhile_is_not_lost(rows: Rows) -> None:
    ledger = hours(rows)
    before = ledger.totals(FACTORY)
    tape = Tape(before=once(lambda: settle(ledger, activity_run())))

    fold(TapedRows(rows, tape), FACTORY, HOUR_LATER)

    assert ledger.totals(FACTORY) == before + type(before)({"Succeeded": 1})


def test_a_total_or_counts_of_a_newer_release_stay(rows: Rows) -> None:
    ledger = hours(rows)
    before = ledger.totals(FACTORY)
    newest = count_rows(rows)[-1]
    row = of_a_newer_release(rows, newest)
    assert fold(rows, FACTORY, HOUR_LATER) == 249
    total = of_a_newer_release(rows, TOTAL)
    settle(ledger, activity_run())

    assert fold(rows, FACTORY, HOUR_LATER) == 0

    found = rows.get("runs", PARTITION, [newest, TOTAL])
    assert {key: each for key, (each, _) in found.items()} == {newest: row, TOTAL: total}
    assert ledger.totals(FACTORY) == before + type(before)({"Succeeded": 1})
