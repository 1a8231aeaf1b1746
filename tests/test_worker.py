"""What becomes of one message, over a real source, catalog and store, at a time of ours."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from lineage import ticks
from lineage.batch import MOST_TRIES, cut, decode, encode, lane
from lineage.errors import Cause, LineageError, Rejected, SettingsError, Unavailable, of_storage
from lineage.messages import NEWER, owner_of
from lineage.model import Batch, FactoryId, Reference, Versioned
from lineage.poison import MOST_READS, POSTPONED
from lineage.store.circuits import PROBE
from lineage.store.rows import activity_prefix
from lineage.ticks import Ticks
from lineage.worker import (
    CALLED,
    FIRST,
    LONGEST,
    MOST_CALLS,
    RECUT,
    SPARE,
    TAKEN,
    TIMEOUT,
)
from tests.place import FACTORY, Place, place, refuse

ROOT = Path(__file__).parent.parent
ESTATE = {"pipelines": 2, "runs_per_pipeline": 2, "activities": 2}  # 8 activity runs
CATALOG = "catalog|local:"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, ESTATE) as made:
        yield made


def all_of(here: Place, tries: int = 0) -> Batch:
    """One batch with every run of the factory."""
    [batch] = cut(FACTORY, here.references(), 1, 50)
    return replace(batch, tries=tries)


def call(here: Place) -> Reference:
    """What a pipeline says of a run of its own, that the timer does not know yet."""
    run = next(iter(here.runs().finished(ticks.shift(here.began, -3 * 86400), here.now)))
    return Reference(run.id, run.pipeline, Ticks(0))


# ---------------------------------------------------------------- reported


def test_a_batch_is_reported_and_nothing_is_put_back(here: Place) -> None:
    here.queue.send(all_of(here))
    here.sent()

    here.handle()

    assert sum(here.statuses().values()) == 8
    assert here.states() == {"p": 4}
    assert (here.sent(), here.circuits(), len(here.queue)) == ([], {}, 0)
    assert len(here.events("run")) == 8


def test_a_batch_that_is_done_asks_the_source_nothing(here: Place) -> None:
    batch = all_of(here)
    for _ in range(2):
        here.queue.send(batch)
        here.runs().before = None
        here.handle()
        calls = here.service.app.source_calls
        here.runs().error = AssertionError("it is read again")

    assert here.service.app.source_calls == calls
    assert len(here.events("run")) == 8


# ---------------------------------------------------------------- messages


def test_a_batch_that_comes_again_is_cut_into_single_runs(here: Place) -> None:
    batch = all_of(here)
    here.service.app.notes.take(f"{FACTORY.lower()}|0", "somebody else", here.now)
    here.queue.send(batch)
    here.sent()

    here.handle(deliveries=2)

    assert here.sent() == [(replace(batch, runs=(run,)), 0.0) for run in batch.runs]
    assert here.events("split")[0]["runs"] == 4
    assert here.statuses() == {}


def test_the_dead_workers_lease_is_let_go_of_when_its_batch_is_cut(here: Place) -> None:
    batch = all_of(here)
    here.queue.send(batch)
    message = here.queue.take()
    assert message is not None
    assert here.service.app.notes.take(
        f"{FACTORY.lower()}|0", owner_of(message.text, message.id), here.now
    )
    here.sent()

    here.service.report(message.text, message.id, 2)
    here.queue.delete(message)
    here.drain()

    assert here.states() == {"p": 4}
    assert [batch for batch, delay in here.sent() if delay >= TAKEN] == []


def test_a_single_run_that_comes_again_is_reported(here: Place) -> None:
    batch = all_of(here)
    here.queue.send(replace(batch, runs=batch.runs[:1]))

    here.handle(deliveries=5)

    assert sum(here.statuses().values()) == 2
    assert here.events("split") == []


@pytest.mark.parametrize("wrong", [1, 7], ids=["another lane", "more lanes than there are"])
def test_lanes_are_computed_anew_where_their_number_was_changed(wrong: int, here: Place) -> None:
    batch = replace(all_of(here, tries=2), lane=wrong)
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(replace(batch, lane=0), RECUT)]


def test_a_batch_of_several_lanes_is_cut_by_them(tmp_path: Path) -> None:
    with place(tmp_path, ESTATE | {"pipelines": 6}, LINEAGE_LANES="8") as here:
        runs = here.references()
        here.queue.send(Batch(FACTORY, 0, runs, tries=3))
        here.sent()

        here.handle()

        found = [each for each, _ in here.sent()]
        assert {run for each in found for run in each.runs} == set(runs)
        assert len(found) > 1
        assert all(lane(run.pipeline, 8) == each.lane for each in found for run in each.runs)
        assert {each.tries for each in found} == {3}


def test_a_message_of_a_factory_that_is_not_set_is_done_with(here: Place) -> None:
    other = FactoryId(FACTORY.replace("adf-", "adf-other-"))
    here.queue.send(replace(all_of(here), factory=other))
    here.sent()

    here.handle()

    assert here.events("foreign") == [{"event": "foreign", "factory": other, "runs": 4}]
    assert (here.sent(), here.states()) == ([], {"q": 4})


def test_a_factory_is_known_in_any_case(here: Place) -> None:
    here.queue.send(replace(all_of(here), factory=FactoryId(FACTORY.upper())))

    here.handle()

    assert here.states() == {"p": 4}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"v": 1}', '{"v": "x"}', "\ufffd", "[" * 9999])
def test_a_message_that_is_none_of_ours_is_told_without_its_text(text: str, here: Place) -> None:
    here.service.report(text, "m", 1)

    [told] = here.events()
    assert told["event"] == "quarantined"
    assert told["size"] == len(text)
    assert here.sent() == []


def test_a_message_of_a_newer_release_is_kept_as_it_is(here: Place) -> None:
    newer = json.dumps(json.loads(encode(all_of(here))) | {"v": 2, "more": "than we know"})

    here.service.report(newer, "m", 1)
    here.service.poison(newer, 1)

    assert here.queue.sent == [(newer, NEWER), (newer, NEWER)]
    assert [each["event"] for each in here.events()] == ["postponed", "postponed"]


# ---------------------------------------------------------------- circuits


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (Unavailable("the source is down"), 30.0),
        (Unavailable("the source is down", retry_after=300.0), 300.0),
        (SettingsError("a role is missing", cause=Cause.ROLE), 900.0),
    ],
)
def test_a_source_that_is_closed_opens_its_circuit(
    error: LineageError, wait: float, here: Place
) -> None:
    batch = all_of(here)
    here.runs().error = error
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(replace(batch, tries=1), wait)]
    assert here.circuits() == {FACTORY.lower(): str(error)}
    assert here.events("circuit")[0]["wait"] == wait


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (Unavailable("the catalog is down"), 30.0),
        (Unavailable("the catalog is down", retry_after=300.0), 300.0),
        (SettingsError("a role is missing", cause=Cause.ROLE), 900.0),
    ],
)
def test_a_catalog_that_is_closed_opens_its_circuit_and_runs_stay_open(
    error: LineageError, wait: float, here: Place
) -> None:
    batch = all_of(here)
    here.catalog.answer = refuse(error)
    here.queue.send(batch)
    here.sent()

    here.handle()

    [(again, delay)] = here.sent()
    assert (again, delay) == (replace(batch, tries=1), wait)
    [(name, why)] = here.circuits().items()
    assert (name.startswith(CATALOG), why) == (True, str(error))
    assert here.states() == {"o": 4}


def test_while_a_circuit_is_open_a_batch_goes_back_for_as_long_without_a_call(here: Place) -> None:
    batch = all_of(here)
    here.catalog.answer = refuse(Unavailable("down", 300.0))
    here.queue.send(batch)
    here.handle()
    here.wait(100.0)
    here.sent()
    calls, sends = here.service.app.source_calls, len(here.catalog.sent)

    here.service.report(encode(batch), "another", 1)

    assert here.sent() == [(batch, 200.0)]
    assert (here.service.app.source_calls, len(here.catalog.sent)) == (calls, sends)


def test_one_probe_is_let_through_and_closes_the_circuit(here: Place) -> None:
    batch = all_of(here)
    here.catalog.answer = refuse(Unavailable("down"))
    here.queue.send(batch)
    here.handle()
    here.catalog.answer = None
    here.wait(31.0)
    here.sent()
    bounced: list[float] = []

    def meanwhile() -> None:
        here.runs().before = None
        here.service.report(encode(batch), "another", 1)
        bounced.extend(delay for _, delay in here.sent())

    here.runs().before = meanwhile
    here.handle()

    assert bounced == [PROBE]
    assert here.circuits() == {}
    assert here.states() == {"p": 4}


def test_a_probe_that_fails_doubles_the_wait(here: Place) -> None:
    here.queue.send(all_of(here))
    here.runs().error = Unavailable("down")
    waits = []
    for _ in range(7):
        here.sent()
        here.handle()
        waits.append(here.sent()[0][1])
        here.wait(waits[-1])

    assert waits == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


def test_what_is_unchanged_does_not_close_the_circuit_of_a_catalog_that_is_down(
    here: Place,
) -> None:
    first, *_, last = here.references()
    here.queue.send(Batch(FACTORY, 0, here.references()[:1]))
    here.handle()
    rows = here.service.app.ledger.rows_of(FACTORY, first.id)
    here.service.app.ledger.replay(FACTORY, rows, here.now)
    here.catalog.answer = refuse(Unavailable("down"))
    here.queue.send(Batch(FACTORY, 0, (last,)))
    here.handle()
    assert list(here.circuits().values()) == ["down"]
    here.wait(31.0)
    here.catalog.broken = Unavailable("still down")

    here.service.report(encode(Batch(FACTORY, 0, (first,))), "unchanged", 1)

    assert list(here.circuits().values()) == ["still down"]
    assert here.events("circuit")[-1]["wait"] == 60
    here.wait(61.0)
    here.catalog.broken = None
    here.service.app.ledger.replay(FACTORY, rows, here.now)
    here.service.report(encode(Batch(FACTORY, 0, (first,))), "unchanged", 1)
    assert here.circuits() == {}


def test_a_catalog_that_refuses_a_look_up_holds_up_this_batch_only(here: Place) -> None:
    batch = all_of(here)
    here.catalog.answer = None
    here.catalog.broken = Rejected("no such look-up", 400)
    here.queue.send(batch)
    here.sent()

    here.handle()

    again = replace(batch, tries=1)
    assert here.sent() == [(replace(again, runs=(run,)), FIRST) for run in batch.runs]
    assert here.circuits() == {}


def test_a_type_that_a_factory_needs_closes_that_factory_and_no_other(here: Place) -> None:
    here.catalog.answer = refuse(SettingsError("a type is missing", cause=Cause.TYPE))
    here.queue.send(all_of(here))

    here.handle()

    assert here.circuits() == {FACTORY.lower(): "a type is missing"}


# ---------------------------------------------------------------- put back


def test_a_batch_whose_lane_is_taken_comes_back(here: Place) -> None:
    batch = all_of(here)
    here.service.app.notes.take(f"{FACTORY.lower()}|0", "somebody else", here.now)
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(batch, TAKEN)]
    assert here.states() == {"q": 4}


def test_a_lease_that_is_lost_in_the_middle_opens_no_circuit(here: Place) -> None:
    batch = all_of(here)
    here.catalog.answer = refuse(Unavailable("the lane's lease was lost", cause=Cause.BUSY))
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(batch, TAKEN)]
    assert here.circuits() == {}


def test_nothing_is_read_in_the_minute_before_the_host_ends_the_process(here: Place) -> None:
    batch = all_of(here)

    def late() -> None:
        here.seconds = TIMEOUT - SPARE

    here.runs().before = late
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(replace(batch, tries=1), FIRST)]
    assert here.circuits() == {}, "it is not the source that is to blame"
    assert here.statuses() == {}


def test_nothing_is_sent_in_the_minute_before_the_host_ends_the_process(here: Place) -> None:
    batch = all_of(here)

    def late() -> None:
        here.seconds = TIMEOUT - SPARE

    here.runs().after = late
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(batch, TAKEN)]
    assert (here.catalog.sent, here.circuits()) == ([], {})
    assert here.states() == {"o": 4}


def test_runs_that_cannot_be_read_come_back_later_each_time(here: Place) -> None:
    batch = all_of(here)
    unread = batch.runs[:2]
    here.runs().hidden = {run.id for run in unread}
    here.queue.send(batch)
    waits = []
    for tries in range(7):
        here.sent()
        here.handle()
        [(again, wait)] = here.sent()
        assert again == Batch(FACTORY, 0, unread, tries + 1)
        waits.append(wait)
        here.wait(wait)

    assert waits == [FIRST, 60.0, 120.0, 240.0, 480.0, LONGEST, LONGEST]
    assert here.circuits() == {}, "a run that is under way again closes no factory"
    assert here.states() == {"q": 2, "p": 2}


def test_a_source_that_asks_for_a_rest_gets_it(here: Place) -> None:
    batch = all_of(here)
    here.runs().hidden = {run.id for run in batch.runs[:2]}
    here.runs().rest = 120.0
    here.queue.send(batch)
    here.sent()

    here.handle()

    assert here.sent() == [(Batch(FACTORY, 0, batch.runs[:2], 1), 120.0)]
    assert list(here.circuits()) == [FACTORY.lower()]


@pytest.mark.parametrize(
    ("error", "apart"),
    [
        (Unavailable("the store is down"), False),
        (SettingsError("a role is missing", cause=Cause.ROLE), False),
        (of_storage(Rejected("a row of the store is damaged", 422)), True),
    ],
)
def test_a_store_that_does_not_do_costs_no_delivery_and_opens_no_circuit(
    error: LineageError, apart: bool, here: Place
) -> None:
    class Down:
        def waiting(self, batch: Batch) -> tuple[Reference, ...]:
            raise error

    batch = all_of(here)
    cast("Any", here.service.app).ledger = Down()
    here.queue.send(batch)
    here.sent()

    here.handle()

    parts = [(run,) for run in batch.runs] if apart else [batch.runs]
    assert here.sent() == [(replace(batch, runs=runs, tries=1), FIRST) for runs in parts]
    assert here.events("storeFailed")[0]["error"] == str(error)
    assert here.circuits() == {}


def test_a_damaged_row_holds_up_its_own_run_only(here: Place) -> None:
    batch = all_of(here)
    rows = here.service.app.rows
    under, bad = rows.under, activity_prefix(batch.runs[0].id)

    def damaged(table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        asked = list(beginnings)
        if bad in asked:
            raise of_storage(Rejected("a row is damaged", 422))
        return under(table, partition, asked)

    cast("Any", rows).under = damaged
    here.queue.send(batch)

    here.drain()

    assert here.states() == {"q": 1, "p": len(batch.runs) - 1}
    assert here.circuits() == {}


# ---------------------------------------------------------------- a pipeline's own call


def test_a_run_that_was_called_for_is_reported_and_known_to_the_timer(here: Place) -> None:
    run = call(here)
    here.queue.send(Batch(FACTORY, 0, (run,)))

    here.handle()

    assert sum(here.statuses().values()) == 2
    assert here.states() == {"p": 1}


def test_a_run_that_was_called_for_is_sent_by_nobody_else(here: Place) -> None:
    run = call(here)
    here.queue.send(Batch(FACTORY, 0, (run,)))
    here.handle()
    here.sent()

    here.service.collect()

    assert run.id not in {each.id for batch, _ in here.sent() for each in batch.runs}


def test_a_run_with_another_pipelines_name_takes_its_own_lane(tmp_path: Path) -> None:
    with place(tmp_path, ESTATE, LINEAGE_LANES="2") as here:
        run = call(here)
        false = next(name for name in map(str, range(99)) if lane(name, 2) != lane(run.pipeline, 2))
        here.service.app.notes.take(
            f"{FACTORY.lower()}|{lane(run.pipeline, 2)}", "somebody else", here.now
        )
        here.queue.send(Batch(FACTORY, lane(false, 2), (replace(run, pipeline=false),)))
        here.sent()

        here.handle()

        [(again, delay)] = here.sent()
        assert (again.lane, delay) == (lane(run.pipeline, 2), TAKEN)
        assert again.runs[0].pipeline == run.pipeline


def test_a_run_that_is_still_under_way_is_asked_for_again_and_in_the_end_left_to_the_timer(
    here: Place,
) -> None:
    here.runs().running = True
    run = call(here)
    here.queue.send(Batch(FACTORY, 0, (run,)))
    here.sent()
    waits = []
    while len(here.queue):
        here.handle()
        for again, wait in here.sent():
            assert again.runs == (run,)
            waits.append(wait)
            here.wait(wait)

    assert waits == [CALLED * 2**n for n in range(MOST_CALLS)]
    assert here.states() == {}


@pytest.mark.parametrize(
    "error",
    [Rejected("no such run", 404), Unavailable("down"), SettingsError("a role is missing")],
    ids=lambda error: type(error).__name__,
)
def test_a_run_that_is_not_to_be_found_is_asked_for_again(error: Exception, here: Place) -> None:
    run = call(here)
    here.runs().error = error
    here.queue.send(Batch(FACTORY, 0, (run,)))
    here.sent()

    here.handle()

    assert here.sent() == [(Batch(FACTORY, 0, (run,), 1), CALLED)]
    assert here.events("notFound")[0]["run"] == run.id


def test_a_run_that_was_never_there_leaves_no_row(here: Place) -> None:
    nobody = Reference("0f8fad5b-d9cb-469f-a165-70867728950e", "P", Ticks(0))
    here.queue.send(Batch(FACTORY, 0, (nobody,)))

    here.drain()
    here.drain()
    here.drain()

    assert (here.states(), len(here.queue)) == ({}, 0)
    assert len(here.events("notFound")) == MOST_CALLS + 1


# ---------------------------------------------------------------- poison


def test_what_ended_its_worker_too_often_is_failed_and_its_lane_free(here: Place) -> None:
    batch = all_of(here)
    alone = replace(batch, runs=batch.runs[:1])
    text = encode(alone)
    here.service.app.notes.take(f"{FACTORY.lower()}|0", owner_of(text, "m5"), here.now)

    here.service.poison(text, 1)

    assert here.statuses() == {"Failed": 2}
    assert [each["reasons"] for each in here.events("run")] == [["Poisoned"], ["Poisoned"]]
    assert here.events("poisoned")[0]["run"] == alone.runs[0].id
    assert here.states() == {"q": 3, "p": 1}
    here.queue.send(batch)
    here.sent()
    here.handle()
    assert here.sent() == []
    assert here.states() == {"p": 4}


def test_the_lane_of_a_living_worker_is_left_alone(here: Place) -> None:
    batch = all_of(here)
    here.service.app.notes.take(f"{FACTORY.lower()}|0", "another", here.now)

    here.service.poison(encode(replace(batch, runs=batch.runs[:1])), 1)

    assert not here.service.app.notes.take(f"{FACTORY.lower()}|0", "me", here.now)


def test_a_poisoned_run_that_cannot_be_read_now_is_read_later(here: Place) -> None:
    alone = replace(all_of(here), tries=3)
    alone = replace(alone, runs=alone.runs[:1])
    here.runs().error = Unavailable("down")

    here.service.poison(encode(alone), 1)

    [(text, delay)] = here.poisoned.sent
    assert (replace(decode(text), tries=3), delay) == (alone, POSTPONED)
    assert (here.states(), here.statuses()) == ({"q": 4}, {})
    here.runs().error = None
    here.service.poison(text, 1)
    assert (here.states(), here.statuses()) == ({"q": 3, "p": 1}, {"Failed": 2})


@pytest.mark.parametrize(
    ("deliveries", "tries"),
    [(1, MOST_TRIES + MOST_READS), (2, 0)],
    ids=["it cannot be read for hours", "reading it is fatal"],
)
def test_where_even_reading_fails_the_run_row_says_so(
    deliveries: int, tries: int, here: Place
) -> None:
    batch = all_of(here)
    here.runs().error = Unavailable("down") if deliveries == 1 else AssertionError("it is read")

    here.service.poison(encode(replace(batch, runs=batch.runs[:1], tries=tries)), deliveries)

    assert here.states() == {"q": 3, "x": 1}
    assert here.statuses() == {}


def test_a_poisoned_call_of_a_pipeline_is_failed_too(here: Place) -> None:
    run = call(here)

    here.service.poison(encode(Batch(FACTORY, 0, (run,))), 1)

    assert here.statuses() == {"Failed": 2}


# ---------------------------------------------------------------- the host's figures


def test_the_host_ends_a_process_when_the_worker_thinks_so() -> None:
    told = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["functionTimeout"]
    hours, minutes, seconds = map(int, told.split(":"))

    assert hours * 3600 + minutes * 60 + seconds == TIMEOUT


def test_the_hosts_figures_are_those_that_were_chosen() -> None:
    told = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))

    assert told["extensions"] == {
        "http": {"routePrefix": "api"},
        "queues": {
            "batchSize": 1,
            "newBatchThreshold": 0,
            "maxDequeueCount": 5,
            "visibilityTimeout": "00:05:00",
            "maxPollingInterval": "00:00:10",
            "messageEncoding": "base64",
        },
    }
    assert told["extensionBundle"]["version"] == "[4.0.0, 5.0.0)"
    sampling = told["logging"]["applicationInsights"]["samplingSettings"]
    assert sampling == {"isEnabled": True, "excludedTypes": "Exception;Trace"}
    assert told.keys() == {
        *("version", "functionTimeout", "extensionBundle", "extensions", "logging"),
    }


def test_every_name_in_a_binding_is_in_the_sample_settings() -> None:
    names = set(re.findall(r"%(\w+)%", (ROOT / "function_app.py").read_text(encoding="utf-8")))
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))

    assert names == {"LINEAGE_SCHEDULE", "LINEAGE_QUEUE"}
    assert names <= {name for name, value in sample["Values"].items() if value}
