from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from lineage import ticks
from lineage.collect import Collecting, collect
from lineage.errors import Unavailable
from lineage.model import Batch, PipelineRun, Reading, Reference, Versioned
from lineage.store.ledger import Ledger
from lineage.store.sqlite import SqliteRows
from lineage.ticks import Ticks
from tests.world import FACTORY, Killed, Tape, TapedRows, at, pipeline_run

NOW = at("03:00:00")
HOUR = 3600.0
DAY = 24 * HOUR

HOW = Collecting(until=at("02:58:00"), now=NOW, lookback=2 * HOUR, overlap=900.0, lanes=1, most=50)


@dataclass
class Source:
    """Runs as a factory tells them: those updated in the window, both ends included."""

    runs: list[PipelineRun]
    tape: Tape = field(default_factory=Tape)
    broken_after: int | None = None
    windows: list[tuple[Ticks, Ticks]] = field(default_factory=list)

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        self.windows.append((since, until))
        self.tape.note("list")
        for number, run in enumerate(run for run in self.runs if since <= run.updated <= until):
            if number == self.broken_after:
                raise Unavailable("the second page could not be had")
            yield run

    def read(self, batch: Batch, is_over: Callable[[], bool] = lambda: False) -> Reading:
        raise NotImplementedError


@dataclass
class Sent:
    """A queue that keeps what is sent."""

    tape: Tape = field(default_factory=Tape)
    batches: list[Batch] = field(default_factory=list)

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        self.tape.note("send")
        self.batches.append(batch)

    @property
    def runs(self) -> list[Reference]:
        return [run for batch in self.batches for run in batch.runs]


class Collector:
    """A store, a queue and one tape for both and the source."""

    def __init__(self, *runs: PipelineRun) -> None:
        self.tape = Tape()
        self.rows = SqliteRows(":memory:")
        self.ledger = Ledger(TapedRows(self.rows, self.tape))
        self.queue = Sent(self.tape)
        self.source = Source(list(runs), self.tape)

    def collect(self, how: Collecting = HOW) -> list[str]:
        """Collect, and say which runs were sent."""
        before = len(self.queue.runs)
        collect(FACTORY, self.source, self.ledger, self.queue, how)
        return [run.id for run in self.queue.runs[before:]]


@pytest.fixture
def empty() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.rows.__exit__(None, None, None)


def later(how: Collecting, seconds: float) -> Collecting:
    return replace(how, until=ticks.shift(how.until, seconds), now=ticks.shift(how.now, seconds))


# ---------------------------------------------------------------- the order


def test_row_before_message_before_cursor() -> None:
    world = Collector(pipeline_run())

    world.collect()

    assert world.tape.events == ["list", "queued", "send", "cursor"]


def test_a_kill_anywhere_leaves_a_run_to_be_sent_again() -> None:
    for until in range(5):
        world = Collector(pipeline_run())
        world.tape.until = until
        with suppress(Killed):
            world.collect()
        queued = world.ledger.backlog(FACTORY)
        moved = world.ledger.cursor(FACTORY) is not None
        assert queued or not moved

        world.tape.until = None
        world.queue.batches.clear()  # the queue was in memory
        assert world.collect(replace(HOW, patience=0.0)) == ["run-1"]
        assert world.ledger.cursor(FACTORY) == HOW.until


def test_a_run_that_cannot_be_sent_is_sent_again_later(empty: Collector) -> None:
    empty.source.runs = [pipeline_run()]
    empty.tape.until = 2
    with pytest.raises(Killed):
        empty.collect()

    empty.tape.until = None

    assert empty.collect(later(HOW, 19 * 60)) == []
    assert empty.collect(later(HOW, 20 * 60)) == ["run-1"]


# ---------------------------------------------------------------- what is sent


def test_a_run_is_sent_once(empty: Collector) -> None:
    empty.source.runs = [pipeline_run(updated="02:50:00")]

    assert [empty.collect(), empty.collect(), empty.collect(later(HOW, 300))] == [
        ["run-1"],
        [],
        [],
    ]


def test_a_run_that_was_updated_is_sent_again(empty: Collector) -> None:
    empty.source.runs = [pipeline_run(updated="02:50:00")]
    empty.collect()

    empty.source.runs = [pipeline_run(updated="02:59:00")]

    assert empty.collect(later(HOW, 300)) == ["run-1"]


def test_a_message_holds_one_lane_and_no_more_runs_than_it_may(empty: Collector) -> None:
    empty.source.runs = [pipeline_run(f"run-{n}", pipeline=f"P{n % 2}") for n in range(10)]

    empty.collect(replace(HOW, lanes=4, most=3))

    assert [len(batch.runs) for batch in empty.queue.batches] == [3, 3, 2, 2]
    assert all(len({run.pipeline for run in batch.runs}) == 1 for batch in empty.queue.batches)


