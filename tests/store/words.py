"""The words of the store's tests."""

from collections.abc import Callable

from msgspec.structs import replace

from lineage.model import ActivityRun, Name, Outcome, Process, Reference, Row, Rows, Status
from lineage.store.ledger import Ledger
from lineage.store.processes import Head, Published
from lineage.store.published import PublishedRows
from lineage.store.rows import factory_partition
from lineage.store.rows import reference as reference_of
from lineage.ticks import Ticks
from tests.world import FACTORY, at, batch_of, reading

NOW = at("03:00:00")
OVERLAP = 900.0  # seconds
PARTITION = factory_partition(FACTORY)


def once(action: Callable[[], object]) -> Callable[[str], None]:
    """Something that happens before the next event, and never again."""
    waiting = [action]

    def before(event: str) -> None:
        if waiting:
            waiting.pop()()

    return before


def succeeded(run: ActivityRun) -> Outcome:
    return Outcome(run, Status.SUCCEEDED)


def settle(ledger: Ledger, *ended: ActivityRun | Outcome) -> None:
    """Open the runs and record how they ended; all belong to one pipeline run."""
    outcomes = [succeeded(each) if isinstance(each, ActivityRun) else each for each in ended]
    read = reading(*(outcome.run for outcome in outcomes))
    batch = batch_of(read)
    ledger.enqueue(FACTORY, ledger.unknown(FACTORY, batch.runs), NOW)
    ledger.open(batch, read, NOW, OVERLAP)
    ledger.settle(batch, outcomes, NOW)


def later_update(run: ActivityRun, updated: str) -> ActivityRun:
    return replace(run, of=replace(run.of, updated=at(updated)))


def states(rows: Rows) -> str:
    """The states of the run rows: a letter each."""
    return "".join(state for state in "qopx" for _ in waiting(rows, state))


def waiting(rows: Rows, state: str) -> list[tuple[Reference, Row]]:
    listed = rows.range("runs", PARTITION, f"{state}|", f"{state}|~")
    return [(reference_of(key, row), row) for key, row in listed]


def ledger_rows(rows: Rows) -> list[Row]:
    return [row for _, row in rows.range("runs", PARTITION, "a|", "a|~")]


def found(ledger: Ledger, status: Status | None, since: Ticks | None = None) -> list[str]:
    return [row["activityRunId"] for row in ledger.activity_rows(FACTORY, status, since)]


def of_a_newer_release(
    rows: Rows, key: str, table: str = "runs", partition: str = PARTITION
) -> Row:
    """Make a row one that a newer release wrote."""
    row, _ = rows.get(table, partition, [key])[key]
    newer = {**row, "v": 2, "more": "than we know"}
    rows.write(table, partition, {key: newer})
    return newer


def published_row(
    told: Process, name: Name | None = None, status: Status = Status.SUCCEEDED
) -> Published:
    return Published(Head(name, status, NOW), told, "fingerprint")


def read(published: PublishedRows, told: Process) -> Published:
    """The row of a process, which is there."""
    key = published.key(told)
    return published.get(told.factory, told.pipeline, [key])[key]
