"""`show`: what would be sent for a run, and how each name came to be."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.folders import copy, factory, use
from tests.cli.program import RECORDED, Program, Synced, check, write

TIMES = {
    "activityRunStart": "2026-11-19T02:00:00Z",
    "activityRunEnd": "2026-11-19T02:01:00Z",
}
FACTORY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/folder"
    "/providers/Microsoft.DataFactory/factories/scenario"
)
RUN = "ad000000-0102-4000-8000-000000000002"


def activity(name: str = "Load", **more: Any) -> dict[str, Any]:
    return {
        "activityRunId": f"run of {name}",
        "activityName": name,
        "activityType": "Copy",
        "status": "Succeeded",
        "input": {"source": {"type": "DelimitedTextSource"}, "sink": {"type": "AzureSqlSink"}},
        "output": {"rowsCopied": 7, "dataWritten": 70},
        **TIMES,
        **more,
    }


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    folder = factory(
        tmp_path / "scenario",
        [copy("Load", use("ds_csv", f="@pipeline().parameters.file"), use("ds_sql"))],
        file=None,
    )
    run = {
        "runId": "r",
        "pipelineName": "pl_load",
        "status": "Succeeded",
        "runEnd": "2026-11-19T02:01:10Z",
        "parameters": {"file": "canary-4711.csv"},
    }
    write(folder / "pipelineRun.json", run)
    wait = activity("Wait", activityType="Wait")
    write(
        folder / "activityRuns.json", {"value": [activity(), wait, activity("x", status="Queued")]}
    )
    return folder


def test_a_scenario_shows_the_body_that_would_be_sent(scenario: Path, program: Program) -> None:
    ended = program("show", str(scenario), "--json")

    assert ended.code == 0
    check("show", ended.json)
    load, wait = ended.json["runs"]
    assert (load["status"], load["reasons"][0]["code"]) == ("Succeeded", "ColumnsUnknown")
    assert (wait["status"], wait["entities"], wait["traces"]) == ("NotReported", [], [])
    sink = "mssql://srv.database.windows.net/erp/dbo/Orders"
    names = [(each["typeName"], each["attributes"]["qualifiedName"]) for each in load["entities"]]
    assert names == [
        ("azure_datalake_gen2_path", "https://lake.dfs.core.windows.net/raw/canary-4711.csv"),
        ("azure_sql_table", sink),
        ("azure_data_factory", FACTORY),
        ("adf_pipeline", f"{FACTORY}/pipelines/pl_load"),
        ("adf_copy_activity", f"{FACTORY}/pipelines/pl_load/activities/Load"),
        (
            "adf_copy_operation",
            f"{FACTORY}/pipelines/pl_load/activities/Load#{sink}#azure_sql_table",
        ),
    ]
    assert load["entities"][4]["attributes"]["rowCount"] == 7


def test_traces_name_places_and_never_values(scenario: Path, program: Program) -> None:
    load, _ = program("show", str(scenario), "--json").json["runs"]

    steps = [step for trace in load["traces"] for step in trace["steps"]]
    assert any("run parameter file" in step for step in steps)
    assert not any("4711" in step for step in steps)


def test_people_get_status_traces_and_body(scenario: Path, program: Program) -> None:
    ended = program("show", str(scenario))

    assert ended.code == 0
    assert "pl_load / Load  Copy Succeeded → Succeeded" in ended.out
    assert "pl_load / Wait  Wait Succeeded → NotReported" in ended.out
    assert "UnsupportedActivity" in ended.out
    body = ended.out[ended.out.index("\n{\n") : ended.out.index("\n}\n") + 3]
    assert len(json.loads(body)["entities"]) == 6


def test_a_scenario_without_definitions_ends_honestly(scenario: Path, program: Program) -> None:
    (scenario / "pipeline" / "pl_load.json").unlink()

    load, _ = program("show", str(scenario), "--json").json["runs"]

    assert [reason["code"] for reason in load["reasons"]] == ["DefinitionMissing"]


def test_nothing_is_written(scenario: Path, tmp_path: Path, program: Program) -> None:
    program("show", str(scenario))

    assert [path.name for path in tmp_path.iterdir()] == ["scenario"]


@pytest.mark.parametrize("what", ["nowhere", "."], ids=["no run", "no scenario"])
def test_what_is_no_run_is_wrong_usage(what: str, synced: Synced, program: Program) -> None:
    ended = program("show", what, "--json", **synced.settings)

    assert (ended.code, ended.out) == (2, "")
    assert ended.problems


def test_a_run_is_read_live_by_its_activity_runs_id(synced: Synced, program: Program) -> None:
    ended = program("show", RUN.upper(), "--json", **synced.settings)

    check("show", ended.json)
    [run] = ended.json["runs"]
    assert (run["activity"], run["status"]) == ("Copy orders to lake", "Succeeded")
    assert run["entities"]


@pytest.mark.parametrize("known", [True, False], ids=["in the ledger", "not yet"])
def test_a_run_is_read_live_by_its_pipeline_runs_id(
    known: bool, synced: Synced, tmp_path: Path, program: Program
) -> None:
    lines = [line for line in synced.ended.lines[:-1] if line["activityRunId"] == RUN]
    fresh = {"LINEAGE_STORE": f"sqlite:{tmp_path / 'new.db'}"}

    ended = program(
        "show",
        lines[0]["pipelineRunId"],
        "--json",
        **{**synced.settings, **({} if known else fresh)},
    )

    assert ended.code == 0
    assert [run["activity"] for run in ended.json["runs"]] == [
        "Lookup watermark",
        "Copy orders to lake",
        "Set loaded file",
    ]
    assert not list(tmp_path.iterdir())


def test_a_workspaces_run_is_found_too(synced: Synced, tmp_path: Path, program: Program) -> None:
    line = next(
        line
        for line in synced.ended.lines[:-1]
        if line["pipeline"] == "PL_Build_Report_DailyRevenue"
    )
    fresh = {"LINEAGE_STORE": f"sqlite:{tmp_path / 'new.db'}"}

    ended = program("show", line["pipelineRunId"], "--json", **{**synced.settings, **fresh})

    assert [run["status"] for run in ended.json["runs"]] == ["Succeeded", "Succeeded"]


@pytest.mark.parametrize(
    "content",
    [
        activity(pipelineName="pl", pipelineRunId="r"),
        [activity(pipelineName="pl")],
        {"value": [activity()]},
        {"exchange": [{"answer": {"value": [activity(), {"runId": "r", "pipelineName": "pl"}]}}]},
    ],
    ids=["one run", "a list", "a page", "somewhere within"],
)
def test_a_recorded_run_without_definitions_ends_honestly(
    content: Any, tmp_path: Path, program: Program
) -> None:
    file = write(tmp_path / "recorded.json", content)

    ended = program("show", str(file), "--json")

    check("show", ended.json)
    [run] = ended.json["runs"]
    assert (run["status"], run["reasons"][0]["code"]) == ("NotReported", "DefinitionMissing")


@pytest.mark.parametrize("content", ["{}", "[", '{"value": []}'])
def test_a_file_without_a_run_is_wrong_usage(
    content: str, tmp_path: Path, program: Program
) -> None:
    file = tmp_path / "file.json"
    file.write_text(content, encoding="utf-8")

    assert program("show", str(file)).code == 2


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded runs are not here")
def test_recorded_payloads_are_read_and_their_copy_runs_shown(program: Program) -> None:
    shown = {}
    for file in sorted(RECORDED.glob("*.json")):
        ended = program("show", str(file), "--json")
        assert ended.code in (0, 2), file
        if ended.code == 0:
            check("show", ended.json)
            shown[file.name] = [
                (run["activityType"], run["reasons"][0]["code"]) for run in ended.json["runs"]
            ]

    assert shown == {
        "copy_activity_run_2021.json": [("Copy", "DefinitionMissing")],
        "fabric_copy_input_contrast_2025.json": [("Copy", "DefinitionMissing")],
        "query_activity_runs_factory_spec_example.json": [
            ("ForEach", "UnsupportedActivity"),
            ("Copy", "DefinitionMissing"),
        ],
    }
