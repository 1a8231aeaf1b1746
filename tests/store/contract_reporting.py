"""What the ledger keeps while runs are reported, on every store."""

from contextlib import suppress

import pytest
from msgspec.structs import replace

from lineage.model import (
    Batch,
    Change,
    Gap,
    Outcome,
    Reading,
    Reason,
    Reported,
    Rows,
    Status,
    Where,
)
from lineage.store.ledger import Ledger
from tests.store.words import (
    NOW,
    OVERLAP,
    found,
    later_update,
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
    operation,
    pipeline_run,
    process,
    reading,
    reference,
)


def test_every_terminal_activity_run_has_a_row_before_its_run_counts_as_listed(
    rows: Rows,
) -> None:
    tape = Tape()
    ledger, run = Ledger(TapedRows(rows, tape)), activity_run()
    ledger.enqueue(FACTORY, [run.of.reference], NOW)
    tape.events.clear()

    todo = ledger.open(batch_of(reading(run)), reading(run), NOW, OVERLAP)

    assert todo == [run]
    assert tape.events == ["rows", "listed"]
    assert states(rows) == "o"


def test_a_run_goes_from_queued_to_open_to_done(rows: Rows) -> None:
    ledger = Ledger(rows)
    one, two = (activity_run(run_id=f"activity-{n}") for n in (1, 2))
    batch = batch_of(reading(one, two))
    seen = [states(rows)]

    ledger.enqueue(FACTORY, batch.runs, NOW)
    seen.append(states(rows))
    ledger.open(batch, reading(one, two), NOW, OVERLAP)
    seen.append(states(rows))
    ledger.settle(batch, [succeeded(one)], NOW)
    seen.append(states(rows))
    ledger.settle(batch, [succeeded(two)], NOW)
    seen.append(states(rows))

    assert seen == ["", "q", "o", "o", "p"]


def test_a_run_of_which_all_is_settled_is_done_as_soon_as_it_is_listed_again(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, run)
    again = batch_of(reading(later_update(run, "02:20:00")))
    ledger.enqueue(FACTORY, again.runs, NOW)

    todo = ledger.open(again, reading(later_update(run, "02:20:00")), NOW, OVERLAP)

    assert todo == []
    assert states(rows) == "pp"


def test_a_run_of_which_more_is_to_come_is_not_closed(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    batch = batch_of(reading(run))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(run), NOW, OVERLAP)

    recorded = ledger.settle(batch, [succeeded(run)], NOW, waiting={run.of.id})

    assert [outcome.run for outcome in recorded] == [run]
    assert states(rows) == "o"


def test_a_settled_row_stays_as_it_is(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, run)
    row = ledger.row(run)

    failed = Outcome(run, Status.FAILED, (Gap(Reason.BUG),))
    recorded = ledger.settle(batch_of(reading(run)), [failed], NOW)

    assert recorded == []
    assert ledger.row(run) == row
    assert ledger.totals(FACTORY) == {"Succeeded": 1}


def test_a_redelivered_reading_opens_only_what_is_not_settled(rows: Rows) -> None:
    ledger = Ledger(rows)
    one, two = (activity_run(run_id=f"activity-{n}") for n in (1, 2))
    batch = batch_of(reading(one, two))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(one, two), NOW, OVERLAP)
    ledger.settle(batch, [succeeded(one)], NOW)

    assert ledger.open(batch, reading(one, two), NOW, OVERLAP) == [two]


