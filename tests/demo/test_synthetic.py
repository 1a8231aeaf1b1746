"""The synthetic estate has the numbers it is asked for, and its truth is about it."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from demo import times
from demo.shapes import Estate
from demo.synthetic import synthetic

EPOCH = datetime(2026, 11, 19, 12, tzinfo=UTC)


def rows(estate: Estate, pipeline: str | None = None) -> list[dict[str, Any]]:
    return [
        json.loads(row.body())
        for site in estate.sites
        for run in site.runs
        if pipeline in (None, run.pipeline)
        for row in run.activities()
    ]


def test_the_size_of_the_benchmark() -> None:
    estate = synthetic(epoch=EPOCH)
    truth = estate.expected()

    assert len(estate.sites[0].runs) == 10_000
    assert len(truth["activityRuns"]) == 30_000
    operations = {operation for _, _, operation, _, _ in truth["edges"]}
    assert len(operations) == 2_500
    assert len(truth["columns"]) == 10 * len(truth["edges"])


def test_runs_are_spread_over_two_days_and_end_before_the_lag() -> None:
    estate = synthetic(50, 10, epoch=EPOCH, burst=10, wide=10)
    epoch = times.of(EPOCH)
    moments = [run.row.updated for run in estate.sites[0].runs]

    assert epoch - 2 * 86_400 * times.SECOND < min(moments)
    assert max(moments) < epoch - 600 * times.SECOND
    assert max(moments) - min(moments) > 40 * 3_600 * times.SECOND


def test_two_of_ten_runs_have_parameters_of_their_own() -> None:
    estate = synthetic(1, 10, epoch=EPOCH)
    parameters = [json.loads(run.row.body())["parameters"] for run in estate.sites[0].runs]

    assert Counter(each["batch"] for each in parameters) == {"0": 8, "3": 1, "7": 1}
    assert Counter(each["table"] for each in parameters) == {"all": 8, "part3": 1, "part7": 1}


def test_several_sources_unite_in_one_sink() -> None:
    truth = synthetic(2, 10, failing=0, epoch=EPOCH).expected()
    sinks = Counter(operation.split("/")[-1] for _, _, operation, _, _ in truth["edges"])

    assert sinks["00.parquet#azure_datalake_gen2_path"] == 6
    assert sinks["PL_Load_0000_01_part3#azure_sql_table"] == 1
    assert sinks["PL_Load_0001_01_all#azure_sql_table"] == 1


def test_one_of_so_many_runs_failed_in_its_last_copy() -> None:
    found = rows(synthetic(5, 5, failing=5, epoch=EPOCH))

    failed = [row["activityName"] for row in found if row["status"] == "Failed"]
    assert failed == ["Stage 01"] * 5


def test_a_wide_run_and_a_burst() -> None:
    estate = synthetic(1, 1, wide=130, burst=120, epoch=EPOCH)
    burst = [run.row.updated for run in estate.sites[0].runs if run.pipeline == "PL_Burst"]

    assert Counter(row["activityType"] for row in rows(estate, "PL_Wide")) == {
        "ForEach": 1,
        "Copy": 130,
    }
    assert len(burst) == 120
    assert max(burst) - min(burst) < 60 * times.SECOND


def test_the_truth_is_about_what_is_served() -> None:
    estate = synthetic(4, 10, wide=3, burst=3, workspace=True, epoch=EPOCH)
    truth = estate.expected()
    found = rows(estate)

    assert [site.name for site in estate.sites] == [
        "adf-contoso-synthetic",
        "syn-contoso-synthetic",
    ]
    assert {row["activityRunId"] for row in found} == truth["activityRuns"].keys()
    assert len(found) == len(truth["activityRuns"])
    for row in found:
        reported = truth["activityRuns"][row["activityRunId"]]["status"] == "Succeeded"
        assert reported == (row["status"] == "Succeeded" and row["activityType"] == "Copy")


def test_every_activity_is_defined_with_the_input_it_shows() -> None:
    estate = synthetic(2, 2, wide=2, burst=1, epoch=EPOCH)
    defined = {}
    for each in estate.sites[0].definitions:
        body = json.loads(each.body)
        for activity in body["properties"].get("activities", ()):
            for one in (activity, *activity["typeProperties"].get("activities", ())):
                defined[body["name"], one["name"]] = one

    for row in rows(estate):
        activity = defined[row["pipelineName"], row["activityName"]]
        assert activity["type"] == row["activityType"]
        if row["activityType"] == "Copy":
            assert row["input"] == activity["typeProperties"]
            assert len(row["input"]["translator"]["mappings"]) == 10


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, again, other = (synthetic(3, 3, seed=seed, epoch=EPOCH) for seed in (1, 1, 2))

    assert rows(first) == rows(again)
    assert rows(first) != rows(other)
