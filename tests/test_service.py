"""What the triggers of the Functions app do: collecting, the gauges, and what HTTP is answered."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage import ticks
from lineage.batch import decode
from lineage.errors import LineageError, SettingsError, Unavailable, of_storage
from lineage.model import FactoryId, Reference
from lineage.store.circuits import FIRST_WAIT
from lineage.store.ledger import PATIENCE
from lineage.ticks import SECOND, Ticks
from lineage.web import Refusal, answered
from lineage.web._rate import BURST
from lineage.worker import CALLED
from tests.place import FACTORY, Place, place, refuse

ESTATE = {"pipelines": 2, "runs_per_pipeline": 2, "activities": 2}  # 8 activity runs
DEAD = FactoryId(FACTORY.replace("adf-contoso-synthetic", "adf-contoso-dead"))
RUN = "0a1b2c3d-0000-4000-8000-00000000abcd"
CALL = {"factory": FACTORY, "pipeline": "P", "pipelineRunId": RUN}
BODY = json.dumps(CALL | {"connectionString": "Password=hidden"}).encode()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, ESTATE) as made:
        yield made


def sent_runs(here: Place) -> list[tuple[int, float]]:
    """How many runs were sent with each delay: a long window is listed day by day."""
    delays: Counter[float] = Counter()
    for batch, delay in here.sent():
        delays[delay] += len(batch.runs)
    return [(count, delay) for delay, count in delays.items()]


def catalog_is_down(here: Place) -> None:
    """The catalog's circuit was opened just now."""
    here.service.circuits.failed(here.service.worker.catalog, Unavailable("down"))


# ---------------------------------------------------------------- collecting


def test_a_timer_run_sends_what_is_new_and_the_next_one_nothing(here: Place) -> None:
    here.service.collect()
    first = sent_runs(here)
    here.wait(300)
    here.service.collect()

    assert first == [(4, 0.0)]
    assert sent_runs(here) == []


def test_what_was_not_reported_is_sent_again_in_time(here: Place) -> None:
    here.service.collect()
    here.sent()

    here.wait(PATIENCE - 1)
    here.service.collect()
    before = sent_runs(here)
    here.wait(1)
    here.service.collect()

    assert (before, sent_runs(here)) == ([], [(4, 0.0)])


def test_nothing_is_sent_again_while_the_catalog_is_closed(here: Place) -> None:
    here.service.collect()
    here.sent()
    for _ in range(12):
        catalog_is_down(here)
        here.wait(PATIENCE)
        here.service.collect()

    assert sent_runs(here) == []
    here.service.circuits.wait(here.service.worker.catalog)
    here.service.circuits.worked(here.service.worker.catalog)
    here.service.collect()
    early = sent_runs(here)
    here.wait(PATIENCE)
    here.service.collect()
    assert (early, sent_runs(here)) == ([], [(4, 0.0)])


def test_what_is_new_while_the_catalog_is_closed_is_seen_when_it_is_tried(here: Place) -> None:
    catalog_is_down(here)
    here.wait(10)

    here.service.collect()

    assert sent_runs(here) == [(4, FIRST_WAIT - 10)]
    assert here.states() == {"q": 4}


def test_a_factory_that_is_closed_is_not_listed_until_its_time_has_come(here: Place) -> None:
    here.runs().error = Unavailable("down")
    here.service.collect()
    here.runs().error = AssertionError("it is asked")
    here.wait(FIRST_WAIT - 1)
    here.service.collect()
    assert here.circuits() == {FACTORY.lower(): "down"}

    here.runs().error = None
    here.wait(1)
    here.service.collect()

    assert here.circuits() == {}
    assert [each["error"] for each in here.events("collectFailed")] == ["down"]
    assert sent_runs(here) == [(4, 0.0)]


@pytest.mark.parametrize(
    "error",
    [
        of_storage(Unavailable("the queue did not answer")),
        of_storage(SettingsError("the queue: a role")),
    ],
)
def test_a_queue_that_is_down_closes_no_factory_and_moves_no_cursor(
    error: LineageError, here: Place
) -> None:
    here.queue.broken = error

    here.service.collect()

    assert here.circuits() == {}
    assert here.events("collectFailed")[0]["error"] == str(error)
    waiting = here.service.app.ledger.see(FACTORY).waiting
    oldest = min(int(key.split("|")[1]) for key in waiting)
    assert (here.service.app.ledger.cursor(FACTORY) or 0) < oldest


def test_a_factory_that_another_collects_is_left_to_it(here: Place) -> None:
    here.service.app.notes.take(f"collect|{FACTORY.lower()}", "another", here.now)

    here.service.collect()

    assert here.events("overlap") == [{"event": "overlap", "factory": FACTORY}]
    assert sent_runs(here) == []
    here.wait(600)
    here.service.collect()
    assert sent_runs(here) == [(4, 0.0)]


def test_a_factory_that_fails_holds_up_no_other(tmp_path: Path) -> None:
    with place(tmp_path, ESTATE, LINEAGE_FACTORIES=f"{DEAD},{FACTORY}") as here:
        here.service.collect()

        assert sent_runs(here) == [(4, 0.0)]
        assert list(here.circuits()) == [DEAD.lower()]
        [tick] = here.events("tick")
        assert tick["circuits"] == [DEAD.lower()]
        assert tick["unseen"] == []


