"""Four hours without a catalog, in simulated time: how many messages, calls and state changes."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

from demo.services import Services
from demo.synthetic import FACTORY, synthetic
from lineage import ticks
from lineage.errors import Unavailable
from lineage.logs import events
from lineage.model import FactoryId, Json, Name
from lineage.service import Service
from lineage.settings import Settings
from lineage.ticks import SECOND, Ticks
from lineage.worker import Worker
from tests.queue.held import HeldQueue

HOURS = 4
TICK = 300.0  # seconds
# 10 runs a second in batches of 50 are a batch each 5 s: here, batches of one run each, as often.
# The estate's runs are spread over two days, of which the simulated time is a part.
ESTATE: dict[str, Any] = {"pipelines": 320, "runs_per_pipeline": 108, "activities": 1, "columns": 1}
SPAN = 2 * 86_400


class Down:
    """A catalog that is down from one moment to another; `calls` are those made meanwhile."""

    def __init__(self, catalog: Any, clock: Any, begin: Ticks, end: Ticks) -> None:
        self._catalog = catalog
        self._clock = clock
        self._begin, self._end = begin, end
        self.address = str(catalog.address)
        self.counts = catalog.counts
        self.calls = 0

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        self._meet()
        return cast("list[Json]", self._catalog.get(type_name, names))

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        self._meet()
        return cast("Mapping[str, str]", self._catalog.send(entities))

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        raise NotImplementedError  # no report asks for it

    def delete(self, name: Name) -> None:
        self._catalog.delete(name)

    def _meet(self) -> None:
        if self._begin <= self._clock() < self._end:
            self.calls += 1
            raise Unavailable("the catalog is down")


class Told(logging.Handler):
    """Counts the events that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.counts[record.getMessage().split('"')[3]] += 1


def outage() -> None:
    """Print what came of it."""
    began = time.monotonic()
    epoch = datetime.now(UTC).replace(microsecond=0)
    told = Told()
    events.addHandler(told)
    events.setLevel(logging.INFO)
    events.propagate = False
    with TemporaryDirectory() as folder, Services(synthetic(epoch=epoch, **ESTATE)) as services:
        settings = Settings.from_env(
            {
                "LINEAGE_FACTORIES": FACTORY,
                "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
                "LINEAGE_AUTH": "none",
                "LINEAGE_BATCH": "1",
                "LINEAGE_LOOKBACK": "5m",
                "LINEAGE_STORE": f"sqlite:{Path(folder) / 'store.db'}",
                "LINEAGE_CATALOG": f"local:{Path(folder) / 'catalog.db'}",
                "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            }
        )
        now = [ticks.shift(ticks.of(epoch), -8 * 3600)]
        begin = ticks.shift(now[0], 1800)
        end = ticks.shift(begin, HOURS * 3600)
        queue = HeldQueue(lambda: now[0])
        service = Service(settings, clock=lambda: now[0], queue=queue)
        catalog = Down(service.app.catalog, lambda: now[0], begin, end)
        cast("Any", service.app).catalog = catalog
        random = Random(1)  # noqa: S311  # spreads what comes back
        service.worker = Worker(service.app, queue, service.circuits, jitter=random.random)
        counts: Counter[str] = Counter()
        peak = _run(service, queue, now, begin, end, counts)
        left = service.app.ledger.backlog(FactoryId(FACTORY))
        closed = [each.open for each in service.circuits.all()]
        service.close()
    print(
        f"{HOURS} h without a catalog, a batch each {SPAN / 34_560:.0f} s (10 runs/s in batches of"
        f" 50): {counts['new']} batches sent by the timer, {counts['sent'] - counts['new']} put"
        f" back ({(counts['sent'] - counts['new']) / HOURS / 3600:.1f}/s on average, {peak} in the"
        f" busiest minute), {catalog.calls} catalog calls, {told.counts['circuit']} state changes"
        f" of its circuit, at most {counts['waiting']} messages on the queue;"
        f" {(counts['drained'])} min after the catalog is back {left} runs are left, open"
        f" circuits: {closed.count(True)} ({time.monotonic() - began:.0f} s)"
    )


def _run(
    service: Service,
    queue: HeldQueue,
    now: list[Ticks],
    begin: Ticks,
    end: Ticks,
    counts: Counter[str],
) -> int:
    """Let time pass until an hour after the outage; the messages of its busiest minute."""
    due = now[0]
    minutes: Counter[int] = Counter()
    over = ticks.shift(end, 3600)
    while now[0] < over:
        wait = queue.next_in
        upcoming = over if wait is None else ticks.shift(now[0], wait)
        during = begin <= now[0] < end
        queue.sent.clear()
        if due <= upcoming:
            now[0] = max(now[0], due)
            service.collect()
            due = ticks.shift(due, TICK)
            counts["new"] += len(queue.sent) * during
        else:
            now[0] = max(now[0], upcoming)
            message = queue.take()
            if message is None:
                continue
            service.report(message.text, message.id, message.deliveries)
            queue.delete(message)
            minutes[(now[0] - begin) // (60 * SECOND)] += len(queue.sent) * during
        counts["sent"] += len(queue.sent) * during
        counts["waiting"] = max(counts["waiting"], len(queue))
        if now[0] >= end and len(queue):
            counts["drained"] = (now[0] - end) // (60 * SECOND)
    return max(minutes.values(), default=0)
