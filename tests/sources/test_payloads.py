"""Foreign JSON into our words, with the traps of real payloads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import ticks
from lineage.model import FactoryId, Kind, PipelineRun
from lineage.sources import payloads
from lineage.ticks import Ticks

FACTORY = FactoryId("/subscriptions/s/…/factories/contoso")
RUN = PipelineRun(FACTORY, "r", "p", "Succeeded", Ticks(1), None, None, {})
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "data-factory" / "runs"


def test_a_pipeline_run_keeps_the_seventh_decimal_and_its_parameters_as_texts() -> None:
    run = payloads.pipeline_run(
        {
            "runId": "2f7fdb90-5df1-4b8e-ac2f-064cfa58202b",
            "pipelineName": "examplePipeline",
            "parameters": {"files": '["a.csv"]'},
            "runStart": "2018-06-16T00:37:44.6257014Z",
            "runEnd": "2018-06-16T00:38:12.7314495Z",
            "status": "Succeeded",
            "lastUpdated": "2018-06-16T00:38:12.7314495Z",
        },
        FACTORY,
    )

    assert run is not None
    assert (run.factory, run.id) == (FACTORY, "2f7fdb90-5df1-4b8e-ac2f-064cfa58202b")
    assert (run.pipeline, run.status) == ("examplePipeline", "Succeeded")
    assert run.parameters == {"files": '["a.csv"]'}
    assert ticks.text(run.updated) == "2018-06-16T00:38:12.7314495Z"
    assert run.started == ticks.parse("2018-06-16T00:37:44.6257014Z")
    assert run.ended == run.updated


def test_a_cancelled_run_may_have_no_end() -> None:
    run = payloads.pipeline_run(
        {"runId": "r", "pipelineName": "p", "runEnd": None, "lastUpdated": "2018-06-16T00:39:51Z"},
        FACTORY,
    )

    assert run is not None
    assert run.ended is None
    assert (run.parameters, run.status) == ({}, "")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"runId": "r", "pipelineName": "p"},
        {"runId": "r", "lastUpdated": "2018-06-16T00:39:51Z"},
        {"pipelineName": "p", "lastUpdated": "2018-06-16T00:39:51Z"},
        {"runId": "r", "pipelineName": "p", "lastUpdated": "0001-01-01T00:00:00Z"},
        {"runId": 1, "pipelineName": "p", "lastUpdated": "2018-06-16T00:39:51Z"},
    ],
)
def test_a_pipeline_run_that_can_neither_be_kept_nor_asked_for_is_none(payload: Any) -> None:
    assert payloads.pipeline_run(payload, FACTORY) is None


def test_a_pipeline_run_without_an_update_time_takes_its_end() -> None:
    payload = {"runId": "r", "pipelineName": "p", "runEnd": "2018-06-16T00:39:51Z"}

    run = payloads.pipeline_run(payload, FACTORY)

    assert run is not None
    assert ticks.text(run.updated) == "2018-06-16T00:39:51Z"


def test_an_activity_run_is_read() -> None:
    run = payloads.activity_run(
        {
            "activityRunId": "a",
            "activityName": "Copy orders",
            "activityType": "Copy",
            "status": "Succeeded",
            "activityRunStart": "2018-06-16T00:37:50.2460952Z",
            "activityRunEnd": "2018-06-16T00:38:07.4188923Z",
            "input": {"source": {"type": "BlobSource"}},
            "output": {"rowsCopied": 3, "reportLineageToPurview": {"status": "NotReported"}},
            "error": {"errorCode": "", "message": ""},
            "userProperties": {"Source": "in/orders.csv"},
        },
        RUN,
    )

    assert run.of is RUN
    assert (run.id, run.name, run.type, run.status) == ("a", "Copy orders", "Copy", "Succeeded")
    assert run.started == ticks.parse("2018-06-16T00:37:50.2460952Z")
    assert run.ended == ticks.parse("2018-06-16T00:38:07.4188923Z")
    assert run.input == {"source": {"type": "BlobSource"}}
    assert run.output is not None
    assert run.native == "NotReported"
    assert run.error == {"errorCode": "", "message": ""}
    assert run.user == {"Source": "in/orders.csv"}


def test_the_runs_of_a_pipeline_run_stand_beside_one_another() -> None:
    rows = [{"activityRunId": each} for each in "ab"]

    runs = payloads.together(payloads.activity_run(row, RUN) for row in rows)

    assert [run.id for run in runs] == ["a", "b"]
    assert [[each.id for each in run.beside] for run in runs] == [["a", "b"], ["a", "b"]]


def test_a_pipeline_run_says_who_started_it_and_which_its_reruns_are() -> None:
    told = {"runId": "r", "pipelineName": "p", "runEnd": "2018-06-16T00:39:51Z"}
    invoker = {"name": "TR_Nightly", "invokedByType": "ScheduleTrigger"}

    run = payloads.pipeline_run({**told, "runGroupId": "g", "invokedBy": invoker}, FACTORY)

    assert run is not None
    assert (run.group, run.invoker) == ("g", invoker)


@pytest.mark.parametrize("value", [None, "", "***", 0, [], ["a"]])
def test_input_and_output_that_are_no_objects_are_none(value: object) -> None:
    run = payloads.activity_run({"input": value, "output": value}, RUN)

    assert (run.input, run.output, run.native) == (None, None, None)


def test_empty_input_and_output_stay_empty() -> None:
    run = payloads.activity_run({"input": {}, "output": {}}, RUN)

    assert (run.input, run.output) == ({}, {})


def test_an_activity_run_is_identified_by_its_path_if_nothing_else() -> None:
    path = "/SUBSCRIPTIONS/S/FACTORIES/F/pipelineruns/r/activityruns/a"

    assert payloads.activity_run({"id": path}, RUN).id == "a"
    assert payloads.activity_run({"id": "a"}, RUN).id == ""
    assert payloads.activity_run({}, RUN).id == ""


@pytest.mark.parametrize("moment", [None, "", "1601-01-01T00:00:00Z", "yesterday", 5])
def test_a_moment_before_the_service_existed_is_none(moment: object) -> None:
    run = payloads.activity_run({"activityRunEnd": moment}, RUN)

    assert run.ended is None


@pytest.mark.parametrize(
    ("status", "running"),
    [
        ("Queued", True),
        ("InProgress", True),
        ("In Progress", True),
        ("Canceling", True),
        ("Cancelling", True),
        ("Pending", True),
        ("running", True),
        ("Succeeded", False),
        ("Failed", False),
        ("Cancelled", False),
        ("Skipped", False),
        ("Inactive", False),
        ("TimedOut", False),
        ("SomethingNew", False),
        ("", False),
    ],
)
def test_all_statuses_but_a_few_are_terminal(status: str, running: bool) -> None:
    assert payloads.is_running(status) is running


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"reportLineageToPurview": {"status": "Succeeded"}}, "Succeeded"),
        ({"reportlineagetopurview": {"Status": "NotReported"}}, "NotReported"),
        ({"reportLineageToPurvew": {"status": "Succeeded"}}, "Succeeded"),
        ({"reportLineageToPurview": "Succeeded"}, "Succeeded"),
        ({"reportLineageToPurview": {"status": ""}}, None),
        ({"reportLineageToPurview": {"status": 1}}, None),
        ({"reportLineageToPurview": {}}, None),
        ({"reportLineageToPurview": None}, None),
        ({"rowsCopied": 1}, None),
        ({}, None),
        (None, None),
        ("text", None),
    ],
)
def test_the_built_in_connections_word_is_read_in_any_spelling(
    output: object, said: str | None
) -> None:
    assert payloads.native(output) == said


@pytest.mark.parametrize(
    ("etag", "moment"),
    [
        ("1a00e5d0-0000-0d00-0000-5e7288df0000", "2020-03-18T20:47:27Z"),
        ('"1a00e5d0-0000-0d00-0000-5e7288df0000"', "2020-03-18T20:47:27Z"),
        ('W/"1a00e5d0-0000-0d00-0000-5E7288DF0000"', "2020-03-18T20:47:27Z"),
        ("1a00e5d0-0000-0d00-0000-000000000000", None),
        ("1a00e5d0-0000-0d00-0000-ffffffff0000", None),
        ("1a00e5d0-0000-0d00-5e7288df0000", None),
        ("5e7288df", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_an_etag_betrays_the_second_of_the_last_write(etag: object, moment: str | None) -> None:
    assert payloads.etag_second(etag) == ticks.parse(moment)


def test_a_definition_is_read_with_the_moment_it_was_written() -> None:
    found = payloads.definition(
        {
            "name": "foo1",
            "properties": {"type": "AzureStorage"},
            "etag": "1a00dcd0-0000-0d00-0000-5e7288dd0000",
        },
        Kind.LINKED_SERVICE,
    )

    assert (found.kind, found.name) == (Kind.LINKED_SERVICE, "foo1")
    assert found.properties == {"type": "AzureStorage"}
    assert found.etag == "1a00dcd0-0000-0d00-0000-5e7288dd0000"
    assert found.written == ticks.parse("2020-03-18T20:47:25Z")


def test_a_definition_without_anything_survives() -> None:
    found = payloads.definition({"properties": "none"}, Kind.DATASET)

    assert (found.name, found.properties, found.etag, found.written) == ("", {}, "", None)


def test_a_factory_has_its_global_parameters_by_name_and_the_moment_it_was_written() -> None:
    found = payloads.factory(
        {
            "id": FACTORY,
            "name": "contoso",
            "eTag": '"3c002fc7-0000-0100-0000-5efa37450000"',
            "properties": {
                "globalParameters": {
                    "env": {"type": "string", "value": "prod"},
                    "days": {"type": "int", "value": 3},
                    "broken": {"type": "int"},
                    "worse": None,
                }
            },
        }
    )

    assert (found.id, found.name) == (FACTORY, "contoso")
    assert found.parameters == {"env": "prod", "days": 3}
    assert found.written == ticks.parse("2020-06-29T18:47:33Z")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = """runId pipelineName lastUpdated runStart runEnd status parameters activityRunId id
activityName activityType activityRunStart input output name properties etag eTag"""


@given(st.dictionaries(st.sampled_from(KEYS.split()), json_values))
def test_any_object_is_read_without_error(payload: dict[str, Any]) -> None:
    payloads.pipeline_run(payload, FACTORY)
    payloads.activity_run(payload, RUN)
    payloads.definition(payload, Kind.DATASET)
    payloads.factory(payload)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, however deep."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded runs are not here")
def test_every_recorded_payload_is_read() -> None:
    pipelines, activities, written = set(), set(), 0
    for file in sorted(RECORDED.glob("*.json")):
        for payload in objects(json.loads(file.read_text(encoding="utf-8"))):
            run = payloads.pipeline_run(payload, FACTORY)
            if run:
                pipelines.add(run.id)
            activity = payloads.activity_run(payload, RUN)
            if activity.id:
                activities.add((activity.type, activity.status))
            written += payloads.definition(payload, Kind.DATASET).written is not None
            payloads.factory(payload)

    assert len(pipelines) == 6
    assert activities == {("Copy", "Succeeded"), ("ForEach", "Succeeded")}
    assert written == 4
