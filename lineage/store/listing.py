"""A batch that was read: activity runs get their rows, then their pipeline runs count as listed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lineage import ticks
from lineage.model import ActivityRun, Batch, Reading, Versioned
from lineage.store import rows as keys
from lineage.store.rows import is_open, ours
from lineage.store.runrows import Moves, RunRows
from lineage.ticks import Ticks


def open_runs(
    runs: RunRows, batch: Batch, reading: Reading, now: Ticks, overlap: float
) -> list[ActivityRun]:
    """
    Give every terminal activity run a row, then mark the pipeline runs listed.

    Returns the activity runs that are not settled. What is read is read before what it decides on,
    and written as it was read: where another worker was faster all is looked at again.
    """
    factory, settled_before = batch.factory, ticks.shift(now, -overlap)
    told = {keys.activity_key(run): run for each in reading.listed for run in each.activities}
    while True:
        waiting = runs.waiting(factory, batch.runs)
        known = runs.activities(factory, (each.run.id for each in reading.listed))
        new = {key: keys.pending(run, now) for key, run in told.items() if key not in known}
        rows = {key: row for key, (row, _) in known.items()} | new
        unsettled = {row["pipelineRunId"] for row in rows.values() if is_open(row)}
        if not _take_up(runs, batch, waiting, unsettled):
            continue
        if not runs.put(factory, new, {}, now):
            continue
        if runs.move(factory, _listed(waiting, reading, unsettled, settled_before)):
            return [run for key, run in told.items() if is_open(rows[key]) and ours(rows[key])]


def _take_up(
    runs: RunRows, batch: Batch, waiting: Collection[str], unsettled: Collection[str]
) -> bool:
    """
    Open pipeline runs again that count as done while something of them is not settled.

    Before that has its row: else nobody would come back to it after a kill. False where another
    worker wrote one of them meanwhile.
    """
    asked = [run for run in batch.runs if run.id in unsettled]
    left = [run for run in asked if not {keys.run_key(s, run) for s in "qo"} & set(waiting)]
    found = runs.finished(batch.factory, left)
    moves = {key: (f"o{key[1:]}", row) for key, (_, row) in found.items() if ours(row[0])}
    return runs.move(batch.factory, moves)


def _listed(
    waiting: Mapping[str, Versioned],
    reading: Reading,
    unsettled: Collection[str],
    settled_before: Ticks,
) -> Moves:
    """The run rows of pipeline runs that show all they ever will, and what becomes of them."""
    listed = {each.run.id: each for each in reading.listed}
    moves: dict[str, tuple[str, Versioned]] = {}
    for key, (row, version) in waiting.items():
        run = keys.reference(key, row)
        state = "o" if run.id in unsettled else "p"
        whole = run.id in listed and keys.complete(listed[run.id], run, settled_before)
        if whole and ours(row) and key[0] != state:
            moves[key] = f"{state}{key[1:]}", (row, version)
    return moves
