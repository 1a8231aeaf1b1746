"""The Functions app's service in a place of ours: a factory, a catalog, a queue, and the time."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from msgspec.structs import replace

from demo.services import Services
from demo.synthetic import FACTORY as SYNTHETIC
from demo.synthetic import synthetic
from lineage import ticks
from lineage.batch import decode
from lineage.errors import LineageError
from lineage.logs import events
from lineage.model import Batch, FactoryId, Json, PipelineRun, Reading, Reference
from lineage.poison import Poison
from lineage.service import Service
from lineage.settings import Settings
from lineage.sources.rest import RestRuns
from lineage.store.rows import factory_partition
from lineage.ticks import Ticks
from lineage.web import Rate
from lineage.worker import Worker
from tests.queue.held import HeldQueue
from tests.world import Tape, TapedCatalog

FACTORY = FactoryId(SYNTHETIC)


class BreakableRuns:
    """
    Runs of a real source, unless `error` is set.

    `before` and `after` are called around each reading; `hidden` are runs that are left unread,
    with a wish for `rest`; with `running` no run has ended that is asked for.
    """

    def __init__(self, runs: RestRuns) -> None:
        self._runs = runs
        self.error: Exception | None = None
        self.before: Callable[[], None] | None = None
        self.after: Callable[[], None] | None = None
        self.hidden: set[str] = set()
        self.rest: float | None = None
        self.running = False

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        self._break()
        return self._runs.finished(since, until)

    def read(self, batch: Batch, is_over: Callable[[], bool] = lambda: False) -> Reading:
        self._break()
        seen = tuple(run for run in batch.runs if run.id not in self.hidden)
        hidden = tuple(run for run in batch.runs if run.id in self.hidden)
        found = self._runs.read(replace(batch, runs=seen), is_over)
        if self.after:
            self.after()
        return replace(found, unread=(*found.unread, *hidden), wait=self.rest)

    def find(self, reference: Reference) -> PipelineRun | None:
        self._break()
        return None if self.running else self._runs.find(reference)

    def _break(self) -> None:
        if self.before:
            self.before()
        if self.error:
            raise self.error


class BreakableCatalog(TapedCatalog):
    """One that can be told to answer no look-up either."""

    broken: LineageError | None = None

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        if self.broken:
            raise self.broken
        return super().get(type_name, names)


@dataclass(slots=True)
class Place:
    """
    A service over a synthetic factory; `now` and `seconds`, its two clocks, are moved by hand.

    `told` is what it logged, an object for each line.
    """

    services: Services
    settings: Settings
    began: Ticks
    now: Ticks
    seconds: float = 0.0
    told: list[dict[str, Any]] = field(default_factory=list)
    service: Service = field(init=False)
    queue: HeldQueue = field(init=False)
    poisoned: HeldQueue = field(init=False)
    catalog: BreakableCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.queue = HeldQueue(lambda: self.now)
        self.poisoned = HeldQueue(lambda: self.now)
        self.service = Service(
            self.settings, clock=lambda: self.now, queue=self.queue, poisoned=self.poisoned
        )
        app = self.service.app
        self.catalog = BreakableCatalog(app.catalog, Tape())
        cast("Any", app).catalog = self.catalog
        self.service.worker = Worker(
            app, self.queue, self.service.circuits, lambda: self.seconds, lambda: 0.0
        )
        self.service.rate = Rate(lambda: self.seconds)
        self.service.poisons = Poison(app, self.queue, self.poisoned, lambda: 0.0)
        for factory in self.settings.factories:
            source = app.source(factory)
            cast("Any", source).runs = BreakableRuns(source.runs)

    def runs(self, factory: FactoryId = FACTORY) -> BreakableRuns:
        return cast("BreakableRuns", self.service.app.source(factory).runs)

    def wait(self, seconds: float) -> None:
        self.now = ticks.shift(self.now, seconds)

    # ------------------------------------------------------------ doing

    def references(self) -> tuple[Reference, ...]:
        """The runs of the factory, with their run rows written."""
        listed = self.runs().finished(ticks.shift(self.began, -3 * 86400), self.now)
        found = tuple(run.reference for run in listed)
        self.service.app.ledger.enqueue(FACTORY, found, self.now)
        return found

    def handle(self, deliveries: int = 1) -> None:
        """Handle the next message, which is due; it counts as delivered so many times."""
        message = self.queue.take()
        assert message is not None, "nothing is due"
        self.service.report(message.text, message.id, max(deliveries, message.deliveries))
        self.queue.delete(message)

    def drain(self) -> None:
        """Handle whatever is due, and becomes due within the hour."""
        until = ticks.shift(self.now, 3600)
        while (left := self.queue.next_in) is not None and ticks.shift(self.now, left) <= until:
            self.wait(left)
            self.handle()

    # ------------------------------------------------------------ seeing

    def sent(self) -> list[tuple[Batch, float]]:
        """What was put on the queue since this was asked last, with its delay."""
        found = [(decode(text), delay) for text, delay in self.queue.sent]
        self.queue.sent.clear()
        return found

    def events(self, name: str = "") -> list[dict[str, Any]]:
        return [each for each in self.told if name in ("", each["event"])]

    def statuses(self) -> dict[str, int]:
        return dict(self.service.app.ledger.totals(FACTORY))

    def states(self) -> dict[str, int]:
        """Run rows by state."""
        rows = self.service.app.rows.range("runs", factory_partition(FACTORY), "", "~")
        kinds = Counter(key[0] for key, _ in rows)
        return {kind: kinds[kind] for kind in "qopx" if kinds[kind]}

    def circuits(self) -> dict[str, str]:
        """Why what is closed to us."""
        return {each.what: each.why for each in self.service.circuits.all() if each.open}


class _Keeping(logging.Handler):
    def __init__(self, told: list[dict[str, Any]]) -> None:
        super().__init__()
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(json.loads(record.getMessage()))


@contextmanager
def place(folder: Path, estate: Mapping[str, Any], **settings: str) -> Iterator[Place]:
    """A place whose factory has an estate of these numbers."""
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    with Services(synthetic(epoch=epoch, **estate)) as services:
        environ = {
            "LINEAGE_FACTORIES": FACTORY,
            "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
            "LINEAGE_AUTH": "none",
            "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
            "LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "LINEAGE_LANES": "1",
            **settings,
        }
        began = ticks.of(epoch)
        made = Place(services, Settings.from_env(environ), began, ticks.of(datetime.now(UTC)))
        keeping, level = _Keeping(made.told), events.level
        events.addHandler(keeping)
        events.setLevel(logging.INFO)
        try:
            yield made
        finally:
            events.removeHandler(keeping)
            events.setLevel(level)
            made.service.close()


def refuse(error: LineageError) -> Callable[[object], None]:
    """What a catalog does with everything it is sent."""

    def answer(_: object) -> None:
        raise error

    return answer