def test_a_run_sent_too_long_ago_is_sent_again_before_anything_new(empty: Collector) -> None:
    empty.source.runs = [pipeline_run("old", "02:40:00")]
    empty.collect()

    empty.source.runs.append(pipeline_run("new", "02:59:00"))

    assert empty.collect(later(HOW, 20 * 60)) == ["old", "new"]


def test_what_is_sent_anew_is_not_sent_again_at_once(empty: Collector) -> None:
    empty.source.runs = [pipeline_run()]

    assert empty.collect(replace(HOW, patience=0.0)) == ["run-1"]


def test_everything_waiting_is_sent_where_the_queue_died_with_the_process(
    empty: Collector,
) -> None:
    empty.source.runs = [pipeline_run()]
    empty.collect()

    assert empty.collect(replace(HOW, patience=0.0)) == ["run-1"]


def test_more_runs_than_a_page_are_written_page_by_page_and_sent_together(empty: Collector) -> None:
    empty.source.runs = [pipeline_run(f"run-{n}") for n in range(501)]

    sent = empty.collect(replace(HOW, most=1000))

    assert empty.tape.events == ["list", "queued", "queued", "send", "cursor"]
    assert sent == [f"run-{n}" for n in range(501)]


# ---------------------------------------------------------------- the window


def test_the_first_window_reaches_back_as_far_as_is_set(empty: Collector) -> None:
    empty.collect()

    assert empty.source.windows == [(at("00:58:00"), at("02:58:00"))]


def test_the_next_window_begins_the_overlap_before_the_cursor(empty: Collector) -> None:
    empty.collect()

    empty.collect(later(HOW, 300))

    assert empty.source.windows[1:] == [(at("02:43:00"), at("03:03:00"))]


def test_a_run_that_appears_late_is_found_within_the_overlap(empty: Collector) -> None:
    empty.collect()

    empty.source.runs = [pipeline_run(updated="02:44:00")]

    assert empty.collect(later(HOW, 60)) == ["run-1"]


def test_a_long_window_is_read_from_its_old_end_in_days(empty: Collector) -> None:
    empty.collect(replace(HOW, lookback=2.5 * DAY))

    assert empty.source.windows == [
        (at("2026-11-16T14:58:00Z"), at("2026-11-17T14:58:00Z")),
        (at("2026-11-17T14:58:00Z"), at("2026-11-18T14:58:00Z")),
        (at("2026-11-18T14:58:00Z"), at("2026-11-19T02:58:00Z")),
    ]
    assert empty.tape.events == ["list", "cursor", "list", "cursor", "list", "cursor"]


def test_the_cursor_is_not_read_again_to_be_moved(empty: Collector) -> None:
    read: list[str] = []

    class Noting(TapedRows):
        def get(
            self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
        ) -> dict[str, Versioned]:
            asked = list(keys)
            read.extend(asked)
            return super().get(table, partition, asked, near=near)

    empty.collect()
    empty.ledger = Ledger(Noting(empty.rows, empty.tape))

    empty.collect(later(HOW, 300))

    assert empty.ledger.see(FACTORY).scanned == later(HOW, 300).until
    assert "c" not in read


def test_what_was_read_of_a_long_window_is_not_read_again_after_a_failure(
    empty: Collector,
) -> None:
    days = (pipeline_run(f"run-{n}", f"2026-11-{16 + n}T20:00:00Z") for n in range(3))
    empty.source.runs = [*days, pipeline_run("broken", "2026-11-17T21:00:00Z")]
    empty.source.broken_after = 1
    with pytest.raises(Unavailable):
        empty.collect(replace(HOW, lookback=2.5 * DAY))

    empty.source.broken_after = None
    empty.source.windows.clear()

    assert empty.collect(replace(HOW, lookback=2.5 * DAY)) == ["run-1", "broken", "run-2"]
    assert empty.source.windows[0][0] == at("2026-11-17T14:43:00Z")


def test_an_incomplete_listing_leaves_the_cursor_and_lets_its_error_through(
    empty: Collector,
) -> None:
    empty.collect()
    empty.source.runs = [pipeline_run(f"run-{n}", "02:59:00") for n in range(600)]
    empty.source.broken_after = 550

    with pytest.raises(Unavailable, match="the second page"):
        empty.collect(later(HOW, 300))

    assert empty.ledger.cursor(FACTORY) == HOW.until
    assert len(empty.queue.runs) == 500


def test_a_window_that_ends_before_it_begins_lists_nothing(empty: Collector) -> None:
    empty.collect()

    empty.collect(later(HOW, -HOUR))

    assert len(empty.source.windows) == 1
    assert empty.ledger.cursor(FACTORY) == HOW.until


def test_a_window_that_ends_early_does_not_move_the_cursor_back(empty: Collector) -> None:
    empty.collect()

    empty.collect(later(HOW, -60))

    assert len(empty.source.windows) == 2
    assert empty.ledger.cursor(FACTORY) == HOW.until
