"""What the ledger answers: where a factory stands, how many runs ended how, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from lineage import ticks
from lineage.model import FactoryId, Row, Status, Versioned
from lineage.store import rows as keys
from lineage.store.runrows import RunRows
from lineage.ticks import Ticks

STATES = "qopx"  # of run rows
COUNTED = 1000  # run rows of a state, where it is enough to know that there are many


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where a factory stands.

    `backlog` are the pipeline runs queued or open, `queued` those of them that are not listed yet;
    `oldest` is when the oldest of the backlog was updated. `totals` counts activity runs by status.
    """

    cursor: Ticks | None
    watermark: Ticks | None
    backlog: int
    queued: int
    oldest: Ticks | None
    totals: Counter[str]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One reading of a factory: the cursor's row, the counts, the run rows that wait, by key."""

    cursor: Versioned  # `({}, 0)` where there is none
    totals: Counter[str]
    waiting: dict[str, Versioned]  # the oldest first

    @property
    def scanned(self) -> Ticks | None:
        """Up to where runs were listed; None before the first time."""
        row, _ = self.cursor
        return Ticks(row["scanned"]) if row else None


def see(runs: RunRows, factory: FactoryId, most: int | None = None) -> Seen:
    """
    Read cursor, counts, and the run rows that wait: of each state the oldest `most`, or all.

    Cursor, counts and open rows stand side by side, and are read as one. Queued rows are read
    last: whatever is below the cursor is among them, or was listed.
    """
    cursor: Versioned = ({}, 0)
    deltas: list[Row] = []
    waiting: dict[str, Versioned] = {}
    for key, each in runs.scan(factory, "c", "o|"):
        if key == "c":
            cursor = each
        elif key.startswith("n|"):
            deltas.append(each[0])
        elif key.startswith("o|"):
            waiting[key] = each
            if len(waiting) == most:
                break
    waiting.update(islice(runs.scan(factory, "q|"), most))
    ordered = sorted(waiting.items(), key=lambda each: each[0].split("|")[1:])
    return Seen(cursor, _sum(deltas), dict(ordered))


def standing(seen: Seen, overlap: float) -> Standing:
    """Where a factory stands, by one reading. The watermark is computed, never stored."""
    moments = [(key[0], Ticks(int(key.split("|")[1]))) for key in seen.waiting]
    queued = [moment for state, moment in moments if state == "q"]
    scanned = seen.scanned
    return Standing(
        cursor=scanned,
        watermark=None if scanned is None else min([ticks.shift(scanned, -overlap), *queued]),
        backlog=len(moments),
        queued=len(queued),
        oldest=min((moment for _, moment in moments), default=None),
        totals=seen.totals,
    )


def totals(runs: RunRows, factory: FactoryId) -> Counter[str]:
    """How many activity runs are in each state."""
    return _sum(row for _, row in runs.range(factory, "n|"))


def activity_rows(
    runs: RunRows, factory: FactoryId, status: Status | None = None, since: Ticks | None = None
) -> Iterator[Row]:
    """Ledger rows, the newest first; `since` bounds the pipeline run's `updated` from below."""
    if status in keys.INDEXED:
        for _, entry in runs.range(factory, f"s|{status}|"):
            for row, _ in runs.get(factory, [entry["key"]]).values():
                if since is None or row["updated"] >= since:
                    yield row
        return
    listed = [
        (key.partition("|")[2], row["id"])
        for state in STATES
        for key, row in runs.span(factory, state, since or Ticks(0))
    ]
    for run_id in dict.fromkeys(run_id for _, run_id in sorted(listed, reverse=True)):
        rows = [row for row, _ in runs.activities(factory, [run_id]).values()]
        for row in sorted(rows, key=lambda row: row["ended"] or row["updated"], reverse=True):
            if status in (None, row["status"]):
                yield row


def _sum(deltas: Iterable[Row]) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in deltas:
        total.update(row["delta"])
    return Counter({status: count for status, count in total.items() if count})
