"""`replay`: which runs it opens again, what it says, and that the next pass reports them."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program, Synced, check


def again(program: Program, synced: Synced, tmp_path: Path) -> Mapping[str, str]:
    """The settings of a copy of what was synced."""
    settings = dict(synced.settings)
    for kind, name in (("STORE", "store.db"), ("CATALOG", "catalog.db")):
        scheme, _, path = settings[f"LINEAGE_{kind}"].partition(":")
        (tmp_path / name).write_bytes(Path(path).read_bytes())
        settings[f"LINEAGE_{kind}"] = f"{scheme}:{tmp_path / name}"
    return settings


def rows(program: Program, settings: Mapping[str, str], *options: str) -> list[dict[str, Any]]:
    return program("runs", "--json", "--limit", "1000", *options, **settings).lines


def test_runs_of_a_status_are_opened_and_the_next_sync_reports_them(
    program: Program, synced: Synced, tmp_path: Path
) -> None:
    settings = again(program, synced, tmp_path)
    before = Counter(each["status"] for each in rows(program, settings))

    ended = program("replay", "--status", "partial", "--json", **settings)
    between = Counter(each["status"] for each in rows(program, settings))
    synced_again = program("sync", "--json", **settings)
    after = Counter(each["status"] for each in rows(program, settings))

    [told] = ended.lines
    check("reopened", told)
    assert (ended.code, told["v"], told["event"]) == (0, 1, "replayed")
    assert told["runs"] == before["Partial"] == sum(told["factories"].values())
    assert (between["Partial"], between["Pending"]) == (0, before["Partial"] + before["Pending"])
    assert synced_again.lines[-1]["runs"]["Partial"] == before["Partial"]
    assert after == before


def test_one_run_is_opened_by_its_id_in_any_case(
    program: Program, synced: Synced, tmp_path: Path
) -> None:
    settings = again(program, synced, tmp_path)
    some = rows(program, settings, "--status", "Succeeded")[0]

    by_activity = program("replay", "--json", "--run", some["activityRunId"].upper(), **settings)
    by_pipeline = program("replay", "--json", "--run", some["pipelineRunId"].upper(), **settings)

    assert by_activity.lines[0]["runs"] == 1
    siblings = [
        each for each in rows(program, settings) if each["pipelineRunId"] == some["pipelineRunId"]
    ]
    assert by_pipeline.lines[0]["runs"] == len(siblings) - 1


def test_runs_are_opened_by_a_reason_and_a_pipeline(
    program: Program, synced: Synced, tmp_path: Path
) -> None:
    settings = again(program, synced, tmp_path)
    found = [each for each in rows(program, settings) if each["reasons"]]
    reason = found[0]["reasons"][0]["code"]
    pipeline = found[0]["pipeline"]
    meant = [
        each
        for each in found
        if each["pipeline"] == pipeline and reason in {gap["code"] for gap in each["reasons"]}
    ]

    ended = program(
        *("replay", "--json", "--reason", reason.lower(), "--pipeline", pipeline.upper()),
        **settings,
    )

    assert ended.lines[0]["runs"] == len(meant) > 0


def test_what_is_open_already_is_left_alone(
    program: Program, synced: Synced, tmp_path: Path
) -> None:
    settings = again(program, synced, tmp_path)

    program("replay", "--status", "Succeeded", **settings)
    twice = program("replay", "--status", "Succeeded", **settings)

    assert twice.out.strip() == "Nothing to be replayed."


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "say which runs"),
        (("--pipeline", "P"), "say which runs"),
        (("--since", "2d"), "say which runs"),
        (("--status", "odd"), "odd"),
        (("--reason", "odd"), "none of UnsupportedActivity"),
    ],
)
def test_it_must_be_said_which(
    options: tuple[str, ...], problem: str, program: Program, synced: Synced
) -> None:
    ended = program("replay", *options, **synced.settings)

    assert ended.code == 2
    assert problem in ended.err


def test_without_a_ledger_there_is_nothing_and_none_is_made(
    program: Program, source: Mapping[str, str], tmp_path: Path
) -> None:
    ended = program("replay", "--status", "Failed", **source)

    assert (ended.code, ended.out) == (0, "")
    assert "no ledger yet" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_people_are_told_by_factory(program: Program, synced: Synced, tmp_path: Path) -> None:
    settings = again(program, synced, tmp_path)

    ended = program("replay", "--status", "Partial", **settings)

    assert "runs replayed" in ended.out
    assert json.dumps(ended.err) == '""'
