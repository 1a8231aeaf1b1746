"""Values, traces and gaps of expressions: the tables in `cases`, and what holds for any text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lineage.model import Gap, Reason, Value
from lineage.resolve.expressions import Scope, depends, evaluate, evaluate_tree
from lineage.resolve.functions import Function, Refused

CASES = [
    pytest.param(row, id=f"{path.stem}: {row['case']}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.json"))
    for row in json.loads(path.read_text(encoding="utf-8"))
]
PLACE = "table of dataset ds"


def argument(name: str, value: Any) -> Value:
    return Value(value, (f"argument {name}",))


DATASET = {
    "count": argument("count", 7),
    "flag": argument("flag", False),
    "GP-Int": argument("GP-Int", 343),
    "größe": argument("größe", "XL"),
    "list": argument("list", ["a", {"Name": "é"}]),
    "nothing": argument("nothing", None),
    "odd": argument("odd", "@concat('a')"),
    "schema": argument("schema", "sales"),
    "stuck": Value(
        None, ("argument stuck",), Gap(Reason.UNRESOLVED, detail="argument stuck: item()")
    ),
    "table": argument("table", "Orders"),
    "twin": argument("twin", "small"),
    "Twin": argument("Twin", "large"),
    "zero": argument("zero", 0),
}
SCOPE = Scope(
    {
        "pipeline": {
            "parameters": {
                "day": Value("2026-11-19", ("run parameter day",)),
                "files": Value([{"name": "a.csv"}], ("run parameter files",)),
            },
            "globalParameters": {"env": Value("prod", ("global parameter env",))},
        },
        "dataset": DATASET,
        "parameters": DATASET,
        "linkedservice": {"DBName": argument("DBName", "erp")},
    }
)


@pytest.mark.parametrize("row", CASES)
def test_a_case_has_the_value_or_the_gap_written_beside_it(row: dict[str, Any]) -> None:
    found = evaluate(row["value"], SCOPE, PLACE)

    if "gap" in row:
        reason = Reason(row.get("reason", "Unresolved"))
        assert found.gap == Gap(reason, detail=row["gap"])
        assert found.value is None
    else:
        assert found.gap is None
        assert (type(found.value), found.value) == (type(row["result"]), row["result"])
        trace = json.loads(json.dumps(found.trace))
        assert trace == row.get("trace", trace)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PIECES = """@ @{ } ( ) [ ] ' '' . ? , -1 1.5 null dataset() dataset .table concat( item() é"""
pieces = st.lists(st.sampled_from([*PIECES.split(" "), " ", "\n"]), max_size=12).map("".join)


@given(st.text() | pieces | pieces.map(lambda text: "@" + text))
@example("@" + "f(" * 500)
@example("@" + "[" * 500)
@example("@dataset()" + ".a" * 5_000)
@example("@dataset()" + "[dataset()" * 500)
@example("@" + "f(" * 63 + "dataset().list" + ")" * 63)
@example("@{" * 20_000)
@example("@{1}" * 10_001)
@example("@'" + "''" * 40_000)
@example("@dataset().table" + " " * 70_000)
@example("@" + "9" * 5_000)
def test_any_text_gives_a_value_or_a_gap_and_never_expression_text(text: str) -> None:
    found = evaluate(text, SCOPE, PLACE)

    assert isinstance(found, Value)
    assert found.gap is None or found.value is None
    if text.startswith("@{") and found.gap is None:
        assert isinstance(found.value, str)


@given(json_values)
def test_any_json_gives_a_value(json_value: Any) -> None:
    assert isinstance(evaluate(json_value, SCOPE, PLACE), Value)
    assert isinstance(evaluate_tree(json_value, SCOPE, "dataset ds"), dict)


def test_json_nested_without_end_is_a_gap() -> None:
    nested: Any = "a"
    for _ in range(500):
        nested = {"a": [nested]}

    found = evaluate(nested, SCOPE, PLACE)

    assert found.gap == Gap(Reason.UNRESOLVED, detail="table of dataset ds: nested deeper than 64")
    assert evaluate_tree(nested, SCOPE, "dataset ds")


def test_a_long_plain_text_is_no_gap() -> None:
    assert evaluate("x" * 100_000, SCOPE, PLACE).value == "x" * 100_000


def test_a_long_text_with_an_expression_is_a_gap() -> None:
    found = evaluate("x" * 70_000 + "@{dataset().table}", SCOPE, PLACE)

    assert found.gap is not None
    assert found.gap.detail == f"{PLACE}: not an expression (longer than 65536 characters)"


def test_more_steps_than_allowed_are_a_gap() -> None:
    found = evaluate("@{1}" * 10_001, SCOPE, PLACE)

    assert found.gap == Gap(Reason.UNRESOLVED, detail=f"{PLACE}: more than 10000 steps")


