"""The files of a capture, without their secrets."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.redact import differences, only, redact

X = "<removed>"
PLANTED = "zq7planted"
NUMBER = 471_147_114_711
SECRET_KEYS = ("password", "accountKey", "sasToken", "Authorization", "client_secret", "apiKey")

TEXTS = st.text(max_size=8)
PLAIN = st.none() | st.booleans() | st.integers(0, 99) | TEXTS
SECRET = st.sampled_from(
    [PLANTED, NUMBER, [PLANTED], {"a": PLANTED}, {"type": PLANTED, "value": PLANTED}]
)
KEYS = st.sampled_from(
    [
        *("typeProperties", "source", "location", "parameters", "type", "value", "name", "server"),
        *("connectionString", "url", "inputs", "referenceName", "properties", "mappings", "x"),
    ]
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of which any may have a secret under a key that says so, be it within a text."""
    plain = st.dictionaries(KEYS | TEXTS, inner, max_size=4)
    told = st.builds(
        lambda a, key, value: {**a, key: value}, plain, st.sampled_from(SECRET_KEYS), SECRET
    )
    return plain | told | told.map(json.dumps) | st.lists(inner, max_size=3)


PAYLOADS = st.recursive(PLAIN, objects, max_leaves=12)


def files(payload: Any) -> dict[str, Any]:
    """The payload wherever a capture may hold one."""
    payload = payload if isinstance(payload, dict) else {"typeProperties": payload}
    return {
        "pipelineRun.json": {"runId": "r", "parameters": payload},
        "activityRuns.json": [{"activityRunId": "a", "input": payload, "output": payload}],
        "factory/f.json": {"name": "f", "properties": {"globalParameters": payload}},
        **{
            f"{folder}/x.json": {"name": "x", "properties": payload}
            for folder in ("linkedService", "dataset", "dataflow", "pipeline")
        },
    }


@given(PAYLOADS)
def test_nothing_under_a_secret_key_is_captured(payload: Any) -> None:
    text = json.dumps(redact(files(payload)))

    assert PLANTED not in text
    assert str(NUMBER) not in text


@given(PAYLOADS)
def test_a_capture_of_a_capture_changes_nothing(payload: Any) -> None:
    once = redact(files(payload))

    assert redact(once) == once


@given(PAYLOADS)
def test_removing_at_every_place_that_differs_is_removing_all(payload: Any) -> None:
    before, after = files(payload), redact(files(payload))

    for place in differences(before, after):
        before = only(before, after, place)

    assert before == after


def linked(**properties: Any) -> Any:
    content = {
        "name": "ls",
        "properties": {"type": "AzureSqlDatabase", "typeProperties": properties},
    }
    return redact({"linkedService/ls.json": content})["linkedService/ls.json"]["properties"][
        "typeProperties"
    ]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"server": "s", "database": "d"}, {"server": "s", "database": "d"}),
        ({"userName": "u", "password": 7}, {"userName": X, "password": X}),
        ({"encryptedCredential": "x", "server": "s"}, {"server": "s"}),
        ({"thought": ["x"], "unset": None, "none": ""}, {"thought": X, "unset": None, "none": ""}),
        ({"port": 22, "trustServerCertificate": False},) * 2,
        (
            {"connectionString": {"type": "SecureString", "value": "Server=s;Password=p"}},
            {"connectionString": {"type": "SecureString", "value": f"Server=s;Password={X}"}},
        ),
        (
            {"password": {"type": "AzureKeyVaultSecret", "secretName": "n", "store": {"a": "b"}}},
            {"password": {"type": "AzureKeyVaultSecret", "secretName": X, "store": X}},
        ),
        (
            {"server": {"type": "Expression", "value": "@linkedService().s"}},
            {"server": {"type": "Expression", "value": "@linkedService().s"}},
        ),
    ],
)
def test_of_a_linked_service_is_left_where_it_leads(given: Any, left: Any) -> None:
    assert linked(**given) == left


def scenario() -> dict[str, Any]:
    """A secret that is passed all the way down under names that say nothing."""
    return {
        "linkedService/ls.json": {
            "name": "ls",
            "properties": {
                "parameters": {
                    "s": {"type": "string"},
                    "p": {"type": "string", "defaultValue": PLANTED},
                },
                "typeProperties": {
                    "connectionString": "Server=@{linkedService().s};Password=@{linkedService().p}"
                },
            },
        },
        "dataset/ds.json": {
            "name": "ds",
            "properties": {
                "linkedServiceName": {
                    "referenceName": "ls",
                    "parameters": {"s": "@dataset().server", "p": PLANTED},
                },
                "typeProperties": {"table": "t"},
            },
        },
        "pipeline/pl.json": {
            "name": "pl",
            "properties": {
                "parameters": {
                    "server": {"type": "string"},
                    "hush": {"type": "secureString", "defaultValue": PLANTED},
                },
                "activities": [
                    {
                        "name": "Copy",
                        "inputs": [
                            {
                                "referenceName": "ds",
                                "parameters": {
                                    "server": "@pipeline().parameters.server",
                                    "x": "@pipeline().parameters.hush",
                                },
                            }
                        ],
                    }
                ],
            },
        },
        "pipelineRun.json": {
            "parameters": {"server": "srv", "hush": PLANTED, "other": PLANTED, "password": PLANTED}
        },
        "activityRuns.json": [],
    }


