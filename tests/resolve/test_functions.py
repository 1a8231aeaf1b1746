"""The functions of expressions: the tables in `cases/functions`, and what always holds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import Gap, Reason, Value
from lineage.resolve.expressions import Scope, evaluate
from lineage.resolve.functions import FUNCTIONS
from lineage.resolve.syntax import Call, Literal, unparse
from tests.resolve.test_expressions import PLACE, SCOPE

TABLES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "cases" / "functions").glob("*.json"))
}
CASES = [
    pytest.param(text, expected, id=text)
    for functions in TABLES.values()
    for rows in functions.values()
    for text, expected in rows
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_function_gives_what_is_documented_or_says_what_it_does_not_take(
    text: str, expected: Any
) -> None:
    found = evaluate(f"@{text}", SCOPE, PLACE)

    if isinstance(expected, dict) and "gap" in expected:
        assert found == Value(
            None, found.trace, Gap(Reason.UNRESOLVED, detail=f"{PLACE}: {expected['gap']}")
        )
    else:
        assert found.gap is None
        assert (type(found.value), found.value) == (type(expected), expected)


def test_every_function_has_cases_and_every_case_its_function() -> None:
    documented = [name for functions in TABLES.values() for name in functions]

    assert sorted(name.lower() for name in documented) == list(FUNCTIONS)
    assert len(documented) == 84
    assert len(CASES) >= 500
    for functions in TABLES.values():
        for name, rows in functions.items():
            assert all(name.lower() in text.lower() for text, _ in rows)


LITERALS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from(["2018-03-15T13:27:36.1234567Z", "03/15/2018", "0001-01-01", "9999-12-31"])
    | st.sampled_from(["Pacific Standard Time", "UTC", "Month", "Day", "yyyy-MM-dd", "o", "D", ""])
    | st.sampled_from(['{"a": [1, {"b": null}]}', "[[[1]]]", "aGVsbG8=", "data:,a", "%C3%A9"])
)
ARGUMENTS = LITERALS.map(Literal) | st.sampled_from(
    [Call("json", (Literal('{"a": [1]}'),)), Call("range", (Literal(1), Literal(3)))]
)
CALLS = st.recursive(
    ARGUMENTS,
    lambda inner: st.builds(
        Call, st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=12,
)


@given(CALLS)
def test_any_call_gives_plain_json_or_a_gap_and_gives_it_again(call: Any) -> None:
    found = evaluate(unparse(call), SCOPE, PLACE)

    assert found.gap is None or found.value is None
    json.dumps(found.value, allow_nan=False)
    assert evaluate(unparse(call), SCOPE, PLACE) == found


@pytest.mark.parametrize(
    "text",
    [
        "@" + "base64(" * 60 + "'" + "x" * 40_000 + "'" + ")" * 60,
        "@" + "binary(" * 60 + "'" + "x" * 40_000 + "'" + ")" * 60,
        "@" + "uriComponent(" * 60 + "'" + "é" * 30_000 + "'" + ")" * 60,
        "@" + "replace(" * 40 + "'aaaa'" + ", 'a', 'aaaaaaaa')" * 40,
        "@string(createArray(" + ", ".join(["range(0, 100000)"] * 2_000) + "))",
        "@" + "createArray(" * 60 + "range(0, 100000)" + ", 'a')" * 60,
        "@concat(" + ", ".join(["dataset().table"] * 3_000) + ")",
        "@json('" + "[" * 60_000 + "')",
        "@string(json('" + "[" * 900 + "]" * 900 + "'))",
        "@equals(json('" + "[" * 900 + "]" * 900 + "'), json('" + "[" * 900 + "]" * 900 + "'))",
        "@formatDateTime('2018-03-15', '" + "y" * 60_000 + "')",
        "@xml('" + "<a>" * 9_000 + "')",
        "@xpath(xml('<a>" + "<b/>" * 1_900 + "</a>'), '" + "+".join(["count(/a/b)"] * 80) + "')",
        "@{xpath(xml('<a>" + "<b/>" * 1_900 + "</a>'), 'count(/a/b/c)')}" * 3,
        "@{xpath(xml('<a/>'), 'count(/a)')}" * 400,
        "@xpath(xml('<a>" + "<b/>" * 130 + "</a>'), 'count(//*) + count(/*[//*])')",
        "@xpath(xml('<a/>'), '" + "-" * 1_000 + "1')",
        "@xpath(xml('<a/>'), '" + "(" * 500 + "1" + ")" * 500 + "')",
    ],
    ids=range(18),
)
def test_what_grows_without_end_ends(text: str) -> None:
    assert isinstance(evaluate(text, Scope(), PLACE), Value)


@pytest.mark.parametrize(
    "text",
    [
        "@{dataset().rows}" * 3_000,
        "@createArray(" + ", ".join(["dataset().rows"] * 3_000) + ")",
        "@concat(" + ", ".join(["string(dataset().rows)"] * 2_000) + ")",
        "@concat(" + ", ".join(["string(length(dataset().rows))"] * 2_000) + ")",
    ],
    ids=range(4),
)
def test_a_large_value_is_not_looked_at_without_end(text: str) -> None:
    rows = [{"name": f"T{number}", "kind": "table"} for number in range(5_000)]
    began = time.thread_time()

    found = evaluate(text, Scope({"dataset": {"rows": Value(rows)}}), PLACE)

    assert found.gap == Gap(Reason.UNRESOLVED, detail=f"{PLACE}: more than 10000 steps")
    assert time.thread_time() - began < 2.0
