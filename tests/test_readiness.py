"""Whether everything can be reached: within a budget, and not more often than need be."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

from lineage import readiness
from lineage.doctor import Check, Health
from lineage.errors import Unavailable
from lineage.readiness import KEPT, Readiness
from lineage.settings import Settings
from tests.place import place

FINE = Check("store", "table:", Health.OK, "can be read")
WARNED = Check("clock", "x", Health.WARNING, "is slow")
BROKEN = Check("catalog", "atlas:x", Health.FAILED, "does not answer")
SETTINGS = Settings.from_env({})


def test_everything_that_can_be_reached_is_ready() -> None:
    answer = Readiness(SETTINGS, checks=lambda: [FINE, WARNED]).answer()

    assert answer.status == 200
    assert answer.body["ready"] is True
    assert [(each["check"], each["status"]) for each in answer.body["checks"]] == [
        ("store", "ok"),
        ("clock", "warning"),
    ]


def test_one_that_cannot_is_not() -> None:
    answer = Readiness(SETTINGS, checks=lambda: [FINE, BROKEN]).answer()

    assert (answer.status, answer.body["ready"]) == (503, False)
    assert answer.body["checks"][1]["said"] == "does not answer"


def test_what_was_found_is_told_for_a_while() -> None:
    now, looks = [100.0], [0]

    def checks() -> Iterator[Check]:
        looks[0] += 1
        yield FINE

    ready = Readiness(SETTINGS, checks=checks, clock=lambda: now[0])
    for moment in (100.0, 100.0 + KEPT - 1, 100.0 + KEPT):
        now[0] = moment
        ready.answer()

    assert looks == [2]


def test_a_look_that_hangs_is_not_waited_for_and_tells_what_it_found() -> None:
    over = Event()

    def checks() -> Iterator[Check]:
        yield FINE
        over.wait(30)
        yield WARNED

    ready = Readiness(SETTINGS, checks=checks, budget=0.05)
    first = ready.answer()
    over.set()
    patient = Readiness(SETTINGS, checks=checks).answer()

    assert first.status == 503
    assert [each["status"] for each in first.body["checks"]] == ["ok", "failed"]
    assert "ask again" in first.body["checks"][1]["said"]
    assert patient.status == 200


def test_an_error_of_ours_is_a_check_that_failed() -> None:
    def checks() -> Iterator[Check]:
        yield FINE
        raise Unavailable("no token")

    answer = Readiness(SETTINGS, checks=checks).answer()

    assert answer.status == 503
    assert [each["said"] for each in answer.body["checks"]] == ["can be read", "no token"]


def test_a_bug_in_a_look_is_not_taken_for_readiness() -> None:
    def checks() -> Iterator[Check]:
        yield FINE
        raise ZeroDivisionError

    answer = Readiness(SETTINGS, checks=checks).answer()

    assert answer.status == 503
    assert "ZeroDivisionError" in answer.body["checks"][1]["said"]


def test_it_asks_what_doctor_asks(tmp_path: Path) -> None:
    with place(tmp_path, {"pipelines": 1, "runs_per_pipeline": 1}) as here:
        answer = here.service.ready()

    assert answer.status == 200, answer.body
    assert {"settings", "source", "catalog", "store"} <= {
        each["check"] for each in answer.body["checks"]
    }
    assert readiness.BUDGET == 2.0
