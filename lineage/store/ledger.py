"""
The ledger: a run row for each pipeline run, a row for each activity run, a cursor.

The order of writes carries the promise that nothing is lost: row before message before cursor,
activity rows before their pipeline run counts as listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from lineage import ticks
from lineage.errors import LineageError
from lineage.model import (
    ActivityRun,
    Batch,
    FactoryId,
    Gap,
    Outcome,
    Reading,
    Reference,
    Row,
    Rows,
    Status,
    Versioned,
)
from lineage.store import asking, listing, replaying
from lineage.store import rows as keys
from lineage.store.asking import COUNTED, STATES, Seen, Standing
from lineage.store.rows import is_open, ours, parts
from lineage.store.runrows import Moves, RunRows, Written
from lineage.ticks import Ticks

PATIENCE = 20 * 60.0  # seconds until a reference counts as lost; doubled each time
Pause = tuple[Ticks, Ticks]
MOST_DOUBLED = 6  # times: no longer than a day


class Ledger:
    """What is known of every run, in the rows of a store. Times `now` are by our clock."""

    def __init__(self, rows: Rows) -> None:
        self._runs = RunRows(rows)

    # ------------------------------------------------------------ collecting

    def cursor(self, factory: FactoryId) -> Ticks | None:
        """Up to where runs were listed, by the source's clock; None before the first time."""
        row, _ = self._cursor(factory)
        return Ticks(row["scanned"]) if row else None

    def move_cursor(
        self, factory: FactoryId, scanned: Ticks, known: Versioned | None = None
    ) -> None:
        """
        Note how far was listed. It never moves backwards, whoever else moves it meanwhile.

        `known` is its row as it was read before: it is read again only if another wrote it since.
        """
        while True:
            row, version = known or self._cursor(factory)
            known = None
            if row and (row["scanned"] >= scanned or not ours(row)):
                return
            mine = {"v": keys.VERSION, "factory": factory, "scanned": scanned}
            if self._runs.write(factory, {"c": mine}, expected={"c": version}):
                return

    def unknown(self, factory: FactoryId, runs: Iterable[Reference]) -> list[Reference]:
        """Those of the runs that have no run row with this `updated`."""
        wanted = list(runs)
        moments = sorted(run.updated for run in wanted) or [Ticks(0)]
        known = {
            key.partition("|")[2]
            for state in STATES
            for key, _ in self._runs.span(factory, state, moments[0], f"{moments[-1]:019d}|")
        }
        return [run for run in wanted if keys.run_key("", run)[1:] not in known]

    def enqueue(self, factory: FactoryId, runs: Iterable[Reference], now: Ticks) -> None:
        """Write the run rows of runs that are about to be sent."""
        self._runs.write(factory, {keys.run_key("q", run): keys.run_row(run, now) for run in runs})

    def overdue(
        self,
        factory: FactoryId,
        now: Ticks,
        patience: float = PATIENCE,
        pauses: Sequence[Pause] = (),
        seen: Seen | None = None,
    ) -> list[Reference]:
        """
        Runs queued or open for too long since they were last sent, and noted as sent again now.

        The message may be lost, or its worker killed. Each time they wait twice as long, but for
        those tries that no queue was asked for (`patience` 0). `pauses` are begin and end of times
        in which messages were put off: they don't count.
        One that another worker wrote since it was `seen` is left out: somebody is at work on it.
        """

        def is_late(row: Row) -> bool:
            off = sum(max(0, end - max(begin, row["sent"])) for begin, end in pauses)
            wait = patience * 2.0 ** min(row["tries"], MOST_DOUBLED)
            return ticks.shift(Ticks(row["sent"] + off), wait) <= now

        waiting = (seen or self.see(factory)).waiting
        late = {key: each for key, each in waiting.items() if ours(each[0]) and is_late(each[0])}
        again: list[Reference] = []
        with self._runs.rows.together():
            for some in parts(list(late), 100):
                these = {key: late[key] for key in some}
                again += self._send_again(factory, these, now, patience > 0)
        return again

    def waiting(self, batch: Batch) -> tuple[Reference, ...]:
        """Those of a batch's runs that are not done or given up: what is left to do of it."""
        finished = {run for run, _ in self._runs.finished(batch.factory, batch.runs).values()}
        return tuple(run for run in batch.runs if run not in finished)

    # ------------------------------------------------------------ reporting

    def open(self, batch: Batch, reading: Reading, now: Ticks, overlap: float) -> list[ActivityRun]:
        """
        Give every terminal activity run a row, then mark the pipeline runs listed.

        Returns the activity runs that are not settled. A pipeline run that may still show more
        (no activity yet, one still running, an older state than asked for) stays queued until it
        is older than `overlap` seconds.
        """
        return listing.open_runs(self._runs, batch, reading, now, overlap)

    def give_up(
        self,
        factory: FactoryId,
        runs: Collection[Reference],
        now: Ticks,
        gap: Gap = keys.GONE,
    ) -> int:
        """
        Mark pipeline runs that nobody is to come back to: shown, and off the watermark.

        What was open of them is Failed with `gap`, before or in the same write, and so is what
        another worker opened meanwhile. Returns how many run rows were moved.
        """
        written = Written()
        while True:
            moves: Moves = {
                key: (f"x{key[1:]}", each)
                for key, each in self._runs.waiting(factory, runs).items()
                if ours(each[0])
            }
            before = keys.writable(self._runs.activities(factory, {run.id for run in runs}))
            puts = {key: keys.given_up(row, now, gap) for key, (row, _) in before.items()}
            if not puts and not moves:
                return written.moved
            self._runs.put(factory, puts, before, now, moves, written)

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
        return list(self.settling(batch, outcomes, now, waiting))

    def settling(
        self,
        batch: Batch,
        outcomes: Iterable[Outcome],
        now: Ticks,
        waiting: Collection[str] = (),
    ) -> Iterator[Outcome]:
        """
        As `settle`, for one who tells each outcome on: also those recorded before an error.

        Nothing is written before the first is asked for, and all of it is then.
        """
        ended = {keys.activity_key(outcome.run): outcome for outcome in outcomes}
        if not ended:
            return
        written, failure = Written(), None
        with self._runs.rows.together():
            try:
                self._settle(batch, ended, now, waiting, written)
            except LineageError as error:  # what was written before it stands
                failure = error
        yield from (ended[key] for key in written.keys)
        if failure:
            raise failure

    def _settle(
        self,
        batch: Batch,
        ended: Mapping[str, Outcome],
        now: Ticks,
        waiting: Collection[str],
        written: Written,
    ) -> None:
        factory = batch.factory
        closing = {outcome.run.of.id for outcome in ended.values()} - set(waiting)
        closable = [run for run in batch.runs if run.id in closing]
        while True:
            opened = self._runs.in_state(factory, "o", closable)
            known = self._runs.activities(factory, closing)
            known |= self._runs.get(factory, ended.keys() - known.keys())
            before = keys.writable({key: known[key] for key in ended if key in known})
            puts = {key: keys.settled(row, ended[key], now) for key, (row, _) in before.items()}
            rows = {key: row for key, (row, _) in known.items()} | puts
            closed = closing - {row["pipelineRunId"] for row in rows.values() if is_open(row)}
            moves: Moves = {
                keys.run_key("o", run): (keys.run_key("p", run), each)
                for run, each in opened.items()
                if run.id in closed and ours(each[0])
            }
            if self._runs.put(factory, puts, before, now, moves, written):
                return

    # ------------------------------------------------------------ replaying

    def replay(self, factory: FactoryId, rows: Iterable[Row], now: Ticks) -> int:
        """Open settled ledger rows again, to be reported anew; returns how many."""
        return replaying.replay(self._runs, factory, rows, now)

    def recall(self, factory: FactoryId, now: Ticks) -> int:
        """Take up the pipeline runs again that were given up; returns how many."""
        return replaying.recall(self._runs, factory, now)

    # ------------------------------------------------------------ asking

    def see(self, factory: FactoryId) -> Seen:
        """Read at once all that a collector wants to know of a factory."""
        return asking.see(self._runs, factory)

    def standing(self, factory: FactoryId, overlap: float, most: int | None = COUNTED) -> Standing:
        """Where a factory stands; of each state `most` run rows are counted, or all."""
        return asking.standing(asking.see(self._runs, factory, most), overlap)

    def backlog(self, factory: FactoryId) -> int:
        """How many pipeline runs are queued or open."""
        return sum(len(self._runs.range(factory, prefix)) for prefix in ("q|", "o|"))

    def totals(self, factory: FactoryId) -> Counter[str]:
        """How many activity runs are in each state."""
        return asking.totals(self._runs, factory)

    def row(self, run: ActivityRun) -> Row | None:
        """The ledger row of an activity run."""
        key = keys.activity_key(run)
        return self._runs.get(run.of.factory, [key]).get(key, (None, 0))[0]

    def rows_of(self, factory: FactoryId, run: str) -> list[Row]:
        """The ledger rows of a pipeline run, by its id."""
        return [row for row, _ in self._runs.activities(factory, [run]).values()]

    def activity_rows(
        self, factory: FactoryId, status: Status | None = None, since: Ticks | None = None
    ) -> Iterator[Row]:
        """Ledger rows, the newest first; `since` bounds the pipeline run's `updated` from below."""
        return asking.activity_rows(self._runs, factory, status, since)

    # ------------------------------------------------------------ private

    def _cursor(self, factory: FactoryId) -> Versioned:
        return self._runs.get(factory, ["c"]).get("c", ({}, 0))

    def _send_again(
        self, factory: FactoryId, late: dict[str, Versioned], now: Ticks, counted: bool
    ) -> list[Reference]:
        """Note that runs are sent now, but for those whose rows others have written meanwhile."""
        while late:
            puts = {
                key: {**row, "sent": now, "tries": row["tries"] + counted}
                for key, (row, _) in late.items()
            }
            expected = {key: version for key, (_, version) in late.items()}
            if self._runs.write(factory, puts, expected=expected):
                break
            found = self._runs.get(factory, late)
            late = {k: each for k, each in late.items() if found.get(k, ({}, 0))[1] == each[1]}
        return [keys.reference(key, row) for key, (row, _) in late.items()]
