"""Rows of a newer release are read and never written, on every store."""

from msgspec.structs import replace

from lineage import ticks
from lineage.model import (
    Rows,
    Status,
)
from lineage.store.ledger import Ledger
from lineage.store.notes import Notes
from lineage.store.processes import published_partition
from lineage.store.published import PublishedRows
from lineage.store.rows import activity_key, digest, run_key
from tests.store.words import (
    NOW,
    OVERLAP,
    found,
    of_a_newer_release,
    published_row,
    read,
    settle,
    states,
    succeeded,
    waiting,
)
from tests.world import (
    FACTORY,
    activity_run,
    at,
    batch_of,
    process,
    reading,
)


def test_rows_of_a_newer_release_are_read_and_never_written(rows: Rows) -> None:
    ledger = Ledger(rows)
    mine, newer = (activity_run(run_id=f"activity-{n}") for n in (1, 2))
    batch = batch_of(reading(mine, newer))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    ledger.open(batch, reading(mine, newer), NOW, OVERLAP)
    row = of_a_newer_release(rows, activity_key(newer))

    todo = ledger.open(batch, reading(mine, newer), NOW, OVERLAP)
    recorded = ledger.settle(batch, [succeeded(mine), succeeded(newer)], NOW)

    assert todo == [mine]
    assert [outcome.run for outcome in recorded] == [mine]
    assert ledger.row(newer) == row
    assert states(rows) == "o"
    assert found(ledger, Status.PENDING) == ["activity-2"]


def test_a_run_row_of_a_newer_release_is_left_alone(rows: Rows) -> None:
    ledger, run = Ledger(rows), activity_run()
    batch = batch_of(reading(run))
    ledger.enqueue(FACTORY, batch.runs, NOW)
    row = of_a_newer_release(rows, run_key("q", run.of.reference))

    again = ledger.overdue(FACTORY, NOW, patience=0)
    settle(ledger, run)
    ledger.give_up(FACTORY, batch.runs, NOW)

    assert again == []
    assert waiting(rows, "q") == [(run.of.reference, row)]
    assert ledger.unknown(FACTORY, batch.runs) == []


def test_a_cursor_of_a_newer_release_is_left_alone(rows: Rows) -> None:
    ledger = Ledger(rows)
    ledger.move_cursor(FACTORY, at("02:00:00"))
    of_a_newer_release(rows, "c")

    ledger.move_cursor(FACTORY, at("02:30:00"))

    assert ledger.cursor(FACTORY) == at("02:00:00")


def test_a_published_row_of_a_newer_release_is_left_alone(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    published.put(published_row(process("sink", "a")), None)
    key = published.key(process("sink"))
    partition = published_partition(FACTORY, "P")
    row = of_a_newer_release(rows, f"r|{key}", "published", partition)
    known = read(published, process("sink"))

    written = published.put(replace(known, fingerprint="new"), known)

    assert known.process == process("sink", "a")
    assert not written
    assert rows.get("published", partition, [f"r|{key}"])[f"r|{key}"][0] == row


def test_a_lease_of_a_newer_release_is_held(rows: Rows) -> None:
    notes = Notes(rows)
    notes.take("lane", "me", NOW)
    of_a_newer_release(rows, digest("lane"), "notes", "lease")

    notes.free("lane", "me")
    notes.void("")

    assert not notes.take("lane", "me", NOW)
    assert not notes.take("lane", "you", ticks.shift(NOW, 10_000))
