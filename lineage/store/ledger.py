"""
The ledger: a run row for each pipeline run, a row for each activity run, a cursor.

The order of writes carries the promise that nothing is lost: row before message before cursor,
activity rows before their pipeline run counts as listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from lineage import ticks
from lineage.model import (
    ActivityRun,
    Batch,
    FactoryId,
    Outcome,
    Reading,
    Reference,
    Row,
    Rows,
    Status,
    Versioned,
)
from lineage.store import rows as keys
from lineage.store.rows import is_open, ours, parts
from lineage.ticks import Ticks

_TABLE = "runs"
_END = "~"  # above every key
PATIENCE = 20 * 60.0  # seconds until a reference counts as lost; doubled each time
STATES = "qopx"  # of run rows


class Ledger:
    """What is known of every run, in the rows of a store. Times `now` are by our clock."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # ------------------------------------------------------------ collecting

    def cursor(self, factory: FactoryId) -> Ticks | None:
        """Up to where runs were listed, by the source's clock; None before the first time."""
        row, _ = self._get(factory, ["c"]).get("c", ({}, 0))
        return Ticks(row["scanned"]) if row else None

    def move_cursor(self, factory: FactoryId, scanned: Ticks) -> None:
        """Note how far was listed. It never moves backwards, whoever else moves it meanwhile."""
        while True:
            row, version = self._get(factory, ["c"]).get("c", ({}, 0))
            if row and (row["scanned"] >= scanned or not ours(row)):
                return
            mine = {"v": keys.VERSION, "factory": factory, "scanned": scanned}
            if self._write(factory, {"c": mine}, expected={"c": version}):
                return

    def unknown(self, factory: FactoryId, runs: Iterable[Reference]) -> list[Reference]:
        """Those of the runs that have no run row with this `updated`."""
        wanted = list(runs)
        moments = sorted(run.updated for run in wanted) or [Ticks(0)]
        known = {
            key.partition("|")[2]
            for state in STATES
            for key, _ in self._span(factory, state, moments[0], f"{moments[-1]:019d}|")
        }
        return [run for run in wanted if keys.run_key("", run)[1:] not in known]

    def enqueue(self, factory: FactoryId, runs: Iterable[Reference], now: Ticks) -> None:
        """Write the run rows of runs that are about to be sent."""
        self._write(factory, {keys.run_key("q", run): keys.run_row(run, now) for run in runs})

    def overdue(
        self, factory: FactoryId, now: Ticks, patience: float = PATIENCE
    ) -> list[Reference]:
        """
        Runs queued or open for too long since they were last sent, and noted as sent again now.

        The message may be lost, or its worker killed. Each time they wait twice as long.
        """
        late: dict[str, Row] = {
            key: {**row, "sent": now, "tries": row["tries"] + 1}
            for key, row in self._waiting(factory)
            if ours(row)
            and ticks.shift(Ticks(row["sent"]), patience * 2 ** min(row["tries"], 16)) <= now
        }
        self._write(factory, late)
        return [keys.reference(key, row) for key, row in late.items()]

    def watermark(self, factory: FactoryId, overlap: float) -> Ticks | None:
        """Below it every terminal activity run has its row; computed, never stored."""
        scanned = self.cursor(factory)
        if scanned is None:
            return None
        oldest = [keys.reference(*each).updated for each in self._range(factory, "q|")[:1]]
        return min([ticks.shift(scanned, -overlap), *oldest])

    def backlog(self, factory: FactoryId) -> int:
        """How many pipeline runs are queued or open."""
        return len(self._waiting(factory))

    # ------------------------------------------------------------ reporting

    def open(self, batch: Batch, reading: Reading, now: Ticks, overlap: float) -> list[ActivityRun]:
        """
        Give every terminal activity run a row, then mark the pipeline runs listed.

        Returns the activity runs that are not settled. A pipeline run that may still show more
        (no activity yet, one still running, an older state than asked for) stays queued until it
        is older than `overlap` seconds.
        """
        runs = {keys.activity_key(run): run for each in reading.listed for run in each.activities}
        while True:
            known = self._activities(batch.factory, (each.run.id for each in reading.listed))
            new = {key: keys.pending(run, now) for key, run in runs.items() if key not in known}
            if self._put_rows(batch.factory, new, {}, now) == [*new]:
                break  # else another worker was faster
        rows = known | new
        unsettled = {row["pipelineRunId"] for row in rows.values() if is_open(row)}
        self._mark_listed(batch, reading, unsettled, ticks.shift(now, -overlap))
        return [run for key, run in runs.items() if is_open(rows[key]) and ours(rows[key])]

    def give_up(self, factory: FactoryId, runs: Collection[Reference], now: Ticks) -> None:
        """
        Mark pipeline runs that can never be read again: shown, and off the watermark.

        What was open of them is Failed before, or in the same write: nobody will come back to it.
        """
        moves = {keys.run_key(state, run): keys.run_key("x", run) for run in runs for state in "qo"}
        while True:
            before = self._writable(factory, self._activities(factory, {run.id for run in runs}))
            puts = {key: keys.given_up(row, now) for key, (row, _) in before.items()}
            if self._put_rows(factory, puts, before, now, moves) == [*puts]:
                return

    def settle(
        self,
        batch: Batch,
        outcomes: Iterable[Outcome],
        now: Ticks,
        waiting: Collection[str] = (),
    ) -> list[Outcome]:
        """
        Record how runs ended, and close the pipeline runs of which nothing is left open.

        A row that is settled already stays as it is. `waiting` are pipeline runs that the caller
        will tell more of: they need not be looked at. Returns the outcomes recorded.
        """
        ended = {keys.activity_key(outcome.run): outcome for outcome in outcomes}
        if not ended:
            return []
        closing = {outcome.run.of.id for outcome in ended.values()} - set(waiting)
        recorded: list[Outcome] = []
        with self._rows.together():
            while True:
                rows = self._activities(batch.factory, closing)
                before = self._writable(batch.factory, ended)
                puts = {key: keys.settled(row, ended[key], now) for key, (row, _) in before.items()}
                rows |= puts
                closed = closing - {row["pipelineRunId"] for row in rows.values() if is_open(row)}
                moves = {
                    keys.run_key("o", run): keys.run_key("p", run)
                    for run in batch.runs
                    if run.id in closed
                }
                written = self._put_rows(batch.factory, puts, before, now, moves)
                recorded += [ended[key] for key in written]
                if len(written) == len(puts):
                    return recorded

    # ------------------------------------------------------------ asking

    def totals(self, factory: FactoryId) -> Counter[str]:
        """How many activity runs are in each state."""
        total: Counter[str] = Counter()
        for _, row in self._range(factory, "n|"):
            total.update(row["delta"])
        return Counter({status: count for status, count in total.items() if count})

    def row(self, run: ActivityRun) -> Row | None:
        """The ledger row of an activity run."""
        key = keys.activity_key(run)
        return self._get(run.of.factory, [key]).get(key, (None, 0))[0]

    def activity_rows(
        self, factory: FactoryId, status: Status | None = None, since: Ticks | None = None
    ) -> Iterator[Row]:
        """Ledger rows, the newest first; `since` bounds the pipeline run's `updated` from below."""
        if status in keys.INDEXED:
            for _, entry in self._range(factory, f"s|{status}|"):
                for row, _ in self._get(factory, [entry["key"]]).values():
                    if since is None or row["updated"] >= since:
                        yield row
            return
        listed = [
            (key.partition("|")[2], row["id"])
            for state in STATES
            for key, row in self._span(factory, state, since or Ticks(0))
        ]
        for run_id in dict.fromkeys(run_id for _, run_id in sorted(listed, reverse=True)):
            rows = self._activities(factory, [run_id]).values()
            for row in sorted(rows, key=lambda row: row["ended"] or row["updated"], reverse=True):
                if status in (None, row["status"]):
                    yield row

    # ------------------------------------------------------------ private

    def _put_rows(
        self,
        factory: FactoryId,
        puts: Mapping[str, Row],
        before: Mapping[str, Versioned],
        now: Ticks,
        moves: Mapping[str, str] | None = None,
    ) -> list[str]:
        """
        Write ledger rows, their index rows and the counts they change; then the run rows moved.

        `before` are the rows that are replaced. Each write is whole in itself, and small enough for
        every store; run rows are moved by the last, or after it. Returns the keys written: not all,
        and nothing is moved, where somebody else wrote one of the rows meanwhile.
        """
        moves, written = moves or {}, list[str]()
        for some in parts(list(puts)):
            old = {key: before[key] for key in some if key in before}
            changed, deletes = keys.counted({key: puts[key] for key in some}, old, now)
            last = len(written) + len(some) == len(puts) and 3 * len(some) + 2 * len(moves) < 100
            moved, gone = self._moved(factory, moves if last else {})
            moves = {} if last else moves
            expected = {key: old[key][1] if key in old else 0 for key in some}
            if not self._write(factory, changed | moved, [*deletes, *gone], expected):
                return written
            written += some
        self._move(factory, moves)
        return written

    def _mark_listed(
        self, batch: Batch, reading: Reading, unsettled: set[str], settled_before: Ticks
    ) -> None:
        listed = {each.run.id: each for each in reading.listed}
        moves = {
            keys.run_key(state, run): keys.run_key("o" if run.id in unsettled else "p", run)
            for run in batch.runs
            if run.id in listed and keys.complete(listed[run.id], run, settled_before)
            for state in "qo"
        }
        self._move(batch.factory, moves)

    def _move(self, factory: FactoryId, moves: Mapping[str, str]) -> None:
        """Move run rows, each within one write, so that a kill leaves it in one state."""
        for some in parts(list(moves)):
            self._write(factory, *self._moved(factory, {key: moves[key] for key in some}))

    def _moved(
        self, factory: FactoryId, moves: Mapping[str, str]
    ) -> tuple[dict[str, Row], list[str]]:
        """Run rows under their new keys, and the keys that they leave."""
        found = {key: row for key, (row, _) in self._get(factory, moves).items() if ours(row)}
        return {moves[key]: row for key, row in found.items()}, list(found)

    def _writable(self, factory: FactoryId, wanted: Iterable[str]) -> dict[str, Versioned]:
        """Those of the ledger rows that may still be written: open, and of this release."""
        found = self._get(factory, wanted).items()
        return {key: each for key, each in found if is_open(each[0]) and ours(each[0])}

    def _activities(self, factory: FactoryId, run_ids: Iterable[str]) -> dict[str, Row]:
        """The ledger rows of pipeline runs, by key."""
        prefixes = map(keys.activity_prefix, run_ids)
        return {key: row for prefix in prefixes for key, row in self._range(factory, prefix)}

    def _waiting(self, factory: FactoryId) -> list[tuple[str, Row]]:
        rows = [*self._range(factory, "q|"), *self._range(factory, "o|")]
        return sorted(rows, key=lambda each: each[0].split("|")[1:])

    def _range(self, factory: FactoryId, prefix: str) -> list[tuple[str, Row]]:
        return self._rows.range(_TABLE, keys.factory_partition(factory), prefix, prefix + _END)

    def _span(
        self, factory: FactoryId, state: str, since: Ticks, until: str = ""
    ) -> list[tuple[str, Row]]:
        """The run rows of a state from a moment on."""
        low, high = f"{state}|{since:019d}", f"{state}|{until}{_END}"
        return self._rows.range(_TABLE, keys.factory_partition(factory), low, high)

    def _get(self, factory: FactoryId, wanted: Iterable[str]) -> dict[str, tuple[Row, int]]:
        return self._rows.get(_TABLE, keys.factory_partition(factory), wanted)

    def _write(
        self,
        factory: FactoryId,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        gone = [key for key in deletes if key not in puts]
        if not puts and not gone:
            return True
        return self._rows.write(_TABLE, keys.factory_partition(factory), puts, gone, expected)
