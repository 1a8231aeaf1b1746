"""What parameters hold: typed as declared, passed before default, and a gap without either."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import Gap, Reason, Value
from lineage.resolve.expressions import NOTHING, Scope
from lineage.resolve.parameters import RunParameters, of_reference, typed

SCOPE = Scope({"pipeline": {"parameters": {"table": Value("Orders", ("run parameter table",))}}})


@pytest.mark.parametrize(
    ("text", "declared", "value"),
    [
        ("Orders", "String", "Orders"),
        ("", "string", ""),
        ("12", "String", "12"),
        ("12", "Int", 12),
        ("-3", "int", -3),
        ("1.5", "Float", 1.5),
        ("2", "float", 2.0),
        ("1e3", "Float", 1000.0),
        ("true", "Bool", True),
        ("False", "bool", False),
        ('["a.csv"]', "Array", ["a.csv"]),
        ('{"a": [1]}', "Object", {"a": [1]}),
        ("text", "", "text"),
        ("text", "Unheard", "text"),
        (["a"], "Array", ["a"]),
        (7, "String", 7),
    ],
)
def test_a_run_parameter_is_read_as_its_declared_type(
    text: Any, declared: str, value: object
) -> None:
    found = typed(text, declared, "run parameter p")

    assert found == Value(value, ("run parameter p",))
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("", "Int"),
        ("1.5", "Int"),
        ("canary", "Int"),
        ("1_0", "Int"),
        ("9" * 5000, "Int"),
        ("nan", "Float"),
        ("", "Float"),
        ("yes", "Bool"),
        ("canary", "Array"),
        ('{"a": 1}', "Array"),
        ("[1]", "Object"),
        ("[" * 100_000, "Array"),
        ("null", "Object"),
    ],
)
def test_a_run_parameter_that_is_not_of_its_type_is_a_gap_that_does_not_tell_it(
    text: str, declared: str
) -> None:
    found = typed(text, declared, "run parameter p")

    detail = f"run parameter p: not of type {declared.lower()}"
    assert found == Value(gap=Gap(Reason.UNRESOLVED, detail=detail))


def test_a_secure_parameter_is_masked() -> None:
    found = typed("canary", "SecureString", "run parameter p")

    assert found == Value(gap=Gap(Reason.MASKED, detail="run parameter p: a secure string"))


@given(st.text(), st.sampled_from(["String", "Int", "Float", "Bool", "Array", "Object", ""]))
def test_any_text_of_any_type_gives_a_value(text: str, declared: str) -> None:
    assert isinstance(typed(text, declared, "run parameter p"), Value)


def test_a_run_takes_what_was_passed_before_the_default() -> None:
    declared = {
        "table": {"type": "String", "defaultValue": "Default"},
        "Days": {"type": "Int", "defaultValue": 3},
        "files": {"type": "Array", "defaultValue": ["a"]},
        "flag": {"type": "Bool", "defaultValue": "true"},
    }

    found = RunParameters({"table": "Orders", "days": "7", "files": None}, declared, "pipeline p")

    assert found == {
        "table": Value("Orders", ("run parameter table",)),
        "Days": Value(7, ("run parameter Days",)),
        "files": Value(["a"], ("default of parameter files of pipeline p",)),
        "flag": Value(True, ("default of parameter flag of pipeline p",)),
    }


def test_a_parameter_without_a_value_is_a_gap_that_names_it() -> None:
    found = RunParameters({}, {"table": {"type": "String"}}, "pipeline p")

    detail = "pipeline p: parameter table has no value"
    assert found["table"].gap == Gap(Reason.UNRESOLVED, detail=detail)


def test_a_default_of_a_pipeline_is_never_expression_text() -> None:
    default = "@{split(pipeline().parameters.filename,'_')[0]}"

    found = RunParameters(
        {}, {"filename": {"type": "string", "defaultValue": default}}, "pipeline p"
    )

    assert found["filename"].value is None
    assert found["filename"].gap is not None


def test_a_run_parameter_that_is_no_longer_declared_is_text() -> None:
    assert RunParameters({"old": "1"}, None, "pipeline p") == {
        "old": Value("1", ("run parameter old",))
    }


@pytest.mark.parametrize(
    ("passed", "declared", "found"),
    [
        ({"T": "007"}, {"t": {"type": "Int"}}, Value(7, ("run parameter T",))),
        ({"t": "007"}, {"T": {"type": "Int"}}, Value(7, ("run parameter T",))),
        (
            {"T": "hunter2"},
            {"t": {"type": "SecureString"}},
            Value(gap=Gap(Reason.MASKED, detail="run parameter T: a secure string")),
        ),
        (
            {"T": None},
            {"t": {"type": "String", "defaultValue": "d"}},
            Value("d", ("default of parameter t of pipeline p",)),
        ),
        ({"t": "a"}, {}, Value("a", ("run parameter T",))),
        ({"TA": "a", "Ta": "b"}, {"ta": {"type": "String", "defaultValue": "d"}}, None),
        ({"Ta": "a"}, {"TA": {"type": "String"}, "tA": {"type": "SecureString"}}, None),
    ],
    ids=[
        *("passed in another case", "declared in another case", "secure", "null takes the default"),
        *("not declared", "passed twice", "declared twice"),
    ],
)
def test_a_run_parameter_is_found_in_any_case(
    passed: Any, declared: Any, found: Value | None
) -> None:
    name = "T" if found else "ta"

    read = RunParameters(passed, declared, "pipeline p")[name]

    detail = "run parameter ta: several differ by case alone"
    assert read == (found or Value(gap=Gap(Reason.UNRESOLVED, detail=detail)))


def test_a_template_parameter_as_default_is_a_gap() -> None:
    hole = Value(gap=Gap(Reason.UNRESOLVED, detail="template parameter t"))

    found = RunParameters({}, {"table": {"type": "String", "defaultValue": hole}}, "pipeline p")

    detail = "default of parameter table of pipeline p: template parameter t"
    assert found["table"].gap == Gap(Reason.UNRESOLVED, detail=detail)


EXPRESSION = {"value": "@1", "type": "Expression"}


def of(passed: Any, declared: Any, scope: Scope = SCOPE) -> Any:
    return of_reference(passed, declared, scope, "dataset ds", "dataset ds in activity 'Copy'")


def test_an_argument_that_is_passed_twice_by_case_is_a_gap_and_not_the_default() -> None:
    found = of({"TABLE": "a", "Table": "b"}, {"table": {"type": "String", "defaultValue": "d"}})

    detail = "argument table of dataset ds in activity 'Copy': several differ by case alone"
    assert found == {"table": Value(gap=Gap(Reason.UNRESOLVED, detail=detail))}


@pytest.mark.parametrize(
    ("passed", "value", "trace"),
    [
        ({"t": "Fixed"}, "Fixed", ("argument t of dataset ds in activity 'Copy'",)),
        ({"T": "Fixed"}, "Fixed", ("argument t of dataset ds in activity 'Copy'",)),
        ({"t": ""}, "", ("argument t of dataset ds in activity 'Copy'",)),
        ({"t": EXPRESSION}, 1, ("argument t of dataset ds in activity 'Copy'",)),
        (
            {"t": "@pipeline().parameters.table"},
            "Orders",
            (
                "argument t of dataset ds in activity 'Copy'",
                "pipeline().parameters.table",
                "run parameter table",
            ),
        ),
        ({"t": None}, "Default", ("default of parameter t of dataset ds",)),
        ({}, "Default", ("default of parameter t of dataset ds",)),
        (None, "Default", ("default of parameter t of dataset ds",)),
    ],
)  # fmt: skip
def test_an_argument_beats_the_default(passed: Any, value: object, trace: tuple[str, ...]) -> None:
    found = of(passed, {"t": {"type": "string", "defaultValue": "Default"}})

    assert found == {"t": Value(value, trace)}


def test_an_argument_that_cannot_be_followed_is_a_gap_even_with_a_default() -> None:
    found = of({"t": "@item().name"}, {"t": {"type": "string", "defaultValue": "Default"}})

    detail = "argument t of dataset ds in activity 'Copy': item()"
    assert found["t"].gap == Gap(Reason.UNRESOLVED, detail=detail)
    assert found["t"].value is None


def test_a_default_may_be_any_json() -> None:
    found = of({}, {"t": {"type": "object", "defaultValue": {"a": [1]}}})

    assert found["t"].value == {"a": [1]}


def test_a_default_that_calls_a_function_is_a_gap() -> None:
    found = of({}, {"t": {"type": "string", "defaultValue": "@utcNow()"}})

    detail = "default of parameter t of dataset ds: utcNow()"
    assert found["t"].gap == Gap(Reason.UNRESOLVED, detail=detail)


def test_a_parameter_of_a_secure_type_is_masked_whatever_is_passed() -> None:
    found = of({"t": "canary"}, {"t": {"type": "SecureString"}})

    detail = "dataset ds: parameter t is a secure string"
    assert found["t"] == Value(gap=Gap(Reason.MASKED, detail=detail))


def test_an_argument_that_nobody_declared_is_kept() -> None:
    assert of({"t": "a"}, None, NOTHING)["t"].value == "a"


def test_arguments_that_a_template_left_open_are_gaps() -> None:
    hole = Value(gap=Gap(Reason.UNRESOLVED, detail="template parameter x"))

    found = of(hole, {"t": {"type": "string", "defaultValue": "Default"}})

    detail = "arguments of dataset ds in activity 'Copy': template parameter x"
    assert found["t"].gap == Gap(Reason.UNRESOLVED, detail=detail)


@pytest.mark.parametrize(
    ("passed", "detail"),
    [("@item()", "item()"), ({"value": "@1", "type": "Expression"}, "no object")],
)
def test_arguments_that_are_no_object_are_gaps(passed: Any, detail: str) -> None:
    found = of(passed, {"t": {"type": "string", "defaultValue": "Default"}})

    place = "arguments of dataset ds in activity 'Copy'"
    assert found["t"].gap == Gap(Reason.UNRESOLVED, detail=f"{place}: {detail}")


def test_all_arguments_may_be_one_expression() -> None:
    scope = Scope({"pipeline": {"parameters": {"all": Value({"t": "a"}, ("run parameter all",))}}})

    found = of("@pipeline().parameters.all", {"t": {"type": "string"}}, scope)

    place = "argument t of dataset ds in activity 'Copy'"
    assert found["t"] == Value("a", (place, "pipeline().parameters.all", "run parameter all"))


@pytest.mark.parametrize("declared", [None, [], "abc", {"t": None}, {"t": "string"}, {"t": {}}])
def test_malformed_declarations_survive(declared: Any) -> None:
    assert of({}, declared).get("t", Value()).value is None
    assert RunParameters({}, declared, "pipeline p").get("t", Value()).value is None
