"""Counts of past hours are folded into one row, so that their sum stays cheap to read."""

from __future__ import annotations

from collections import Counter

from lineage.model import FactoryId, Rows, Versioned
from lineage.store import rows as keys
from lineage.ticks import Ticks

_TABLE = "runs"
TOTAL = keys.count_key(Ticks(0), "total")  # before all others
PART = 99  # rows folded by one write, which holds the total besides


def fold(rows: Rows, factory: FactoryId, now: Ticks) -> int:
    """
    Fold the counts of hours that are over; returns how many rows.

    Each write takes rows away and adds them to the total, as they were read, or does nothing: the
    sum is the same after a kill, and whoever else folds or counts meanwhile. What a newer release
    wrote stays.
    """
    partition = keys.factory_partition(factory)
    listed = rows.range(_TABLE, partition, "n|", keys.count_key(now, ""))
    past = [key for key, row in listed if key != TOTAL and keys.ours(row)]
    folded = 0
    for some in keys.parts(past, PART):
        while found := rows.get(_TABLE, partition, [TOTAL, *some]):
            nothing: Versioned = ({"v": keys.VERSION, "delta": {}}, 0)
            total, version = found.pop(TOTAL, nothing)
            if not keys.ours(total) or not found:
                break  # another was faster, or a newer release keeps the total
            sum_ = Counter[str](total["delta"])
            for row, _ in found.values():
                sum_.update(row["delta"])
            delta = {status: count for status, count in sum_.items() if count}
            expected = {TOTAL: version} | {key: each[1] for key, each in found.items()}
            total = {"v": keys.VERSION, "delta": delta}
            if rows.write(_TABLE, partition, {TOTAL: total}, list(found), expected):
                folded += len(found)
                break
    return folded
