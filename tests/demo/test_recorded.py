"""The services against recorded and real payloads: what they serve has the same shape."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from demo import payloads, times
from demo.services import Services
from demo.shapes import Definition, Estate, Run, Site, etag

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "data-factory" / "runs"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded runs are not here")

FACTORY = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/ps9237"
    "/providers/Microsoft.DataFactory/factories/ps6184"
)
ADF = {"api-version": "2018-06-01"}
CANCELLED = "31f1bc88-c715-4cd9-b31f-73e51da2e079"
RERUN = "52588188-5b08-4976-acc3-6f294595d5e2"
FROM_ACTIVITY = "379958e9-d519-4956-9d5b-8fddb9c5d9da"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


def shape(value: Any) -> Any:
    """Keys and types all the way down; a string that stands for a flattened object is anything."""
    if isinstance(value, str) and value.startswith("@{"):
        return ...
    if isinstance(value, Mapping):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return "number" if type(value) in (int, float) else type(value).__name__


def same(served: Any, real: Any) -> None:
    """Everything the real one has is served, in the same type; null and a value may differ."""
    if real is ... or "NoneType" in (served, real):
        return
    if isinstance(real, Mapping):
        assert real.keys() - served.keys() == set()
        for key, each in real.items():
            same(served[key], each)
    elif isinstance(real, list):
        assert isinstance(served, list)
        if served and real:
            same(served[0], real[0])
    else:
        assert served == real


def exchange(call: str) -> list[Any]:
    steps = recorded("rerun_group_recorded_exchange_2020.json")["exchange"]
    return [step["response"] for step in steps if step["call"] == call]


# ---------------------------------------------------------------- the makers of payloads


@pytest.mark.parametrize(
    ("run", "at"), [(CANCELLED, 0), (RERUN, 0), (FROM_ACTIVITY, 0), (FROM_ACTIVITY, 1)]
)
def test_a_pipeline_run_is_made_as_it_was_recorded(run: str, at: int) -> None:
    real = exchange(f"GET pipelineruns/{run}")[at]

    made = payloads.pipeline_run(
        FACTORY,
        run,
        "samplePipeline",
        times.parse(real["runStart"]),
        None if real["runEnd"] is None else times.parse(real["runEnd"]),
        times.parse(real["lastUpdated"]),
        status=real["status"],
        parameters={"OutputBlobName": "test"},
        by={"id": real["invokedBy"]["id"], "name": "Manual", "invokedByType": "Manual"},
        group=CANCELLED,
        latest=real["isLatest"],
        message=real["message"],
    )

    assert json.dumps(made) == json.dumps(real)


def test_an_array_is_given_as_a_string() -> None:
    real = recorded("query_pipeline_runs_factory_spec_example.json")["value"][0]["parameters"]

    assert payloads.arguments({"OutputBlobNameList": ["exampleoutput.csv"]}) == real


def test_a_served_activity_run_has_the_shape_of_a_real_one(bundled: Estate) -> None:
    real = recorded("copy_activity_run_2021.json")
    served = activity(bundled, "PL_Fetch_Partner_Prices", "Fetch price list")
    del real["output"]["billingReference"]["billableDuration"]  # flattened to an empty string

    same(shape(served), shape(real))
    assert list(served) == list(real)
    assert served["error"].keys() == real["error"].keys()


@pytest.mark.parametrize(
    ("name", "pipeline", "activity_name"),
    [
        (
            "copy_output_blob_to_azuresql_2019.json",
            "PL_Merge_Store_Sales",
            "Copy store sales to staging",
        ),
        ("copy_output_s3_to_adls_2020.json", "PL_Fetch_Partner_Prices", "Fetch price list"),
    ],
)
def test_a_served_output_has_the_shape_of_a_documented_one(
    bundled: Estate, name: str, pipeline: str, activity_name: str
) -> None:
    real = recorded(name)
    served = activity(bundled, pipeline, activity_name)["output"]
    for output in (real, served):
        output.pop("perfRecommendation", None)  # advice, where there is some
        output.pop("billingReference", None)  # a JSON string then, an object later
        for details in output["executionDetails"]:
            details.pop("profile", None)
            details["detailedDurations"].pop("preCopyScriptDuration", None)
            details["sink"].pop("region", None)
            details["sink"].pop("throttlingErrors", None)

    same(shape(served), shape(real))


def test_containers_show_neither_input_nor_output(bundled: Estate) -> None:
    real = recorded("query_activity_runs_factory_spec_example.json")["value"][0]
    served = activity(bundled, "PL_Refresh_Regional_Prices", "For each batch")

    same(shape(served), shape(real))
    assert (served["input"], served["output"]) == (real["input"], real["output"]) == ({}, {})


def test_a_factory_has_the_shape_of_the_recorded_one(bundled: Estate) -> None:
    real = recorded("factory_with_global_parameters_recording.json")
    served = json.loads(bundled.site("adf-contoso-sales-prod").body)

    del real["_note"], real["properties"]["globalParameters"]
    same(shape(served), shape(real))
    assert served["eTag"].startswith('"')


def test_a_linked_service_has_the_keys_of_the_recorded_one(bundled: Estate) -> None:
    real = recorded("linked_service_put_response_secret_stripped_2020.json")["response"]
    site = bundled.site("adf-contoso-sales-prod")
    served = next(
        json.loads(each.body) for each in site.definitions if each.name == "LS_Blob_Landing"
    )

    assert list(served) == list(real)
    assert (
        served["properties"]["typeProperties"].keys() == real["properties"]["typeProperties"].keys()
    )
    assert "AccountKey" not in served["properties"]["typeProperties"]["connectionString"]


def test_an_etag_tells_the_second_that_a_recorded_one_tells() -> None:
    real = recorded("rerun_group_recorded_exchange_2020.json")["definitions"]
    wrote = times.parse("2020-03-18T20:47:27Z") // times.SECOND

    made = etag("pipelines", "samplePipeline", wrote)

    assert made[8:] == real["pipeline samplePipeline"]["etag"][8:] == "-0000-0d00-0000-5e7288df0000"


def activity(estate: Estate, pipeline: str, name: str) -> Any:
    for run in estate.site("adf-contoso-sales-prod").runs:
        for row in run.activities() if run.pipeline == pipeline else ():
            if row.fields["ActivityName"] == name and row.fields["Status"] == "Succeeded":
                return json.loads(row.body())
    raise AssertionError(name)


# ---------------------------------------------------------------- recorded rows, served


@pytest.fixture
def replayed() -> Iterator[Services]:
    """The factory of the recording: its definitions, and its runs as they were first seen."""
    definitions = recorded("rerun_group_recorded_exchange_2020.json")["definitions"]
    kinds = {"dataset": "datasets", "pipeline": "pipelines"}
    activities = [
        payloads.activity_row(
            payloads.activity_run(
                FACTORY,
                CANCELLED,
                "samplePipeline",
                {
                    "id": "8c6c6a3a-6a4c-4c33-9c3c-000000000001",
                    "name": "MyCopyActivity_0_0",
                    "type": "Copy",
                    "status": "Cancelled",
                    "input": {},
                    "output": {},
                },
                times.parse("2020-03-18T20:47:28Z"),
                times.parse("2020-03-18T20:47:29Z"),
            )
        )
    ]
    site = Site(
        FACTORY,
        payloads.factory(FACTORY, {}, times.parse("2020-03-18T20:00:00Z")),
        tuple(
            Definition(
                kinds[key.split()[0]], key.split()[1], body["etag"], payloads.serialise(body)
            )
            for key, body in definitions.items()
        ),
        tuple(
            Run(payloads.pipeline_row(exchange(f"GET pipelineruns/{run}")[0]), lambda: activities)
            for run in (CANCELLED, RERUN, FROM_ACTIVITY)
        ),
    )
    with Services(Estate((site,))) as services:
        yield services


def test_the_recorded_exchange_is_replayed(http: requests.Session, replayed: Services) -> None:
    base = replayed.management + FACTORY
    window = {
        "lastUpdatedAfter": "2017-03-29T00:00:00Z",
        "lastUpdatedBefore": "2017-04-08T00:00:00Z",
        "filters": [],
        "orderBy": [],
    }
    missed = http.post(
        f"{base}/pipelineruns/{CANCELLED}/queryActivityruns", params=ADF, json=window, timeout=10
    )
    assert missed.status_code == 200
    assert [missed.json()] == exchange(f"POST pipelineruns/{CANCELLED}/queryActivityruns")

    for run in (CANCELLED, RERUN, FROM_ACTIVITY):
        served = http.get(f"{base}/pipelineruns/{run}", params=ADF, timeout=10)
        assert served.json() == exchange(f"GET pipelineruns/{run}")[0]

    for kind, name in (("datasets", "ds0_0"), ("pipelines", "samplePipeline")):
        served = http.get(f"{base}/{kind}/{name}", params=ADF, timeout=10)
        key = f"{kind[:-1]} {name}"
        assert (
            served.json() == recorded("rerun_group_recorded_exchange_2020.json")["definitions"][key]
        )


def test_the_newest_run_of_a_group_may_stop_being_the_latest(
    http: requests.Session, replayed: Services
) -> None:
    base = replayed.management + FACTORY
    asked = {
        "lastUpdatedAfter": "2020-03-18T00:00:00Z",
        "lastUpdatedBefore": "2020-03-19T00:00:00Z",
        "filters": [{"operand": "RunGroupId", "operator": "Equals", "values": [CANCELLED]}],
    }
    after = exchange(f"GET pipelineruns/{FROM_ACTIVITY}")[1]

    replayed.release("ps6184", Run(payloads.pipeline_row(after), tuple))
    group = http.post(f"{base}/queryPipelineRuns", params=ADF, json=asked, timeout=10).json()

    assert set(group) == {"value"}
    assert [row["runId"] for row in group["value"]] == [CANCELLED, RERUN, FROM_ACTIVITY]
    assert [row["parameters"] for row in group["value"]] == [{"OutputBlobName": "test"}] * 3
    assert [row["isLatest"] for row in group["value"]] == [True, True, False]
    assert group["value"][2] == after


@pytest.mark.parametrize(
    "name",
    [
        "query_pipeline_runs_factory_spec_example.json",
        "query_activity_runs_factory_spec_example.json",
    ],
)
def test_the_examples_of_the_specification_are_served_as_they_are(
    http: requests.Session, name: str
) -> None:
    runs = recorded("query_pipeline_runs_factory_spec_example.json")["value"]
    activities = recorded("query_activity_runs_factory_spec_example.json")["value"]
    rows = [payloads.activity_row(each) for each in activities]
    site = Site(
        FACTORY,
        payloads.factory(FACTORY, {}, 0),
        (),
        tuple(Run(payloads.pipeline_row(each), lambda: rows) for each in runs),
    )
    window = {
        "lastUpdatedAfter": "2018-06-16T00:36:44.3345758Z",
        "lastUpdatedBefore": "2018-06-16T00:49:48.3686473Z",
    }
    path = "queryPipelineRuns"
    if "activity" in name:
        path = "pipelineruns/2f7fdb90-5df1-4b8e-ac2f-064cfa58202b/queryActivityruns"

    with Services(Estate((site,))) as services:
        url = f"{services.management}{FACTORY}/{path}"
        served = http.post(url, params=ADF, json=window, timeout=10).json()

    assert served == recorded(name)
