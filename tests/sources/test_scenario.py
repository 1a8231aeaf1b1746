"""Runs that are kept in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.errors import BadInput
from lineage.model import FactoryId
from lineage.sources import scenario

FACTORY = FactoryId("f")
RUN = {"runId": "r", "pipelineName": "p", "lastUpdated": "2026-11-19T02:00:00Z"}


def activity(name: str, status: str) -> dict[str, str]:
    return {"activityRunId": name, "activityName": name, "activityType": "Copy", "status": status}


ACTIVITIES = [activity("a", "Succeeded"), activity("b", "InProgress"), activity("c", "Failed")]


def save(folder: Path, run: Any, activities: Any) -> Path:
    (folder / "pipelineRun.json").write_text(json.dumps(run), encoding="utf-8")
    (folder / "activityRuns.json").write_text(json.dumps(activities), encoding="utf-8")
    return folder


@pytest.mark.parametrize("run", [RUN, {"value": [RUN]}, [RUN]])
@pytest.mark.parametrize("activities", [ACTIVITIES, {"value": ACTIVITIES}])
def test_a_scenario_is_one_finished_run(tmp_path: Path, run: Any, activities: Any) -> None:
    found = scenario.listed(save(tmp_path, run, activities), FACTORY)

    assert (found.run.id, found.run.pipeline, found.run.factory) == ("r", "p", "f")
    assert [(a.name, a.status) for a in found.activities] == [("a", "Succeeded"), ("c", "Failed")]
    assert all(a.of is found.run for a in found.activities)
    assert found.running == 1
    assert scenario.is_scenario(tmp_path)


@pytest.mark.parametrize(
    ("run", "activities", "message"),
    [
        ({"runId": "r"}, [], "pipelineRun.json: holds no pipeline run"),
        ([], [], "pipelineRun.json: holds no pipeline run"),
        ([RUN, RUN], [], "pipelineRun.json: holds no pipeline run"),
        ("text", [], "pipelineRun.json: is no list of runs"),
        (RUN, {"value": None}, "activityRuns.json: is no list of runs"),
        (RUN, ["a"], "activityRuns.json: is no list of runs"),
    ],
)
def test_what_is_no_run_is_bad_input(
    tmp_path: Path, run: Any, activities: Any, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        scenario.listed(save(tmp_path, run, activities), FACTORY)


def test_a_folder_without_a_run_is_bad_input(tmp_path: Path) -> None:
    assert not scenario.is_scenario(tmp_path)
    with pytest.raises(BadInput, match="cannot be read: No such file or directory"):
        scenario.listed(tmp_path, FACTORY)
