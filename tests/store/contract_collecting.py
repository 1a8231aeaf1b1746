"""What the ledger keeps while runs are collected, on every store."""

from collections import Counter
from itertools import pairwise

import pytest

from lineage import ticks
from lineage.model import Batch, Reference, Rows
from lineage.store.asking import Standing
from lineage.store.ledger import Ledger
from tests.store.words import (
    NOW,
    OVERLAP,
    once,
    settle,
    states,
    succeeded,
    waiting,
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

LATE = at("03:20:00")  # a run queued `NOW` counts as lost


def test_a_factory_has_no_cursor_and_no_watermark_at_first(rows: Rows) -> None:
    assert Ledger(rows).cursor(FACTORY) is None
    assert Ledger(rows).standing(FACTORY, OVERLAP).watermark is None


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


def test_a_pause_in_which_messages_were_put_off_does_not_count(rows: Rows) -> None:
    ledger = Ledger(rows)
    ledger.enqueue(FACTORY, [reference("run-1")], NOW)
    begun, ended = ticks.shift(NOW, 300), ticks.shift(NOW, 4 * 3600)
    pauses = [(NOW, NOW), (begun, ended)]

    def sent_again(seconds: float) -> int:
        return len(ledger.overdue(FACTORY, ticks.shift(ended, seconds), pauses=pauses))

    assert [sent_again(0), sent_again(899), sent_again(900), sent_again(1000)] == [0, 0, 1, 0]
    assert [sent_again(900 + 2399), sent_again(900 + 2400)] == [0, 1]


def test_short_pauses_in_a_row_do_not_keep_a_lost_message_from_being_sent_again(rows: Rows) -> None:
    ledger = Ledger(rows)
    ledger.enqueue(FACTORY, [reference("run-1")], NOW)

    def sent_again(minute: int) -> int:
        now = ticks.shift(NOW, minute * 60)
        return len(ledger.overdue(FACTORY, now, pauses=[(ticks.shift(now, -60), now)]))

    assert sum(map(sent_again, range(30))) == 1


def test_tries_without_a_queue_are_not_counted_and_waits_stop_growing_at_a_day(rows: Rows) -> None:
    ledger = Ledger(rows)
    ledger.enqueue(FACTORY, [reference("run-1")], NOW)
    for minute in range(50):
        assert ledger.overdue(FACTORY, ticks.shift(NOW, minute * 60), patience=0.0)

    began = ticks.shift(NOW, 49 * 60)
    sent = [h for h in range(24 * 60) if ledger.overdue(FACTORY, ticks.shift(began, h * 3600))]

    assert sent[0] == 1
    assert max(late - early for early, late in pairwise(sent)) <= 24


def test_a_run_that_another_works_on_meanwhile_is_not_sent_again_nor_put_back(rows: Rows) -> None:
    ledger = Ledger(rows)
    busy = activity_run(pipeline_run("busy", "02:05:00"))
    gone, idle = reference("gone", "02:06:00"), reference("idle", "02:07:00")
    ledger.enqueue(FACTORY, [busy.of.reference, gone, idle], NOW)

    def meanwhile() -> None:
        settle(ledger, busy)
        ledger.give_up(FACTORY, [gone], NOW)

    tape = Tape(before=once(meanwhile))

    assert Ledger(TapedRows(rows, tape)).overdue(FACTORY, ticks.shift(NOW, 1), patience=1) == [idle]

    assert states(rows) == "qpx"
    assert [row["tries"] for _, row in waiting(rows, "q")] == [1]


def test_two_who_send_again_at_once_send_each_run_once(rows: Rows) -> None:
    runs = [reference(f"run-{n:03d}", f"02:{n % 60:02d}:00") for n in range(230)]
    Ledger(rows).enqueue(FACTORY, runs, NOW)
    sent: list[Reference] = []
    tape = Tape(before=once(lambda: sent.extend(Ledger(rows).overdue(FACTORY, LATE))))

    sent += Ledger(TapedRows(rows, tape)).overdue(FACTORY, LATE)

    assert len(sent) == len(set(sent)) == 230
    assert {row["tries"] for _, row in waiting(rows, "q")} == {1}


# ---------------------------------------------------------------- what is left of a batch


def test_what_is_left_of_a_batch_is_what_is_not_done_or_given_up(rows: Rows) -> None:
    ledger = Ledger(rows)
    done, opened = (activity_run(pipeline_run(f"run-{n}", f"02:1{n}:00")) for n in (1, 2))
    queued, new, gone = (reference(f"run-{n}", f"02:1{n}:00") for n in (3, 4, 5))
    settle(ledger, done)
    ledger.enqueue(FACTORY, [opened.of.reference, queued, gone], NOW)
    ledger.open(batch_of(reading(opened)), reading(opened), NOW, OVERLAP)
    ledger.give_up(FACTORY, [gone], NOW)
    seen_anew = reference("run-1", "02:40:00")

    runs = (seen_anew, new, queued, opened.of.reference, gone, done.of.reference)
    left = ledger.waiting(Batch(FACTORY, 0, runs))

    assert left == (seen_anew, new, queued, opened.of.reference)
    assert ledger.waiting(Batch(FACTORY, 0, ())) == ()


def test_runs_far_apart_are_found_behind_a_page_of_others(rows: Rows) -> None:
    ledger = Ledger(rows)
    ends = [reference("first", "01:00:00"), reference("last", "02:59:00")]
    others = [reference(f"other-{n:04d}", "02:00:00") for n in range(1100)]
    ledger.enqueue(FACTORY, [*ends, *others], NOW)
    ledger.give_up(FACTORY, [*ends, *others], NOW)
    new = reference("new", "02:58:00")

    assert ledger.waiting(Batch(FACTORY, 0, (*ends, new))) == (new,)


# ---------------------------------------------------------------- standing


def test_where_a_factory_stands(rows: Rows) -> None:
    ledger = Ledger(rows)
    opened = activity_run(pipeline_run("open", "02:05:00"))
    before = ledger.standing(FACTORY, OVERLAP)
    settle(ledger, activity_run(pipeline_run("done", "02:01:00"), "activity-0"))
    ledger.move_cursor(FACTORY, at("02:30:00"))
    ledger.enqueue(FACTORY, [opened.of.reference, reference("queued", "02:09:00")], NOW)
    ledger.open(batch_of(reading(opened)), reading(opened), NOW, OVERLAP)

    found = ledger.standing(FACTORY, OVERLAP)

    assert before == Standing(None, None, 0, 0, None, Counter())
    assert (found.cursor, found.watermark) == (at("02:30:00"), at("02:09:00"))
    assert (found.backlog, found.queued, found.oldest) == (2, 1, at("02:05:00"))
    assert found.totals == ledger.totals(FACTORY) == {"Succeeded": 1, "Pending": 1}


def test_a_large_backlog_is_counted_as_far_as_is_asked_for(rows: Rows) -> None:
    ledger = Ledger(rows)
    runs = [reference(f"run-{n:04d}", "02:10:00") for n in range(1200)]
    ledger.enqueue(FACTORY, runs, NOW)

    counts = [ledger.standing(FACTORY, OVERLAP).backlog]
    counts += [ledger.standing(FACTORY, OVERLAP, most).backlog for most in (10, None)]

    assert counts == [1000, 10, 1200]


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
    assert ledger.standing(FACTORY, OVERLAP).watermark == at("02:15:00")


def test_the_watermark_is_the_overlap_below_the_cursor(rows: Rows) -> None:
    ledger = Ledger(rows)

    ledger.move_cursor(FACTORY, at("02:30:00"))

    assert ledger.standing(FACTORY, OVERLAP).watermark == at("02:15:00")


def test_the_watermark_is_never_above_a_run_that_is_still_queued(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run(pipeline_run("run-1", "02:10:00"))
    ledger.move_cursor(FACTORY, at("02:30:00"))
    ledger.enqueue(FACTORY, [run.of.reference, reference("run-2", "02:12:00")], NOW)
    before = ledger.standing(FACTORY, OVERLAP).watermark

    ledger.open(batch_of(reading(run)), reading(run), NOW, OVERLAP)

    assert before == at("02:10:00")
    assert ledger.standing(FACTORY, OVERLAP).watermark == at("02:12:00")