def test_an_object_is_evaluated_leaf_by_leaf() -> None:
    found = evaluate_tree(
        {
            "location": {"type": "AzureBlobFSLocation", "fileName": "@dataset().table"},
            "sheetIndex": 0,
            "range": {"value": "@item()", "type": "Expression"},
            "columns": ["a"],
            "compression": None,
        },
        SCOPE,
        "dataset ds",
    )

    assert found == {
        "location": {
            "type": Value("AzureBlobFSLocation", ("location.type of dataset ds",)),
            "fileName": Value("Orders", ("dataset().table", "argument table")),
        },
        "sheetIndex": Value(0, ("sheetIndex of dataset ds",)),
        "range": Value(
            None, ("item()",), Gap(Reason.UNRESOLVED, detail="range of dataset ds: item()")
        ),
        "columns": Value(["a"], ("columns of dataset ds",)),
        "compression": Value(None, ("compression of dataset ds",)),
    }


@pytest.mark.parametrize(
    ("key", "value", "result"),
    [
        ("connectionString", "Server=s;Database=@{dataset().table}", "Server=s;Database=Orders"),
        (
            "sasUri",
            "https://a.blob.core.windows.net/?sv=1",
            "https://a.blob.core.windows.net/?sv=1",
        ),
        ("connectionString", "**********", None),
        ("connectionString", None, None),
        ("connectionString", {"a": "="}, None),
        ("password", "a=b", None),
        ("accountKey", "abc==", None),
    ],
)
def test_only_a_readable_connection_string_is_read_from_a_secure_string(
    key: str, value: object, result: str | None
) -> None:
    found = evaluate_tree(
        {key: {"type": "SecureString", "value": value}}, SCOPE, "linked service l"
    )

    assert found[key].value == result
    if result is None:
        gap = Gap(Reason.HIDDEN_CONNECTION, detail=f"{key} of linked service l")
        assert found[key].gap == gap


def test_encrypted_credentials_are_not_even_looked_at() -> None:
    found = evaluate_tree({"encryptedCredential": "canary", "url": "u"}, SCOPE, "linked service l")

    assert list(found) == ["url"]


def test_what_a_template_left_open_is_a_gap_where_it_is_used() -> None:
    hole = Value(gap=Gap(Reason.UNRESOLVED, detail="template parameter server"))

    found = evaluate_tree({"server": hole, "list": [hole]}, SCOPE, "linked service l")

    detail = "server of linked service l: template parameter server"
    assert found["server"].gap == Gap(Reason.UNRESOLVED, detail=detail)
    assert found["list"].gap.detail == "list of linked service l: template parameter server"


def test_what_is_no_object_has_no_leaves() -> None:
    assert evaluate_tree("abc", SCOPE, "dataset ds") == {}
    assert evaluate_tree(None, SCOPE, "dataset ds") == {}


def test_an_expression_may_stand_for_a_whole_object() -> None:
    whole = {"value": "@dataset().list[1]", "type": "Expression"}

    found = evaluate_tree(whole, SCOPE, "dataset ds")

    assert found == {"Name": Value("é", ("dataset().list[1]", "argument list"))}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"table": "Orders", "at": "a@b", "escaped": "@@a"}, False),
        ({"location": {"fileName": "@dataset().table"}}, True),
        ([{"a": ["x@{dataset().table}"]}], True),
        ({"a": Value()}, True),
        ({"a": "@not an expression"}, True),
        ({"Compression": "@dataset().table"}, False),
        (None, False),
    ],
)
def test_what_depends_on_parameters_is_told_from_what_is_plain(value: Any, expected: bool) -> None:
    assert depends(value, frozenset({"compression"})) is expected


def shout(text: str) -> str:
    if not text:
        raise Refused("takes a text that is not empty")
    return text.upper()


WITH_FUNCTION = Scope({"dataset": DATASET}, {"shout": Function(shout, 1, 1)})


def test_a_function_of_the_scope_is_called_and_traced() -> None:
    found = evaluate("@{Shout(dataset().table)}!", WITH_FUNCTION, PLACE)

    assert found == Value("ORDERS!", ("Shout()", "dataset().table", "argument table"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@keep('<removed>')", "<removed>"),
        ("@shout('a<removed>')", None),
        ("@{shout('<removed>')}x", None),
    ],
)
def test_what_a_function_makes_of_a_removed_secret_is_no_value(text: str, value: Any) -> None:
    functions = {"shout": Function(shout, 1, 1), "keep": Function(lambda kept: kept, 1, 1)}

    found = evaluate(text, Scope({}, functions), PLACE)

    assert found.value == value
    assert (found.gap and found.gap.reason) == (Reason.MASKED if value is None else None)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("@shout('')", "shout(): takes a text that is not empty"),
        ("@shout()", "shout() with 0 arguments"),
        ("@shout('a', 'b')", "shout() with 2 arguments"),
        ("@shout(item())", "item()"),
    ],
)
def test_a_function_that_cannot_be_called_is_a_gap(text: str, detail: str) -> None:
    found = evaluate(text, WITH_FUNCTION, PLACE)

    assert found.gap == Gap(Reason.UNRESOLVED, detail=f"{PLACE}: {detail}")


def test_a_long_path_is_cut_in_the_trace() -> None:
    found = evaluate("@dataset()" + ".a" * 200, SCOPE, PLACE)

    assert len(found.trace[0]) == 120
