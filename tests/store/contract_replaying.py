"""What is reported anew, on every store."""

from contextlib import suppress

import pytest

from lineage.model import ActivityRun, Gap, Outcome, Reason, Rows, Status
from lineage.store.ledger import Ledger
from lineage.store.rows import run_key
from tests.store.words import (
    NOW,
    OVERLAP,
    PARTITION,
    found,
    ledger_rows,
    of_a_newer_release,
    once,
    settle,
    states,
    succeeded,
    waiting,
)
from tests.world import (
    FACTORY,
    Killed,
    Tape,
    TapedRows,
    activity_run,
    at,
    batch_of,
    pipeline_run,
    reading,
)

LATER = at("05:00:00")
REFUSED = (Gap(Reason.REJECTED), Gap(Reason.UNKNOWN_CONNECTOR), Gap(Reason.REJECTED))
POISON = Gap(Reason.POISONED, detail="it ended its worker five times")


def crowd(count: int = 50) -> list[ActivityRun]:
    """Activity runs, two of each pipeline run: more than one write opens again."""
    of = [pipeline_run(f"run-{n:02d}", f"02:{n:02d}:00") for n in range(count // 2)]
    return [activity_run(each, f"{each.id}-{n}") for each in of for n in range(2)]


def poisoned(rows: Rows, *runs: ActivityRun, count: int = 1) -> Ledger:
    ledger, read = Ledger(rows), reading(*runs)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    assert ledger.give_up(FACTORY, batch_of(read).runs, NOW, POISON) == count
    return ledger


def test_a_settled_run_is_opened_again_and_keeps_how_it_had_ended(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, Outcome(run, Status.FAILED, REFUSED))

    assert ledger.replay(FACTORY, ledger.activity_rows(FACTORY, Status.FAILED), LATER) == 1

    row = ledger.row(run)
    assert row is not None
    assert (row["status"], row["reasons"], row["settled"]) == ("Pending", [], None)
    assert (row["attempts"], row["processes"], row["processCount"]) == (1, [], 0)
    codes = ["Rejected", "UnknownConnector"]
    assert row["replays"] == [{"at": LATER, "from": "Failed", "reasons": codes}]
    [(reference, run_row)] = waiting(rows, "o")
    assert (reference, run_row["sent"], run_row["tries"]) == (run.of.reference, 0, 0)
    assert states(rows) == "o"
    assert ledger.totals(FACTORY) == {"Pending": 1}
    assert found(ledger, Status.FAILED) == []


def test_a_run_that_was_opened_again_is_sent_reported_and_settled(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, Outcome(run, Status.FAILED, REFUSED))
    ledger.replay(FACTORY, ledger_rows(rows), LATER)

    assert ledger.overdue(FACTORY, LATER) == [run.of.reference]
    assert ledger.waiting(batch_of(reading(run))) == (run.of.reference,)
    assert ledger.open(batch_of(reading(run)), reading(run), LATER, OVERLAP) == [run]
    ledger.settle(batch_of(reading(run)), [succeeded(run)], LATER)

    row = ledger.row(run)
    assert row is not None
    assert (row["status"], row["attempts"], len(row["replays"])) == ("Succeeded", 2, 1)
    assert states(rows) == "p"


def test_the_latest_ten_replays_are_kept(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    for minute in range(12):
        settle(ledger, Outcome(run, Status.PARTIAL if minute % 2 else Status.SUCCEEDED))
        ledger.replay(FACTORY, ledger_rows(rows), at(f"05:{minute:02d}:00"))

    row = ledger.row(run)

    assert row is not None
    moments = [at(f"05:{minute:02d}:00") for minute in range(2, 12)]
    assert [each["at"] for each in row["replays"]] == moments
    assert ledger.totals(FACTORY) == {"Pending": 1}


@pytest.mark.parametrize("state", ["queued", "open", "given up", "listed at another moment"])
def test_the_pipeline_run_is_open_whatever_it_was(rows: Rows, state: str) -> None:
    ledger, run, other = Ledger(rows), activity_run(), activity_run(run_id="activity-2")
    read = reading(run, other, running=int(state == "queued"))
    now = at("02:11:00")
    ledger.enqueue(FACTORY, batch_of(read).runs, now)
    ledger.open(batch_of(read), read, now, OVERLAP)
    ledger.settle(batch_of(read), [succeeded(run)], now)
    if state == "given up":
        ledger.give_up(FACTORY, batch_of(read).runs, now)
    if state == "listed at another moment":
        rows.write("runs", PARTITION, {}, [run_key("o", run.of.reference)])

    ledger.replay(FACTORY, ledger.activity_rows(FACTORY), LATER)
    if state == "listed at another moment":
        [mine] = [row for row in ledger_rows(rows) if row["status"] == "Succeeded"]
        assert ledger.replay(FACTORY, [mine], LATER) == 1

    assert states(rows) == ("q" if state == "queued" else "o")
    assert ledger.totals(FACTORY) == {"Pending": 2}


def test_what_is_open_or_of_a_newer_release_or_gone_is_left_alone(rows: Rows) -> None:
    ledger = Ledger(rows)
    opened, newer, gone = (activity_run(run_id=f"activity-{n}") for n in (1, 2, 3))
    read = reading(opened, newer)
    settle(ledger, succeeded(newer))
    listed = [*ledger_rows(rows)]
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    row = of_a_newer_release(rows, "a|run-1|activity-2")
    listed.append({**listed[0], "activityRunId": gone.id})

    assert ledger.replay(FACTORY, [*listed, *ledger_rows(rows)], LATER) == 0

    assert ledger.row(newer) == row
    assert ledger.totals(FACTORY) == {"Succeeded": 1, "Pending": 1}


def test_below_a_run_that_a_newer_release_counts_as_done_nothing_is_opened(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, run)
    of_a_newer_release(rows, run_key("p", run.of.reference))

    assert ledger.replay(FACTORY, ledger_rows(rows), LATER) == 0

    assert (states(rows), ledger.totals(FACTORY)) == ("p", {"Succeeded": 1})


@pytest.mark.parametrize("writes", range(3))  # of three
def test_a_kill_while_many_are_opened_leaves_no_open_row_below_a_done_run(
    rows: Rows, writes: int
) -> None:
    runs = crowd()
    ledger = Ledger(rows)
    settle(ledger, *[Outcome(run, Status.PARTIAL) for run in runs])
    listed = ledger_rows(rows)
    with suppress(Killed):
        Ledger(TapedRows(rows, Tape(until=writes))).replay(FACTORY, listed, LATER)
    done = {reference.id for reference, _ in waiting(rows, "p")}
    opened = {row["pipelineRunId"] for row in ledger_rows(rows) if row["status"] == "Pending"}
    assert not done & opened
    assert len(states(rows)) == 25
    assert ledger.totals(FACTORY)["Pending"] == 19 * writes

    assert ledger.replay(FACTORY, listed, LATER) == 50 - 19 * writes

    assert states(rows) == "o" * 25
    assert ledger.totals(FACTORY) == {"Pending": 50}
    assert found(ledger, Status.PARTIAL) == []


def test_a_run_that_another_settles_while_it_is_opened_again_is_not_closed_over_it(
    rows: Rows,
) -> None:
    ledger = Ledger(rows)
    one, two = (activity_run(run_id=f"activity-{n}") for n in (1, 2))
    read = reading(one, two)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    ledger.settle(batch_of(read), [succeeded(one)], NOW)
    [first] = [row for row in ledger_rows(rows) if row["status"] == "Succeeded"]
    tape = Tape(before=once(lambda: ledger.replay(FACTORY, [first], LATER)))

    Ledger(TapedRows(rows, tape)).settle(batch_of(read), [succeeded(two)], NOW)

    assert states(rows) == "o"
    assert ledger.totals(FACTORY) == {"Pending": 1, "Succeeded": 1}


def test_two_who_replay_at_once_open_it_once(rows: Rows) -> None:
    ledger = Ledger(rows)
    settle(ledger, activity_run())
    listed = ledger_rows(rows)
    tape = Tape(before=once(lambda: ledger.replay(FACTORY, listed, LATER)))

    assert Ledger(TapedRows(rows, tape)).replay(FACTORY, listed, LATER) == 0

    [row] = ledger_rows(rows)
    assert len(row["replays"]) == 1
    assert ledger.totals(FACTORY) == {"Pending": 1}


# ---------------------------------------------------------------- what was given up


def test_what_was_poisoned_is_failed_and_says_so(rows: Rows) -> None:
    ledger = poisoned(rows, activity_run())

    [row] = ledger_rows(rows)

    assert (states(rows), row["status"]) == ("x", "Failed")
    assert row["reasons"] == [["Poisoned", "process", "it ended its worker five times"]]
    assert ledger.totals(FACTORY) == {"Failed": 1}


def test_what_was_poisoned_is_taken_up_again_and_what_was_settled_before_is_not(
    rows: Rows,
) -> None:
    ledger = Ledger(rows)
    done, bad = (activity_run(run_id=f"activity-{n}") for n in (1, 2))
    read = reading(done, bad)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    ledger.settle(batch_of(read), [Outcome(done, Status.FAILED, REFUSED)], NOW)
    ledger.give_up(FACTORY, batch_of(read).runs, NOW, POISON)
    never_read = pipeline_run("run-2", "02:20:00").reference
    ledger.enqueue(FACTORY, [never_read], NOW)
    ledger.give_up(FACTORY, [never_read], NOW, POISON)

    assert ledger.recall(FACTORY, LATER) == 2

    assert states(rows) == "oo"
    assert ledger.totals(FACTORY) == {"Failed": 1, "Pending": 1}
    assert found(ledger, Status.FAILED) == ["activity-1"]
    assert ledger.overdue(FACTORY, LATER) == [done.of.reference, never_read]
    assert ledger.recall(FACTORY, LATER) == 0


def test_what_a_newer_release_gave_up_stays(rows: Rows) -> None:
    run = activity_run()
    ledger = poisoned(rows, run)
    of_a_newer_release(rows, run_key("x", run.of.reference))

    assert ledger.recall(FACTORY, LATER) == 0

    assert (states(rows), ledger.totals(FACTORY)) == ("x", {"Failed": 1})


@pytest.mark.parametrize("writes", range(4))
def test_a_kill_while_runs_are_taken_up_is_made_good_by_the_next_try(
    rows: Rows, writes: int
) -> None:
    ledger = poisoned(rows, *crowd(8), count=4)
    with suppress(Killed):
        Ledger(TapedRows(rows, Tape(until=writes))).recall(FACTORY, LATER)
    given_up = {reference.id for reference, _ in waiting(rows, "x")}
    opened = {row["pipelineRunId"] for row in ledger_rows(rows) if row["status"] == "Pending"}
    assert not given_up & opened
    assert ledger.totals(FACTORY)["Pending"] == 2 * writes

    assert ledger.recall(FACTORY, LATER) == 4 - writes

    assert states(rows) == "oooo"
    assert ledger.totals(FACTORY) == {"Pending": 8}
