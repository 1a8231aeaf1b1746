"""What the ledger counts and answers, on every store."""

import random
from collections import Counter

import pytest

from lineage import ticks
from lineage.model import (
    OPEN,
    Gap,
    Outcome,
    Reason,
    Row,
    Rows,
    Status,
)
from lineage.store.ledger import Ledger
from tests.store.words import (
    NOW,
    OVERLAP,
    found,
    later_update,
    ledger_rows,
    once,
    settle,
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
)

# ---------------------------------------------------------------- counting


@pytest.mark.parametrize("seed", range(5))
def test_the_counts_are_those_of_the_rows_after_every_step(rows: Rows, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # which steps are tried
    ledger = Ledger(rows)
    settled: dict[str, Row] = {}
    runs = [pipeline_run(f"run-{n}") for n in range(4)]
    activities = [activity_run(of, f"{of.id}-{n}") for of in runs for n in range(3)]
    for step in range(40):
        chosen = chance.sample(activities, chance.randint(1, 4))
        read = reading(*chosen, running=chance.randint(0, 1))
        now = ticks.shift(NOW, step * 600 * chance.random())
        if chance.random() < 0.5:
            ledger.enqueue(FACTORY, ledger.unknown(FACTORY, batch_of(read).runs), now)
            ledger.open(batch_of(read), read, now, OVERLAP)
        else:
            ended = [Outcome(run, chance.choice(list(Status)[1:])) for run in chosen]
            ledger.settle(batch_of(read), ended, now)

        by_id = {row["activityRunId"]: row for row in ledger_rows(rows)}
        assert ledger.totals(FACTORY) == Counter(row["status"] for row in by_id.values())
        assert settled.items() <= by_id.items()
        settled |= {key: row for key, row in by_id.items() if row["status"] not in OPEN}
        for status in Status:
            wanted = [key for key, row in by_id.items() if row["status"] == status]
            assert sorted(found(ledger, status)) == sorted(wanted)


def test_two_workers_that_open_a_run_at_once_count_it_once(rows: Rows) -> None:
    run = activity_run()
    tape = Tape(before=once(lambda: settle(Ledger(rows), run)))
    ledger = Ledger(TapedRows(rows, tape))

    todo = ledger.open(batch_of(reading(run)), reading(run), NOW, OVERLAP)

    assert todo == []
    assert ledger.totals(FACTORY) == {"Succeeded": 1}
    assert [row["status"] for row in ledger_rows(rows)] == ["Succeeded"]


def test_two_workers_that_settle_a_run_at_once_record_it_once(rows: Rows) -> None:
    run = activity_run()
    batch = batch_of(reading(run))
    Ledger(rows).open(batch, reading(run), NOW, OVERLAP)
    tape = Tape(before=once(lambda: settle(Ledger(rows), run)))

    late = Outcome(run, Status.FAILED, (Gap(Reason.BUG),))
    recorded = Ledger(TapedRows(rows, tape)).settle(batch, [late], NOW)

    assert recorded == []
    assert Ledger(rows).totals(FACTORY) == {"Succeeded": 1}
    assert [row["status"] for row in ledger_rows(rows)] == ["Succeeded"]


# ---------------------------------------------------------------- asking


def test_rows_are_given_the_newest_first(rows: Rows) -> None:
    ledger = Ledger(rows)
    for minute in (5, 3, 8):
        of = pipeline_run(f"run-{minute}", f"02:{minute:02d}:00")
        first = activity_run(of, f"a-{minute}", ended=f"02:{minute - 1:02d}:00")
        second = activity_run(of, f"0-{minute}", ended=f"02:{minute - 2:02d}:00")
        settle(ledger, first, second)

    assert found(ledger, None) == ["a-8", "0-8", "a-5", "0-5", "a-3", "0-3"]


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.PARTIAL, Status.FAILED])
def test_rows_are_found_by_status_and_time(rows: Rows, status: Status) -> None:
    ledger = Ledger(rows)
    for minute in range(10, 20):
        of = pipeline_run(f"run-{minute}", f"02:{minute}:00")
        ended = activity_run(of, f"a-{minute}", ended=f"02:{minute}:00")
        settle(ledger, Outcome(ended, status if minute % 2 else Status.NOT_REPORTED))

    assert found(ledger, status) == ["a-19", "a-17", "a-15", "a-13", "a-11"]
    assert found(ledger, status, at("02:15:00")) == ["a-19", "a-17", "a-15"]
    assert found(ledger, None, at("02:18:00")) == ["a-19", "a-18"]


def test_a_run_listed_twice_is_given_once(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    settle(ledger, run)
    ledger.enqueue(FACTORY, [later_update(run, "02:20:00").of.reference], NOW)

    assert found(ledger, None) == ["activity-1"]
