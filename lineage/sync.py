"""One sync: collect and report side by side in threads, over a queue in memory."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock
from uuid import uuid4

from msgspec.structs import replace

from lineage import ticks, wiring
from lineage.app import App, Left, OnOutcome, nothing
from lineage.collect import Collecting, collect
from lineage.errors import LineageError, SettingsError, Unavailable
from lineage.model import Batch, FactoryId, Outcome, Reading
from lineage.queue import LocalQueue
from lineage.sources.rest import RETENTION
from lineage.summary import Summary
from lineage.ticks import Ticks
from lineage.wiring import Access

log = logging.getLogger(__name__)

MOST_THREADS = 8
TAKEN = 0.05  # seconds until a batch is looked at again whose lane is taken
_OWNER = "sync-"  # what the owners of leases are called that a sync takes
GONE = "the source no longer has this pipeline run: what was open of it is Failed"
HOPELESS = 3  # batches in a row of which nothing could be read: their factory is down


def sync(app: App, until: Ticks | None, on_outcome: OnOutcome) -> Summary:
    """
    One whole pass: collect, report, until nothing is left that can be done now.

    The store is held for the length of it. Raises `Unavailable` where another sync has it.
    """
    summary, began = Summary(), time.monotonic()
    factories = app.settings.require_factories()
    with ExitStack() as stack:
        alone = nothing
        if app.access is Access.WRITE:
            alone = stack.enter_context(wiring.alone(app.settings, app.notes, app.clock))
        app.notes.void(_OWNER)  # of syncs that were killed
        _Pass(app, summary, on_outcome, alone).run(factories, until)
        for factory in factories:
            app.sweep(factory)
    for factory in factories:
        summary.factories[factory] = app.standing(factory)
        if backlog := summary.factories[factory]["backlog"]:
            waiting = f"{backlog} pipeline runs are still waiting: run sync again"
            summary.problems.setdefault(factory, waiting)
    summary.counts += app.catalog.counts
    summary.counts["sourceCalls"] = app.source_calls
    summary.seconds = time.monotonic() - began
    return summary


class _Pass:
    """The threads of one sync, and what they find; `alone` raises where the store was lost."""

    def __init__(
        self, app: App, summary: Summary, on_outcome: OnOutcome, alone: Callable[[], None]
    ) -> None:
        self._app = app
        self._summary = summary
        self._on_outcome = on_outcome
        self._alone = alone
        self._queue = LocalQueue()
        self._lock = Lock()

    def run(self, factories: Sequence[FactoryId], until: Ticks | None) -> None:
        """Collect and report side by side: a factory that hangs holds nobody up."""
        settings, began = self._app.settings, self._app.clock()
        end = ticks.shift(began, -settings.lag)
        how = Collecting(
            until=end if until is None else max(min(until, end), Ticks(end - RETENTION)),
            now=began,
            lookback=settings.lookback,
            overlap=settings.overlap,
            lanes=settings.lanes,
            most=settings.batch,
            patience=0.0,
        )
        workers = min(MOST_THREADS, settings.lanes * len(factories))
        with ThreadPoolExecutor(MOST_THREADS) as collectors, ThreadPoolExecutor(workers) as lanes:
            listing = [collectors.submit(self._collect, factory, how) for factory in factories]
            working = [
                lanes.submit(self._work, lambda: all(f.done() for f in listing))
                for _ in range(workers)
            ]
            for each in (*listing, *working):
                each.result()

    def _collect(self, factory: FactoryId, how: Collecting) -> None:
        try:
            collect(factory, self._app.source(factory).runs, self._app.ledger, self._queue, how)
        except LineageError as error:
            self._problem(factory, error)
            asked = isinstance(error, Unavailable) and error.retry_after is not None
            if asked or isinstance(error, SettingsError):
                self._rest(factory)

    def _work(self, listed: Callable[[], bool]) -> None:
        """Take batches until everything is listed and nothing is left."""
        while not (listed() and self._queue.idle):
            batch = self._queue.receive(patience=TAKEN)
            if batch is None:
                continue
            try:
                if batch.factory not in self._summary.resting:  # else its runs stay queued
                    self._report(batch)
            except LineageError as error:  # of the store: a lease may be left, and block its lane
                self._problem(batch.factory, error)
                self._rest(batch.factory)
            finally:
                self._queue.done()

    def _report(self, batch: Batch) -> None:
        owner = f"{_OWNER}{uuid4().hex}"
        left = self._app.report(batch, owner, self._settled, self._alone)
        if left is None:
            self._queue.send(batch, delay=TAKEN * (1 + random.random()))  # noqa: S311  # jitter
            return
        told = {f"{batch.factory}/pipelineruns/{run.id}": GONE for run in left.reading.gone}
        with self._lock:
            self._summary.problems.update(told)
        if left.error is not None and left.unread:
            self._problem(batch.factory, left.error)
            self._rest(batch.factory)
            return
        if left.error is not None:
            self._closed(batch.factory, left.error)
        self._unread(batch, left)

    def _settled(self, outcome: Outcome) -> None:
        with self._lock:
            self._summary.runs[outcome.status.value] += 1
            self._on_outcome(outcome)

    def _unread(self, batch: Batch, left: Left) -> None:
        """
        What was left unread goes back on the queue, if asking again is of any use now.

        Runs whose definitions cannot be had don't make a batch barren: one dead dataset would put
        the whole factory to rest, in every sync anew.
        """
        factory, reading, summary = batch.factory, left.reading, self._summary
        with self._lock:
            summary.barren[factory] = summary.barren[factory] + 1 if left.barren else 0
            if reading.wait is not None or summary.barren[factory] >= HOPELESS:
                summary.resting.add(factory)
        if reading.unread and reading.listed and reading.wait is None:
            self._queue.send(replace(batch, runs=reading.unread))
        elif reading.unread:
            summary.problems.setdefault(factory, unread(reading))

    def _closed(self, factory: FactoryId, error: LineageError) -> None:
        """A catalog that is closed to us is closed for every factory."""
        closed = self._app.closed is not None
        self._problem("catalog" if closed else factory, error)
        if closed or isinstance(error, SettingsError):
            self._rest(*(self._app.settings.factories if closed else (factory,)))

    def _rest(self, *factories: FactoryId) -> None:
        """Leave factories alone that are closed to us, or ask for a pause."""
        with self._lock:
            self._summary.resting.update(factories)

    def _problem(self, where: str, error: LineageError) -> None:
        log.warning("%s: %s", where, error)
        with self._lock:
            self._summary.problems.setdefault(where, str(error))


def unread(reading: Reading) -> str:
    """Why runs of a batch could not be read."""
    return reading.problem or f"{len(reading.unread)} pipeline runs could not be read"
