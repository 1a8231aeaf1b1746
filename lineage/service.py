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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

from lineage import __version__, batch, lines, ticks, web, wiring
from lineage.app import App
from lineage.collect import Collecting, collect
from lineage.errors import LineageError
from lineage.logs import tell
from lineage.model import Batch, FactoryId, Messages
from lineage.poison import POSTPONED, Poison
from lineage.queue import POISON
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
_QUEUES = ("AZURE_", "AzureWebJobsStorage", "LINEAGE_QUEUE")  # what leads to them
_SWEEP = "sweep"
_DAILY = 20 * 3600.0  # seconds between two clean-ups, at least
_HOURLY = 3600.0  # seconds


class Service:
    """The doors of one process of the Functions app, and what its triggers do through them."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], Ticks] = wiring.now,
        queue: Messages | None = None,
        poisoned: Messages | None = None,
    ) -> None:
        """`queue` passes batches on, and takes calls of pipelines by a door that waits less."""
        self.app = App(settings, clock=clock, shut=0.0)  # circuits do that, for all processes
        self.settings = settings
        own = queue is None
        self.queue: Messages = wiring.queue(settings) if queue is None else queue
        self._calls: Messages = wiring.queue(settings, quick=True) if own else self.queue
        self._poisoned: Messages = poisoned or wiring.queue(settings, POISON)
        self.circuits = Circuits(self.app.rows, clock)
        self.worker = Worker(self.app, self.queue, self.circuits)
        self.poisons = Poison(self.app, self.queue, self._poisoned)
        self._sweeping = Ticks(0)  # before this moment nobody need be asked
        self._troubled = False
        self.rate = Rate(time.monotonic)
        self._ready = Readiness(settings)

    def close(self) -> None:
        """Let go of everything."""
        for each in (self.queue, self._calls, self._poisoned):
            each.close()
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
        self._tick(dict(zip(factories, standings, strict=True)), known)
        self._sweep(factories)

    def _collected(self, factory: FactoryId, known: Sequence[Circuit]) -> Standing | None:
        """Collect one factory; what stands in the way is logged, and tried again next time."""
        try:
            what = f"collect|{factory.lower()}"
            with self.app.notes.lease(what, uuid4().hex, self.app.clock()) as taken:
                if taken:
                    self._collect(factory, known)
                else:
                    tell("overlap", factory=factory)
            return self.app.ledger.standing(factory, self.settings.overlap)
        except LineageError as error:
            tell("collectFailed", factory=factory, error=str(error))
        except Exception:  # a bug holds up its own factory only
            log.exception("collecting %s", factory)
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
            pauses=[(each.since, each.closed) for each in mine.values() if not each.open],
            delay=max((_seconds(each.until - now) for each in shut), default=0.0),
        )
        try:
            collect(factory, self.app.source(factory).runs, self.app.ledger, self.queue, how)
        except LineageError as error:
            tell("collectFailed", factory=factory, error=str(error))
            if not error.of_storage:
                self._troubled = True
                self.circuits.failed(own, error)
        else:
            self.circuits.worked(own)

    def _sweep(self, factories: Sequence[FactoryId]) -> None:
        """Clean up once a day; who did is asked once an hour, and a failure tried again then."""
        owner, now = uuid4().hex, self.app.clock()
        if now < self._sweeping:
            return
        self._sweeping = ticks.shift(now, _HOURLY)
        try:
            if not self.app.notes.take(_SWEEP, owner, now, _DAILY):
                return
            for factory in factories:
                self.app.sweep(factory)
        except LineageError as error:
            tell("sweepFailed", error=str(error))
            with suppress(LineageError):
                self.app.notes.free(_SWEEP, owner)

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

    # ------------------------------------------------------------ the queues

    def report(self, text: str, message: str, deliveries: int) -> None:
        """Report one message of the queue; see `Worker.report`."""
        self.worker.report(text, message, deliveries)

    def poison(self, text: str, deliveries: int) -> None:
        """Record one message of the poison queue; see `Poison.record`."""
        self.poisons.record(text, deliveries)

    # ------------------------------------------------------------ HTTP

    def accept(self, body: bytes) -> Answer:
        """
        Take a pipeline's own call: 202 once its reference is on the queue.

        The caller is inside the run that it names, so the reference waits there until that may
        have ended; the timer finds the run whatever becomes of it. Raises `Refusal`.
        """
        if not self.rate.may():
            raise Refusal(429, "TooManyRequests", "Too many calls: the timer finds the run.", 60)
        factory, run = called(body, self.settings.factories)
        lane = batch.lane(run.pipeline, self.settings.lanes)
        try:
            self._calls.send(Batch(factory, lane, (run,)), CALLED)
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


def postpone(environ: Mapping[str, str], text: str, suffix: str, why: LineageError) -> None:
    """
    Put a message back that came while the settings were wrong: that is no fault of its runs.

    Of the settings only those are read that lead to the queue. Raises what is wrong with them.
    """
    kept = {name: value for name, value in environ.items() if name.startswith(_QUEUES)}
    with closing(wiring.queue(Settings.from_env(kept), suffix)) as queue:
        queue.put(text, POSTPONED)
    tell("settingsWrong", error=str(why))


def _seconds(span: int) -> int:
    return span // SECOND