def test_parameters_are_kept_only_as_far_as_a_name_asks_for_them() -> None:
    left = redact(scenario())

    reference = left["dataset/ds.json"]["properties"]["linkedServiceName"]
    run = left["pipelineRun.json"]["parameters"]
    assert PLANTED not in json.dumps(left)
    assert reference["parameters"] == {"s": "@dataset().server", "p": X}
    assert run == {"server": "srv", "hush": X, "other": X, "password": X}


def test_the_query_of_a_run_leaves_its_mark_and_what_names_files_is_kept() -> None:
    source = {
        "type": "S",
        "sqlReaderQuery": "SELECT 1",
        "query": "",
        "additionalHeaders": {"a": "b"},
    }
    store = {"type": "T", "wildcardFileName": "*.csv", "recursive": True, "metadata": [{"a": "b"}]}
    row = {"activityRunId": "a", "input": {"source": {**source, "storeSettings": store}}}

    [left] = redact({"activityRuns.json": [row]})["activityRuns.json"]

    assert left["input"]["source"] == {
        "type": "S",
        "sqlReaderQuery": X,
        "query": "",
        "additionalHeaders": X,
        "storeSettings": {
            "type": "T",
            "wildcardFileName": "*.csv",
            "recursive": True,
            "metadata": X,
        },
    }


def test_parameters_that_hold_json_are_looked_into() -> None:
    value = json.dumps([{"file": "a.csv", "apiKey": PLANTED}])
    run = {"parameters": {"list": value}}
    pipeline = {
        "name": "pl",
        "properties": {
            "activities": [{"typeProperties": {"items": "@pipeline().parameters.list"}}]
        },
    }

    left = redact({"pipelineRun.json": run, "pipeline/pl.json": pipeline})["pipelineRun.json"]

    assert left["parameters"]["list"] == f'[{{"file":"a.csv","apiKey":"{X}"}}]'


@pytest.mark.parametrize(
    ("kind", "output", "left"),
    [
        ("Lookup", {"firstRow": {"name": "A", "pay": 7}}, {"firstRow": {"name": "A", "pay": X}}),
        (
            "Lookup",
            {"count": 2, "value": [{"Name": "A"}, {"name": "B", "x": "y"}]},
            {"count": X, "value": [{"Name": "A"}, {"name": "B", "x": X}]},
        ),
        (
            "Lookup",
            {"firstRow": {"name": "A", "apiKey": "k"}},
            {"firstRow": {"name": "A", "apiKey": X}},
        ),
        ("Lookup", {"firstRow": {"name": "sig=abc;x"}}, None),
        ("GetMetadata", {"childItems": [{"name": "a.csv", "type": "File"}]}, None),
        ("WebActivity", {"name": "A", "value": "secret"}, {"name": "A", "value": X}),
    ],
)
def test_of_what_others_look_at_that_is_kept_which_they_ask_for(
    kind: str, output: Any, left: Any
) -> None:
    rows = [
        {"activityName": name, "activityType": kind, "output": output}
        for name in ("It's looked at", "Nobody looks")
    ]
    text = "@concat(activity('It''s looked at').output.firstRow.name, item().name)"
    definition = {
        "name": "p",
        "properties": {
            "activities": [{"inputs": [{"referenceName": "d", "parameters": {"a": text}}]}]
        },
    }
    dataset = {"name": "d", "properties": {"typeProperties": {"folderPath": "@dataset().a"}}}

    seen, unseen = redact(
        {"besideRuns.json": rows, "pipeline/p.json": definition, "dataset/d.json": dataset}
    )["besideRuns.json"]

    if left is not None:
        assert seen["output"] == left
    assert "abc" not in str(seen)
    assert {unseen["output"].get(key, X) for key in ("firstRow", "value", "childItems")} == {X}


def test_what_was_set_is_kept_of_a_variable_that_is_asked_for() -> None:
    rows = [
        {
            "activityName": "s",
            "activityType": "SetVariable",
            "input": {"variableName": name, "value": "v"},
        }
        for name in ("day", "other", "token")
    ]
    text = "@concat(variables('day'), variables('token'))"
    dataset = {"name": "d", "properties": {"typeProperties": {"folderPath": text}}}

    left = redact({"activityRuns.json": rows, "dataset/d.json": dataset})["activityRuns.json"]

    assert [row["input"]["value"] for row in left] == ["v", X, X]


def test_user_properties_are_cleaned_by_name_and_by_form() -> None:
    user = {"Source": "in/orders.csv", "password": "canary", "Key": "AccountKey=canary;"}
    row = {"activityRunId": "a", "userProperties": user}

    [left] = redact({"activityRuns.json": [row]})["activityRuns.json"]

    assert left["userProperties"]["Source"] == "in/orders.csv"
    assert "canary" not in str(left)
