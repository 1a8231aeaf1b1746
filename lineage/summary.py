"""What one sync did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lineage.model import FactoryId


@dataclass(slots=True)
class Summary:
    """
    What one sync did; `problems` name what could not be read or sent, by factory.

    `resting` are factories that are down, closed to us or ask for a pause: the sync asks them for
    nothing more. `barren` counts the batches in a row of which nothing could be read.
    """

    runs: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    factories: dict[FactoryId, dict[str, Any]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    resting: set[FactoryId] = field(default_factory=set)
    barren: Counter[FactoryId] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether everything that could be known was read and sent."""
        return not self.problems

    def json(self) -> dict[str, Any]:
        """The last line of `sync --json`."""
        numbers = ("sourceCalls", "catalogReads", "catalogWrites", "entities")
        return {
            "v": 1,
            "event": "summary",
            "complete": self.complete,
            "runs": dict(sorted(self.runs.items())),
            **{number: self.counts[number] for number in numbers},
            "seconds": round(self.seconds, 3),
            "factories": self.factories,
            "problems": [f"{where}: {what}" for where, what in sorted(self.problems.items())],
        }