def test_a_run_told_twice_is_recorded_once(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    batch = batch_of(reading(run))
    ledger.open(batch, reading(run, run), NOW, OVERLAP)

    recorded = ledger.settle(batch, [succeeded(run), succeeded(run)], NOW)

    assert len(recorded) == 1
    assert ledger.totals(FACTORY) == {"Succeeded": 1}


def test_a_run_that_could_not_be_reported_stays_open_and_counts_its_attempts(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    batch = batch_of(reading(run))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(run), NOW, OVERLAP)
    retrying = Outcome(run, Status.RETRYING, (Gap(Reason.UNAVAILABLE),))

    ledger.settle(batch, [retrying], NOW)
    ledger.settle(batch, [retrying], NOW)
    row = ledger.row(run)

    assert row is not None
    assert (row["status"], row["attempts"], row["settled"]) == ("Retrying", 2, None)
    assert states(rows) == "o"
    assert ledger.open(batch, reading(run), NOW, OVERLAP) == [run]
    assert found(ledger, Status.RETRYING) == ["activity-1"]


def test_what_is_open_of_a_run_that_is_given_up_is_failed_and_the_settled_stays(
    rows: Rows,
) -> None:
    tape = Tape()
    ledger = Ledger(TapedRows(rows, tape))
    done, pending, retrying = (activity_run(run_id=f"activity-{n}") for n in (1, 2, 3))
    batch = batch_of(reading(done, pending, retrying))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(done, pending, retrying), NOW, OVERLAP)
    again = Outcome(retrying, Status.RETRYING, (Gap(Reason.UNAVAILABLE),))
    ledger.settle(batch, [succeeded(done), again], NOW)
    tape.events.clear()

    ledger.give_up(FACTORY, batch.runs, NOW)

    assert len(tape.events) == 1
    assert (states(rows), ledger.backlog(FACTORY)) == ("x", 0)
    assert ledger.totals(FACTORY) == {"Succeeded": 1, "Failed": 2}
    assert sorted(found(ledger, Status.FAILED)) == ["activity-2", "activity-3"]
    assert found(ledger, Status.RETRYING) == []
    row = ledger.row(pending)
    assert row is not None
    assert row["reasons"] == [
        ["Truncated", "process", "the source no longer has this pipeline run"]
    ]
    assert (row["settled"], row["runStatus"]) == (NOW, "Succeeded")


def test_what_another_opens_while_a_run_is_given_up_is_failed_too(rows: Rows) -> None:
    ledger = Ledger(rows)
    first, late = (activity_run(run_id=f"activity-{n}") for n in (1, 2))
    batch, more = batch_of(reading(first)), reading(first, late)
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(first), NOW, OVERLAP)
    tape = Tape(before=once(lambda: ledger.open(batch, more, NOW, OVERLAP)))

    assert Ledger(TapedRows(rows, tape)).give_up(FACTORY, batch.runs, NOW) == 1

    assert (states(rows), ledger.totals(FACTORY)) == ("x", {"Failed": 2})
    assert ledger.give_up(FACTORY, batch.runs, NOW) == 0


@pytest.mark.parametrize("until", [None, 1], ids=["goes on", "is killed"])
def test_a_run_given_up_while_another_opens_it_is_open_again_before_more_of_it_is_known(
    rows: Rows, until: int | None
) -> None:
    ledger, run = Ledger(rows), activity_run()
    batch = batch_of(reading(run))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.give_up(FACTORY, batch.runs, NOW)
    tape = Tape(until=until)

    with suppress(Killed):
        Ledger(TapedRows(rows, tape)).open(batch, reading(run), NOW, OVERLAP)

    assert tape.events == ["listed", "rows"][:until]
    assert states(rows) == "o"
    assert ledger.totals(FACTORY) == ({} if until else {"Pending": 1})


def test_a_done_run_of_which_more_is_read_is_open_again(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, run)
    more = reading(run, activity_run(run_id="activity-2"))

    ledger.open(batch_of(more), more, NOW, OVERLAP)

    assert (states(rows), ledger.totals(FACTORY)) == ("o", {"Succeeded": 1, "Pending": 1})


def test_a_run_row_that_another_moves_while_it_is_marked_listed_is_not_doubled(
    rows: Rows,
) -> None:
    run = activity_run()
    ledger, batch = Ledger(rows), batch_of(reading(run))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(run, running=1), run.of.updated, OVERLAP)
    tape = Tape(before=once(lambda: settle(ledger, run)))

    todo = Ledger(TapedRows(rows, tape)).open(batch, reading(run), NOW, OVERLAP)

    assert todo == []
    assert states(rows) == "p"


