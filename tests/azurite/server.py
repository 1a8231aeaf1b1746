"""
Azurite, Microsoft's emulator of Azure Storage, on free ports of this machine.

Installed once by npm, in the version that `package-lock.json` pins, into `.cache`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from lineage.auth import Credential

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache"
ACCOUNTS = 500  # of one server, for as many stores that know nothing of each other
KEY = (  # of every emulator there is, published by Microsoft
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
PATIENCE = 30.0  # seconds until it listens


class NoAzurite(Exception):
    """It cannot be had here; the text says why."""


def account(number: int) -> str:
    """The name of one account."""
    return f"account{number:04d}"


def connection(base: str, number: int) -> str:
    """The connection string of one of the accounts of the server at `base`."""
    name = account(number)
    return (
        f"DefaultEndpointsProtocol={base.partition(':')[0]};AccountName={name};AccountKey={KEY};"
        f"TableEndpoint={base}/{name}"
    )


@contextmanager
def serving(*options: str, scheme: str = "http") -> Iterator[str]:
    """The table service, empty, in a process of its own; yields its address."""
    script = installed() / "node_modules/azurite/dist/src/table/main.js"
    port = free_port()
    accounts = [f"{account(number)}:{KEY}" for number in range(ACCOUNTS)]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - the pinned version
            [
                *("node", str(script), "--silent", "--inMemoryPersistence"),
                *("--skipApiVersionCheck", "--disableTelemetry", "--tableHost", "127.0.0.1"),
                *("--tablePort", str(port), *options),
            ],
            cwd=folder,
            env={**os.environ, "AZURITE_ACCOUNTS": ";".join(accounts)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port, process)
            yield f"{scheme}://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def installed() -> Path:
    """The folder with the pinned version. Raises `NoAzurite` without Node or npm."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NoAzurite(f"{program} is not installed, and Azurite runs on Node")
    lock = (HERE / "package-lock.json").read_bytes()
    place = CACHE / f"azurite-{sha256(lock).hexdigest()[:12]}"
    if not place.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as draft:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, draft)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            ended = subprocess.run(command, cwd=draft, capture_output=True, text=True)  # noqa: S603 - a literal
            if ended.returncode:
                raise NoAzurite(f"npm ci failed: {ended.stderr[-300:]}")
            shutil.copytree(draft, place, symlinks=True)
    return place


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Azurite does not listen on port {port}: exit code {process.poll()}")


def nobody() -> Credential:
    """Who we are where a connection string says it."""
    raise AssertionError("a connection string needs no identity")
