import json
from importlib.resources import files
from typing import Any

import pytest

from lineage.catalog.account import NEEDED
from lineage.catalog.atlas import FALLBACK
from lineage.catalog.typedefs import Attribute, subtypes, types
from lineage.connectors import CONNECTORS


def definitions() -> Any:
    return json.loads(files("lineage.catalog").joinpath("typedefs.json").read_text("utf-8"))


def test_every_definition_has_a_name_of_its_own_and_says_what_it_is() -> None:
    every = [*definitions()["entityDefs"], *definitions()["relationshipDefs"]]

    assert len({each["name"] for each in every}) == len(every)
    told = ("description", "serviceType", "source", "confidence")
    assert all(each[key] for each in every for key in told)


def test_confidence_is_one_of_four_words() -> None:
    every = [*definitions()["entityDefs"], *definitions()["relationshipDefs"]]
    words = {each["confidence"] for each in every}
    words |= {
        attribute["confidence"]
        for each in definitions()["entityDefs"]
        for attribute in each["attributeDefs"]
        if "confidence" in attribute
    }

    assert words <= {"verified", "community", "inferred", "ours"}


def test_every_type_that_a_name_is_made_with_is_defined() -> None:
    made = {kind for row in CONNECTORS for kind in row.names} | {FALLBACK, "DataSet"}
    made |= {kind for needed in NEEDED.values() for kind in needed}

    assert made <= {each["name"] for each in definitions()["entityDefs"]}


def test_supertypes_and_ends_are_defined_above_where_they_are_used() -> None:
    known: set[str] = set()
    for each in definitions()["entityDefs"]:
        assert set(each["superTypes"]) <= known
        known.add(each["name"])
    for each in definitions()["relationshipDefs"]:
        assert {each["endDef1"]["type"], each["endDef2"]["type"]} <= known


def test_only_atlas_own_attributes_are_mandatory() -> None:
    mandatory = {
        (each["name"], attribute["name"])
        for each in definitions()["entityDefs"]
        for attribute in each["attributeDefs"]
        if not attribute["isOptional"]
    }

    assert mandatory == {("Referenceable", "qualifiedName"), ("Asset", "name")}


def test_no_relationship_is_a_composition_whose_children_could_not_be_sent_alone() -> None:
    kinds = {each["relationshipCategory"] for each in definitions()["relationshipDefs"]}

    assert kinds == {"AGGREGATION"}


def test_a_type_has_what_it_inherits() -> None:
    operation = types()["adf_copy_operation"]

    assert operation.ancestors == {
        "adf_copy_operation",
        "adf_activity_operation",
        "adf_process",
        "Process",
        "Asset",
        "Referenceable",
    }
    assert set(operation.attributes) == {
        "qualifiedName",
        "name",
        "displayName",
        "description",
        "userDescription",
        "owner",
        "columnMapping",
    }
    assert set(operation.references) == {"inputs", "outputs", "parent", "subProcesses"}


def test_a_factory_is_no_process_and_has_pipelines() -> None:
    assert "Process" not in types()["azure_data_factory"].ancestors
    assert set(types()["azure_data_factory"].references) == {"pipelines"}
    assert "factory" in types()["adf_pipeline"].references


@pytest.mark.parametrize(
    "name",
    [
        "DataSet",
        "azure_blob_path",
        "azure_blob_resource_set",
        "azure_datalake_gen2_path",
        "azure_datalake_gen2_resource_set",
        "azure_sql_dw_table",
        "azure_sql_dw_view",
        "azure_sql_table",
        "azure_sql_view",
        "azure_synapse_dedicated_sql_table",
        "azure_synapse_dedicated_sql_view",
        "azure_synapse_serverless_sql_table",
        "azure_synapse_serverless_sql_view",
        "mssql_table",
        "mssql_view",
    ],
)
def test_an_edge_may_end_on_the_types_of_data(name: str) -> None:
    assert name in subtypes("DataSet")


def test_subtypes_begin_with_the_type_itself() -> None:
    assert subtypes("adf_activity") == (
        "adf_activity",
        "adf_copy_activity",
        "azure_synapse_copy_activity",
    )
    assert subtypes("nope") == ()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("long", " 12"),
        ("long", "1.5"),
        ("long", ""),
        ("long", True),
        ("long", [1]),
        ("long", 10**30),
        ("long", float("inf")),
        ("long", float("nan")),
        ("int", 2**31),
        ("date", "2024-01-02"),
        ("date", "2024-01-02T03:04:05Z"),
        ("date", "2024-13-02T03:04:05.678Z"),
        ("date", True),
        ("string", "\ud800"),
        ("string", ["\ud800"]),
    ],
)
def test_a_value_of_another_type_is_none(kind: str, value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, the request is refused
        Attribute("a", kind, True, "T").take(value)
