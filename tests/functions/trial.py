"""What the tests of the host share: the app's notes, its queues, a host in a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "app"
PATIENCE = 60.0  # seconds until something that must happen has


@dataclass(frozen=True, slots=True)
class Notes:
    """What the app's functions saw, and the queues of its account."""

    path: Path
    storage: str

    def read(self, function: str) -> list[dict[str, Any]]:
        """The notes of one function, in their order."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        found = [json.loads(line) for line in text.splitlines()]
        return [each for each in found if each["function"] == function]

    def counts(self, function: str) -> list[int]:
        """The delivery counts that a function saw."""
        return [each["count"] for each in self.read(function) if "count" in each]

    def open(self) -> None:
        """Let messages go on that hold."""
        Path(f"{self.path}.open").touch()

    def close(self) -> None:
        """Have messages hold again."""
        Path(f"{self.path}.open").unlink()

    def send(self, *texts: str, queue: str = "work", raw: bool = False) -> None:
        """Send messages, encoded as host.json says."""
        with QueueClient.from_connection_string(self.storage, queue) as client:
            with suppress(ResourceExistsError):
                client.create_queue()
            for text in texts:
                client.send_message(text if raw else b64encode(text.encode()).decode())

    def held(self, queue: str) -> int:
        """How many messages there are, visible or not."""
        with QueueClient.from_connection_string(self.storage, queue) as client:
            return client.get_queue_properties().approximate_message_count or 0

    def visible(self, queue: str) -> list[str]:
        """The texts of the messages that are visible, as they are."""
        with QueueClient.from_connection_string(self.storage, queue) as client:
            return [each.content for each in client.peek_messages(max_messages=32)]


@dataclass(frozen=True, slots=True)
class Served:
    """A host in a process."""

    address: str
    key: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """`kill -9`."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def hosting(
    folder: Path, draft: Path, *options: str, python: str = sys.executable, **settings: str
) -> Iterator[Served]:
    """`python -m host` on a free port; `draft` is a file to write, `settings` its environment."""
    draft.unlink(missing_ok=True)
    command = [python, "-m", "host", str(folder), "--port", "0", "--announce", str(draft)]
    process = subprocess.Popen(  # noqa: S603  # ourselves
        [*command, *options], cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: draft.exists() or process.poll() is not None)
        assert process.poll() is None, f"the host ended with {process.poll()}"
        told = json.loads(draft.read_text(encoding="utf-8"))
        yield Served(told["address"], told["key"], process)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def until(reached: Callable[[], object]) -> None:
    """Wait for something that must happen."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP; `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    address: str,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    """One request, over a connection of its own."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
    try:
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()
