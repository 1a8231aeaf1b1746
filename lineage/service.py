"""
What the triggers of the Functions app do.

Everything here may be killed anywhere, run twice, and run beside itself on another instance. What a
service cannot do now is no failure: the batch goes back on the queue with a delay, the function
returns, and the count of deliveries is not spent. Only bugs and crashes raise it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from lineage import __version__, batch, lines, ticks, web, wiring
from lineage.app import App
from lineage.collect import Collecting, collect
from lineage.errors import LineageError
from lineage.logs import tell
from lineage.model import Batch, FactoryId, Listing, Messages, PipelineRun
from lineage.readiness import Readiness
from lineage.settings import Settings
from lineage.store.asking import Standing
from lineage.store.circuits import Circuit, Circuits
from lineage.store.ledger import PATIENCE
from lineage.ticks import SECOND, Ticks
from lineage.web import Answer, Rate, Refusal, called
from lineage.worker import CALLED, Worker

log = logging.getLogger(__name__)

MOST_THREADS = 8
HASTY = 2  # times that the queue is asked while a pipeline waits for its answer
_DAILY = 20 * 3600.0  # seconds between two clean-ups, at least
_HOURLY = 3600.0  # seconds
_COLLECTING = 600.0  # seconds that a killed collector keeps others from its factory


class Service:
    """The doors of one process of the Functions app, and what its triggers do through them."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], Ticks] = wiring.now,
        queue: Messages | None = None,
    ) -> None:
        self.app = App(settings, clock=clock)
        self.settings = settings
        self.queue: Messages = wiring.queue(settings) if queue is None else queue
        self._entry: Messages = wiring.queue(settings, attempts=HASTY) if queue is None else queue
        self.circuits = Circuits(self.app.rows, clock)
        self.worker = Worker(self.app, self.queue, self.circuits)
        self._sweeping = Ticks(0)  # before this moment nobody need be asked
        self._troubled = False
        self._rate = Rate(time.monotonic)
        self._ready = Readiness(settings)

    def close(self) -> None:
        """Let go of everything."""
        self.queue.close()
        self._entry.close()
        self.app.__exit__()

    # ------------------------------------------------------------ the timer

    def collect(self) -> None:
        """
        Collect every factory, each in its thread and under its lease, and log the gauges.

        A factory that cannot be listed opens its circuit and holds up no other. Raises
        `SettingsError` where no factory is set.
        """
        factories = self.settings.require_factories()
        known = self.circuits.all()
        with ThreadPoolExecutor(min(MOST_THREADS, len(factories))) as pool:
            standings = list(pool.map(lambda each: self._collected(each, known), factories))
        self._sweep(factories)
        self._tick(dict(zip(factories, standings, strict=True)), known)

    def _sweep(self, factories: Sequence[FactoryId]) -> None:
        """Clean up once a day; who did is asked once an hour, not at each tick."""
        now = self.app.clock()
        if now < self._sweeping:
            return
        self._sweeping = ticks.shift(now, _HOURLY)
        if self.app.notes.take("sweep", uuid4().hex, now, _DAILY):
            self.app.sweep(factories)

    def _collected(self, factory: FactoryId, known: Sequence[Circuit]) -> Standing | None:
        """Collect one factory; what stands in the way is logged, and tried again next time."""
        try:
            with self._lease(f"collect|{factory.lower()}") as taken:
                if taken:
                    self._collect(factory, known)
                else:
                    tell("overlap", factory=factory)
            return self.app.ledger.standing(factory, self.settings.overlap)
        except LineageError as error:
            tell("collectFailed", factory=factory, error=str(error))
            return None

    def _collect(self, factory: FactoryId, known: Sequence[Circuit]) -> None:
        catalog, own = self.worker.circuits_of(factory)
        mine = {each.what: each for each in known if each.what in (catalog, own)}
        if own in mine and mine[own].open and self.circuits.wait(own):
            return
        shut = [each for each in mine.values() if each.open]
        now = self.app.clock()
        how = Collecting(
            until=ticks.shift(now, -self.settings.lag),
            now=now,
            lookback=self.settings.lookback,
            overlap=self.settings.overlap,
            lanes=self.settings.lanes,
            most=self.settings.batch,
            patience=None if shut else PATIENCE,
            resumed=max((each.closed for each in mine.values()), default=Ticks(0)),
            delay=max((_seconds(each.until - now) for each in shut), default=0.0),
        )
        runs = _Watched(self.app.source(factory).runs)
        try:
            collect(factory, runs, self.app.ledger, self.queue, how)
        except LineageError as error:
            tell("collectFailed", factory=factory, error=str(error))
            if runs.error is not None:  # else it is our own storage
                self._troubled = True
                self.circuits.failed(own, runs.error)
        else:
            self.circuits.worked(own)

    def _tick(self, standings: dict[FactoryId, Standing | None], known: Sequence[Circuit]) -> None:
        """
        Log the gauges: of all that happens only this line is ever looked at by an alert.

        Circuits are those `known` before, unless one of them may have changed meanwhile.
        """
        if self._troubled or any(each.open for each in known):
            self._troubled, known = False, self.circuits.all()
        now = self.app.clock()
        seen = {factory: each for factory, each in standings.items() if each is not None}
        totals = sum((each.totals for each in seen.values()), Counter[str]())
        oldest = [each.oldest for each in seen.values() if each.oldest is not None]
        watermarks = [each.watermark for each in seen.values() if each.watermark is not None]
        tell(
            "tick",
            discovered=totals.total(),
            runs=dict(sorted(totals.items())),
            backlog=sum(each.backlog for each in seen.values()),
            oldestAge=_seconds(now - min(oldest, default=now)),
            watermarkLag=_seconds(now - min(watermarks, default=now)),
            circuits=[each.what for each in known if each.open],
            unseen=[factory for factory, each in standings.items() if each is None],
        )

    @contextmanager
    def _lease(self, what: str) -> Iterator[bool]:
        owner = uuid4().hex
        taken = self.app.notes.take(what, owner, self.app.clock(), _COLLECTING)
        try:
            yield taken
        finally:
            if taken:
                self.app.notes.free(what, owner)

    # ------------------------------------------------------------ the queues

    def report(self, text: str, message: str, deliveries: int) -> None:
        """Report one message of the queue; see `Worker.report`."""
        self.worker.report(text, message, deliveries)

    def poison(self, text: str, deliveries: int) -> None:
        """Record one message of the poison queue; see `Worker.poison`."""
        self.worker.poison(text, deliveries)

    # ------------------------------------------------------------ HTTP

    def accept(self, body: bytes) -> Answer:
        """
        Take a pipeline's own call: 202 once its reference is on the queue.

        The caller is inside the run that it names, so the reference waits there until that may
        have ended; the timer finds the run whatever becomes of it. Raises `Refusal`.
        """
        if not self._rate.may():
            raise Refusal(429, "TooManyRequests", "Too many calls: the timer finds the run.", 60)
        factory, run = called(body, self.settings.factories)
        lane = batch.lane(run.pipeline, self.settings.lanes)
        try:
            self._entry.send(Batch(factory, lane, (run,)), CALLED)
        except LineageError as error:
            log.warning("a call was not taken: %s", error)
            raise Refusal(
                503, "Unavailable", "The queue takes nothing now: the timer finds the run.", 60
            ) from None
        tell("called", factory=factory, pipeline=run.pipeline, run=run.id)
        taken = {"v": 1, "accepted": True, "factory": factory, "pipelineRunId": run.id}
        return Answer(202, taken)

    def status(self, run: str | None) -> Answer:
        """Where everything stands; of one pipeline run, what became of its activity runs."""
        if run is not None:
            return Answer(200, {"v": 1, "runs": list(self._lines(run))})
        factories, ledger = self.settings.factories, self.app.ledger
        standings = {each: ledger.standing(each, self.settings.overlap) for each in factories}
        return web.status(standings, self.circuits.all(), self.worker.catalog, __version__)

    def ready(self) -> Answer:
        """Whether everything can be reached that the service needs: one line each."""
        return self._ready.answer()

    def _lines(self, run: str) -> Iterator[dict[str, Any]]:
        for factory in self.settings.factories:
            for row in self.app.ledger.rows_of(factory, run):
                published = self.app.published.get(factory, row["pipeline"], row["processes"])
                choices = self.app.published.choices
                yield lines.row_line(row, factory, published.values(), choices)


class _Watched:
    """The runs of a source; `error` is what listing them ended with."""

    def __init__(self, runs: Listing) -> None:
        self._runs = runs
        self.error: LineageError | None = None

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        """As the source gives them."""
        try:
            yield from self._runs.finished(since, until)
        except LineageError as error:
            self.error = error
            raise


def _seconds(span: int) -> int:
    return span // SECOND
