"""Templates: their expressions, holes and shapes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import Gap, Kind, Reason, Value
from lineage.sources import arm


def template(*resources: Any, **more: Any) -> dict[str, Any]:
    parameters = {"factoryName": {"type": "string"}, **more.pop("parameters", {})}
    return {"$schema": "…", "parameters": parameters, "resources": list(resources), **more}


def resource(kind: str, name: str, properties: Any = None) -> dict[str, Any]:
    return {
        "type": f"Microsoft.DataFactory/factories/{kind}",
        "name": f"[concat(parameters('factoryName'), '/{name}')]",
        "properties": properties or {},
    }


def hole(detail: str, reason: Reason = Reason.UNRESOLVED) -> Value:
    return Value(gap=Gap(reason, detail=detail))


def filled(value: Any, given: Any = None, **more: Any) -> Any:
    """What becomes of a text in the properties of a dataset."""
    whole = template(resource("datasets", "ds", {"a": value}), **more)
    (found,) = arm.read(whole, given or {}, "folder").definitions
    return found.properties["a"]


PARAMETERS = {
    "server": {"type": "string", "defaultValue": "contoso"},
    "open": {"type": "string"},
    "count": {"type": "int", "defaultValue": 3},
    "nested": {"type": "object", "defaultValue": {"url": "https://a"}},
    "place": {"type": "string", "defaultValue": "[resourceGroup().location]"},
    "password": {"type": "secureString"},
    "connection": {"type": "secureString", "defaultValue": "Server=s;Database=d"},
    "blank": {"type": "string", "defaultValue": ""},
}
VARIABLES = {
    "outer": "[concat(variables('inner'), '/b')]",
    "inner": "[parameters('server')]",
    "open": "[parameters('open')]",
    "round": "[variables('round')]",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("[parameters('server')]", "contoso"),
        ("[parameters('SERVER')]", "contoso"),
        ("[Parameters('server')]", "contoso"),
        ("[parameters('count')]", 3),
        ("[parameters('nested')]", {"url": "https://a"}),
        ("[parameters('nested').url]", "https://a"),
        ("[parameters('blank')]", ""),
        ("[concat('https://', parameters('server'), '/', parameters('count'))]", "https://contoso/3"),
        ("[format('{0}/{1}/{0}', parameters('server'), 'x')]", "contoso/x/contoso"),
        ("[replace('a-b', '-', '')]", "ab"),
        ("[toLower(concat('A', 'B'))]", "ab"),
        ("[toUpper('a')]", "A"),
        ("[trim(' a ')]", "a"),
        ("[string(parameters('count'))]", "3"),
        ("[variables('outer')]", "contoso/b"),
        ("[[dbo].[Orders]", "[dbo].[Orders]"),
        ("[a] and more", "[a] and more"),
        ("@dataset().table", "@dataset().table"),
        ("[concat('@{', 'dataset().a}')]", "@{dataset().a}"),
        ("[parameters('connection')]", {"type": "SecureString", "value": "Server=s;Database=d"}),
        ("[parameters('open')]", hole("template parameter open")),
        ("[concat('a', parameters('open'))]", hole("template parameter open")),
        ("[variables('open')]", hole("template parameter open")),
        ("[parameters('password')]", hole("template parameter password", Reason.HIDDEN_CONNECTION)),
        ("[parameters('undeclared')]", hole("template: parameter undeclared has no value")),
        ("[parameters('place')]", hole("template: resourceGroup()")),
        ("[resourceId('a', 'b')]", hole("template: resourceId()")),
        ("[variables('round')]", hole("template: variable round has no value")),
        ("[dbo].[Orders]", hole("template: not an expression (character 0)")),
        ("[concat(parameters('nested'))]", hole("template: concat(): takes texts")),
        ("[format('{1}', 'a')]", hole("template: format(): too few arguments")),
    ],
)  # fmt: skip
def test_a_template_expression_is_evaluated_or_left_as_a_hole(text: str, expected: Any) -> None:
    assert filled(text, parameters=PARAMETERS, variables=VARIABLES) == expected


def test_template_expressions_are_evaluated_wherever_they_are() -> None:
    found = filled({"a": [{"b": "[parameters('server')]"}, 1, None]}, parameters=PARAMETERS)

    assert found == {"a": [{"b": "contoso"}, 1, None]}


def test_a_given_value_beats_the_default_but_a_blank_does_not() -> None:
    assert filled("[parameters('server')]", {"server": "other"}, parameters=PARAMETERS) == "other"
    assert filled("[parameters('server')]", {"server": ""}, parameters=PARAMETERS) == "contoso"


def test_json_nested_without_end_becomes_a_hole() -> None:
    nested: Any = "a"
    for _ in range(900):
        nested = [nested]

    found = filled(nested)
    for _ in range(198):
        (found,) = found

    assert found == [hole("nested deeper than 200")]


def test_definitions_are_found_by_kind_and_their_name_without_the_factory() -> None:
    found = arm.read(
        template(
            resource("pipelines", "pl load", {"activities": []}),
            resource("datasets", "ds"),
            resource("linkedServices", "ls"),
            resource("dataflows", "df"),
            resource("triggers", "t"),
        ),
        {},
        "folder",
    )

    assert [(d.kind, d.name) for d in found.definitions] == [
        (Kind.PIPELINE, "pl load"),
        (Kind.DATASET, "ds"),
        (Kind.LINKED_SERVICE, "ls"),
        (Kind.DATA_FLOW, "df"),
    ]
    assert (found.factory, found.synapse, found.problems) == ("folder", False, ())


def test_the_factory_is_named_by_its_parameter() -> None:
    parameters = {"factoryName": {"type": "string", "defaultValue": "contoso"}}
    whole = template(resource("datasets", "ds"), parameters=parameters)

    assert arm.read(whole, {}, "folder").factory == "contoso"
    assert arm.read(whole, {"factoryName": "given"}, "folder").factory == "given"


def test_a_workspace_is_recognised() -> None:
    whole = {
        "parameters": {"workspaceName": {"type": "string", "defaultValue": "ws"}},
        "resources": [
            {
                "type": "Microsoft.Synapse/workspaces/datasets",
                "name": "[concat(parameters('workspaceName'), '/ds')]",
                "properties": {},
            }
        ],
    }

    found = arm.read(whole, {}, "folder")

    assert (found.factory, found.synapse, len(found.definitions)) == ("ws", True, 1)


def test_nested_resources_and_symbolic_names_are_read() -> None:
    child = {"type": "datasets", "name": "ds", "properties": {"type": "Json"}}
    parent = {
        "type": "Microsoft.DataFactory/factories",
        "name": "contoso",
        "resources": [child],
    }

    for resources in ([parent], {"factory": parent}):
        found = arm.read({"resources": resources}, {}, "folder")
        assert [(d.kind, d.name) for d in found.definitions] == [(Kind.DATASET, "ds")]
        assert found.factory == "contoso"


def test_global_parameters_are_those_of_the_factory_or_of_their_own_resource() -> None:
    env = {"env": {"type": "string", "value": "[parameters('server')]"}}
    days = {"days": {"type": "int", "value": 3}}
    factory = {
        "type": "Microsoft.DataFactory/factories",
        "name": "[parameters('factoryName')]",
        "properties": {"globalParameters": env},
    }
    own = {
        "type": "Microsoft.DataFactory/factories/globalparameters",
        "name": "[concat(parameters('factoryName'), '/default')]",
        "properties": days,
    }

    found = arm.read(template(factory, own, parameters=PARAMETERS), {}, "folder")

    assert found.parameters == {"env": "contoso", "days": 3}


def test_a_resource_without_a_name_or_properties_is_a_problem() -> None:
    kind = "Microsoft.DataFactory/factories/datasets"
    whole = template(
        {"type": kind},
        {"type": kind, "name": "[parameters('open')]"},
        {"type": kind, "name": "f/ds", "properties": "[parameters('open')]"},
        parameters=PARAMETERS,
    )

    found = arm.read(whole, {}, "folder")

    unnamed = "a resource of type microsoft.datafactory/factories/datasets"
    assert found.problems == (
        f"{unnamed} without a name that can be read",
        f"{unnamed} without a name that can be read",
        "ds: no properties",
    )


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ({"resources": [{"type": "Microsoft.DataFactory/factories/pipelines"}]}, True),
        ({"resources": [{"type": "microsoft.synapse/workspaces/datasets"}]}, True),
        ({"resources": [{"type": "Microsoft.Storage/storageAccounts"}]}, False),
        ({"resources": []}, False),
        ({"resources": "none"}, False),
        ({"resources": [None, "a", {}]}, False),
        ({"name": "a", "properties": {}}, False),
        ([], False),
        (None, False),
    ],
)
def test_a_template_is_recognised_by_its_resources(json: Any, expected: bool) -> None:
    assert arm.is_template(json) is expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9).map(lambda text: f"[{text}]"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "properties", "resources", "a"]), inner)
    ),
    max_leaves=10,
)


@given(json_values, json_values, json_values)
def test_malformed_templates_survive(resources: Any, parameters: Any, variables: Any) -> None:
    kind = {"type": "Microsoft.DataFactory/factories", "resources": resources, "name": variables}
    whole = {"resources": [kind], "parameters": parameters, "variables": variables}

    assert isinstance(arm.read(whole, {}, "folder"), arm.Template)
