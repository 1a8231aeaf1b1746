"""
The figures of benchmarks/README.md: `make bench`.

Each measurement runs `sync` in a process of its own against the loopback services in another, and
takes time and peak memory from the operating system's account of that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from demo.process import Addresses, running

ESTATE = {"pipelines": 1000, "runs_per_pipeline": 10, "activities": 3, "columns": 10}
SLOW = {"pipelines": 100, "runs_per_pipeline": 10, "activities": 3, "columns": 10}


def main() -> None:
    """Print a line for each figure."""
    with running("--synthetic", json.dumps(ESTATE)) as services, _folder() as folder:
        first = _sync(services, folder)
        _show("first sync of 30,000 activity runs", first)
        _show("second sync", _sync(services, folder))
    with running("--synthetic", json.dumps(SLOW), "--latency", "0.1") as slow, _folder() as folder:
        _show("1,000 pipeline runs at 100 ms a call", _sync(slow, folder))


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _sync(services: Addresses, folder: str) -> dict[str, Any]:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("LINEAGE_")},
        "LINEAGE_FACTORIES": ",".join(services.sites),
        "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
        "LINEAGE_SYNAPSE_ENDPOINT": next(iter(services.synapse.values()), services.management),
        "LINEAGE_AUTH": "none",
        "LINEAGE_STORE": f"sqlite:{folder}/store.db",
        "LINEAGE_CATALOG": f"local:{folder}/catalog.db",
    }
    output = Path(folder) / "output"
    command = [sys.executable, "-m", "benchmarks.sync"]
    began = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file)  # noqa: S603  # ourselves
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    with output.open("rb") as file:
        *_, last = file
    return {
        "exit": process.returncode,
        "seconds": round(seconds, 2),
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "megabytes": round(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6),
        **json.loads(last),
    }


def _show(what: str, figures: dict[str, Any]) -> None:
    print(f"{what}:")
    runs = sum(figures["runs"].values())
    factories = len(figures["factories"])
    print(
        f"  {figures['seconds']} s (processor {figures['cpu']} s), {figures['megabytes']} MB,"
        f" exit {figures['exit']}, {runs} activity runs, {factories} factory,"
        f" {figures['sourceCalls']} source calls, {figures['catalogReads']} catalog reads,"
        f" {figures['catalogWrites']} catalog writes, {figures['entities']} entities"
    )


if __name__ == "__main__":
    main()
