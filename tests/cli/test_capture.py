"""`capture`: a live run as a scenario folder, of which `show` tells what it tells of the run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.shapes import Estate
from tests.cli.program import Program, Synced, check

COPY = "ad000000-0102-4000-8000-000000000002"  # an activity run
RUN = "ad000000-0102-4000-8000-000000000000"
UNDER_WAY = "ad000000-0253-4000-8000-000000000000"


def shown(program: Program, what: str, settings: Mapping[str, str]) -> Any:
    ended = program("show", what, "--json", **settings)
    assert ended.code == 0, ended.err
    return ended.json


def test_show_tells_the_same_of_a_captured_run_for_every_run_of_the_estate(
    world: Estate, synced: Synced, tmp_path: Path, program: Program
) -> None:
    runs = [run.id for site in world.sites for run in site.runs]
    different = []
    for run in runs:
        ended = program("capture", run, "--out", str(tmp_path / run), **synced.settings)
        if run == UNDER_WAY:
            assert (ended.code, (tmp_path / run).exists()) == (3, False)
            continue
        assert (ended.code, ended.err) == (0, "")
        if shown(program, str(tmp_path / run), {}) != shown(program, run, synced.settings):
            different.append(run)

    assert len(runs) == 42
    assert different == []


def test_an_activity_run_is_captured_alone(
    synced: Synced, tmp_path: Path, program: Program
) -> None:
    ended = program("capture", COPY, "--out", str(tmp_path / "x"), "--json", **synced.settings)

    check("capture", ended.json)
    assert ended.json["changing"] == []
    assert [file for file in ended.json["files"] if "/" not in file] == [
        "activityRuns.json",
        "pipelineRun.json",
    ]
    assert len(shown(program, str(tmp_path / "x"), {})["runs"]) == 1
    assert shown(program, str(tmp_path / "x"), {}) == shown(program, COPY, synced.settings)


def test_a_run_that_is_not_in_the_ledger_is_asked_for(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    ended = program("capture", RUN, "--out", str(tmp_path / "x"), **source)

    assert ended.code == 0
    assert "files" in ended.out
    assert not list(tmp_path.glob("*.db"))


def test_what_was_told_of_files_is_what_is_there(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    folder = tmp_path / "x"

    ended = program("capture", RUN, "--out", str(folder), "--json", **source)

    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    assert ended.json["files"] == written
    assert len(ended.json["removed"]) == len(set(ended.json["removed"]))
    for path in folder.rglob("*.json"):
        text = path.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize("there", ["file", "folder"])
def test_a_folder_that_holds_something_is_refused_and_nothing_is_asked(
    there: str, source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    place = tmp_path / "x"
    if there == "folder":
        place.mkdir()
    (place / "mine" if there == "folder" else place).write_text("mine")

    ended = program("capture", RUN, "--out", str(place), **source)

    assert (ended.code, ended.out) == (2, "")
    assert ended.problems == [
        f"{place}: is there already and not an empty folder; nothing is written"
    ]


def test_a_run_that_nobody_has_is_wrong_usage(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    ended = program("capture", "nowhere", "--out", str(tmp_path / "x"), **source)

    assert (ended.code, ended.out, (tmp_path / "x").exists()) == (2, "", False)


def test_without_a_factory_it_is_a_wrong_setting(tmp_path: Path, program: Program) -> None:
    ended = program("capture", RUN, "--out", str(tmp_path / "x"))

    assert ended.code == 2
    assert ended.problems[0].startswith("LINEAGE_FACTORIES is empty")
