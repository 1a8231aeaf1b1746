"""What it costs in storage transactions, which are billed: counted where they are sent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from lineage import ticks
from lineage.collect import Collecting, collect
from lineage.errors import Unavailable
from lineage.model import ActivityRun, Batch, PipelineRun, Reading, Rows
from lineage.store.circuits import Circuits
from lineage.store.ledger import Ledger
from lineage.store.table import TableRows
from lineage.ticks import Ticks
from tests.azurite.faulty import Proxy
from tests.store.test_faults import through
from tests.store.words import NOW, OVERLAP, settle, succeeded
from tests.world import FACTORY, activity_run, at, batch_of, pipeline_run, reading

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Quiet:
    """A factory in which nothing runs."""

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        return iter(())

    def read(self, batch: Batch, is_over: Callable[[], bool] = lambda: False) -> Reading:
        raise NotImplementedError


class Queue:
    """One that nothing is sent to."""

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        raise AssertionError("nothing is late")


@dataclass(frozen=True, slots=True)
class Counted:
    """A store behind something that counts its calls."""

    rows: TableRows
    proxy: Proxy

    def calls(self) -> int:
        """How many since it was asked last."""
        found, self.proxy.calls = self.proxy.calls, 0
        return found


@pytest.fixture
def store(tables: str) -> Iterator[Counted]:
    with through(tables, lambda method: None) as (rows, proxy):
        yield Counted(rows, proxy)


def fifty() -> list[ActivityRun]:
    of = [pipeline_run(f"run-{n:02d}", f"02:{n:02d}:00") for n in range(50)]
    return [activity_run(each, f"{each.id}-{n}") for each in of for n in range(3)]


def used(rows: Rows) -> Ledger:
    """A ledger with runs that are done, in which the cursor was moved before."""
    ledger = Ledger(rows)
    settle(ledger, *fifty())
    ledger.move_cursor(FACTORY, at("02:30:00"))
    return ledger


def test_a_tick_in_which_nothing_happens_takes_six(store: Counted) -> None:
    ledger = used(store.rows)
    how = Collecting(at("02:58:00"), NOW, 7200.0, OVERLAP, lanes=8, most=50)
    store.calls()

    collect(FACTORY, Quiet(), ledger, Queue(), how)
    collecting = store.calls()
    found = ledger.standing(FACTORY, OVERLAP)
    standing = store.calls()
    totals = ledger.totals(FACTORY)

    assert (collecting, standing, store.calls()) == (3, 2, 1)
    assert (found.cursor, found.totals) == (at("02:58:00"), totals)


def test_what_is_left_of_a_batch_takes_one_if_it_is_new_and_four_if_it_is_done(
    store: Counted,
) -> None:
    ledger = used(store.rows)
    done = batch_of(reading(*fifty()))
    new = replace(done, runs=tuple(replace(run, updated=NOW) for run in done.runs))
    ledger.enqueue(FACTORY, new.runs, NOW)
    store.calls()

    assert ledger.waiting(new) == new.runs
    first = store.calls()
    assert ledger.waiting(done) == ()

    assert (first, store.calls()) == (1, 4)


def test_a_batch_of_fifty_runs(store: Counted) -> None:
    ledger, runs = Ledger(store.rows), fifty()
    read = reading(*runs)
    ledger.move_cursor(FACTORY, at("02:30:00"))
    store.calls()
    costs = []

    ledger.enqueue(FACTORY, batch_of(read).runs, NOW)
    costs.append(store.calls())
    ledger.open(batch_of(read), read, NOW, OVERLAP)
    costs.append(store.calls())
    ledger.settle(batch_of(read), [succeeded(run) for run in runs], NOW)
    costs.append(store.calls())

    # To open: 2 for run rows, 50 for activity runs, 5 + 2 writes. To settle: 1 + 50, 5 + 2.
    assert costs == [1, 59, 58]


def test_a_circuit_takes_one_to_ask_and_nothing_where_none_is_open(store: Counted) -> None:
    now = NOW
    circuits = Circuits(store.rows, lambda: now)
    circuits.failed("b", Unavailable("down"))
    store.calls()
    costs = []

    assert circuits.wait("a", "c") == 0.0
    costs.append(store.calls())
    circuits.worked("a", "c")
    costs.append(store.calls())
    assert circuits.wait("a", "b") == 30.0
    costs.append(store.calls())
    now = ticks.shift(NOW, 30)
    assert circuits.wait("a", "b") == 0.0
    costs.append(store.calls())
    circuits.worked("a", "b")
    costs.append(store.calls())

    assert costs == [1, 0, 1, 2, 2]
