"""A live run as files: their names, what is in them, and where they are written."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import ticks
from lineage.errors import BadInput
from lineage.model import (
    ActivityRun,
    Definition,
    Factory,
    FactoryId,
    Kind,
    Listed,
    PipelineRun,
)
from lineage.sources import capture, folder, scenario
from lineage.ticks import Ticks

ID = FactoryId(
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/syn-contoso"
)
FACTORY = Factory(ID, "syn-contoso", {"zone": "raw"})
ETAG = "6ccf9aa2-0000-0d00-0000-6ae0f6290000"


def moment(text: str) -> Ticks:
    found = ticks.parse(text)
    assert found is not None
    return found


RUN = PipelineRun(
    ID,
    "r",
    "pl",
    "Succeeded",
    moment("2026-11-19T02:01:10.1234567Z"),
    moment("2026-11-19T02:00:00Z"),
    None,
    {"file": "a.csv"},
)
COPY = ActivityRun(
    RUN, "a", "Copy", "Copy", "Succeeded", RUN.started, RUN.updated, {"source": {}}, {}, None
)
WAIT = ActivityRun(RUN, "w", "Wait", "Wait", "Skipped", None, None, None, None, "NotReported")


def definition(name: str, kind: Kind = Kind.DATASET) -> Definition:
    return Definition(kind, name, {"type": "Binary"}, ETAG, None)


def files(*definitions: Definition) -> dict[str, Any]:
    return capture.files(Listed(RUN, (COPY, WAIT)), FACTORY, definitions)


def facts(run: ActivityRun) -> list[Any]:
    """What is told of a run, without its payload."""
    of = [run.of.factory, run.of.id, run.of.updated, run.of.started, run.of.ended]
    return [*of, run.id, run.name, run.type, run.status, run.started, run.ended, run.native]


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    scenario.write(tmp_path / "new", files(definition("ds"), definition("ls", Kind.LINKED_SERVICE)))

    definitions = folder.read(tmp_path / "new")
    listed = scenario.listed(tmp_path / "new", definitions.factory.id)
    copy, wait = listed.activities
    assert (definitions.factory.id, definitions.factory.parameters) == (ID, {"zone": "raw"})
    assert definitions.factory.synapse
    assert definitions.names(Kind.DATASET) == ["ds"]
    assert definitions.of(Kind.LINKED_SERVICE)[0].written is not None
    assert definitions.problems == ()
    assert [facts(copy), facts(wait)] == [facts(COPY), facts(WAIT)]
    assert (copy.input, copy.output, wait.input) == ({"source": {}}, {}, None)
    assert listed.run.parameters == {"file": "a.csv"}


def test_files_are_read_in_memory_as_from_a_folder() -> None:
    activities, definitions = capture.runs(files(definition("Ds")))

    found = definitions.get(Kind.DATASET, "dS")
    assert [facts(each) for each in activities] == [facts(COPY), facts(WAIT)]
    assert found is not None
    assert (found.name, found.properties) == ("Ds", {"type": "Binary"})
    assert definitions.factory.id == ID


def test_json_is_written_in_order_and_a_key_a_line() -> None:
    assert scenario.text({"b": 1, "a": ["é"]}) == '{\n  "a": [\n    "é"\n  ],\n  "b": 1\n}\n'
    assert json.loads(scenario.text("\ud800")) == "\ud800"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("DS_Blob Csv", "DS_Blob Csv"),
        ("a/b", "a%2Fb"),
        ("../../etc/passwd", "%2E./../etc/passwd".replace("/", "%2F")),
        ("..", "%2E."),
        (".hidden", "%2Ehidden"),
        ("C:\\x", "C%3A%5Cx"),
        ("con", "%63on"),
        ("COM1.x", "%43OM1.x"),
        ("", "%"),
        ("é", "%C3%A9"),
        ("\ud800", "%ED%A0%80"),
        ("50%", "50%25"),
        ("a\x00b", "a%00b"),
    ],
)
def test_any_name_becomes_that_of_a_file(name: str, file: str) -> None:
    assert f"dataset/{file}.json" in files(definition(name))


@given(st.lists(st.text(max_size=300), min_size=1, max_size=4, unique_by=str.casefold))
def test_no_name_leads_elsewhere_and_no_two_to_one_file(names: list[str]) -> None:
    made = [path for path in files(*map(definition, names)) if path.startswith("dataset/")]

    assert len({path.lower() for path in made}) == len(names)
    for path in made:
        _, file = PurePosixPath(path).parts
        assert len(file) < 150
        assert not set(file) & set('\\:*?"<>|\x00')


@pytest.mark.parametrize("there", ["file", "full"])
def test_what_is_there_already_is_left_alone(there: str, tmp_path: Path) -> None:
    place = tmp_path / "x"
    if there == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "mine.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(BadInput, match="is there already"):
        scenario.write(place, files())

    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_taken_and_a_missing_one_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    scenario.write(tmp_path / "empty", files())
    scenario.write(tmp_path / "not" / "yet", files())

    assert scenario.is_scenario(tmp_path / "empty")
    assert scenario.is_scenario(tmp_path / "not" / "yet")


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BadInput, match="cannot be"):
        scenario.write(tmp_path / "file" / "below", files())
