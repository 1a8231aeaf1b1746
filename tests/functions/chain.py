"""The whole chain in processes that may be killed: timer, queue, report, catalog, tables."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from tests.functions.trial import PATIENCE, Served
from tests.reliability.harness import Site

QUEUE = "lineage-batches"
SETTINGS = {"LINEAGE_SCHEDULE": "0 0 0 1 1 *", "LINEAGE_QUEUE": QUEUE}  # fired by hand
FAST = "AzureFunctionsJobHost__extensions__queues__"


@dataclass(slots=True)
class Chain:
    """The Functions app on a site whose store is in tables; `number` counts its hosts."""

    site: Site
    number: int = 0

    @contextmanager
    def host(self, *options: str, python: str = sys.executable) -> Iterator[Served]:
        """A host of the app, which collects once; it is stopped in the end if it still runs."""
        self.number += 1
        draft = self.site.folder / f"host-{self.number}.json"
        log = draft.with_suffix(".log")
        command = [python, "-m", "host", str(self.site.tree), "--port", "0", "--announce"]
        environment = {
            **self.site.environment(),
            **SETTINGS,
            f"{FAST}visibilityTimeout": "00:00:01",
            f"{FAST}maxPollingInterval": "00:00:00.100",
        }
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603  # ourselves
                [*command, str(draft), "--now", *options],
                cwd=self.site.folder,
                env=environment,
                stdout=out,
                stderr=out,
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while not draft.exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            assert draft.exists(), log.read_text("utf-8", "replace")[-2000:]
            told = json.loads(draft.read_text(encoding="utf-8"))
            yield Served(told["address"], told["key"], process)
        finally:
            process.terminate()
            process.wait(PATIENCE)

    def wait(self, patience: float = PATIENCE) -> None:
        """Until runs were listed and nothing of them is left, on a queue or in the ledger."""
        deadline = time.monotonic() + patience
        while not self.done:
            assert time.monotonic() < deadline, f"something is left: {self.left()}"
            time.sleep(0.1)

    @property
    def done(self) -> bool:
        """Whether a timer came to its end, and everything it listed was reported."""
        if not any(each["event"] == "tick" for each in self.events()):
            return False
        return not any(self.held(suffix) for suffix in ("", "-poison")) and self.left() == {}

    def left(self) -> dict[str, int]:
        """Run rows that are not done, by kind."""
        kinds = Counter(row.kind for row in self.site.evidence().table("runs"))
        return {kind: kinds[kind] for kind in "qo" if kinds[kind]}

    def held(self, suffix: str = "") -> int:
        """How many messages a queue holds, visible or not."""
        with QueueClient.from_connection_string(self.site.tables, QUEUE + suffix) as queue:
            try:
                return queue.get_queue_properties().approximate_message_count or 0
            except ResourceNotFoundError:
                return 0

    def events(self) -> list[dict[str, object]]:
        """What the app logged, over all hosts: one object a line."""
        found = []
        for log in sorted(Path(self.site.folder).glob("host-*.log")):
            for line in log.read_text("utf-8", "replace").splitlines():
                begin = line.find('{"event"')
                if begin >= 0:
                    found.append(json.loads(line[begin:]))
        return found
