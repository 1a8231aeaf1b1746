"""What a kill between two writes of one large batch leaves, on every store."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from lineage.errors import Unavailable
from lineage.model import ActivityRun, Gap, Outcome, Reason, Rows, Status
from lineage.store.ledger import Ledger
from tests.store.words import NOW, OVERLAP, ledger_rows, states, waiting
from tests.world import (
    FACTORY,
    Killed,
    Tape,
    TapedRows,
    activity_run,
    batch_of,
    pipeline_run,
    reading,
)

Step = Callable[[Ledger], object]


def many() -> list[ActivityRun]:
    """Forty pipeline runs with three activity runs each: too many rows for one transaction."""
    runs = [pipeline_run(f"run-{n:02d}", f"02:{n:02d}:00") for n in range(40)]
    return [activity_run(of, f"{of.id}-{n}") for of in runs for n in range(3)]


@pytest.mark.parametrize("writes", [1, 3, 5, 6])  # of seven to open them, and six to settle
def test_a_kill_between_two_writes_is_made_good_by_the_next_try(rows: Rows, writes: int) -> None:
    runs = many()
    read = reading(*runs)
    ledger, failed = Ledger(rows), [Outcome(run, Status.FAILED) for run in runs]
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    steps: list[Step] = [
        lambda made: made.open(batch_of(read), read, NOW, OVERLAP),
        lambda made: made.settle(batch_of(read), failed, NOW),
    ]
    for step in steps:
        tape = Tape(until=writes)
        with suppress(Killed):
            step(Ledger(TapedRows(rows, tape)))
        between = ledger_rows(rows)
        assert ledger.totals(FACTORY) == Counter(row["status"] for row in between)
        assert len(states(rows)) == 40

        ledger.open(batch_of(read), read, NOW, OVERLAP)
        step(ledger)

    assert states(rows) == "p" * 40
    assert ledger.totals(FACTORY) == {"Failed": 120}
    assert len(list(ledger.activity_rows(FACTORY, Status.FAILED))) == 120


@pytest.mark.parametrize("writes", range(1, 7))  # of seven: four of rows, three of run rows
def test_a_kill_while_many_runs_are_given_up_leaves_none_that_nobody_comes_back_to(
    rows: Rows, writes: int
) -> None:
    runs = many()
    read, ledger = reading(*runs), Ledger(rows)
    gone = batch_of(read).runs
    ledger.enqueue(FACTORY, gone, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    with suppress(Killed):
        Ledger(TapedRows(rows, Tape(until=writes))).give_up(FACTORY, gone, NOW)
    left = {reference.id for reference, _ in waiting(rows, "o")}
    between = ledger_rows(rows)

    ledger.give_up(FACTORY, gone, NOW)

    assert left >= {row["pipelineRunId"] for row in between if row["status"] == "Pending"}
    assert len(between) == 120
    assert states(rows) == "x" * 40
    assert ledger.totals(FACTORY) == {"Failed": 120}


def test_all_that_is_settled_of_a_large_batch_is_told(rows: Rows) -> None:
    runs = many()
    read, ledger = reading(*runs), Ledger(rows)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)

    assert len(ledger.open(batch_of(read), read, NOW, OVERLAP)) == 120
    told = ledger.settle(batch_of(read), [Outcome(run, Status.SUCCEEDED) for run in runs], NOW)

    assert [each.run.id for each in told] == [run.id for run in runs]


def test_rows_too_large_for_one_transaction_are_written_in_several(rows: Rows) -> None:
    runs, gaps = many()[:30], noise()
    read, ledger = reading(*runs), Ledger(rows)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)

    told = ledger.settle(batch_of(read), [Outcome(run, Status.FAILED, gaps) for run in runs], NOW)

    assert len(told) == 30
    assert ledger.totals(FACTORY) == {"Failed": 30}
    assert states(rows) == "p" * 10
    [row] = {(len(row["reasons"]), row["reasonCount"]) for row in ledger_rows(rows)}
    assert row == (100, 5000)


def noise() -> tuple[Gap, ...]:
    """More than a row of a table holds, however well it is compressed."""
    chance = random.Random(1)  # noqa: S311 - what nothing compresses
    texts = ["".join(chance.choices("ЖЗИЙКЛМНОПРСТУФХЦЧШЩ日本語", k=256)) for _ in range(5000)]
    return tuple(Gap(Reason.UNRESOLVED, detail=text) for text in texts)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_what_was_recorded_before_an_error_is_told_and_then_the_error(
    rows: Rows, after: int
) -> None:
    runs = many()
    read, ledger = reading(*runs), Ledger(rows)
    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    tape = Tape()

    def fail(event: str) -> None:
        if len(tape.events) == after:
            raise Unavailable("the store is down")

    tape.before = fail
    ended = [Outcome(run, Status.SUCCEEDED) for run in runs]
    told: list[Outcome] = []
    with pytest.raises(Unavailable, match="the store is down"):
        _take(Ledger(TapedRows(rows, tape)).settling(batch_of(read), ended, NOW), told)
    settled = {row["activityRunId"] for row in ledger_rows(rows) if row["status"] == "Succeeded"}

    assert [each.run.id for each in told] == [run.id for run in runs[: 30 * after]]
    assert settled == {each.run.id for each in told}
    assert len(ledger.settle(batch_of(read), ended, NOW)) == 120 - 30 * after
    assert states(rows) == "p" * 40


def _take(outcomes: Iterator[Outcome], told: list[Outcome]) -> None:
    """Those that are had before an error too."""
    for each in outcomes:
        told.append(each)
