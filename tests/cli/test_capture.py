"""`capture`: a live run as a scenario folder, of which `show` tells what it tells of the run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from demo.shapes import Estate
from lineage.cli import main
from lineage.cli._payload import payload
from lineage.cli.capture import changing
from lineage.model import REMOVED, Kind
from lineage.redact import Files, Place, differences, only, redact
from lineage.sources import capture, folder, scenario
from tests.cli.program import Program, Synced, check

SCENARIOS = Path(__file__).parents[1] / "scenarios"
COPY = "ad000000-0102-4000-8000-000000000002"  # an activity run
RUN = "ad000000-0102-4000-8000-000000000000"
NAMING = (
    RUN,
    "ad000000-0131-4000-8000-000000000000",
    "ad000000-0181-4000-8000-000000000000",
    "5a000000-0301-4000-8000-000000000000",
)
IDENTITIES = frozenset(
    {"activityName", "activityRunId", "id", "name", "pipelineName", "referenceName", "runId"}
)  # and columns
SPELLINGS = ("reportLineageToPurview", "reportLineageToPurvew")  # the second is a docs page's
UNDER_WAY = "ad000000-0253-4000-8000-000000000000"


def shown(program: Program, what: str, settings: Mapping[str, str]) -> Any:
    ended = program("show", what, "--json", **settings)
    assert ended.code == 0, ended.err
    return ended.json


@pytest.mark.slow
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
        assert ended.err == ""
        assert ended.code == 0
        if shown(program, str(tmp_path / run), {}) != shown(program, run, synced.settings):
            different.append(run)
        files = read(tmp_path / run)
        assert redact(files) == files

    assert len(runs) == 42
    assert different == []


@pytest.fixture(scope="session")
def captures(source: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Files]:
    """Runs with what makes names: parameters, wildcards, linked services with arguments."""
    folder = tmp_path_factory.mktemp("captures")
    for run in NAMING:
        assert main(["capture", run, "--out", str(folder / run)], source) == 0
    return [read(folder / run) for run in NAMING]


@pytest.mark.slow
@pytest.mark.parametrize("mark", [REMOVED, f"a{REMOVED}b"], ids=["whole", "within"])
def test_no_name_holds_the_mark_wherever_it_stands(captures: list[Files], mark: str) -> None:
    shown = 0
    for files in captures:
        for place in texts(files):
            runs, definitions = capture.runs(only(files, put(files, place, mark), place))
            for run in runs:
                line = payload(run, definitions, "auto")
                names = [name for each in line["entities"] for name in named(each)]
                assert not [name for name in names if "removed" in name], place
                shown += 1

    assert shown > 500


def texts(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where there are texts that may be removed: not those by which files refer to one another."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in IDENTITIES:
                yield from texts(each, (*place, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from texts(each, (*place, index))


def put(value: Any, place: Place, mark: Any) -> Any:
    if not place:
        return mark
    key, *rest = place
    if isinstance(value, list):
        return [put(each, tuple(rest), mark) if n == key else each for n, each in enumerate(value)]
    return {**value, key: put(value[key], tuple(rest), mark)}


def named(entity: Any) -> Iterator[str]:
    yield entity["attributes"]["qualifiedName"]
    yield entity["attributes"].get("name", "")


@pytest.mark.parametrize(
    ("place", "reasons"),
    [
        ("linkedService/LS_Lake.json properties typeProperties url", {"HiddenConnection"}),
        (
            "linkedService/LS_Blob_Landing.json properties typeProperties connectionString",
            {"HiddenConnection"},
        ),
        ("pipelineRun.json parameters fileName", {"HiddenConnection"}),
    ],
)
def test_where_something_was_removed_the_reason_says_that_it_is_hidden(
    place: str, reasons: set[str], captures: list[Files]
) -> None:
    runs, definitions = capture.runs(put(captures[0], tuple(place.split(" ")), REMOVED))

    lines = [payload(run, definitions, "auto") for run in runs if run.type == "Copy"]

    assert [{each["code"] for each in line["reasons"]} for line in lines] == [reasons]


def test_removals_that_only_together_change_something_are_all_told(captures: list[Files]) -> None:
    *_, row = (n for n, each in enumerate(captures[0]["activityRuns.json"]) if "output" in each)
    output: Place = ("activityRuns.json", row, "output")
    twice = {key: {"status": "NotReported"} for key in SPELLINGS}  # either of them will do
    live = put(captures[0], output, {"rowsCopied": 7, **twice})
    redacted = put(captures[0], output, {"rowsCopied": 7})
    removed = list(differences(live, redacted))
    runs, definitions = capture.runs(live)
    shown = [payload(run, definitions, "auto") for run in runs]

    assert removed == [(*output, key) for key in SPELLINGS]
    assert changing(live, redacted, removed, shown, "auto") == removed
    for place in removed:
        one = only(live, redacted, place)
        assert changing(live, one, [place], shown, "auto") == []


def test_nothing_is_kept_of_a_person_who_started_a_run_or_of_what_nobody_reads(
    captures: list[Files],
) -> None:
    by_pipeline, by_hand = captures[0]["pipelineRun.json"], captures[1]["pipelineRun.json"]

    assert sorted(by_pipeline) == [
        *("invokedBy", "lastUpdated", "parameters", "pipelineName", "runEnd", "runGroupId"),
        *("runId", "runStart", "status"),
    ]
    assert by_pipeline["invokedBy"] == {
        "invokedByType": "PipelineActivity",
        "pipelineName": "PL_Master_Nightly",
        "pipelineRunId": "ad000000-0101-4000-8000-000000000000",
    }
    assert by_hand["invokedBy"] == {"invokedByType": "Manual"}
    assert not [each for each in captures[0]["activityRuns.json"] if "userProperties" in each]


def read(folder: Path) -> Files:
    found = folder.rglob("*.json")
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text("utf-8")) for path in found
    }


@pytest.mark.parametrize("name", sorted(path.name for path in SCENARIOS.iterdir()))
def test_a_run_captured_alone_tells_the_same_whatever_it_looks_at(name: str) -> None:
    definitions = folder.read(SCENARIOS / name)
    listed = scenario.listed(SCENARIOS / name, definitions.factory.id)
    every = [each for kind in Kind for each in definitions.of(kind)]

    for run in listed.activities:
        live = capture.files(replace(listed, activities=(run,)), definitions.factory, every)
        redacted = redact(live)
        told = payload(run, definitions, "auto")
        removed = list(differences(live, redacted))
        telling = changing(live, redacted, removed, [told], "auto")

        assert again(live) == told
        assert again(redacted) == told or telling
        assert {place[-1] for place in telling} <= {"preCopyScript"}  # a query may hold a secret
        assert redact(redacted) == redacted


def again(files: Files) -> Any:
    [run], definitions = capture.runs(files)
    return payload(run, definitions, "auto")


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


def test_names_are_told_as_azure_spells_them_whatever_the_catalog_does(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    settings = {**source, "LINEAGE_ADF_NAME_CASE": "lower"}

    ended = program("capture", RUN, "--out", str(tmp_path / "x"), "--json", **settings)
    folder = processes(shown(program, str(tmp_path / "x"), settings))
    live = processes(shown(program, RUN, settings))

    assert (ended.code, ended.err, ended.json["changing"]) == (0, "", [])
    assert any("/factories/adf-contoso-sales-prod/pipelines/PL_Ingest" in each for each in folder)
    assert any("/factories/adf-contoso-sales-prod/pipelines/pl_ingest" in each for each in live)


def processes(shown: Any) -> list[str]:
    return [each["qualifiedName"] for run in shown["runs"] for each in run["processes"]]


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
    assert ended.problems == [
        "'nowhere' is no pipeline run that a factory still has, and no activity run in the ledger"
    ]


def test_without_a_factory_it_is_a_wrong_setting(tmp_path: Path, program: Program) -> None:
    ended = program("capture", RUN, "--out", str(tmp_path / "x"))

    assert ended.code == 2
    assert ended.problems[0].startswith("LINEAGE_FACTORIES is empty")
