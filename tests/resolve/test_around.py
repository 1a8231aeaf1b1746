"""What the expressions of a run find beside it: variables, activities, system variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from lineage.model import ActivityRun, Definition, Json, Kind
from lineage.resolve.around import scope
from lineage.resolve.expressions import evaluate
from lineage.sources.payloads import together
from tests.world import FACTORY, Held, activity_run, at, pipeline_run


def activity(name: str, kind: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "typeProperties": properties}


def setting(name: str, variable: str = "v", kind: str = "SetVariable") -> dict[str, Any]:
    return activity(name, kind, variableName=variable)


SEQUENTIAL = activity("Each", "ForEach", isSequential=True, activities=[setting("in turn")])
PARALLEL = activity("All", "ForEach", activities=[setting("at once"), activity("Q", "Lookup")])
UNTIL = activity(
    "Until", "Until", activities=[activity("Poll", "WebActivity"), activity("In", "Copy")]
)
PIPELINE = Definition(
    Kind.PIPELINE,
    "P",
    {
        "activities": [
            setting("first"),
            setting("second"),
            setting("add", "list", "AppendVariable"),
            activity("Look", "Lookup"),
            activity("A", "Copy"),
            SEQUENTIAL,
            PARALLEL,
            UNTIL,
        ],
        "variables": {
            "v": {"type": "String", "defaultValue": "default"},
            "list": {"type": "Array"},
            "unset": {"type": "String"},
            "count": {"type": "Array", "defaultValue": [1]},
        },
        "parameters": {"p": {"type": "String"}},
    },
)


def ran(name: str, start: str, end: str, number: int = 0, **told: Any) -> ActivityRun:
    """A run of an activity between two seconds of 02:00."""
    run = activity_run(run_id=f"{name}-{number}", name=name, kind="any")
    moments = {"started": at(f"02:00:{start}"), "ended": at(f"02:00:{end}")}
    return replace(run, **{"input": {}, "output": {}, **moments, **told})


def sets(name: str, start: str, end: str, value: Any, number: int = 0) -> ActivityRun:
    return ran(name, start, end, number, input={"value": value})


def told(text: str, *beside: ActivityRun, name: str = "A", **of: Any) -> tuple[Any, str, int]:
    """What an expression of the run from 02:00:30 to 02:00:40 gives: value, gap, what it noted."""
    noted: list[None] = []
    me = ran(name, "30", "40")
    me = replace(
        me,
        of=replace(pipeline_run(p="passed"), **of),
        beside=together([*beside, me]),
        alone=lambda: noted.append(None),
    )
    found = evaluate(f"@{text}", scope(me, PIPELINE, Held().factory), "here")
    return found.value, found.gap.detail if found.gap else "", bool(noted)


@pytest.mark.parametrize(
    ("text", "beside", "expected"),
    [
        ("variables('v')", [], "default"),
        ("variables('V')", [], "default"),
        ("variables('count')", [], [1]),
        ("variables('v')", [sets("first", "01", "02", "one")], "one"),
        (
            "variables('v')",
            [sets("second", "05", "06", "two"), sets("first", "01", "02", "one")],
            "two",
        ),
        ("variables('v')", [sets("first", "41", "42", "late")], "default"),
        ("variables('v')", [replace(sets("first", "01", "02", "x"), status="Failed")], "default"),
        (
            "variables('v')",
            [sets("in turn", "01", "02", "a"), sets("in turn", "03", "04", "b", 1)],
            "b",
        ),
        ("variables('v')", [sets("at once", "01", "02", "a")], "a"),
        (
            "variables('list')",
            [sets("add", "01", "02", "a"), sets("add", "03", "04", "b", 1)],
            ["a", "b"],
        ),
        ("variables('list')[0]", [sets("add", "01", "02", "a")], "a"),
        (
            "activity('Look').output.firstRow.t",
            [ran("Look", "01", "02", output={"firstRow": {"t": "x"}})],
            "x",
        ),
        ("activity('look').output.count", [ran("Look", "01", "30", output={"count": 3})], 3),
        ("activity('Look').status", [ran("Look", "01", "02")], "Succeeded"),
        ("activity('Look').Status", [ran("Look", "01", "02", status="Failed")], "Failed"),
        ("activity('Look').error.message", [ran("Look", "01", "02", error={"message": "m"})], "m"),
        (
            "activity('Look').output.count",
            [
                ran("Look", "01", "02", 0, status="Failed", output={"count": 1}),
                ran("Look", "03", "04", 1, output={"count": 2}),
            ],
            2,
        ),
        (
            "activity('Q').output.count",
            [
                ran("Q", "01", "02", 0, output={"count": 1}),
                ran("Q", "01", "03", 1, output={"count": 1}),
            ],
            1,
        ),
        ("pipeline().RunId", [], "run-1"),
    ],
)
def test_what_ended_before_a_run_is_what_its_expressions_find(
    text: str, beside: Sequence[ActivityRun], expected: Any
) -> None:
    assert told(text, *beside) == (expected, "", True)


@pytest.mark.parametrize(
    ("text", "beside", "detail"),
    [
        ("variables('unset')", [], "variable unset: it is not set"),
        ("variables('gone')", [], "here: variable gone has no value"),
        (
            "variables('v')",
            [ran("first", "01", "02")],
            "variable v: activity 'first' does not show what it sets",
        ),
        (
            "variables('v')",
            [sets("first", "29", "31", "x")],
            "variable v: activity 'first' sets it at the same time",
        ),
        (
            "variables('v')",
            [sets("first", "35", "36", "x")],
            "variable v: activity 'first' sets it at the same time",
        ),
        (
            "variables('v')",
            [sets("first", "01", "05", "x"), sets("second", "04", "06", "y")],
            "variable v: it is set twice at the same time",
        ),
        (
            "variables('v')",
            [sets("at once", "01", "02", "a"), sets("at once", "03", "04", "b", 1)],
            "variable v: activity 'at once' sets it in iterations side by side",
        ),
        ("activity('Look').output", [], "output of activity 'Look': it did not run before"),
        ("activity('Nobody').output", [], "here: activity Nobody has no value"),
        (
            "activity('Look').output",
            [ran("Look", "29", "31")],
            "output of activity 'Look': it ran at the same time",
        ),
        (
            "activity('Look').output",
            [ran("Look", "01", "02", output=None)],
            "output of activity 'Look': the run does not show it",
        ),
        (
            "activity('Look').output",
            [ran("Look", "01", "02", output={})],
            "output of activity 'Look': the run does not show it",
        ),
        (
            "activity('Look').duration",
            [ran("Look", "01", "02")],
            "here: parameter duration has no value",
        ),
        (
            "activity('Q').output.count",
            [
                ran("Q", "01", "02", 0, output={"count": 1}),
                ran("Q", "01", "03", 1, output={"count": 2}),
            ],
            "output of activity 'Q': it ran several times",
        ),
        (
            "activity('Look').output.count",
            [
                ran("Look", "01", "02", 0, output={"count": 1}),
                ran("Look", "03", "04", 1, output={"count": 2}),
            ],
            "output of activity 'Look': it ran several times",
        ),
    ],
)
def test_what_cannot_be_known_of_a_run_is_a_gap_that_says_why(
    text: str, beside: Sequence[ActivityRun], detail: str
) -> None:
    value, found, _ = told(text, *beside)

    assert (value, found) == (None, detail)


def test_within_one_sequential_loop_the_last_run_of_an_activity_is_meant() -> None:
    polls = [
        ran("Poll", "01", "02", 0, output={"state": "busy"}),
        ran("Poll", "03", "04", 1, output={"state": "done"}),
    ]

    assert told("activity('Poll').output.state", *polls, name="In")[0] == "done"
    assert told("activity('Poll').output.state", *polls)[1].endswith("it ran several times")


NIGHTLY: Json = {"id": "x", "name": "TR_Nightly", "invokedByType": "ScheduleTrigger"}
MANUAL: Json = {"id": "x", "name": "somebody", "invokedByType": "Manual"}
PARENT: Json = {"invokedByType": "PipelineActivity", "pipelineName": "PL", "pipelineRunId": "r-0"}


@pytest.mark.parametrize(
    ("text", "invoker", "value", "detail"),
    [
        ("pipeline().TriggerName", NIGHTLY, "TR_Nightly", ""),
        ("pipeline().TriggerType", NIGHTLY, "ScheduleTrigger", ""),
        ("pipeline()?.TriggeredByPipelineName", NIGHTLY, None, ""),
        ("pipeline().TriggerType", MANUAL, "Manual", ""),
        ("pipeline().TriggerName", MANUAL, None, "here: pipeline().TriggerName"),
        ("pipeline()?.TriggeredByPipelineName", PARENT, "PL", ""),
        ("pipeline()?.TriggeredByPipelineRunId", PARENT, "r-0", ""),
        ("pipeline().TriggerType", PARENT, None, "here: pipeline().TriggerType"),
        ("pipeline().TriggerType", {}, None, "here: pipeline().TriggerType"),
        (
            "pipeline()?.TriggeredByPipelineName",
            {},
            None,
            "here: pipeline().TriggeredByPipelineName",
        ),
        (
            "pipeline().TriggerTime",
            NIGHTLY,
            None,
            "TriggerTime of the pipeline run: the run of its trigger was not asked for",
        ),
        (
            "pipeline().TriggerTime",
            MANUAL,
            None,
            "TriggerTime of the pipeline run: no trigger started it",
        ),
        (
            "pipeline().TriggerTime",
            PARENT,
            None,
            "TriggerTime of the pipeline run: no trigger started it",
        ),
        ("pipeline().TriggerId", NIGHTLY, None, "here: pipeline().TriggerId"),
        ("pipeline().GroupId", NIGHTLY, "group-1", ""),
    ],
)
def test_a_system_variable_is_what_the_pipeline_run_says_of_itself(
    text: str, invoker: Json, value: Any, detail: str
) -> None:
    assert told(text, invoker=invoker, group="group-1")[:2] == (value, detail)


def test_parameters_and_names_are_no_business_of_one_run_alone() -> None:
    assert told("pipeline().parameters.p") == ("passed", "", False)
    assert told("pipeline().Pipeline") == ("P", "", False)
    assert told("pipeline().DataFactory") == ("adf-contoso", "", False)
    assert FACTORY.endswith("adf-contoso")
