"""All of Azurite in one process, for what needs queues beside tables: the Functions host."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.azurite.server import ACCOUNTS, KEY, _wait, account, free_port, installed

SERVICES = ("blob", "queue", "table")


@contextmanager
def serving_all() -> Iterator[dict[str, str]]:
    """Blobs, queues and tables, empty; yields the address of each service."""
    script = installed() / "node_modules/azurite/dist/src/azurite.js"
    ports = {service: free_port() for service in SERVICES}
    options = [
        option
        for service, port in ports.items()
        for option in (f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port))
    ]
    accounts = ";".join(f"{account(number)}:{KEY}" for number in range(ACCOUNTS))
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - the pinned version
            [
                *("node", str(script), "--silent", "--inMemoryPersistence"),
                *("--skipApiVersionCheck", "--disableTelemetry", *options),
            ],
            cwd=folder,
            env={**os.environ, "AZURITE_ACCOUNTS": accounts},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for those that it serves
        )
        try:
            for port in ports.values():
                _wait(port, process)
            yield {service: f"http://127.0.0.1:{port}" for service, port in ports.items()}
        finally:
            process.kill()
            process.wait()


def connection_to_all(addresses: dict[str, str], number: int) -> str:
    """The connection string of one of the accounts."""
    name = account(number)
    endpoints = ";".join(
        f"{service.capitalize()}Endpoint={address}/{name}" for service, address in addresses.items()
    )
    return f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={KEY};{endpoints}"
