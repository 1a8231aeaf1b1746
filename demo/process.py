"""The services in a process of their own: the command line, and a context manager."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from demo import estate, faults
from demo.services import Options, Services
from demo.shapes import Estate
from demo.synthetic import synthetic

_ROOT = Path(__file__).parents[1]  # where `demo` is found
_PATIENCE = 60.0  # seconds for a process to come up


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services are: base addresses, and the ids of the sites they serve."""

    management: str
    synapse: dict[str, str]
    sites: tuple[str, ...]
    pid: int


@contextmanager
def running(*arguments: str) -> Iterator[Addresses]:
    """
    The services in a process of their own, for as long as the context lasts.

    `arguments` as on the command line, without `--port-file`. Raises RuntimeError if the process
    does not come up.
    """
    with tempfile.TemporaryDirectory() as folder:
        ports = Path(folder) / "ports.json"
        command = [sys.executable, "-m", "demo.services", "--port-file", str(ports), "--leashed"]
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        process = subprocess.Popen(  # noqa: S603  # this very Python
            [*command, *arguments],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        try:
            yield _wait(process, ports)
        finally:
            process.terminate()
            process.communicate()


def _wait(process: subprocess.Popen[bytes], ports: Path) -> Addresses:
    until = time.monotonic() + _PATIENCE
    while not ports.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the services did not come up (exit code {process.poll()})")
        time.sleep(0.01)
    found = json.loads(ports.read_text(encoding="utf-8"))
    return Addresses(found["management"], found["synapse"], tuple(found["sites"]), found["pid"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; with `--leashed` until standard input ends, too."""
    asked = _parser().parse_args(arguments)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    if asked.leashed:
        threading.Thread(target=_leash, args=(over,), daemon=True).start()
    options = Options(
        token=asked.token,
        latency=asked.latency,
        plan=faults.parse(asked.faults),
        forbidden=frozenset(asked.forbid),
        hanging=frozenset(asked.hang),
        history=asked.history,
        remember=asked.history is not None,
        hold=asked.hold,
    )
    served = _estate(asked)
    gc.freeze()  # it lives as long as the process: looking through it for what can go is time lost
    with Services(served, options) as services:
        _announce(asked.port_file, services, served)
        if asked.release_after and not over.wait(asked.release_after):
            services.release_held()
        over.wait()


def _leash(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.services",
        description="Serve an estate as a loopback Data Factory and Synapse.",
    )
    parser.add_argument("--port-file", type=Path, required=True, help="written when listening")
    parser.add_argument("--estate", type=Path, default=estate.FOLDER, help="the estate's folder")
    parser.add_argument("--synthetic", metavar="JSON", help="a generated estate: its arguments")
    parser.add_argument("--epoch", help="what the dates hang on, ISO 8601; default: now")
    parser.add_argument("--token", help="the bearer token to ask for; default: none")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call")
    parser.add_argument("--faults", default="", help="every=50,seed=1,kinds=429+502+dropped")
    parser.add_argument("--forbid", action="append", default=[], metavar="SITE", help="403")
    parser.add_argument("--hang", action="append", default=[], metavar="SITE", help="no answer")
    parser.add_argument("--history", type=Path, help="a line of JSON for each call")
    parser.add_argument("--hold", type=int, default=0, help="newest runs of a site to hold back")
    parser.add_argument("--release-after", type=float, default=0.0, help="seconds; default: never")
    parser.add_argument("--leashed", action="store_true", help="stop when standard input ends")
    return parser


def _estate(asked: argparse.Namespace) -> Estate:
    epoch = datetime.fromisoformat(asked.epoch) if asked.epoch else datetime.now(UTC)
    if asked.synthetic:
        return synthetic(epoch=epoch, **json.loads(asked.synthetic))
    return estate.load(epoch, asked.estate)


def _announce(path: Path, services: Services, served: Estate) -> None:
    """Write the addresses in one step: whoever sees the file sees all of it."""
    text = json.dumps(
        {
            "management": services.management,
            "synapse": services.synapse,
            "sites": [site.id for site in served.sites],
            "pid": os.getpid(),
        }
    )
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
