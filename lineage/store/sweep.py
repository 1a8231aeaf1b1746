"""Retention: what the ledger knows of runs that are long settled is removed, counts are folded."""

from __future__ import annotations

from collections.abc import Iterable

from lineage.model import FactoryId, Row, Rows
from lineage.store import rows as keys
from lineage.store.folding import fold
from lineage.ticks import Ticks

_TABLE = "runs"
_END = "~"  # above every key


def sweep(rows: Rows, factory: FactoryId, before: Ticks, now: Ticks) -> int:
    """
    Remove the run rows of pipeline runs last updated `before`, and the ledger rows of those.

    The counts of past hours are folded besides.

    What is not settled stays, and so does what a newer release wrote. Ledger rows go before their
    run row, each page with its index rows and the counts it changes: a kill leaves the rest for the
    next time. Returns how many ledger rows were removed; one that somebody else writes or removes
    meanwhile is left to them.
    """
    partition = keys.factory_partition(factory)
    fold(rows, factory, now)
    removed = 0
    for state in "px":
        old = rows.range(_TABLE, partition, f"{state}|", f"{state}|{before:019d}")
        done = []
        for key, row in old:
            if not keys.ours(row):
                continue
            prefix = keys.activity_prefix(row["id"])
            listed = rows.range(_TABLE, partition, prefix, prefix + _END)
            settled = [k for k, each in listed if _is_past(each, before)]
            for page in keys.parts(settled):
                removed += _remove(rows, partition, page, before, now)
            done.append(key)
        for page in keys.parts(done):
            rows.write(_TABLE, partition, {}, page)
    return removed


def _is_past(row: Row, before: Ticks) -> bool:
    return keys.ours(row) and not keys.is_open(row) and bool(row["updated"] < before)


def _remove(rows: Rows, partition: str, page: Iterable[str], before: Ticks, now: Ticks) -> int:
    known = rows.get(_TABLE, partition, page)
    past = {key: each for key, each in known.items() if _is_past(each[0], before)}
    if not past:
        return 0
    counts, index = keys.counted({}, past, now)
    expected = {key: version for key, (_, version) in past.items()}
    written = rows.write(_TABLE, partition, counts, [*past, *index], expected)
    return len(past) if written else 0
