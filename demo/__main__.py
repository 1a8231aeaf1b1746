"""
`make demo`: the sample estate, synced over REST from the loopback services into a local catalog.

Everything is kept in `.demo`: the epoch that the estate's dates hang on, the store and the catalog.
A second run therefore finds the same runs, and has nothing to send.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import estate
from demo.services import Services
from demo.shapes import Estate

FOLDER = Path(".demo")
TOO_OLD = timedelta(days=5)  # an epoch that the default LINEAGE_LOOKBACK hardly reaches


def main() -> int:
    """Sync, show runs and a report's lineage, and say what to try; the first exit code not 0."""
    FOLDER.mkdir(exist_ok=True)
    sample = estate.load(_epoch())
    _seed(sample)
    report = sample.expected()["report"]
    with Services(sample) as services:
        environment = {
            "LINEAGE_FACTORIES": ",".join(site.id for site in sample.sites),
            "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
            "LINEAGE_SYNAPSE_ENDPOINT": services.synapse["syn-contoso-dwh"],
            "LINEAGE_AUTH": "none",
            "LINEAGE_STORE": f"sqlite:{FOLDER / 'store.db'}",
            "LINEAGE_CATALOG": f"local:{FOLDER / 'catalog.db'}",
        }
        text = "".join(f"{name}={value}\n" for name, value in environment.items())
        (FOLDER / "env").write_text(text, encoding="utf-8")
        print("A sample Data Factory and Synapse workspace, served on this machine.\n", flush=True)
        codes = [
            _lineage(environment, "sync"),
            _lineage(environment, "runs", "--limit", "24"),
            _lineage(environment, "graph", report, "--upstream", "--columns", "--depth", "0"),
        ]
    lineage = f"env $(cat {FOLDER}/env) {_python()} -m lineage"
    print("Next, try:\n")
    print(f"  {lineage} runs --status Partial")
    print(f"  {_python()} -m lineage names {Path('demo/estate/adf-contoso-sales-prod')}")
    print("  make demo      # again: a sync that sends nothing")
    return next((code for code in codes if code), 0)


def _epoch() -> datetime:
    """When the demo was first run; begun anew where that is too long ago for the look-back."""
    kept = FOLDER / "epoch"
    now = datetime.now(UTC)
    if kept.exists():
        found = datetime.fromisoformat(kept.read_text(encoding="utf-8"))
        if now - found < TOO_OLD:
            return found
        for path in FOLDER.glob("*.db*"):
            path.unlink()
    begun = now - timedelta(minutes=10)
    kept.write_text(begun.isoformat(), encoding="utf-8")
    return begun


def _seed(sample: Estate) -> None:
    """Make the catalog, with what it knows before: scanned assets, the built-in's operation."""
    from lineage.catalog.local import LocalCatalog

    if not (FOLDER / "catalog.db").exists():
        with closing(LocalCatalog(FOLDER / "catalog.db")) as catalog:
            catalog.send(sample.catalog)


def _lineage(environment: Mapping[str, str], *arguments: str) -> int:
    """Run a command as a user would."""
    shown = " ".join(f"'{each}'" if ":" in each else each for each in arguments)
    print(f"$ python -m lineage {shown}", flush=True)
    command = [sys.executable, "-m", "lineage", *arguments]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("LINEAGE_")}
    ended = subprocess.run(command, env={**inherited, **environment}, check=False)  # noqa: S603  # ourselves
    print(flush=True)
    return ended.returncode


def _python() -> str:
    """The interpreter, as short as a reader can type it from here."""
    path = Path(sys.executable)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


if __name__ == "__main__":
    sys.exit(main())
