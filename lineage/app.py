"""
The doors of one set of settings, and what is done through them for one batch. No I/O at import.

`sync` and `service` use it: the command line's one pass, and the Functions host's triggers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from lineage import batch as batches
from lineage import ticks, wiring
from lineage.auth import Credential, credential
from lineage.catalog.rest import CLOSED, RestCatalog
from lineage.desk import Desk
from lineage.errors import LineageError, Rejected, SettingsError, Unavailable
from lineage.leases import Leases
from lineage.model import Batch, Definitions, FactoryId, Outcome, Process, Reading
from lineage.report import held, report
from lineage.settings import MissingAssets, RunAttributes, Settings
from lineage.store.ledger import Ledger
from lineage.store.notes import Notes
from lineage.store.published import PublishedRows
from lineage.store.sweep import sweep
from lineage.ticks import DAY, Ticks
from lineage.translate import TRANSLATORS
from lineage.translate.once import Once
from lineage.translate.spelt import Spelt
from lineage.wiring import Access, Source, now

log = logging.getLogger(__name__)

OnOutcome = Callable[[Outcome], None]


def nothing() -> None:
    """Nothing stands against going on."""


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """
    What a report left of its batch.

    `reading` says what could not be read, and is `barren` where no run could be. `error` is what
    ended the report, of the source (`unread`) or of the catalog: whatever of the batch is not
    settled has to be tried again.
    """

    reading: Reading
    barren: bool = False
    error: LineageError | None = None
    unread: bool = False


class App:
    """The doors of one set of settings, opened on first use and closed together."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], Ticks] = now,
        access: Access = Access.WRITE,
        shut: float = CLOSED,
    ) -> None:
        """A catalog that is closed to us is left alone for `shut` seconds."""
        self.settings = settings
        self.clock = clock
        self.access = access
        self._stack = ExitStack()
        self.rows = self._stack.enter_context(wiring.rows(settings, access))
        self._opened = wiring.catalog(
            settings, access, self.rows, clock, lambda: self._identity, self._stack, shut=shut
        )
        self.catalog, self.account = self._opened.catalog, self._opened.account
        self.ledger = Ledger(self.rows)
        self.notes = Notes(self.rows)
        self.leases = Leases(self.notes, self.catalog.address, clock)
        self.published = PublishedRows(self.rows, self.catalog.address)
        self.translate = Once()
        self._prints: dict[int, tuple[Process, str]] = {}
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
    def source_calls(self) -> int:
        """How many calls the sources were asked."""
        return sum(each.calls for each in self._sources.values())

    @property
    def closed(self) -> LineageError | None:
        """Why the catalog takes nothing from us now, whichever factory it is of."""
        return self._opened.closed()

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

    def report(
        self,
        batch: Batch,
        owner: str,
        on_outcome: OnOutcome,
        may_go_on: Callable[[], None] = nothing,
        is_over: Callable[[], bool] = lambda: False,
    ) -> Left | None:
        """
        Report one batch under its lane's lease, which `owner` takes; None where another has it.

        `may_go_on` is asked before each bulk, and raises `Unavailable` where that is not to be sent
        any more; no run is read once `is_over`. Lets errors of the store through.
        """
        lane = batches.lease(batch)
        with self.notes.lease(lane, owner, self.clock()) as taken:
            if not taken:
                return None
            source = self.source(batch.factory)
            try:
                read = source.runs.read(batch, is_over)
                reading = source.definitions.prefetch(read, TRANSLATORS)
            except (Rejected, SettingsError, Unavailable) as error:
                return Left(Reading((), batch.runs), error=error, unread=True)
            barren = bool(read.unread) and not read.listed
            ended = self._report(batch, reading, lane, owner, on_outcome, may_go_on)
            return Left(reading, barren, ended)

    def _report(
        self,
        batch: Batch,
        reading: Reading,
        lane: str,
        owner: str,
        on_outcome: OnOutcome,
        may_go_on: Callable[[], None],
    ) -> LineageError | None:
        """Report what was read; returns the catalog's error that ended it."""
        if reading.gone:
            log.warning("%s: %d pipeline runs are gone", batch.factory, len(reading.gone))
            self.ledger.give_up(batch.factory, reading.gone, self.clock())

        def renew() -> None:
            may_go_on()
            self.leases.renew(lane, owner)

        desk = Desk(
            self.catalog,
            self.ledger,
            self.published,
            renew=renew,
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
            self.leases.renew(lane, owner)  # reading may have taken long
            definitions = self.definitions(batch.factory)
            for outcome in report(batch, reading, definitions, self.translate, desk):
                on_outcome(outcome)
        except (Rejected, SettingsError, Unavailable) as error:
            if error.of_storage:
                raise
            for outcome in self.ledger.settling(batch, held(reading, error), self.clock()):
                on_outcome(outcome)
            return error
        return None

    def sweep(self, factory: FactoryId) -> None:
        """Forget what was settled longer ago than the ledger is to keep."""
        now = self.clock()
        removed = sweep(self.rows, factory, Ticks(now - DAY * self.settings.ledger_days), now)
        log.info("%s: %d rows of long settled runs are removed", factory, removed)

    def standing(self, factory: FactoryId) -> dict[str, Any]:
        """Cursor, watermark and backlog of a factory."""
        found = self.ledger.standing(factory, self.settings.overlap, most=None)
        return {
            "cursor": None if found.cursor is None else ticks.text(found.cursor),
            "watermark": None if found.watermark is None else ticks.text(found.watermark),
            "backlog": found.backlog,
        }
