"""`runs`: the ledger, as programs and as people read it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.program import Ended, Program, Synced, check, contents


@pytest.fixture
def ask(synced: Synced, program: Program) -> Program:
    def run(*arguments: str, **settings: str) -> Ended:
        return program("runs", *arguments, **{**synced.settings, **settings})

    return run


def test_every_run_is_listed_the_newest_first(ask: Program, synced: Synced) -> None:
    ended = ask("--json")

    assert ended.code == 0
    for line in ended.lines:
        check("run", line)
        assert not any("change" in process for process in line["processes"])
    told = {line["activityRunId"]: line["status"] for line in ended.lines}
    assert told == {line["activityRunId"]: line["status"] for line in synced.ended.lines[:-1]}
    ends: dict[str, str] = {}
    for line in ended.lines:  # a pipeline run is as new as the last of its activities
        ends[line["pipelineRunId"]] = max(
            ends.get(line["pipelineRunId"], ""), line["ended"] or line["started"]
        )
    assert list(ends.values()) == sorted(ends.values(), reverse=True)


def test_processes_are_the_union_over_runs(ask: Program) -> None:
    lines = ask("--json", "--pipeline", "pl_merge_store_sales").lines

    inputs = {
        tuple(each["qualifiedName"] for each in process["inputs"])
        for line in lines
        for process in line["processes"]
    }
    landing = "https://contosolanding.blob.core.windows.net/landing/stores"
    assert inputs == {(f"{landing}/pos_north.csv", f"{landing}/pos_south.csv")}


@pytest.mark.parametrize("status", ["Partial", "succeeded", "NOTREPORTED"])
def test_a_status_selects_in_any_case(status: str, ask: Program) -> None:
    lines = ask("--json", "--status", status).lines

    assert lines
    assert {line["status"].lower() for line in lines} == {status.lower()}


def test_an_unknown_status_is_refused_and_the_known_ones_are_named(ask: Program) -> None:
    ended = ask("--status", "Done")

    assert (ended.code, ended.out) == (2, "")
    assert "'Done' is none of Pending, Retrying, TimedOut, Succeeded, Partial" in ended.err


def test_a_pipeline_selects_in_any_case(ask: Program) -> None:
    lines = ask("--json", "--pipeline", "pl_copy_erp_TABLE").lines

    assert {line["pipeline"] for line in lines} == {"PL_Copy_Erp_Table"}


@pytest.mark.parametrize("options", [[], ["--status", "Partial"]])
def test_since_selects_by_when_the_pipeline_run_was_updated(
    options: list[str], ask: Program
) -> None:
    everything = ask("--json", *options).lines
    lately = ask("--json", "--since", "12h", *options).lines

    assert 0 < len(lately) < len(everything)
    assert ask("--json", "--since", "2200-01-01", *options).lines == []


def test_limit_is_kept(ask: Program) -> None:
    assert ask("--json", "--limit", "3").lines == ask("--json").lines[:3]


@pytest.mark.parametrize(
    "options",
    [[], ["--status", "NotReported"], ["--since", "30d"], ["--pipeline", "PL_Copy_Erp_Table"]],
)
def test_people_are_told_how_many_more_there_are(options: list[str], ask: Program) -> None:
    every = len(ask("--json", *options).lines)

    shown = ask("--limit", "2", *options)

    assert f"… and {every - 2} more: --limit {every} shows all" in shown.out


def test_people_get_a_table_with_totals(ask: Program) -> None:
    ended = ask("--limit", "100")

    assert ended.code == 0
    assert "PL_Fetch_Partner_Prices" in ended.out
    assert "UnknownConnector (linked service LS_Sftp_Partners (Sftp))" in ended.out
    assert "activity runs in all: NotReported" in ended.out
    assert "more:" not in ended.out


def test_nothing_that_matches_is_said_to_people(ask: Program) -> None:
    assert ask("--pipeline", "none").out.splitlines()[0] == "No run matches."


def test_without_a_ledger_there_is_nothing_to_read_and_no_file_is_made(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    ended = program("runs", "--json", **source)

    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("no ledger yet: ")
    assert list(tmp_path.iterdir()) == []


def test_reading_changes_no_file(synced: Synced, program: Program) -> None:
    folder = Path(synced.settings["LINEAGE_STORE"].removeprefix("sqlite:")).parent
    before = contents(folder)

    program("runs", **synced.settings)
    program(
        "graph",
        "mssql://syn-contoso-dwh.sql.azuresynapse.net/dwh/rpt/DailyRevenue",
        **synced.settings,
    )

    assert contents(folder) == before
