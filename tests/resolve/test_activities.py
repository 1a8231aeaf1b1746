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
outputs dataset referenceName dataflow queries sinks dataflowSinks"""
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
    list(uses([Definition(Kind.PIPELINE, "p", pipeline)], Flows()))


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
    """Definitions that hold a mapping data flow and one of Power Query."""

    factory = Factory(FactoryId("f"), "f")

    def get(self, kind: Kind, name: str) -> Definition | None:
        stream = {"name": "sales", "dataset": reference("ds_sales")}
        sinks = [{"name": "out", "dataset": reference("ds_out", x=1)}, {"name": "cache"}]
        streams = {"sources": [stream], "sinks": sinks}
        properties: dict[str, dict[str, Any]] = {
            "df": {"type": "MappingDataFlow", "typeProperties": streams},
            "hole": {"typeProperties": {"sources": HOLE, "sinks": [stream]}},
            "pq": {"type": "WranglingDataFlow", "typeProperties": {"sources": [stream]}},
        }
        known = kind is Kind.DATA_FLOW and name in properties
        return Definition(kind, name, properties[name]) if known else None


def flow(**properties: Any) -> dict[str, Any]:
    return {"name": "Flow", "type": "ExecuteDataFlow", "typeProperties": properties}


@pytest.mark.parametrize("key", ["dataflow", "dataFlow"])
def test_a_data_flow_uses_the_datasets_of_its_streams_with_the_activitys_arguments(
    key: str,
) -> None:
    call = {"referenceName": "df", "datasetParameters": {"sales": {"year": "@item()"}}}

    found = list(flow_uses(flow(**{key: call}), Flows()))

    assert [(side, used) for side, used, _ in found] == [
        ("input", reference("ds_sales", year="@item()")),
        ("output", reference("ds_out", x=1)),
    ]
    streams = [(stream.name, stream.place) for _, _, stream in found if stream]
    assert streams == [("sales", "data flow df"), ("out", "data flow df")]


SINK = {"name": "Out", "dataset": reference("ds_pq"), "script": "sink() ~> Out"}


@pytest.mark.parametrize(
    "sinks",
    [
        {"sinks": {"UserQuery": SINK}},
        {"queries": [{"queryName": "UserQuery", "dataflowSinks": [SINK]}]},
    ],
    ids=["sinks", "queries"],
)
def test_power_query_has_its_sinks_in_the_activity(sinks: Any) -> None:
    found = list(flow_uses(flow(dataflow={"referenceName": "pq"}, **sinks), Flows()))

    assert [(side, used) for side, used, _ in found] == [
        ("input", reference("ds_sales")),
        ("output", reference("ds_pq")),
    ]
    assert [stream and (stream.name, stream.place) for _, _, stream in found] == [
        None,  # its script is in another language
        ("Out", "activity Flow"),
    ]


@pytest.mark.parametrize(
    ("activity", "gap"),
    [
        (
            flow(dataflow={"referenceName": "gone"}),
            Gap(Reason.DEFINITION_MISSING, detail="data flow gone"),
        ),
        (
            {"name": "Flow", "type": "ExecuteDataFlow"},
            Gap(Reason.BROKEN_REFERENCE, detail="activity 'Flow': data flow without a name"),
        ),
        (
            flow(dataflow=HOLE),
            Gap(
                Reason.UNRESOLVED,
                detail="data flow of activity 'Flow': template parameter x",
            ),
        ),
    ],
    ids=["gone", "none", "hole"],
)
def test_a_data_flow_that_is_not_there_is_a_gap_of_the_output(activity: Any, gap: Gap) -> None:
    assert list(flow_uses(activity, Flows())) == [("output", gap, None)]


def test_a_data_flow_whose_sources_are_a_hole_in_a_template_says_so() -> None:
    hole, sink = flow_uses(flow(dataflow={"referenceName": "hole"}), Flows())

    detail = "sources of data flow hole: template parameter x"
    assert hole == ("input", Gap(Reason.UNRESOLVED, detail=detail), None)
    assert sink[:2] == ("output", reference("ds_sales"))


def test_an_activity_that_runs_no_data_flow_uses_none() -> None:
    assert list(flow_uses(wait("a"), Flows())) == []


def test_all_uses_of_pipelines_are_listed_in_order() -> None:
    copy = {"name": "Copy", "inputs": [reference("a")], "outputs": [reference("b")]}
    activities = [copy, flow(dataflow={"referenceName": "df"})]
    pipeline = Definition(Kind.PIPELINE, "p", {"activities": activities})

    found = [
        (use.pipeline.name, use.activity["name"], use.side, use.reference["referenceName"])
        for use in uses([pipeline], Flows())
        if not isinstance(use.reference, Gap)
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
