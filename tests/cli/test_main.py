"""Usage, settings, exit codes and what every command has in common."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lineage.cli import COMMANDS
from tests.cli.program import ROOT, Program, process

HEAVY = ("azure", "requests", "rich", "sqlite3", "lineage.app", "lineage.catalog")


@pytest.mark.slow
def test_the_version_is_printed() -> None:
    ended = process("--version")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "purview-lineage 0.1.0\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_version_and_help_load_nothing_that_takes_time(arguments: list[str]) -> None:
    script = "import sys; from lineage.cli import main; main(sys.argv[1:]); print(*sys.modules)"

    ended = subprocess.run(  # noqa: S603  # ourselves
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = ended.stdout.splitlines()[-1].split()
    assert not [name for name in loaded if name.startswith(HEAVY)]


def test_help_lists_every_command_and_loading_each_works(program: Program) -> None:
    listed = program("--help")

    for name in COMMANDS:
        assert f"\n  {name} " in listed.out
        assert program(name, "--help").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["synch"],
        ["sync", "--what"],
        ["runs", "--limit", "0"],
        ["runs", "--limit", "many"],
        ["graph"],
        ["graph", "x", "--depth", "-1"],
        ["names"],
        ["capture"],
        ["capture", "RUN"],
        ["show"],
        ["runs", "--since", "yesterday"],
        ["sync", "--until", "2026-13-01"],
        ["--set"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_prints_nothing(arguments: list[str], program: Program) -> None:
    ended = program(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_all_problems_of_the_settings_are_told_at_once_a_line_each(program: Program) -> None:
    ended = program(
        "--set", "LINEAGE_LANES=99", "runs", "--set", "LINEAGE_NONSENSE=1", LINEAGE_BATCH="x"
    )

    assert ended.code == 2
    assert ended.problems == [
        "--set: there is no setting of that name: 'LINEAGE_NONSENSE'",
        "LINEAGE_BATCH: is to be a whole number, 1 to 200",
        "LINEAGE_LANES: is to be a whole number, 1 to 16",
    ]


@pytest.mark.parametrize("command", [["settings"], ["connectors"], ["names", "."]])
def test_every_command_refuses_a_set_that_is_no_setting(
    command: list[str], program: Program
) -> None:
    assert program(*command, "--set", "LINEAGE_NONSENSE=1").code == 2
    assert program("--set", "secret", *command).problems == ["--set: is to be NAME=VALUE"]


def test_a_secret_is_not_taken_from_the_command_line(program: Program) -> None:
    ended = program("settings", "--set", "AZURE_CLIENT_SECRET=canary-4711")

    assert ended.code == 2
    assert "canary-4711" not in ended.out + ended.err


@pytest.mark.parametrize("command", ["sync", "runs"])
def test_no_factory_is_a_wrong_setting(command: str, program: Program) -> None:
    ended = program(command)

    assert ended.code == 2
    assert ended.problems[0].startswith("LINEAGE_FACTORIES is empty")


def test_json_is_taken_before_and_after_the_command(program: Program) -> None:
    before = program("--json", "settings")
    after = program("settings", "--json")

    assert before == after
    assert before.json["v"] == 1


def test_an_unexpected_error_is_incomplete_and_tells_no_value(program: Program) -> None:
    huge = "x" * 5_000  # longer than a path may be

    ended = program("show", huge, LINEAGE_FACTORIES="")

    assert ended.code in (2, 3)
    assert "Traceback" not in ended.err


def test_logs_go_to_stderr_where_asked_for_and_never_to_stdout(
    source: Mapping[str, str], program: Program
) -> None:
    gone = source["LINEAGE_FACTORIES"].replace("adf-contoso-sales-prod", "adf-nowhere")

    quiet = program("sync", "--json", **{**source, "LINEAGE_FACTORIES": gone})
    told = program("-v", "sync", "--json", **{**source, "LINEAGE_FACTORIES": gone})

    assert len(told.lines) >= 1
    assert " WARNING lineage.sync: " in told.err
    assert "WARNING" not in quiet.err
    assert "adf-nowhere" in quiet.err


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    read, write = os.pipe()
    os.close(read)

    ended = subprocess.run(
        [sys.executable, "-m", "lineage", "connectors"],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)

    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.slow
def test_what_is_written_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    environ = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "LINEAGE_STORE": "sqlite:日本.db"}

    ended = process("settings", environ=environ, cwd=tmp_path)

    assert ended.returncode == 0
    assert "sqlite:日本.db" in ended.stdout


@pytest.mark.slow
def test_no_colour_where_it_is_not_wanted(tmp_path: Path) -> None:
    coloured = process("settings", environ={"FORCE_COLOR": "1"}, cwd=tmp_path)
    plain = process("settings", environ={"FORCE_COLOR": "1", "NO_COLOR": "1"}, cwd=tmp_path)

    assert "\x1b[3" in coloured.stdout or "\x1b[1m" in coloured.stdout
    assert "\x1b[3" not in plain.stdout
