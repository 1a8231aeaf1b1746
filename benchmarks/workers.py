"""Two workers against one, before a catalog that answers 25 requests a second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
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
SHAPES: Mapping[str, tuple[Mapping[str, int], float]] = {
    "few processes, many runs": (
        {"pipelines": 6, "runs_per_pipeline": 30},
        0.1,
    ),
    "many processes, up to the cap": ({"pipelines": 60, "runs_per_pipeline": 1}, 0.1),
}


def workers() -> None:
    """Print the time of each, and the ratio."""
    for what, (shape, latency) in SHAPES.items():
        took, rates = {}, {}
        for number in (1, 2):
            took[number], rates[number] = _timed(shape, latency, number)
        print(
            f"{what}: one worker {took[1]:.0f} s ({rates[1]:.1f} catalog requests/s), two"
            f" {took[2]:.0f} s ({rates[2]:.1f}/s), ratio {took[1] / took[2]:.2f}",
            flush=True,
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


def _timed(shape: Mapping[str, int], latency: float, number: int) -> tuple[float, float]:
    """Seconds until everything is reported by so many workers, and catalog requests a second."""
    epoch = datetime.now(UTC) - timedelta(minutes=10)
    estate = {"activities": 3, "columns": 10, **shape}
    with (
        TemporaryDirectory() as folder,
        LocalCatalog(Path(folder) / "server.db") as catalog,
        serving(capped(embedded(catalog), RATE)) as front,
        serving_all() as azurite,
        source_of(Path(folder) / "source", epoch, estate, "--latency", str(latency)) as source,
    ):
        storage = connection_to_all(azurite, 0)
        settings = {
            "LINEAGE_CATALOG": f"atlas:{front.url}",
            "ATLAS_USERNAME": "x",
            "ATLAS_PASSWORD": "x",
            "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
            "LINEAGE_LANES": "8",
            "LINEAGE_BATCH": "10",
            "LINEAGE_IN_FLIGHT": "1",
        }
        chain = Chain(Site(Path(folder) / "site", source, settings, tables=storage))
        ledger = Ledger(tables(Settings.from_env({"AzureWebJobsStorage": storage})))
        factory = FactoryId(source.addresses.sites[0])
        with ExitStack() as stack:
            began = time.monotonic()
            for _ in range(number):
                stack.enter_context(chain.host())
            runs = shape["pipelines"] * shape["runs_per_pipeline"] * estate["activities"]
            while ledger.totals(factory).total() < runs or ledger.backlog(factory):
                time.sleep(0.5)
                if time.monotonic() - began > PATIENCE:
                    raise TimeoutError(f"{ledger.backlog(factory)} runs are left")
            took = time.monotonic() - began
        return took, len(front.asked) / took