def test_queued_is_cleared_only_at_the_state_that_was_listed(rows: Rows) -> None:
    ledger = Ledger(rows)
    old, new = reference("run-1", "02:10:00"), reference("run-1", "02:40:00")
    ledger.enqueue(FACTORY, [old, new], NOW)
    read = reading(activity_run(pipeline_run("run-1", "02:10:00")))

    ledger.open(Batch(FACTORY, 0, (old,)), read, NOW, OVERLAP)

    assert [run for run, _ in waiting(rows, "q")] == [new]
    assert [run for run, _ in waiting(rows, "o")] == [old]


def test_queued_is_not_cleared_where_the_source_still_shows_an_older_state(rows: Rows) -> None:
    ledger, asked = Ledger(rows), reference("run-1", "02:40:00")
    ledger.enqueue(FACTORY, [asked], NOW)
    read = reading(activity_run(pipeline_run("run-1", "02:10:00")))

    ledger.open(Batch(FACTORY, 0, (asked,)), read, NOW, OVERLAP)

    assert states(rows) == "q"
    assert ledger.totals(FACTORY) == {"Pending": 1}


def test_queued_is_cleared_where_the_source_shows_a_newer_state(rows: Rows) -> None:
    ledger, asked = Ledger(rows), reference("run-1", "02:10:00")
    ledger.enqueue(FACTORY, [asked], NOW)
    read = reading(activity_run(pipeline_run("run-1", "02:40:00")))

    ledger.open(Batch(FACTORY, 0, (asked,)), read, NOW, OVERLAP)

    assert states(rows) == "o"


@pytest.mark.parametrize("what", ["no activity", "one still running"])
def test_a_run_that_may_show_more_stays_queued_until_it_is_older_than_the_overlap(
    rows: Rows, what: str
) -> None:
    ledger, run = Ledger(rows), activity_run(pipeline_run("run-1", "02:50:00"))
    read = reading(run, running=1)
    if what == "no activity":
        read = Reading((replace(read.listed[0], activities=(), running=0),))
    batch = batch_of(read)
    ledger.enqueue(FACTORY, batch.runs, NOW)

    ledger.open(batch, read, at("03:04:59"), OVERLAP)
    young = states(rows)
    ledger.open(batch, read, at("03:05:00"), OVERLAP)

    assert young == "q"
    assert states(rows) == ("p" if what == "no activity" else "o")


def test_a_run_that_is_still_queued_is_not_closed_by_what_it_showed_so_far(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run(pipeline_run("run-1", "02:59:00"))
    read = reading(run, running=1)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)

    ledger.settle(batch_of(read), [succeeded(run)], NOW)

    assert states(rows) == "q"
    assert ledger.totals(FACTORY) == {"Succeeded": 1}


def test_runs_that_were_not_read_stay_queued(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    unread = reference("run-2", "02:12:00")
    batch = Batch(FACTORY, 0, (run.of.reference, unread))
    ledger.enqueue(FACTORY, batch.runs, NOW)

    ledger.open(batch, reading(run), NOW, OVERLAP)

    assert [run for run, _ in waiting(rows, "q")] == [unread]


def test_what_a_row_says(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run(native="NotReported")
    gaps = (Gap(Reason.UNKNOWN_CONNECTOR, Where.INPUT, "linked service ls (Sftp)"),)
    told = tuple(
        Reported(f"key-{n}", process(f"sink{n}"), operation(f"sink{n}"), Change.CREATED)
        for n in range(25)
    )

    settle(ledger, Outcome(run, Status.PARTIAL, gaps, told))

    assert ledger.row(run) == {
        "v": 1,
        "pipelineRunId": "run-1",
        "activityRunId": "activity-1",
        "pipeline": "P",
        "activity": "A",
        "activityType": "Copy",
        "runStatus": "Succeeded",
        "started": at("02:01:00"),
        "ended": at("02:05:00"),
        "updated": at("02:10:00"),
        "native": "NotReported",
        "status": "Partial",
        "reasons": [["UnknownConnector", "input", "linked service ls (Sftp)"]],
        "processes": [f"key-{n}" for n in range(20)],
        "processCount": 25,
        "attempts": 1,
        "next": None,
        "first": NOW,
        "settled": NOW,
    }
