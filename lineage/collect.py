"""Use case 1: list finished pipeline runs, write their run rows, send batches, move the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lineage import batch, ticks
from lineage.model import FactoryId, Queue, Reference, Runs, Versioned
from lineage.store.ledger import PATIENCE, Ledger, Pause
from lineage.ticks import DAY, Ticks

PAGE = 500  # run rows written at once


@dataclass(frozen=True, slots=True)
class Collecting:
    """
    How runs are collected; durations in seconds.

    `until` ends the window, and stands still while a factory is read. `patience` is how long a
    reference may be under way before it is sent again: nothing, where the queue died with the
    process; None is for ever, while nothing could be reported. `pauses` are begin and end of such
    times. What is sent is seen by workers after `delay`.
    """

    until: Ticks
    now: Ticks
    lookback: float
    overlap: float
    lanes: int
    most: int
    patience: float | None = PATIENCE
    pauses: Sequence[Pause] = ()
    delay: float = 0.0


def collect(factory: FactoryId, runs: Runs, ledger: Ledger, queue: Queue, how: Collecting) -> None:
    """
    Send every finished pipeline run that is not known as it is now, and those sent too long ago.

    Row before message before cursor: a kill between any two lines leaves a run to be listed or sent
    once more, never one forgotten. Where a listing is incomplete its error is let through and the
    cursor stays. A long window is read from its old end, in parts.
    """
    seen = ledger.see(factory)
    if how.patience is not None:
        late = ledger.overdue(factory, how.now, how.patience, how.pauses, seen)
        _send(factory, late, queue, how)
    cursor: Versioned | None = seen.cursor
    for since, until in _windows(seen.scanned, how):
        listed = (run.reference for run in runs.finished(since, until))
        queued: list[Reference] = []
        try:
            for page in _pages(listed):
                new = ledger.unknown(factory, page)
                ledger.enqueue(factory, new, how.now)
                queued += new
        finally:  # what was listed before an error can be reported all the same
            _send(factory, queued, queue, how)
        ledger.move_cursor(factory, until, cursor)
        cursor = None  # it is another now


def _send(factory: FactoryId, runs: Iterable[Reference], queue: Queue, how: Collecting) -> None:
    for each in batch.cut(factory, runs, how.lanes, how.most):
        queue.send(each, how.delay)


def _windows(scanned: Ticks | None, how: Collecting) -> Iterator[tuple[Ticks, Ticks]]:
    """What is still to be listed, in parts of a day at most, the oldest first."""
    if scanned is None:
        since = ticks.shift(how.until, -how.lookback)
    else:
        since = ticks.shift(scanned, -how.overlap)
    while since < how.until:
        until = min(Ticks(since + DAY), how.until)
        yield since, until
        since = until


def _pages(runs: Iterator[Reference]) -> Iterator[list[Reference]]:
    while page := list(islice(runs, PAGE)):
        yield page
