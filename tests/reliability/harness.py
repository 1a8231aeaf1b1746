"""Runs the real command line on the loopback services, in processes that may be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo import estate
from demo.process import Addresses, running
from demo.shapes import Json
from demo.synthetic import synthetic
from lineage.catalog.local import LocalCatalog
from tests.reliability.evidence import Evidence, gather, watch
from tests.reliability.truth import Truth, truth_of

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds for one sync
SUMMARY = '"event":"summary"'


@dataclass(frozen=True, slots=True)
class Source:
    """The services, where they write what they gave away, and the truth about what they serve."""

    addresses: Addresses
    history: Path
    truth: Truth

    def told(self) -> int:
        """Bytes of history so far."""
        return self.history.stat().st_size if self.history.exists() else 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sync ended; `code` is negative after a signal."""

    code: int
    lines: tuple[Mapping[str, Any], ...]
    errors: str

    @property
    def summary(self) -> Mapping[str, Any] | None:
        """The last line of a sync that came to its end."""
        last = self.lines[-1] if self.lines else {}
        return last if last.get("event") == "summary" else None


@contextmanager
def serving(
    folder: Path, epoch: datetime, synthesis: Mapping[str, Any], *options: str
) -> Iterator[Source]:
    """
    The loopback services with a synthetic estate, in a process of their own.

    The history goes on where one in the folder ended. `synthesis` are the arguments of
    `demo.synthetic.synthetic`, whose dates hang on `epoch`, and `options` those of the services.
    """
    folder.mkdir(parents=True, exist_ok=True)
    history = folder / "history.jsonl"
    history.touch()
    told = ["--synthetic", json.dumps(synthesis), "--epoch", epoch.isoformat()]
    with running(*told, "--history", str(history), *options) as addresses:
        yield Source(addresses, history, truth_of(synthetic(epoch=epoch, **synthesis)))


@contextmanager
def serving_sample(folder: Path, *options: str) -> Iterator[tuple[Source, Sequence[Json]]]:
    """The services with the bundled sample estate, and what a catalog knows of it beforehand."""
    folder.mkdir(parents=True)
    history = folder / "history.jsonl"
    history.touch()
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    with running("--epoch", epoch.isoformat(), "--history", str(history), *options) as addresses:
        sample = estate.load(epoch)
        yield Source(addresses, history, truth_of(sample)), sample.catalog


@dataclass(slots=True)
class Site:
    """
    A folder with a store and a catalog of its own, and how to sync into them.

    `tree` holds the program under test; `settings` are added to the environment, and `tables` is
    the connection string of an account that the store is in instead of a file. What the services
    told before this site was made, `begin` bytes of history, is not taken for evidence.
    """

    folder: Path
    source: Source
    settings: Mapping[str, str] = field(default_factory=dict)
    tree: Path = ROOT
    tables: str = ""
    begin: int = 0
    _syncs: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.begin = self.source.told()
        LocalCatalog(self.folder / "catalog.db").close()
        watch(self.folder / "catalog.db")

    def start(self) -> Running:
        """Begin a sync."""
        self._syncs += 1
        return Running(self, self.folder / f"sync-{self._syncs:03d}")

    def sync(self) -> Ended:
        """A sync from beginning to end."""
        return self.start().ended()

    def evidence(self) -> Evidence:
        """What is there now."""
        store, catalog = self.tables or self.folder / "store.db", self.folder / "catalog.db"
        return gather(store, catalog, self.source.history, self.begin)

    def environment(self) -> dict[str, str]:
        """The settings, by relative paths: two sites give the same keys."""
        kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
        addresses = self.source.addresses
        workspaces = [*addresses.synapse.values(), ""]
        return {
            **kept,
            "PYTHONPATH": str(self.tree),
            "LINEAGE_FACTORIES": ",".join(addresses.sites),
            "LINEAGE_MANAGEMENT_ENDPOINT": addresses.management,
            **({"LINEAGE_SYNAPSE_ENDPOINT": workspaces[0]} if workspaces[0] else {}),
            "LINEAGE_AUTH": "none",
            **_store(self.tables),
            "LINEAGE_CATALOG": "local:catalog.db",
            **self.settings,
        }


def _store(tables: str) -> dict[str, str]:
    if tables:
        return {"LINEAGE_STORE": "table:", "AzureWebJobsStorage": tables}
    return {"LINEAGE_STORE": "sqlite:store.db"}


class Running:
    """A sync under way; `clock` and `sleep` are the real ones."""

    def __init__(self, site: Site, name: Path) -> None:
        self._site = site
        self._told = site.source.told()
        self._out, self._errors = name.with_suffix(".out"), name.with_suffix(".err")
        with self._out.open("wb") as out, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lineage", "sync", "--json"],
                cwd=site.folder,
                env=site.environment(),
                stdout=out,
                stderr=errors,
            )

    @property
    def told(self) -> int:
        """How many bytes of history its calls have made; 0 before the first is answered."""
        return self._site.source.told() - self._told

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def log(self, which: str) -> int:
        """
        When the `store` or the `catalog` was last written to: a moment, 0 for never.

        Of tables nobody sees that: there any moment counts.
        """
        if which == "store" and self._site.tables:
            return time.monotonic_ns() // 10_000_000
        try:
            return (self._site.folder / f"{which}.db-wal").stat().st_mtime_ns
        except FileNotFoundError:  # not there yet, or gone: the program removes it at its end
            return 0

    def wait(self, done: Callable[[], bool], pause: float = 0.0005) -> None:
        """Until `done`, or the process has ended."""
        deadline = time.monotonic() + PATIENCE
        while not done() and self.alive and time.monotonic() < deadline:
            time.sleep(pause)

    def kill(self) -> Ended:
        """`kill -9`, whatever it is doing."""
        self._process.kill()
        return self.ended()

    def ended(self) -> Ended:
        """Wait for its end. One that takes too long is killed, which its code tells."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        lines = self._out.read_text("utf-8").splitlines()
        whole = [line for line in lines if line.endswith("}")]
        return Ended(code, tuple(map(json.loads, whole)), self._errors.read_text("utf-8"))
