"""
Decides from the evidence alone whether anything was lost, doubled, invented or taken back.

Separate code: nothing here imports the program under test. It knows the keys of the store's rows,
the embedded catalog's two tables, and the truth about the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.reliability.check_catalog import check_catalog, check_shown
from tests.reliability.check_ledger import (
    TERMINAL,
    Ledger,
    check_ended,
    check_ledger,
    ledger_of,
    watermarks,
)
from tests.reliability.evidence import Evidence
from tests.reliability.truth import Truth
from tests.reliability.violations import Broken, Violation


class Checker:
    """
    Follows one store and one catalog through kills and syncs.

    It remembers what was settled and how far the marks had come, so that it sees what is taken
    back. `overlap` is LINEAGE_OVERLAP in seconds.
    """

    def __init__(self, truth: Truth, overlap: float = 900.0) -> None:
        self._truth = truth
        self._overlap = overlap
        self._settled: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._marks: dict[str, int] = {}

    def observe(self, evidence: Evidence) -> list[Violation]:
        """What is broken at a moment at which the program was stopped, however that happened."""
        ledger = ledger_of(evidence)
        return [
            *check_ledger(ledger, self._truth, evidence, self._overlap),
            *check_catalog(ledger, self._truth, evidence),
            *self._reopened(ledger),
            *self._moved_back(ledger),
        ]

    def finish(self, evidence: Evidence) -> list[Violation]:
        """What is broken after a sync that says it is complete."""
        found = self.observe(evidence)
        found += check_ended(ledger_of(evidence), self._truth)
        found += check_shown(self._truth, evidence)
        return found

    def _reopened(self, ledger: Ledger) -> Iterator[Violation]:
        """What was settled stays as it is, to the last detail."""
        now = {ids: rows[0].body for ids, rows in ledger.activities.items()}
        for ids, before in self._settled.items():
            if now.get(ids) != before:
                status = now[ids]["status"] if ids in now else "gone"
                what = f"activity run {ids[1]} was {before['status']}, now another {status}"
                yield Violation(Broken.REOPENED, what)
        self._settled |= {ids: body for ids, body in now.items() if body["status"] in TERMINAL}

    def _moved_back(self, ledger: Ledger) -> Iterator[Violation]:
        now = {
            f"watermark of {name}": mark for name, mark in watermarks(ledger, self._overlap).items()
        }
        now |= {f"cursor of {name}": row.body["scanned"] for name, row in ledger.cursors.items()}
        for name, mark in self._marks.items():
            if now.get(name, 0) < mark:
                yield Violation(Broken.MOVED_BACK, f"the {name}, from {mark} to {now.get(name)}")
        self._marks |= now
