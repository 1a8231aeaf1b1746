"""One sync: collect and report side by side, under their leases. No I/O at import."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import Any
from uuid import uuid4

from lineage import ticks, wiring
from lineage.auth import Credential, credential
from lineage.catalog.rest import RestCatalog
from lineage.collect import Collecting, collect
from lineage.desk import Desk
from lineage.errors import LineageError, Rejected, SettingsError, Unavailable
from lineage.leases import Leases
from lineage.model import Batch, Definitions, FactoryId, Outcome, Process, Reading
from lineage.queue import LocalQueue
from lineage.report import held, report
from lineage.settings import MissingAssets, RunAttributes, Settings
from lineage.sources.rest import RETENTION
from lineage.store.ledger import Ledger
from lineage.store.notes import Notes
from lineage.store.published import PublishedRows
from lineage.store.sweep import sweep
from lineage.summary import Summary
from lineage.ticks import DAY, Ticks
from lineage.translate import TRANSLATORS
from lineage.translate.once import Once
from lineage.translate.spelt import Spelt
from lineage.wiring import Access, Source, now

log = logging.getLogger(__name__)

MOST_THREADS = 8
TAKEN = 0.05  # seconds until a batch is looked at again whose lane is taken
_OWNER = "sync-"  # what the owners of leases are called that a sync takes
GONE = "the source no longer has this pipeline run: what was open of it is Failed"
HOPELESS = 3  # batches in a row of which nothing could be read: their factory is down

OnOutcome = Callable[[Outcome], None]


class App:
    """The doors of one set of settings, opened on first use and closed together."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], Ticks] = now,
        access: Access = Access.WRITE,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._stack = ExitStack()
        rows = self._stack.enter_context(wiring.rows(settings, access))
        self._rows = rows
        self._opened = wiring.catalog(
            settings, access, rows, clock, lambda: self._identity, self._stack
        )
        self.catalog, self.account = self._opened.catalog, self._opened.account
        self.ledger = Ledger(rows)
        self.notes = Notes(rows)
        self.leases = Leases(self.notes, self.catalog.address, clock, lambda: self._alone())
        self.published = PublishedRows(rows, self.catalog.address)
        self.queue = LocalQueue()
        self.translate = Once()
        self._prints: dict[int, tuple[Process, str]] = {}
        self._access = access
        self._alone: Callable[[], None] = lambda: None
        self._lock = Lock()
        self._sources: dict[FactoryId, Source] = {}

    def __enter__(self) -> App:
        return self

    def __exit__(self, *ended: object) -> None:
        self._stack.close()

    def source(self, factory: FactoryId) -> Source:
        """The runs and definitions of a factory."""
        with self._lock:
            if factory not in self._sources:
                made = Source(factory, self.settings, self._identity, self.clock)
                self._stack.callback(made.close)
                self._sources[factory] = made
            return self._sources[factory]

    def definitions(self, factory: FactoryId) -> Definitions:
        """Those of a factory, which is named as the catalog wants it; after a prefetch."""
        return Spelt(self.source(factory).definitions, self.account.naming)

    @property
    def server(self) -> RestCatalog:
        """The server behind the catalog. Raises `SettingsError` where it is embedded."""
        if self._opened.server is None:
            raise SettingsError(
                "LINEAGE_CATALOG: the embedded catalog has every type: nothing to do"
            )
        return self._opened.server

    @cached_property
    def _identity(self) -> Credential | None:
        """One sign-in for all sources and the catalog."""
        return credential(self.settings)

    def sync(self, until: Ticks | None, on_outcome: OnOutcome) -> Summary:
        """
        One whole pass: collect, report, until nothing is left that can be done now.

        The store is held for the length of it. Raises `Unavailable` where another sync has it.
        """
        summary, began = Summary(), time.monotonic()
        factories = self.settings.require_factories()
        with ExitStack() as stack:
            if self._access is Access.WRITE:
                alone = wiring.alone(self.settings, self.notes, self.clock)
                self._alone = stack.enter_context(alone)
            self.notes.void(_OWNER)  # of syncs that were killed
            self._run(factories, until, on_outcome, summary)
            self._sweep(factories)
        for factory in factories:
            summary.factories[factory] = self.standing(factory)
            if backlog := summary.factories[factory]["backlog"]:
                waiting = f"{backlog} pipeline runs are still waiting: run sync again"
                summary.problems.setdefault(factory, waiting)
        summary.counts += self.catalog.counts
        summary.counts["sourceCalls"] = sum(each.calls for each in self._sources.values())
        summary.seconds = time.monotonic() - began
        return summary

    def _sweep(self, factories: Sequence[FactoryId]) -> None:
        """Forget what was settled longer ago than the ledger is to keep."""
        now = self.clock()
        for factory in factories:
            removed = sweep(self._rows, factory, Ticks(now - DAY * self.settings.ledger_days), now)
            log.info("%s: %d rows of long settled runs are removed", factory, removed)

    def standing(self, factory: FactoryId) -> dict[str, Any]:
        """Cursor, watermark and backlog of a factory."""
        found = self.ledger.standing(factory, self.settings.overlap, most=None)
        return {
            "cursor": None if found.cursor is None else ticks.text(found.cursor),
            "watermark": None if found.watermark is None else ticks.text(found.watermark),
            "backlog": found.backlog,
        }

    def _run(
        self,
        factories: Sequence[FactoryId],
        until: Ticks | None,
        on_outcome: OnOutcome,
        summary: Summary,
    ) -> None:
        """Collect and report side by side: a factory that hangs holds nobody up."""
        began = self.clock()
        end = ticks.shift(began, -self.settings.lag)
        how = Collecting(
            until=end if until is None else max(min(until, end), Ticks(end - RETENTION)),
            now=began,
            lookback=self.settings.lookback,
            overlap=self.settings.overlap,
            lanes=self.settings.lanes,
            most=self.settings.batch,
            patience=0.0,
        )
        workers = min(MOST_THREADS, self.settings.lanes * len(factories))
        with ThreadPoolExecutor(MOST_THREADS) as collectors, ThreadPoolExecutor(workers) as lanes:
            listing = [
                collectors.submit(self._collect, factory, how, summary) for factory in factories
            ]
            working = [
                lanes.submit(
                    self._work, lambda: all(f.done() for f in listing), on_outcome, summary
                )
                for _ in range(workers)
            ]
            for each in (*listing, *working):
                each.result()

    def _collect(self, factory: FactoryId, how: Collecting, summary: Summary) -> None:
        try:
            collect(factory, self.source(factory).runs, self.ledger, self.queue, how)
        except LineageError as error:
            self._problem(summary, factory, error)
            self._rest(summary, factory, error)

    def _work(self, listed: Callable[[], bool], on_outcome: OnOutcome, summary: Summary) -> None:
        """Take batches until everything is listed and nothing is left."""
        while not (listed() and self.queue.idle):
            batch = self.queue.receive(patience=TAKEN)
            if batch is None:
                continue
            try:
                if batch.factory in summary.resting:
                    continue  # its runs stay queued, for the next sync
                for outcome in self.report(batch, summary):
                    with self._lock:
                        summary.runs[outcome.status.value] += 1
                        on_outcome(outcome)
            except LineageError as error:  # of the store: a lease may be left, and block its lane
                self._problem(summary, batch.factory, error)
                with self._lock:
                    summary.resting.add(batch.factory)
            finally:
                self.queue.done()

    def report(self, batch: Batch, summary: Summary) -> Iterator[Outcome]:
        """Report one batch under its lane's lease; a taken lane puts it back on the queue."""
        self._alone()
        owner = f"{_OWNER}{uuid4().hex}"
        lane = f"{batch.factory.lower()}|{batch.lane}"
        with self.notes.lease(lane, owner, self.clock()) as taken:
            if not taken:
                self.queue.send(batch, delay=TAKEN * (1 + random.random()))  # noqa: S311  # jitter
                return
            yield from self._report(batch, lane, owner, summary)

    def _report(self, batch: Batch, lane: str, owner: str, summary: Summary) -> Iterator[Outcome]:
        source = self.source(batch.factory)
        read = source.runs.read(batch)
        reading = source.definitions.prefetch(read, TRANSLATORS)
        if reading.gone:
            log.warning("%s: %d pipeline runs are gone", batch.factory, len(reading.gone))
            self.ledger.give_up(batch.factory, reading.gone, self.clock())
            with self._lock:
                told = {f"{batch.factory}/pipelineruns/{run.id}": GONE for run in reading.gone}
                summary.problems.update(told)
        self._unread(batch, reading, summary, barren=bool(read.unread) and not read.listed)
        desk = Desk(
            self.catalog,
            self.ledger,
            self.published,
            renew=lambda: self.leases.renew(lane, owner),
            creating=lambda: self.leases.creating(lane, owner),
            clock=self.clock,
            overlap=self.settings.overlap,
            create=self.settings.missing_assets is MissingAssets.CREATE,
            native=self.settings.native.value,
            daily=self.settings.run_attributes is RunAttributes.DAILY,
            most=self._opened.most,
            possible=self.account.possible,
            prints=self._prints,
        )
        try:
            definitions = self.definitions(batch.factory)
            yield from report(batch, reading, definitions, self.translate, desk)
        except (Rejected, SettingsError, Unavailable) as error:
            self._closed(summary, batch.factory, error)
            yield from self.ledger.settling(batch, held(reading, error), self.clock())

    def _unread(self, batch: Batch, reading: Reading, summary: Summary, *, barren: bool) -> None:
        """
        What was left unread goes back on the queue, if asking again is of any use now.

        `barren` says that no run could be read. Runs whose definitions cannot be had don't count:
        one dead dataset would put the whole factory to rest, in every sync anew.
        """
        factory = batch.factory
        with self._lock:
            summary.barren[factory] = summary.barren[factory] + 1 if barren else 0
            if reading.wait is not None or summary.barren[factory] >= HOPELESS:
                summary.resting.add(factory)
        if reading.unread and reading.listed and reading.wait is None:
            self.queue.send(replace(batch, runs=reading.unread))
        elif reading.unread:
            problem = reading.problem or f"{len(reading.unread)} pipeline runs could not be read"
            summary.problems.setdefault(factory, problem)

    def _closed(self, summary: Summary, factory: FactoryId, error: LineageError) -> None:
        """A catalog that is closed to us is closed for every factory."""
        closed = self._opened.closed() is not None
        self._problem(summary, "catalog" if closed else factory, error)
        resting = self.settings.factories if closed else (factory,)
        if closed or isinstance(error, SettingsError):
            with self._lock:
                summary.resting.update(resting)

    def _rest(self, summary: Summary, factory: FactoryId, error: LineageError) -> None:
        """Leave a factory alone that is closed to us, or asks for a pause."""
        asked = isinstance(error, Unavailable) and error.retry_after is not None
        if asked or isinstance(error, SettingsError):
            with self._lock:
                summary.resting.add(factory)

    def _problem(self, summary: Summary, where: str, error: LineageError) -> None:
        log.warning("%s: %s", where, error)
        with self._lock:
            summary.problems.setdefault(where, str(error))
