"""
The figures for a catalog: `ATLAS_URL=http://127.0.0.1:PORT python -m benchmarks.catalog`.

The server is to be a real Apache Atlas without the synthetic estate: an empty one, best.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from uuid import uuid4

from demo.process import running
from lineage.app import App
from lineage.auth import basic
from lineage.catalog import bulk
from lineage.catalog.atlas import reference
from lineage.catalog.install import everything, install
from lineage.catalog.pace import Pace
from lineage.catalog.rest import RestCatalog
from lineage.catalog.servers import SERVERS
from lineage.model import Json, Name
from lineage.settings import Settings
from lineage.sync import sync
from lineage.wiring import Counted

# 1,000 processes, with a seed by which the runs of each of the two days fill their bulks.
ESTATE = {
    "pipelines": 50,
    "runs_per_pipeline": 1,
    "activities": 30,
    "columns": 10,
    "failing": 100_000,
    "seed": 2,
}
BULKS = 10
TABLE, OPERATION = "azure_sql_table", "adf_copy_operation"


class Noting:
    """A catalog that counts the names it is asked for and the processes it is sent."""

    def __init__(self, catalog: Counted) -> None:
        self._catalog = catalog
        self.address = catalog.address
        self.counts = catalog.counts
        self.names = self.bulks = self.processes = 0
        self.seconds = 0.0

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        self.names += len(names)
        return self._catalog.get(type_name, names)

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        self.bulks += 1
        self.processes += sum(each["typeName"].endswith("_operation") for each in entities)
        began = time.perf_counter()
        assigned = self._catalog.send(entities)
        self.seconds += time.perf_counter() - began
        return assigned

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        return self._catalog.lineage(name, direction, depth)

    def delete(self, name: Name) -> None:
        self._catalog.delete(name)


def main() -> None:
    """Print a line for each figure."""
    url = os.environ["ATLAS_URL"].rstrip("/")
    name, password = os.environ.get("ATLAS_USER", "admin"), os.environ.get("ATLAS_PASS", "admin")
    auth = basic(name, password, url)
    with RestCatalog(SERVERS["atlas"], url, auth, Pace(1e9, 50, 50)) as server:
        install(server, everything)
        _bulks(server)
    with running("--synthetic", json.dumps(ESTATE)) as services, tempfile.TemporaryDirectory() as f:
        environ = {
            "LINEAGE_FACTORIES": ",".join(services.sites),
            "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
            "LINEAGE_AUTH": "none",
            "LINEAGE_STORE": f"sqlite:{f}/store.db",
            "LINEAGE_CATALOG": f"atlas:{url}",
            "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
            "LINEAGE_LANES": "1",
            "ATLAS_USERNAME": name,
            "ATLAS_PASSWORD": password,
        }
        for what in ("first sync", "second sync"):
            _sync(what, Settings.from_env(environ))


def _bulks(server: RestCatalog) -> None:
    """New processes between data sets that are there, in bulks of 50; then the same again."""
    scope = f"bench://{uuid4().hex}"
    ends = [Name(TABLE, f"{scope}/{side}") for side in ("in", "out")]
    tables = [bulk.Unit(end, ({"typeName": TABLE, "attributes": _named(end)},)) for end in ends]
    server.send(bulk.assemble(tables))
    names = [Name(OPERATION, f"{scope}/{number}") for number in range(50 * BULKS)]
    edges = {"inputs": [reference(ends[0])], "outputs": [reference(ends[1])]}
    units = [
        bulk.Unit(each, ({"typeName": OPERATION, "attributes": {**_named(each), **edges}},))
        for each in names
    ]
    for what in ("new", "unchanged"):
        began = time.perf_counter()
        for part in bulk.cut(units):
            server.send(bulk.assemble(part))
        seconds = time.perf_counter() - began
        print(
            f"{len(units)} {what} processes in {BULKS} bulks of 50: {seconds:.1f} s,"
            f" {len(units) / seconds:.0f} entities/s"
        )


def _named(name: Name) -> dict[str, object]:
    return {"qualifiedName": name.qualified, "name": name.qualified.rpartition("/")[2]}


def _sync(what: str, settings: Settings) -> None:
    with App(settings) as app:
        noting = Noting(app.catalog)
        app.catalog = noting  # type: ignore[assignment]  # a door like the one it is put before
        figures = sync(app, None, lambda _: None).json()
    print(
        f"{what}: {noting.processes} processes and {figures['entities']} entities in"
        f" {noting.bulks} bulks ({noting.seconds:.0f} s), {noting.names} names in"
        f" {figures['catalogReads']} look-ups, {figures['catalogWrites']} writes,"
        f" {figures['seconds']:.0f} s, complete: {figures['complete']}"
    )


if __name__ == "__main__":
    main()
