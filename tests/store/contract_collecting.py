"""What the ledger keeps while runs are collected, on every store."""

import pytest

from lineage import ticks
from lineage.model import (
    Rows,
)
from lineage.store.ledger import Ledger
from tests.store.words import (
    NOW,
    OVERLAP,
    once,
    succeeded,
)
from tests.world import (
    FACTORY,
    Tape,
    TapedRows,
    activity_run,
    at,
    batch_of,
    pipeline_run,
    reading,
    reference,
)


def test_a_factory_has_no_cursor_and_no_watermark_at_first(rows: Rows) -> None:
    assert Ledger(rows).cursor(FACTORY) is None
    assert Ledger(rows).watermark(FACTORY, OVERLAP) is None


def test_the_cursor_never_moves_backwards(rows: Rows) -> None:
    ledger = Ledger(rows)

    ledger.move_cursor(FACTORY, at("02:00:00"))
    ledger.move_cursor(FACTORY, at("01:00:00"))

    assert ledger.cursor(FACTORY) == at("02:00:00")


def test_the_cursor_does_not_move_backwards_when_another_moves_it_meanwhile(rows: Rows) -> None:
    tape = Tape(before=once(lambda: Ledger(rows).move_cursor(FACTORY, at("02:30:00"))))

    Ledger(TapedRows(rows, tape)).move_cursor(FACTORY, at("02:00:00"))

    assert Ledger(rows).cursor(FACTORY) == at("02:30:00")


def test_the_cursor_of_a_factory_is_its_own_whatever_case_its_id_comes_in(rows: Rows) -> None:
    ledger = Ledger(rows)

    ledger.move_cursor(FACTORY, at("02:00:00"))

    assert ledger.cursor(type(FACTORY)(FACTORY.upper())) == at("02:00:00")
    assert ledger.cursor(type(FACTORY)(FACTORY + "2")) is None


@pytest.mark.parametrize("state", ["queued", "open", "done", "given up"])
def test_a_run_is_known_at_the_state_it_was_listed_at(rows: Rows, state: str) -> None:
    ledger, run = Ledger(rows), activity_run()
    ledger.enqueue(FACTORY, [run.of.reference], NOW)
    if state in ("open", "done"):
        ledger.open(batch_of(reading(run)), reading(run), NOW, OVERLAP)
    if state == "done":
        ledger.settle(batch_of(reading(run)), [succeeded(run)], NOW)
    if state == "given up":
        ledger.give_up(FACTORY, [run.of.reference], NOW)
    later, other = reference("run-1", "02:11:00"), reference("run-2")

    assert ledger.unknown(FACTORY, [run.of.reference, later, other]) == [later, other]


def test_ids_that_could_break_a_key_do_not(rows: Rows) -> None:
    ledger = Ledger(rows)
    runs = [reference(run_id) for run_id in ("a|b", "a/b#?", "", "Ж", "x" * 500, "a\tb")]

    ledger.enqueue(FACTORY, runs, NOW)

    assert set(ledger.overdue(FACTORY, NOW, patience=0)) == set(runs)
    assert ledger.unknown(FACTORY, runs) == []


def test_a_run_counts_as_lost_after_twenty_minutes_and_then_after_twice_as_long(
    rows: Rows,
) -> None:
    ledger = Ledger(rows)
    ledger.enqueue(FACTORY, [reference("run-1")], NOW)

    sent_again = [
        minute for minute in range(200) if ledger.overdue(FACTORY, ticks.shift(NOW, minute * 60))
    ]

    assert sent_again == [20, 60, 140]


def test_runs_queued_and_open_are_sent_again_the_oldest_first(rows: Rows) -> None:
    ledger = Ledger(rows)
    opened = activity_run(pipeline_run("open", "02:05:00"))
    runs = [reference("new", "02:09:00"), opened.of.reference, reference("old", "02:01:00")]
    ledger.enqueue(FACTORY, runs, NOW)
    ledger.open(batch_of(reading(opened)), reading(opened), NOW, OVERLAP)

    again = ledger.overdue(FACTORY, NOW, patience=0)

    assert [run.id for run in again] == ["old", "open", "new"]
    assert ledger.backlog(FACTORY) == 3


def test_a_run_that_can_never_be_read_is_off_the_backlog_and_the_watermark(rows: Rows) -> None:
    ledger, run = Ledger(rows), reference("run-1", "01:00:00")
    ledger.move_cursor(FACTORY, at("02:30:00"))
    ledger.enqueue(FACTORY, [run], NOW)

    ledger.give_up(FACTORY, [run], NOW)

    assert ledger.backlog(FACTORY) == 0
    assert ledger.overdue(FACTORY, NOW, patience=0) == []
    assert ledger.watermark(FACTORY, OVERLAP) == at("02:15:00")


def test_the_watermark_is_the_overlap_below_the_cursor(rows: Rows) -> None:
    ledger = Ledger(rows)

    ledger.move_cursor(FACTORY, at("02:30:00"))

    assert ledger.watermark(FACTORY, OVERLAP) == at("02:15:00")


def test_the_watermark_is_never_above_a_run_that_is_still_queued(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run(pipeline_run("run-1", "02:10:00"))
    ledger.move_cursor(FACTORY, at("02:30:00"))
    ledger.enqueue(FACTORY, [run.of.reference, reference("run-2", "02:12:00")], NOW)
    before = ledger.watermark(FACTORY, OVERLAP)

    ledger.open(batch_of(reading(run)), reading(run), NOW, OVERLAP)

    assert before == at("02:10:00")
    assert ledger.watermark(FACTORY, OVERLAP) == at("02:12:00")
