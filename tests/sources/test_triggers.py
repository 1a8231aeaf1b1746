"""The runs of triggers, asked for where a name depends on their time, and only there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from requests import Response

from lineage.model import Definition, Json, Kind, Listed, Reading, TriggerRun
from lineage.settings import Settings
from lineage.sources import payloads
from lineage.sources.client import Client
from lineage.sources.triggers import RestTriggers
from lineage.ticks import Ticks, shift
from tests.answers import Service, answer, session
from tests.world import FACTORY, activity_run, at, pipeline_run

NOW = at("2026-11-20T12:00:00Z")
NIGHTLY: Json = {"id": "t-1", "name": "TR_Nightly", "invokedByType": "ScheduleTrigger"}
TIME = {"day": "@formatDateTime(pipeline().TriggerTime, 'yyyy')"}


def copying(name: str, **arguments: str) -> Json:
    reference = {"referenceName": "ds", "parameters": arguments}
    return {"name": name, "type": "Copy", "inputs": [reference], "outputs": [reference]}


def pipeline(*activities: Json) -> Definition:
    return Definition(Kind.PIPELINE, "P", {"activities": list(activities)})


def listed(run: str = "run-1", by: Json = NIGHTLY, name: str = "A", **changes: Any) -> Listed:
    of = replace(pipeline_run(run), invoker=by, **changes)
    return Listed(of, (activity_run(of, f"{run}-a", name=name),))


def row(*runs: str, number: int = 1, **changes: Any) -> Json:
    return {
        "triggerName": "TR_Nightly",
        "triggerRunId": f"t-{number}",
        "triggerType": "ScheduleTrigger",
        "triggerRunTimestamp": "2026-11-19T01:59:59.660141Z",
        "properties": {"TriggerTime": "11/19/2026 1:59:59 AM"},
        "triggeredPipelines": dict(zip("PQRSTUV", runs, strict=False)),
        **changes,
    }


class Triggers:
    """`RestTriggers` behind an adapter; `answers` are given in order, the last for ever."""

    def __init__(self, *answers: Any) -> None:
        self.now = NOW
        self.bodies: list[Json] = []
        self._answers = list(answers)
        self.service = Service(self._respond)
        settings = Settings.from_env({})
        self._client = Client(FACTORY, settings, http=session(self.service), sleep=lambda _: None)
        self._triggers = RestTriggers(self._client, lambda: self.now)
        self.pipeline = pipeline(copying("A", **TIME), copying("B"))

    def _respond(self, method: str, path: str, body: Any) -> Response | Exception:
        self.bodies.append(body)
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(found, Response | Exception):
            return found
        return answer(200, {"value": found} if isinstance(found, list) else found)

    def told(self, *runs: Listed) -> Reading:
        return self._triggers.told(Reading(runs), lambda _: self.pipeline, {"Copy"})

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def make() -> Iterator[Callable[..., Triggers]]:
    made: list[Triggers] = []

    def triggers(*answers: Any) -> Triggers:
        made.append(Triggers(*answers))
        return made[-1]

    yield triggers
    for each in made:
        each.close()


def moments(reading: Reading) -> list[tuple[str, int | None]]:
    """The runs, with how many moments their triggers may have fired at; None: not asked."""
    return [
        (each.run.id, len(each.run.trigger.moments) if each.run.trigger else None)
        for each in reading.listed
    ]


def unread(reading: Reading) -> list[str]:
    return [each.id for each in reading.unread]


# ---------------------------------------------------------------- what is asked


def test_the_trigger_is_asked_for_by_name_near_its_pipeline_run(
    make: Callable[..., Triggers],
) -> None:
    triggers = make([row("run-0"), row("RUN-1", number=2)])

    [found] = triggers.told(listed()).listed

    assert found.run.trigger is not None
    assert found.run.trigger.id == "t-2"
    assert all(run.of is found.run for run in found.activities)
    assert triggers.bodies == [
        {
            "lastUpdatedAfter": "2026-11-19T01:45:00Z",
            "lastUpdatedBefore": "2026-11-19T02:25:00Z",
            "filters": [{"operand": "TriggerName", "operator": "In", "values": ["TR_Nightly"]}],
            "orderBy": [{"orderBy": "TriggerRunTimestamp", "order": "DESC"}],
        }
    ]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (listed(name="B"), "an activity that asks for no time"),
        (listed(by={"invokedByType": "Manual", "name": "x"}), "started by hand"),
        (listed(by={"invokedByType": "PipelineActivity"}), "started by a pipeline"),
        (replace(listed(), activities=()), "nothing ran"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_nothing_is_asked_where_no_name_depends_on_it(
    run: Listed, why: str, make: Callable[..., Triggers]
) -> None:
    triggers = make([])
    reading = Reading((run,))

    assert triggers.told(run).listed == reading.listed
    assert triggers.service.calls == []


def test_without_the_name_of_a_trigger_all_are_asked_for(make: Callable[..., Triggers]) -> None:
    triggers = make([row("run-1")])

    assert moments(triggers.told(listed(by={}))) == [("run-1", 3)]
    assert triggers.bodies[0]["filters"] == []


def test_runs_of_one_batch_are_asked_for_at_once_and_kept(make: Callable[..., Triggers]) -> None:
    triggers = make({"value": [row("run-1")], "continuationToken": "x"}, [row("run-2", number=2)])

    found = triggers.told(listed(), listed("run-2"))

    assert moments(found) == [("run-1", 3), ("run-2", 3)]
    assert len(triggers.bodies) == 2
    assert triggers.bodies[1]["continuationToken"] == "x"
    assert moments(triggers.told(listed("run-2"))) == [("run-2", 3)]
    assert len(triggers.bodies) == 2


def test_no_page_is_read_after_what_was_wanted(make: Callable[..., Triggers]) -> None:
    triggers = make({"value": [row("run-1")], "continuationToken": "x"})

    triggers.told(listed())

    assert len(triggers.bodies) == 1


# ---------------------------------------------------------------- what cannot be had


def test_a_run_that_is_updated_late_is_found_in_all_time_until_now(
    make: Callable[..., Triggers],
) -> None:
    triggers = make([], [row("run-1")])

    assert moments(triggers.told(listed())) == [("run-1", 3)]
    assert [body["lastUpdatedBefore"] for body in triggers.bodies] == [
        "2026-11-19T02:25:00Z",
        "2026-11-21T12:00:00Z",
    ]


@pytest.mark.parametrize(
    ("age", "found", "left"),
    [(3_599, [], ["run-1"]), (3_601, [("run-1", 0)], [])],
    ids=["young: it may be only not shown yet", "old: the source has it no longer"],
)
def test_what_is_not_there_is_waited_for_an_hour(
    age: int, found: list[Any], left: list[str], make: Callable[..., Triggers]
) -> None:
    triggers = make([])
    triggers.now = shift(at("02:10:00"), age)

    reading = triggers.told(listed())

    assert (moments(reading), unread(reading)) == (found, left)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (answer(403), "querytriggerruns/action"),
        (answer(404), "404"),
        (answer(500), "500"),
        (ConnectionError("reset"), "ConnectionError"),
        ({"value": None}, "no page of rows"),
        ({"value": [], "continuationToken": "x"}, "the pages have no end"),
        ({"value": [row("z")], "continuationToken": "x"}, "the pages have no end"),
    ],
    ids=["no role", "not there", "down", "cut off", "no page", "empty page", "endless"],
)
def test_what_cannot_be_asked_now_holds_up_the_runs_that_need_it_alone(
    given: Any, problem: str, make: Callable[..., Triggers]
) -> None:
    triggers = make(given)

    reading = triggers.told(listed(), listed("run-2", name="B"))

    assert (moments(reading), unread(reading)) == ([("run-2", None)], ["run-1"])
    assert problem in reading.problem


def test_what_failed_is_not_asked_again_at_once(make: Callable[..., Triggers]) -> None:
    triggers = make({"value": None}, [row("run-1")])

    assert unread(triggers.told(listed())) == ["run-1"]
    assert unread(triggers.told(listed())) == ["run-1"]
    assert len(triggers.bodies) == 1
    triggers.now = Ticks(shift(NOW, 61))
    assert moments(triggers.told(listed())) == [("run-1", 3)]


# ---------------------------------------------------------------- what a row tells


@pytest.mark.parametrize(
    ("properties", "stamp", "second", "stamped"),
    [
        ({"TriggerTime": "6/16/2018 12:43:15 AM"}, "2018-06-16T00:43:15.66Z", "00:43:15", True),
        ({"TriggerTime": "6/16/2018 12:43:15 PM"}, None, "12:43:15", False),
        ({"TriggerTime": "06/16/2018 01:43:15 PM"}, None, "13:43:15", False),
        ({"TriggerTime": "2018-06-16T00:43:15Z"}, None, "00:43:15", False),
        ({"TriggerTime": "13/16/2018 1:43:15 AM"}, "2018-06-16T00:43:15.66Z", None, True),
        ({"TriggerTime": "6/16/2018 13:43:15 AM"}, "2018-06-16T00:43:15.66Z", None, True),
        ({"TriggerTime": 7}, None, None, False),
        (None, "1601-01-01T00:00:00Z", None, False),
    ],
)
def test_the_time_of_a_trigger_is_told_to_the_second(
    properties: Any, stamp: str | None, second: str | None, stamped: bool
) -> None:
    told = {"triggerRunTimestamp": stamp, "properties": properties}

    trigger, _ = payloads.trigger_run(row("r", **told))

    assert trigger.second == (second and at(f"2018-06-16T{second}Z"))
    assert (trigger.stamp is not None) is stamped


@pytest.mark.parametrize(
    ("stamp", "second", "found"),
    [
        (None, None, []),
        ("01:59:59.66", None, ["01:59:59", "01:59:59.66", "01:59:59.9999999"]),
        ("01:59:59.66", "02:00:00", ["01:59:59.66", "02:00:00", "02:00:00.9999999"]),
        (None, "02:00:00", ["02:00:00", "02:00:00.9999999"]),
    ],
)
def test_a_trigger_may_have_fired_at_its_stamp_or_anywhere_in_its_second(
    stamp: str | None, second: str | None, found: list[str]
) -> None:
    moments = [at(each) if each else None for each in (stamp, second)]
    trigger = TriggerRun("t", "T", "", *moments)

    assert list(trigger.moments) == [at(each) for each in found]
