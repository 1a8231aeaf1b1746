"""Two workers against one, before a catalog that answers 25 requests a second."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from lineage.catalog.local import LocalCatalog
from lineage.model import FactoryId
from lineage.settings import Settings
from lineage.store.ledger import Ledger
from lineage.wiring import tables
from tests.azurite.storage import connection_to_all, serving_all
from tests.catalog.front import Answer, Asked, Said, embedded, serving
from tests.functions.chain import Chain
from tests.reliability.harness import Site
from tests.reliability.harness import serving as source_of

RATE = 25.0  # requests a second
PATIENCE = 600.0  # seconds
LATENCY = 0.3  # seconds a call of the source
ESTATE = {"pipelines": 60, "runs_per_pipeline": 6, "activities": 2, "columns": 10}


def workers() -> None:
    """Print the time of each, and the ratio."""
    took, rates = {}, {}
    for number in (1, 2):
        took[number], rates[number] = _timed(number)
    print(
        f"one worker {took[1]:.0f} s ({rates[1]:.1f} catalog requests/s), two"
        f" {took[2]:.0f} s ({rates[2]:.1f}/s), ratio {took[1] / took[2]:.2f}"
    )


def capped(answer: Answer, rate: float) -> Answer:
    """Answers at this rate at most: who comes too early waits."""
    lock, free = Lock(), [0.0]

    def paced(asked: Asked) -> Said:
        with lock:
            at = free[0] = max(free[0] + 1 / rate, time.monotonic())
        time.sleep(max(0.0, at - time.monotonic()))
        return answer(asked)

    return paced


def _timed(number: int) -> tuple[float, float]:
    """Seconds until everything is reported by so many workers, and catalog requests a second."""
    epoch = datetime.now(UTC) - timedelta(minutes=10)
    with (
        TemporaryDirectory() as folder,
        LocalCatalog(Path(folder) / "server.db") as catalog,
        serving(capped(embedded(catalog), RATE)) as front,
        serving_all() as azurite,
        source_of(Path(folder) / "source", epoch, ESTATE, "--latency", str(LATENCY)) as source,
    ):
        storage = connection_to_all(azurite, 0)
        settings = {
            "LINEAGE_CATALOG": f"atlas:{front.url}",
            "ATLAS_USERNAME": "x",
            "ATLAS_PASSWORD": "x",
            "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
            "LINEAGE_LANES": "16",
            "LINEAGE_BATCH": "5",
            "LINEAGE_IN_FLIGHT": "1",
        }
        chain = Chain(Site(Path(folder) / "site", source, settings, tables=storage))
        ledger = Ledger(tables(Settings.from_env({"AzureWebJobsStorage": storage})))
        factory = FactoryId(source.addresses.sites[0])
        with ExitStack() as stack:
            began = time.monotonic()
            for _ in range(number):
                stack.enter_context(chain.host())
            runs = prod(ESTATE[key] for key in ("pipelines", "runs_per_pipeline", "activities"))
            while ledger.totals(factory).total() < runs or ledger.backlog(factory):
                time.sleep(0.5)
                if time.monotonic() - began > PATIENCE:
                    raise TimeoutError(f"{ledger.backlog(factory)} runs are left")
            took = time.monotonic() - began
        return took, len(front.asked) / took
