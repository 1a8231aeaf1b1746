"""Hosts of the Functions app over one storage account and one catalog, which may be killed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from tests.reliability import copies
from tests.reliability.harness import ROOT, Site
from tests.reliability.planted import Patch, plant

QUEUE = "lineage-batches"
HIDDEN = 2  # seconds until a message comes back whose host was killed; 600 in Azure
STARTING = 60.0  # seconds for a host to come up
_FIGURES = "AzureFunctionsJobHost__extensions__queues__"
SETTINGS = {
    "LINEAGE_SCHEDULE": "*/2 * * * * *",
    "LINEAGE_QUEUE": QUEUE,
    f"{_FIGURES}batchSize": "4",
    f"{_FIGURES}newBatchThreshold": "2",
    f"{_FIGURES}visibilityTimeout": "00:00:01",
    f"{_FIGURES}maxPollingInterval": "00:00:00.200",
    f"{_FIGURES}maxDequeueCount": "1000",  # by kills alone none is to be poisoned
}


def app(patches: tuple[Patch, ...], root: Path, folder: Path) -> Path:
    """A copy of the app and its host in `folder`, patched. Raises `NoMatch`."""
    tree = plant(patches, root, folder)
    shutil.copytree(ROOT / "host", tree / "host")
    for path in (ROOT / "function_app.py", ROOT / "host.json", Path(copies.__file__)):
        shutil.copy(path, tree)
    return tree


@dataclass(slots=True)
class Host:
    """A host in a process, and where it says that it listens, and what it logs."""

    process: subprocess.Popen[bytes]
    draft: Path
    log: Path

    @property
    def up(self) -> bool:
        """Whether it listens."""
        return self.draft.exists()

    def told(self) -> tuple[str, str]:
        """Its address and key."""
        said = json.loads(self.draft.read_text(encoding="utf-8"))
        return said["address"], said["key"]

    def kill(self) -> None:
        """`kill -9`, whatever it is doing."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Hosts:
    """The hosts of a site whose store is in tables: each has a place, and many lives."""

    def __init__(
        self, site: Site, settings: Mapping[str, str] | None = None, hidden: int = HIDDEN
    ) -> None:
        self.site = site
        self._hidden = hidden
        self.running: dict[int, Host] = {}
        self._settings = settings or {}
        self._lives = 0

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *ended: object) -> None:
        self.kill(*self.running)

    def start(self, *places: int, now: bool = True, create: bool = True) -> None:
        """
        Begin a life; it takes a while until the host is up.

        `now` fires the timer at once; without `create` no queue is made.
        """
        for place in places:
            self._lives += 1
            draft = self.site.folder / f"host-{self._lives:03d}.json"
            log = draft.with_suffix(".log")
            command = [sys.executable, "-m", "host", str(self.site.tree), "--port", "0"]
            command += [
                "--worker",
                "inprocess",
                "--hidden",
                str(self._hidden),
                "--announce",
                str(draft),
            ]
            command += ["--now"] if now else ["--no-timers"]
            command += [] if create else ["--no-create"]
            with log.open("wb") as out:
                process = subprocess.Popen(  # noqa: S603  # ourselves
                    command,
                    cwd=self.site.folder,
                    env={**self.site.environment(), **SETTINGS, **self._settings},
                    stdout=out,
                    stderr=out,
                )
            self.running[place] = Host(process, draft, log)

    def up(self, place: int) -> Host:
        """The host of a place, once it listens."""
        host = self.running[place]
        until(lambda: host.up or host.process.poll() is not None, STARTING)
        assert host.up, host.log.read_text("utf-8", "replace")[-2000:]
        return host

    def kill(self, *places: int) -> None:
        """`kill -9` of all these at once."""
        killed = [self.running.pop(place) for place in places]
        for host in killed:
            host.process.send_signal(signal.SIGKILL)
        for host in killed:
            host.process.wait()

    def revive(self, place: int) -> None:
        """Begin anew where a host has ended by itself."""
        if self.running[place].process.poll() is not None:
            del self.running[place]
            self.start(place)

    # ------------------------------------------------------------ what is there

    def messages(self) -> int:
        """How many messages there are, visible or not, of the poison queue too."""
        return sum(map(self._held, (QUEUE, f"{QUEUE}-poison")))

    def rows(self, *kinds: str) -> int:
        """How many run rows there are of these kinds."""
        asked = " or ".join(f"(RowKey ge '{kind}|' and RowKey lt '{kind}~')" for kind in kinds)
        with TableClient.from_connection_string(self.site.tables, "lineageruns") as table:
            try:
                return sum(1 for _ in table.query_entities(asked, select=["RowKey"]))
            except ResourceNotFoundError:
                return 0

    def began(self, where: str) -> bool:
        """Whether anything was written to the `store` or the `catalog`."""
        if where == "catalog":
            log = self.site.folder / "catalog.db-wal"
            return log.exists() and log.stat().st_size > 0
        with TableClient.from_connection_string(self.site.tables, "lineageruns") as table:
            try:
                return any(True for _ in table.query_entities("", results_per_page=1))
            except ResourceNotFoundError:
                return False

    @property
    def idle(self) -> bool:
        """Whether nothing waits any more of what was listed."""
        return not self.messages() and not self.rows("q", "o")

    @property
    def settled(self) -> bool:
        """Whether every run of the source was reported, and nothing waits."""
        return self.idle and self.rows("p", "x") >= len(self.site.source.truth.runs)

    def events(self, event: str) -> list[dict[str, object]]:
        """What the app logged of a kind, over all lives."""
        found = []
        for log in sorted(self.site.folder.glob("host-*.log")):
            for line in log.read_text("utf-8", "replace").splitlines():
                begin = line.find('{"event"')
                if begin >= 0 and line.endswith("}"):
                    found.append(json.loads(line[begin:]))
        return [each for each in found if each["event"] == event]

    def _held(self, name: str) -> int:
        with QueueClient.from_connection_string(self.site.tables, name) as queue:
            try:
                return queue.get_queue_properties().approximate_message_count or 0
            except ResourceNotFoundError:
                return 0


def until(reached: Callable[[], object], patience: float, pause: float = 0.02) -> bool:
    """Wait for something; whether it came to be in that time."""
    deadline = time.monotonic() + patience
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
