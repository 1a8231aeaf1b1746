"""`sync`: what it prints, how it ends, and what a dry run leaves alone."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from demo import estate
from demo.services import Options, Services
from demo.shapes import Estate
from lineage import wiring
from lineage.catalog.local import LocalCatalog
from lineage.settings import Settings
from lineage.store.hold import held
from lineage.store.notes import Notes
from lineage.store.sqlite import locked
from lineage.wiring import Access, now
from tests.cli.program import ROOT, Program, Synced, check, contents, leading_to, write


def test_every_line_is_as_its_schema_says_and_the_summary_comes_last(synced: Synced) -> None:
    *runs, summary = synced.ended.lines

    for run in runs:
        check("run", run)
        assert all("change" in process for process in run["processes"])
    check("summary", summary)
    assert synced.ended.code == 0
    assert synced.ended.err == ""
    assert summary["complete"]
    assert summary["runs"] == Counter(run["status"] for run in runs)
    assert summary["sourceCalls"] > 0


def test_statuses_and_reasons_are_those_written_by_hand(synced: Synced, world: Estate) -> None:
    told = {
        run["activityRunId"]: (run["status"], sorted({each["code"] for each in run["reasons"]}))
        for run in synced.ended.lines[:-1]
    }

    expected = world.expected()["activityRuns"]
    assert told == {key: (row["status"], row["reasons"]) for key, row in expected.items()}


def test_people_get_counts_and_what_to_do_next(source: Mapping[str, str], program: Program) -> None:
    first = program("sync", **source)
    again = program("sync", **source)

    assert (first.code, first.err) == (0, "")
    assert "Succeeded" in first.out
    assert "Next: python -m lineage runs --status Partial" in first.out
    assert "Nothing new: every finished run is in the ledger." in again.out
    assert "2 source calls, 0 catalog reads, 0 writes" in again.out


def test_a_dry_run_makes_no_file(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    ended = program("sync", "--dry-run", **source)

    assert ended.code == 0
    assert "Dry run: nothing was sent, and nothing was written." in ended.out
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_tells_what_a_sync_would_and_changes_no_file(
    world: Estate, source: Mapping[str, str], synced: Synced, tmp_path: Path, program: Program
) -> None:
    with LocalCatalog(tmp_path / "catalog.db") as catalog:
        catalog.send(world.catalog)
    before = contents(tmp_path)

    ended = program("sync", "--dry-run", "--json", **source)

    def told(line: Mapping[str, object]) -> object:
        return line["activityRunId"], line["status"], line["reasons"]

    dry, real = ended.lines[:-1], synced.ended.lines[:-1]
    assert sorted(map(told, dry), key=str) == sorted(map(told, real), key=str)
    assert ended.lines[-1]["catalogWrites"] == 0
    assert contents(tmp_path) == before


def test_a_dry_run_changes_no_file_of_an_earlier_sync(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    program("sync", "--until", "1d", **source)
    before = contents(tmp_path)

    dry = program("sync", "--dry-run", "--json", **source)
    unchanged = contents(tmp_path) == before
    real = program("sync", "--json", **source)

    assert unchanged
    assert len(dry.lines) > 10
    assert dry.lines[-1]["runs"] == real.lines[-1]["runs"]


@pytest.mark.parametrize("name", ["SYN-contoso-DWH", None], ids=["name", "id"])
def test_one_factory_can_be_chosen_by_name_or_id_in_any_case(
    name: str | None, source: Mapping[str, str], program: Program
) -> None:
    identity = source["LINEAGE_FACTORIES"].split(",")[-1]

    ended = program("sync", "--json", "--factory", name or identity.upper(), **source)

    assert ended.code == 0
    assert list(ended.lines[-1]["factories"]) == [identity]


def test_a_factory_that_is_not_set_is_refused_and_the_known_ones_are_told(
    source: Mapping[str, str], program: Program
) -> None:
    ended = program("sync", "--factory", "adf-other", **source)

    assert (ended.code, ended.out) == (2, "")
    assert ended.problems[1:] == [f"  {each}" for each in source["LINEAGE_FACTORIES"].split(",")]


def test_a_sync_without_a_factory_makes_no_file(tmp_path: Path, program: Program) -> None:
    ended = program(
        "sync",
        LINEAGE_STORE=f"sqlite:{tmp_path / 'store.db'}",
        LINEAGE_CATALOG=f"local:{tmp_path / 'catalog.db'}",
    )

    assert (ended.code, ended.out) == (2, "")
    assert "LINEAGE_FACTORIES is empty" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_until_ends_the_window(source: Mapping[str, str], program: Program) -> None:
    ended = program("sync", "--json", "--until", "6d", **source)

    assert ended.code == 0
    assert ended.lines[-1]["runs"] == {}


@pytest.mark.parametrize("until", ["0001-01-01", "0001-01-02", "9999-12-31"])
def test_a_window_may_end_at_any_time(
    until: str, source: Mapping[str, str], program: Program
) -> None:
    first = program("sync", "--json", "--until", until, **source)
    second = program("sync", "--json", **source)

    assert (first.code, second.code) == (0, 0)
    assert second.lines[-1]["sourceCalls"] < 200


@pytest.fixture
def too_long(tmp_path: Path) -> Estate:
    """The estate with a table whose name no catalog takes."""
    folder = tmp_path / "estate"
    shutil.copytree(estate.FOLDER, folder)
    file = folder / "adf-contoso-sales-prod" / "dataset" / "DS_Stg_Loyalty.json"
    dataset = json.loads(file.read_text(encoding="utf-8"))
    dataset["properties"]["typeProperties"]["table"] = "x" * 5_000
    write(file, dataset)
    return estate.load(datetime.now(UTC) - timedelta(minutes=10), folder)


@pytest.mark.parametrize(
    ("forbidden", "code", "complete"),
    [([], 1, True), (["syn-contoso-dwh"], 3, False)],
    ids=["a failed run", "incomplete as well"],
)
def test_a_failed_run_ends_with_1_and_an_incomplete_sync_with_3(
    forbidden: list[str], code: int, complete: bool, too_long: Estate, program: Program
) -> None:
    with Services(too_long, Options(forbidden=frozenset(forbidden))) as services:
        ended = program("sync", "--json", **leading_to(services, too_long))

    summary = ended.lines[-1]
    failed = [line["reasons"][-1]["code"] for line in ended.lines if line.get("status") == "Failed"]
    assert (ended.code, summary["complete"]) == (code, complete)
    assert set(failed) == {"TooLong"}
    assert summary["runs"]["Failed"] == len(failed)
    assert [name in ended.err for name in forbidden] == [True for _ in forbidden]


def test_people_are_told_of_failed_runs_and_what_to_do(too_long: Estate, program: Program) -> None:
    with Services(too_long, Options(forbidden=frozenset({"syn-contoso-dwh"}))) as services:
        ended = program("sync", **leading_to(services, too_long))

    assert "Incomplete: run sync again." in ended.out
    assert "Next: python -m lineage runs --status Failed" in ended.out


def test_a_second_sync_on_one_store_leaves_with_3(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    with locked(str(tmp_path / "store.db")):
        ended = program("sync", **source)

    assert (ended.code, ended.out) == (3, "")
    assert "another sync works on" in ended.err


@pytest.mark.slow
def test_a_second_sync_on_the_same_tables_leaves_with_3(
    source: Mapping[str, str], tables: str, program: Program
) -> None:
    settings = {**source, "LINEAGE_STORE": "table:", "AzureWebJobsStorage": tables}
    with wiring.rows(Settings.from_env(settings), Access.WRITE) as rows:
        with held(Notes(rows), "sync", now):
            second = program("sync", **settings)
        first = program("sync", **settings)

    assert (second.code, second.out) == (3, "")
    assert "another sync works on this store: wait until it has ended" in second.err
    assert (first.code, first.err) == (0, "")


@pytest.mark.slow
def test_a_dry_run_makes_no_table(source: Mapping[str, str], tables: str, program: Program) -> None:
    settings = {**source, "LINEAGE_STORE": "table:", "AzureWebJobsStorage": tables}

    ended = program("sync", "--dry-run", **settings)

    assert ended.code == 0
    with TableServiceClient.from_connection_string(tables) as service:
        assert list(service.list_tables()) == []


@pytest.mark.slow
def test_runs_are_shown_from_tables(
    source: Mapping[str, str], tables: str, program: Program
) -> None:
    settings = {**source, "LINEAGE_STORE": "table:", "AzureWebJobsStorage": tables}

    before = program("runs", "--json", **settings)
    synced = program("sync", "--json", **settings)
    after = program("runs", "--json", **settings)

    assert (before.code, before.out) == (0, "")
    assert len(after.lines) == len(synced.lines) - 1 > 0


@pytest.mark.slow
@pytest.mark.parametrize("stderr_is_a_terminal", [True, False])
def test_progress_is_shown_on_stderr_and_only_on_a_terminal(
    stderr_is_a_terminal: bool, source: Mapping[str, str], tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "lineage", "sync"],
        env=environ(source, tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=theirs if stderr_is_a_terminal else subprocess.PIPE,
    ) as running:
        out, err = running.communicate()
    os.close(theirs)
    shown = os.read(ours, 1 << 16) if stderr_is_a_terminal else err
    os.close(ours)

    assert running.returncode == 0
    assert b"\x1b" not in out
    assert (b"\x1b" in shown) is stderr_is_a_terminal


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_a_sync_quietly(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    read, write = os.pipe()
    os.close(read)

    ended = subprocess.run(
        [sys.executable, "-m", "lineage", "sync", "--json"],
        env=environ(source, tmp_path),
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)

    assert (ended.returncode, ended.stderr) == (141, b"")
    assert program("sync", **source).code == 0


@pytest.mark.slow
def test_ctrl_c_ends_quietly_and_the_next_sync_finds_everything(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {**source, "LINEAGE_SYNAPSE_ENDPOINT": hanging}
        with subprocess.Popen(
            [sys.executable, "-m", "lineage", "sync", "--json"],
            env=environ(settings, tmp_path),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            assert running.stdout is not None
            running.stdout.readline()
            began = time.monotonic()
            running.send_signal(signal.SIGINT)
            _, err = running.communicate()

    assert (running.returncode, err) == (130, b"")
    assert time.monotonic() - began < 5
    assert program("sync", **source).code == 0


def environ(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        **settings,
        "LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}",
        "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
    }
