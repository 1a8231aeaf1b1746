"""Finding activities in containers, and the datasets they use."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import Definition, Factory, FactoryId, Gap, Kind, Reason, Value
from lineage.resolve.activities import dataset_uses, find, flow_uses, references, uses, walk


def wait(name: str) -> dict[str, Any]:
    return {"name": name, "type": "Wait"}


def holding(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "type": "Container", "typeProperties": properties}


PIPELINE = {
    "activities": [
        wait("first"),
        holding(
            "If",
            ifTrueActivities=[holding("ForEach", activities=[wait("in loop"), wait("in loop 2")])],
            ifFalseActivities=[wait("otherwise")],
        ),
        holding(
            "Switch",
            cases=[
                {"value": "a", "activities": [wait("case a")]},
                {"value": "b", "activities": [holding("Until", activities=[wait("until")])]},
            ],
            defaultActivities=[wait("default")],
        ),
        wait("last"),
    ]
}


def test_activities_are_walked_in_the_order_of_the_definition() -> None:
    names = [activity["name"] for activity in walk(PIPELINE)]

    assert names == [
        *("first", "If", "ForEach", "in loop", "in loop 2", "otherwise"),
        *("Switch", "case a", "Until", "until", "default", "last"),
    ]


@pytest.mark.parametrize("name", ["first", "in loop 2", "otherwise", "until", "default"])
def test_an_activity_is_found_wherever_it_is(name: str) -> None:
    found = find(PIPELINE, name)

    assert found is not None
    assert found["name"] == name


def test_an_activity_that_is_not_there_is_not_found() -> None:
    assert find(PIPELINE, "nowhere") is None


def test_an_equal_name_is_preferred_to_one_in_another_case() -> None:
    pipeline = {"activities": [wait("COPY"), wait("copy"), wait("Load")]}

    assert find(pipeline, "copy") == wait("copy")
    assert find(pipeline, "LOAD") == wait("Load")


def test_containers_may_be_nested_to_any_depth() -> None:
    pipeline: dict[str, Any] = {"activities": [wait("deep")]}
    for _ in range(5_000):
        pipeline = {"activities": [holding("c", **pipeline)]}

    assert find(pipeline, "deep") == wait("deep")


KEYS = """activities typeProperties cases defaultActivities ifTrueActivities name type inputs
outputs dataset referenceName dataflow"""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_values)
def test_malformed_pipelines_survive(activities: Any) -> None:
    pipeline = {"activities": activities}

    assert all(
        isinstance(reference, dict) for a in walk(pipeline) for _, reference in dataset_uses(a)
    )
    assert isinstance(references(pipeline), frozenset)
    find(pipeline, "a")


def reference(name: str, **parameters: Any) -> dict[str, Any]:
    return {"referenceName": name, "type": "DatasetReference", "parameters": parameters}


HOLE = Value(gap=Gap(Reason.UNRESOLVED, detail="template parameter x"))


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (
            {"type": "Copy", "inputs": [reference("a")], "outputs": [reference("b", x=1)]},
            [("input", reference("a")), ("output", reference("b", x=1))],
        ),
        (
            {"type": "Lookup", "typeProperties": {"dataset": reference("a")}},
            [("input", reference("a"))],
        ),
        (
            {"type": "GetMetadata", "typeProperties": {"dataset": reference("a")}},
            [("input", reference("a"))],
        ),
        (
            {"type": "Delete", "typeProperties": {"dataset": reference("a")}},
            [("output", reference("a"))],
        ),
        ({"type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}, []),
        ({"type": "Copy", "inputs": [], "outputs": None}, []),
        ({"type": "Copy", "inputs": ["a"], "outputs": "@b"}, [("input", {}), ("output", {})]),
        ({"type": "Copy", "inputs": HOLE}, [("input", {"referenceName": HOLE})]),
        ({"type": "Copy", "inputs": [HOLE]}, [("input", {"referenceName": HOLE})]),
        ({"type": "Copy", "typeProperties": HOLE}, []),
    ],
)
def test_the_dataset_uses_of_an_activity(activity: Any, expected: Any) -> None:
    assert list(dataset_uses(activity)) == expected


class Flows:
    """Definitions that hold one data flow."""

    factory = Factory(FactoryId("f"), "f")

    def get(self, kind: Kind, name: str) -> Definition | None:
        stream = {"name": "sales", "dataset": reference("ds_sales")}
        sinks = [{"name": "out", "dataset": reference("ds_out")}, {"name": "cache"}]
        properties = {"typeProperties": {"sources": [stream], "sinks": sinks}}
        found = {(Kind.DATA_FLOW, "df"): Definition(kind, name, properties)}
        return found.get((kind, name))


@pytest.mark.parametrize("key", ["dataflow", "dataFlow"])
def test_a_data_flow_uses_the_datasets_of_its_streams_with_the_activitys_arguments(
    key: str,
) -> None:
    call = {"referenceName": "df", "datasetParameters": {"sales": {"year": "@item()"}}}
    activity = {"type": "ExecuteDataFlow", "typeProperties": {key: call}}

    assert list(flow_uses(activity, Flows())) == [
        ("input", {**reference("ds_sales"), "parameters": {"year": "@item()"}}),
        ("output", {**reference("ds_out"), "parameters": None}),
    ]


def test_a_data_flow_that_is_not_there_uses_nothing() -> None:
    activity = {"typeProperties": {"dataflow": {"referenceName": "gone"}}}

    assert list(flow_uses(activity, Flows())) == []
    assert list(flow_uses(wait("a"), Flows())) == []


def test_all_uses_of_pipelines_are_listed_in_order() -> None:
    copy = {"name": "Copy", "inputs": [reference("a")], "outputs": [reference("b")]}
    flow = {"name": "Flow", "typeProperties": {"dataflow": {"referenceName": "df"}}}
    pipeline = Definition(Kind.PIPELINE, "p", {"activities": [copy, flow]})

    found = [
        (use.pipeline.name, use.activity["name"], use.side, use.reference["referenceName"])
        for use in uses([pipeline], Flows())
    ]

    assert found == [
        ("p", "Copy", "input", "a"),
        ("p", "Copy", "output", "b"),
        ("p", "Flow", "input", "ds_sales"),
        ("p", "Flow", "output", "ds_out"),
    ]


def test_references_are_those_of_the_activities_asked_for() -> None:
    pipeline = {
        "activities": [
            {"name": "One", "inputs": [reference("a")], "outputs": [reference("b")]},
            holding("If", ifTrueActivities=[{"name": "Two", "inputs": [reference("c")]}]),
            {"name": "Three", "inputs": [{"referenceName": HOLE}, {"referenceName": ""}]},
        ]
    }

    assert references(pipeline) == {(Kind.DATASET, "a"), (Kind.DATASET, "b"), (Kind.DATASET, "c")}
    assert references(pipeline, ["two"]) == {(Kind.DATASET, "c")}
    assert references(pipeline, []) == frozenset()
