"""What the ledger forgets, on every store."""

from contextlib import suppress

import pytest

from lineage.model import ActivityRun, Outcome, Rows, Status
from lineage.store.ledger import Ledger
from lineage.store.sweep import sweep
from tests.store.words import (
    NOW,
    OVERLAP,
    found,
    ledger_rows,
    of_a_newer_release,
    once,
    settle,
    states,
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

LIMIT = at("02:30:00")


def runs_of(run_id: str, updated: str, count: int = 2) -> list[ActivityRun]:
    of = pipeline_run(run_id, updated)
    return [activity_run(of, f"{run_id}-{n}", ended=updated) for n in range(count)]


def failed(*runs: ActivityRun) -> list[Outcome]:
    return [Outcome(run, Status.FAILED) for run in runs]


def test_runs_settled_long_ago_are_forgotten_with_their_index_and_counts(rows: Rows) -> None:
    ledger = Ledger(rows)
    settle(ledger, *failed(*runs_of("old", "02:29:59", 70)))
    settle(ledger, *failed(*runs_of("new", "02:30:00")))

    assert sweep(rows, FACTORY, LIMIT, NOW) == 70

    assert states(rows) == "p"
    assert ledger.totals(FACTORY) == {"Failed": 2}
    assert found(ledger, Status.FAILED) == found(ledger, None) == ["new-0", "new-1"]
    assert sweep(rows, FACTORY, LIMIT, NOW) == 0


def test_what_is_not_settled_is_kept(rows: Rows) -> None:
    ledger = Ledger(rows)
    read = reading(*runs_of("open", "02:00:00"))
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    ledger.enqueue(FACTORY, [pipeline_run("queued", "02:00:00").reference], NOW)

    assert sweep(rows, FACTORY, LIMIT, NOW) == 0

    assert states(rows) == "qo"
    assert ledger.totals(FACTORY) == {"Pending": 2}


def test_a_run_that_was_given_up_is_forgotten(rows: Rows) -> None:
    ledger = Ledger(rows)
    run = pipeline_run("gone", "02:00:00").reference
    ledger.enqueue(FACTORY, [run], NOW)
    ledger.give_up(FACTORY, [run], NOW)

    sweep(rows, FACTORY, LIMIT, NOW)

    assert states(rows) == ""


def test_rows_of_a_newer_release_are_kept(rows: Rows) -> None:
    run = activity_run(pipeline_run("run-1", "02:00:00"))
    settle(Ledger(rows), run)
    of_a_newer_release(rows, "a|run-1|activity-1")

    assert sweep(rows, FACTORY, LIMIT, NOW) == 0

    assert len(ledger_rows(rows)) == 1


@pytest.mark.parametrize("writes", range(4))
def test_a_sweep_that_was_killed_is_finished_by_the_next(rows: Rows, writes: int) -> None:
    ledger = Ledger(rows)
    settle(ledger, *failed(*runs_of("old", "02:00:00", 70)))
    with suppress(Killed):
        sweep(TapedRows(rows, Tape(until=writes)), FACTORY, LIMIT, NOW)
    between = len(ledger_rows(rows))
    assert ledger.totals(FACTORY)["Failed"] == between

    sweep(rows, FACTORY, LIMIT, NOW)

    assert ledger.totals(FACTORY) == {}
    assert ledger_rows(rows) == []
    assert states(rows) == ""


def test_two_sweeps_at_once_count_what_they_removed_once(rows: Rows) -> None:
    settle(Ledger(rows), *failed(*runs_of("old", "02:00:00")))
    tape = Tape(before=once(lambda: sweep(rows, FACTORY, LIMIT, NOW)))

    sweep(TapedRows(rows, tape), FACTORY, LIMIT, NOW)

    assert Ledger(rows).totals(FACTORY) == {}
    assert ledger_rows(rows) == []
