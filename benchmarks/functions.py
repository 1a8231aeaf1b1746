"""
The figures of the Functions app: `python -m benchmarks.functions`, or with names of some of them.

Azurite (needs Node) holds the tables and queues; transactions are counted by a proxy before it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.outage import outage
from benchmarks.workers import workers
from demo.services import Options, Services
from demo.synthetic import FACTORY, synthetic
from lineage.batch import cut
from lineage.model import FactoryId
from lineage.service import Service
from lineage.settings import Settings
from lineage.ticks import DAY, Ticks
from tests.azurite.faulty import Proxy, before
from tests.azurite.storage import connection_to_all, serving_all
from tests.queue.held import HeldQueue

FIFTY = {"pipelines": 50, "runs_per_pipeline": 3, "activities": 3, "columns": 10}
THOUSAND = {"pipelines": 100, "runs_per_pipeline": 10, "activities": 3, "columns": 10}
PAIRS = 9


def main() -> None:
    """Print a line for each figure."""
    every: dict[str, Callable[[], None]] = {
        "imports": imports,
        "outage": outage,
        "transactions": transactions,
        "workers": workers,
    }
    for name in sys.argv[1:] or every:
        every[name]()


# ---------------------------------------------------------------- transactions


@dataclass(frozen=True, slots=True)
class Counted:
    """A service over storage that is counted; the queue itself is in memory."""

    service: Service
    services: Services
    queue: HeldQueue
    tables: Proxy

    def calls(self) -> int:
        """Transactions since it was asked last; what was put on the queue is counted too."""
        found = self.tables.calls + len(self.queue.sent)
        self.tables.calls = 0
        self.queue.sent.clear()
        return found

    def handle(self, most: int = 1000) -> None:
        """Report what is on the queue, so many batches at most."""
        while most and (message := self.queue.take()):
            self.service.report(message.text, message.id, message.deliveries)
            self.queue.delete(message)
            most -= 1


@contextmanager
def counted(estate: dict[str, Any], held: int = 0, overlap: str = "15m") -> Iterator[Counted]:
    epoch = datetime.now(UTC) - timedelta(minutes=10)
    with (
        TemporaryDirectory() as folder,
        serving_all() as azurite,
        Services(synthetic(epoch=epoch, **estate), Options(hold=held)) as services,
        before(azurite["table"], lambda method: None) as tables,
    ):
        environ = {
            "LINEAGE_FACTORIES": FACTORY,
            "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
            "LINEAGE_AUTH": "none",
            "LINEAGE_LANES": "1",
            "LINEAGE_LOOKBACK": "2d",
            "LINEAGE_OVERLAP": overlap,
            "LINEAGE_STORE": "table:",
            "LINEAGE_CATALOG": f"local:{Path(folder) / 'catalog.db'}",
            "AzureWebJobsStorage": connection_to_all(azurite | {"table": tables.address}, 0),
        }
        settings = Settings.from_env(environ)
        queue = HeldQueue(lambda: service.app.clock())
        service = Service(settings, queue=queue)
        try:
            yield Counted(service, services, queue, tables)
        finally:
            service.close()


def transactions() -> None:
    """An idle tick, batches of fifty pipeline runs, and a thousand."""
    with counted({**FIFTY, "runs_per_pipeline": 1}) as idle:
        idle.service.collect()
        idle.handle()
        idle.calls()
        _measured("an idle tick of one factory", idle, idle.service.collect)
    # What is held back is found whenever it appears:
    with counted(FIFTY, held=50, overlap="1d") as each:
        each.service.collect()
        each.calls()
        _measured("a batch of 50 new pipeline runs", each, lambda: each.handle(most=1))
        each.handle()
        each.calls()
        each.services.release_held()
        each.service.collect()
        each.calls()
        _measured("a batch of 50 runs of known pipelines", each, each.handle)
        _again(each)
        _measured("a batch of 50 unchanged pipeline runs", each, each.handle)
    with counted(THOUSAND) as whole:
        ticks = _measured("a tick that finds 1,000 pipeline runs", whole, whole.service.collect)
        reports = _measured("their reports, in 20 batches", whole, whole.handle)
        print(f"1,000 pipeline runs (3,000 activity runs): {ticks + reports} transactions")


def _again(each: Counted) -> None:
    """Open fifty pipeline runs again, which were reported, and put them on the queue."""
    app, factory = each.service.app, FactoryId(FACTORY)
    listed = app.source(factory).runs.finished(Ticks(app.clock() - 2 * DAY), app.clock())
    runs = [run.reference for run in listed][:50]
    rows = [row for run in runs for row in app.ledger.rows_of(factory, run.id)]
    app.ledger.replay(factory, rows, app.clock())
    for batch in cut(factory, runs, 1, 50):
        each.queue.send(batch)
    each.calls()


def _measured(what: str, each: Counted, act: Callable[[], object]) -> int:
    writes = each.service.app.catalog.counts["entities"]
    act()
    count = each.calls()
    sent = each.service.app.catalog.counts["entities"] - writes
    print(f"{what}: {count} transactions, {sent} entities sent", flush=True)
    return count


# ---------------------------------------------------------------- imports


def imports() -> None:
    """A cold start, in processes that begin anew, in turn with what it is measured by."""
    yardstick = "import azure.functions, azure.identity, requests"
    for what in ("import function_app", "import function_app, lineage.service"):
        pairs = [(_seconds(what), _seconds(yardstick)) for _ in range(PAIRS)]
        ours, theirs = (median(side) for side in zip(*pairs, strict=True))
        ratio = median(a / b for a, b in pairs)
        print(f"`{what}`: {ours:.2f} s, `{yardstick}`: {theirs:.2f} s, ratio {ratio:.2f}")


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  # ourselves
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
