"""The connector table: a case file for each row, and promises that hold for every endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.connectors import CONNECTORS, name
from lineage.model import Certainty, Endpoint, Name
from tests.connectors.trees import endpoint

CASES = Path(__file__).parent / "cases"
FALLBACK = "fallback"  # the stores without a row
FILES = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(CASES.glob("*.json"))}
ALL = [
    pytest.param(row, case, id=f"{row}: {case['case']}")
    for row, cases in FILES.items()
    for case in cases
]


@pytest.mark.parametrize(("row", "case"), ALL)
def test_an_endpoint_is_named_as_its_case_says(row: str, case: dict[str, Any]) -> None:
    named = name(endpoint(case))

    assert named.asset.candidates[0] == Name(case["type"], case["qualifiedName"])
    assert named.certainty == case["certainty"]
    assert [gap.reason for gap in named.gaps] == case["reasons"]
    assert named.whole is case.get("whole", case["certainty"] != "fallback")
    if "alternatives" in case:
        further = [[other.type, other.qualified] for other in named.asset.candidates[1:]]
        assert further == case["alternatives"]


def test_every_row_has_a_case_file_and_every_case_file_a_row() -> None:
    assert set(FILES) == {row.id for row in CONNECTORS} | {FALLBACK}


@pytest.mark.parametrize("row", CONNECTORS, ids=lambda row: row.id)
def test_a_row_has_cases_of_its_own_names_and_of_gaps(row: Any) -> None:
    cases = FILES[row.id]
    first = next(iter(row.names))

    assert len(cases) >= 8
    assert sum(case["type"] == first for case in cases) >= 3
    assert any(case["certainty"] == "fallback" and case["reasons"] for case in cases)
    assert {case["linkedService"]["type"] for case in cases} <= set(row.linked_services)


def test_case_names_are_unique_in_their_file() -> None:
    for cases in FILES.values():
        titles = [case["case"] for case in cases]
        assert len(titles) == len(set(titles))


def test_rows_are_in_alphabetical_order() -> None:
    ids = [row.id for row in CONNECTORS]

    assert ids == sorted(set(ids))


def test_stores_without_a_row_have_cases_of_many_kinds() -> None:
    assert len({case["linkedService"]["type"] for case in FILES[FALLBACK]}) >= 15


def test_cases_called_in_are_uses_in_public_factories_as_they_stand() -> None:
    """
    `in <repository>/<folder>: <pipeline>, <activity>, <dataset>`, both definitions of that folder.

    What was passed by hand for a parameter stands behind it. A case called `after …` has one
    definition of the repository and the other completed by hand; it does not count here. Thirty
    uses with a full name are counted where the program prints them, in tests/cli/test_corpus.py.
    """
    cases = [case for cases in FILES.values() for case in cases if case["case"].startswith("in ")]
    titles = [case["case"] for case in cases]

    assert len(titles) == len(set(titles)) == 37
    assert sum(case["certainty"] != "fallback" for case in cases) == 19
    assert all(title.count("/") and title.partition(": ")[2].count(", ") >= 2 for title in titles)


def test_a_gap_tells_which_parts_are_known_and_which_are_missing() -> None:
    linked = {"type": "AzureSqlDatabase", "typeProperties": {"server": "s.database.windows.net"}}
    dataset = {"type": "AzureSqlTable", "typeProperties": {}}

    named = name(endpoint({"linkedService": linked, "dataset": dataset}))

    assert [gap.detail for gap in named.gaps] == [
        "dataset ds_object: known: server; missing: database, table"
    ]


def test_a_trace_tells_of_each_part_where_it_came_from_and_not_what_it_is() -> None:
    linked = {
        "type": "AzureSqlDatabase",
        "typeProperties": {"connectionString": "Server=s.database.windows.net;Database=erp"},
    }
    dataset = {"type": "AzureSqlTable", "typeProperties": {"table": "orders"}}

    named = name(endpoint({"linkedService": linked, "dataset": dataset}))

    assert named.trace == (
        "server: connectionString ← literal",
        "database: connectionString ← literal",
        "schema: default schema dbo",
        "table: literal",
    )


def test_a_trace_keeps_the_pattern_that_no_name_may_hold() -> None:
    linked = {"type": "AzureBlobFS", "typeProperties": {"url": "https://l.dfs.core.windows.net"}}
    location = {"fileSystem": "lake", "folderPath": "raw"}
    dataset = {"type": "Json", "typeProperties": {"location": location}}
    store = {"wildcardFolderPath": "in/2*", "wildcardFileName": "@item().name"}

    named = name(endpoint({"linkedService": linked, "dataset": dataset, "store": store}))

    assert named.trace == (
        "account: literal",
        "container: literal",
        "folder: pattern in/2* ← literal",
        "file: pattern not known ← expression",
    )


def test_an_endpoint_of_which_nothing_is_known_is_its_linked_service() -> None:
    named = name(Endpoint("", "", "", {}, "", "", {}))

    assert named.asset.candidates == (Name("DataSet", "unknown://linked-service/unknown/unknown"),)
    assert named.certainty is Certainty.FALLBACK
    assert not named.whole
