"""Whether there is anything to read yet."""

from __future__ import annotations

from pathlib import Path

from lineage.cli import _output
from lineage.settings import Settings


def has_ledger(settings: Settings) -> bool:
    """Whether the store's file is there; says on stderr what to do where it is not."""
    if settings.store.scheme == "table":
        return True  # tables that are not there are as empty ones
    file = Path(settings.store.rest)
    there = file.exists() and file.stat().st_size > 0
    if not there:
        _output.problems([f"no ledger yet: {file} is made by `python -m lineage sync`"])
    return there
