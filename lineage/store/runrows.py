"""The table `runs`, a factory at a time: how its rows are read, and written so that they agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lineage.model import FactoryId, Reference, Row, Rows, Versioned
from lineage.store import rows as keys
from lineage.store.rows import parts
from lineage.ticks import Ticks

_TABLE = "runs"
_END = "~"  # above every key

# Run rows as they were read, by key, and the key that each is moved to.
Moves = Mapping[str, tuple[str, Versioned]]


@dataclass(slots=True)
class Written:
    """What came of a write so far, for one who wants to know where it ended in an error too."""

    keys: list[str] = field(default_factory=list)  # of ledger rows
    moved: int = 0  # run rows


class RunRows:
    """The rows of pipeline runs, their activity runs, and the counts, in the rows of a store."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    # ------------------------------------------------------------ reading

    def get(self, factory: FactoryId, wanted: Iterable[str]) -> dict[str, Versioned]:
        """Rows by key."""
        return self.rows.get(_TABLE, keys.factory_partition(factory), wanted)

    def range(self, factory: FactoryId, prefix: str) -> list[tuple[str, Row]]:
        """The rows whose keys begin so."""
        return self.rows.range(_TABLE, keys.factory_partition(factory), prefix, prefix + _END)

    def scan(self, factory: FactoryId, low: str, high: str = "") -> Iterator[tuple[str, Versioned]]:
        """The rows from a key to the end of those that begin with `high`, or with `low`."""
        partition = keys.factory_partition(factory)
        return self.rows.scan(_TABLE, partition, low, (high or low) + _END)

    def span(
        self, factory: FactoryId, state: str, since: Ticks, until: str = ""
    ) -> list[tuple[str, Row]]:
        """The run rows of a state from a moment on."""
        low, high = f"{state}|{since:019d}", f"{state}|{until}{_END}"
        return self.rows.range(_TABLE, keys.factory_partition(factory), low, high)

    def activities(self, factory: FactoryId, run_ids: Iterable[str]) -> dict[str, Versioned]:
        """The ledger rows of pipeline runs, by key."""
        beginnings = map(keys.activity_prefix, run_ids)
        return self.rows.under(_TABLE, keys.factory_partition(factory), beginnings)

    def in_state(
        self, factory: FactoryId, state: str, runs: Iterable[Reference]
    ) -> dict[Reference, Versioned]:
        """The rows of these runs that are in a state, at the `updated` that they are named with."""
        wanted = {keys.run_key(state, run): run for run in runs}
        if not wanted:
            return {}
        found = self.rows.get(_TABLE, keys.factory_partition(factory), wanted, near=True)
        return {wanted[key]: each for key, each in found.items()}

    def waiting(self, factory: FactoryId, runs: Iterable[Reference]) -> dict[str, Versioned]:
        """The run rows of those that are queued or open, by key."""
        asked = list(runs)
        return {
            keys.run_key(state, run): each
            for state in "qo"
            for run, each in self.in_state(factory, state, asked).items()
        }

    def finished(
        self, factory: FactoryId, runs: Iterable[Reference]
    ) -> dict[str, tuple[Reference, Versioned]]:
        """
        The rows of those that are done or given up, and neither queued nor open, by key.

        States are read in the order in which rows move on: none is missed that moves meanwhile.
        """
        left = list(dict.fromkeys(runs))
        for state in "qo":
            waiting = self.in_state(factory, state, left)
            left = [run for run in left if run not in waiting]
        return {
            keys.run_key(state, run): (run, each)
            for state in "px"
            for run, each in self.in_state(factory, state, left).items()
        }

    # ------------------------------------------------------------ writing

    def write(
        self,
        factory: FactoryId,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        """One write; see `model.Rows`."""
        gone = [key for key in deletes if key not in puts]
        if not puts and not gone:
            return True
        return self.rows.write(_TABLE, keys.factory_partition(factory), puts, gone, expected)

    def put(
        self,
        factory: FactoryId,
        puts: Mapping[str, Row],
        before: Mapping[str, Versioned],
        now: Ticks,
        moves: Moves | None = None,
        written: Written | None = None,
    ) -> bool:
        """
        Write ledger rows, their index rows and the counts they change; then the run rows moved.

        `before` are the rows that are replaced. Each write is whole in itself, and small enough for
        every store; run rows are moved by the last, or after it. False, and nothing is moved, where
        somebody else wrote one of the rows meanwhile; `written` tells what was before that.
        """
        moves, written = moves or {}, written or Written()
        left = len(puts)
        for some in keys.light(puts):
            old = {key: before[key] for key in some if key in before}
            changed, deletes = keys.counted({key: puts[key] for key in some}, old, now)
            left -= len(some)
            last = not left and 3 * len(some) + 2 * len(moves) < 100
            moved, gone = _moved(moves if last else {})
            expected = gone | {key: old[key][1] if key in old else 0 for key in some}
            if not self.write(factory, changed | moved, [*deletes, *gone], expected):
                return False
            moves = {} if last else moves
            written.keys += some
            written.moved += len(gone)
        return self.move(factory, moves, written)

    def move(self, factory: FactoryId, moves: Moves, written: Written | None = None) -> bool:
        """
        Move run rows, each within one write, so that a kill leaves it in one state.

        False where another worker wrote one of them since it was read: what was decided by it may
        not hold any more.
        """
        for some in parts(list(moves)):
            moved, gone = _moved({key: moves[key] for key in some})
            if not self.write(factory, moved, gone, gone):
                return False
            if written:
                written.moved += len(gone)
        return True


def _moved(moves: Moves) -> tuple[dict[str, Row], dict[str, int]]:
    """Run rows under their new keys, and the keys that they leave with their versions."""
    puts = {key: row for key, (row, _) in moves.values()}
    return puts, {key: version for key, (_, (_, version)) in moves.items()}