def test_without_a_factory_nothing_is_collected(tmp_path: Path) -> None:
    with (
        place(tmp_path, ESTATE, LINEAGE_FACTORIES="") as here,
        pytest.raises(SettingsError, match="LINEAGE_FACTORIES"),
    ):
        here.service.collect()


def test_once_a_day_what_is_too_old_is_removed(tmp_path: Path) -> None:
    with place(tmp_path, ESTATE, LINEAGE_LEDGER_DAYS="50") as here:
        counts = []
        for days in (0.0, 49.0, 0.5, 2.0):
            here.wait(days * 86_400)
            here.service.collect()
            here.drain()
            counts.append(sum(here.statuses().values()))

    assert counts[0] == 8
    assert 0 < counts[1] <= 8
    assert counts[2] == counts[1], "it was done half a day ago"
    assert counts[3] == 0


# ---------------------------------------------------------------- the gauges


def test_a_tick_tells_what_waits_and_for_how_long(here: Place) -> None:
    here.service.collect()

    [tick] = here.events("tick")
    oldest = min(run.updated for batch, _ in here.sent() for run in batch.runs)
    assert tick == {
        "event": "tick",
        "discovered": 0,
        "runs": {},
        "backlog": 4,
        "oldestAge": (here.now - oldest) // SECOND,
        "watermarkLag": (here.now - oldest) // SECOND,
        "circuits": [],
        "unseen": [],
    }


def test_a_tick_tells_how_runs_ended(here: Place) -> None:
    here.service.collect()
    here.drain()
    here.wait(300)

    here.service.collect()

    tick = here.events("tick")[-1]
    assert tick["discovered"] == 8
    assert tick["runs"] == dict(sorted(here.statuses().items()))
    assert (tick["backlog"], tick["oldestAge"]) == (0, 0)
    assert tick["watermarkLag"] == here.settings.lag + here.settings.overlap


def test_a_factory_whose_state_cannot_be_read_is_named(here: Place) -> None:
    class Down:
        def standing(self, *_: object) -> None:
            raise Unavailable("the store is down")

    here.service.app.ledger = Down()  # type: ignore[assignment]  # for this it is enough of one
    here.service.app.notes.take(f"collect|{FACTORY.lower()}", "another", here.now)

    here.service.collect()

    assert here.events("tick")[0]["unseen"] == [FACTORY]


# ---------------------------------------------------------------- HTTP


def test_a_call_is_taken_when_its_reference_is_on_the_queue(here: Place) -> None:
    answer = here.service.accept(BODY)

    [(text, delay)] = here.queue.sent
    assert set(json.loads(text)) == {"v", "factory", "lane", "runs"}
    batch = decode(text)
    assert (batch.factory, batch.runs) == (FACTORY, (Reference(RUN, "P", Ticks(0)),))
    assert delay == CALLED
    assert answer.status == 202
    assert answer.body == {"v": 1, "accepted": True, "factory": FACTORY, "pipelineRunId": RUN}
    assert "Location" not in answer.all_headers
    assert here.events("called") == [
        {"event": "called", "factory": FACTORY, "pipeline": "P", "run": RUN}
    ]


@pytest.mark.parametrize("error", [Unavailable("down"), SettingsError("a role is missing")])
def test_no_call_is_taken_that_is_not_on_the_queue(error: LineageError, here: Place) -> None:
    here.queue.broken = error

    answer = answered(lambda: here.service.accept(BODY))

    assert (answer.status, answer.headers) == (503, {"Retry-After": "60"})
    assert here.events("called") == []


def test_too_many_calls_are_refused_before_they_are_read(here: Place) -> None:
    for _ in range(BURST):
        here.service.accept(BODY)
    here.sent()

    with pytest.raises(Refusal) as refused:
        here.service.accept(b"no JSON")

    assert (refused.value.status, refused.value.retry_after) == (429, 60)
    assert here.sent() == []


def test_the_status_tells_where_everything_stands(here: Place) -> None:
    here.service.collect()
    oldest = min(run.updated for batch, _ in here.sent() for run in batch.runs)
    here.catalog.answer = refuse(Unavailable("down"))
    here.handle()
    here.handle()
    found = here.service.status(None).body

    [(factory, told)] = found["factories"].items()
    circuit = found["catalog"]["circuit"]
    assert (found["v"], sum(found["runs"].values())) == (1, 6)
    assert found["backlog"] == {"size": 4, "oldest": ticks.text(oldest)}
    assert factory == FACTORY
    assert told == {
        "cursor": ticks.text(here.service.app.ledger.cursor(FACTORY) or Ticks(0)),
        "watermark": told["watermark"],
        "backlog": 4,
        "circuit": None,
    }
    assert (circuit["why"], circuit.keys()) == ("down", {"since", "until", "why"})


def test_the_status_of_a_run_is_its_lines(here: Place) -> None:
    here.service.collect()
    run = here.sent()[0][0].runs[0]
    here.drain()

    found = here.service.status(run.id).body
    nobody = here.service.status("../../x").body

    assert {each["pipelineRunId"] for each in found["runs"]} == {run.id}
    assert len(found["runs"]) == 2
    assert nobody == {"v": 1, "runs": []}


def test_before_the_first_timer_run_nothing_is_known(here: Place) -> None:
    found = here.service.status(None).body

    assert found["factories"][FACTORY] == {
        "cursor": None,
        "watermark": None,
        "backlog": 0,
        "circuit": None,
    }
