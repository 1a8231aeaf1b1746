"""From a dataset reference to an endpoint, parameters applied at each of three levels."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import (
    Definition,
    Definitions,
    Endpoint,
    Evaluated,
    Factory,
    FactoryId,
    Gap,
    Kind,
    Reason,
    Value,
)
from lineage.resolve.datasets import columns, linked_service_of, pipeline_scope, resolve
from lineage.resolve.expressions import NOTHING

FACTORY = Factory(FactoryId("/…/factories/contoso"), "contoso", {"env": "prod"})
HOLE = Value(gap=Gap(Reason.UNRESOLVED, detail="template parameter x"))


class Known:
    """Definitions in memory."""

    factory = FACTORY

    def __init__(self, *definitions: Definition) -> None:
        self._definitions = {(d.kind, d.name): d for d in definitions}

    def get(self, kind: Kind, name: str) -> Definition | None:
        return self._definitions.get((kind, name))


def dataset(**properties: Any) -> Definition:
    return Definition(Kind.DATASET, "ds_sql", properties)


def service(**properties: Any) -> Definition:
    return Definition(Kind.LINKED_SERVICE, "ls_sql", properties)


# the worked example of data-factory §4.2
PIPELINE = Definition(
    Kind.PIPELINE,
    "pl_load",
    {"parameters": {"table": {"type": "String"}, "day": {"type": "String"}}},
)
DS_SQL = dataset(
    type="AzureSqlTable",
    parameters={"table": {"type": "string"}, "schema": {"type": "string", "defaultValue": "sales"}},
    typeProperties={
        "schema": {"value": "@dataset().schema", "type": "Expression"},
        "table": {"value": "@dataset().table", "type": "Expression"},
    },
    linkedServiceName={
        "referenceName": "ls_sql",
        "type": "LinkedServiceReference",
        "parameters": {"db": "erp"},
    },
)
LS_SQL = service(
    type="AzureSqlDatabase",
    parameters={"db": {"type": "String"}},
    typeProperties={
        "connectionString": "Server=contoso.database.windows.net;Database=@{linkedService().db}",
        "encryptedCredential": "canary",
    },
)
REFERENCE = {
    "referenceName": "ds_sql",
    "type": "DatasetReference",
    "parameters": {"table": "@pipeline().parameters.table"},
}


def endpoint(
    reference: Any, definitions: Definitions, run: Any = None, **more: Any
) -> Endpoint | Gap:
    scope = pipeline_scope(run or {}, PIPELINE, FACTORY)
    return resolve(reference, definitions, scope, activity="Copy orders", **more)


def found(reference: Any, definitions: Definitions, run: Any = None, **more: Any) -> Endpoint:
    result = endpoint(reference, definitions, run, **more)
    assert isinstance(result, Endpoint)
    return result


def test_a_reference_is_followed_through_all_three_levels() -> None:
    result = found(REFERENCE, Known(DS_SQL, LS_SQL), {"table": "Orders", "day": "2026-11-19"})

    assert (result.factory, result.dataset_name, result.dataset_type) == (
        *("contoso", "ds_sql", "AzureSqlTable"),
    )
    assert (result.linked_service, result.linked_service_type) == ("ls_sql", "AzureSqlDatabase")
    assert result.dataset == {
        "schema": Value(
            "sales", ("dataset().schema", "default of parameter schema of dataset ds_sql")
        ),
        "table": Value(
            "Orders",
            (
                "dataset().table",
                "argument table of dataset ds_sql in activity 'Copy orders'",
                "pipeline().parameters.table",
                "run parameter table",
            ),
        ),
    }
    assert result.connection == {
        "connectionString": Value(
            "Server=contoso.database.windows.net;Database=erp",
            ("linkedService().db", "argument db of linked service ls_sql in dataset ds_sql"),
        )
    }
    assert (result.store, result.opaque, result.columns) == ({}, False, ())


def test_functions_of_run_parameters_make_the_path_of_a_dataset() -> None:
    path = (
        "@concat('raw/', toLower(pipeline().parameters.table), '/', "
        "formatDateTime(pipeline().parameters.day,'yyyy/MM/dd'))"
    )
    lake = dataset(
        type="Parquet",
        parameters={"path": {"type": "String"}},
        typeProperties={"location": {"folderPath": "@dataset().path"}},
        linkedServiceName={"referenceName": "ls_sql"},
    )
    reference = {"referenceName": "ds_sql", "parameters": {"path": path}}

    result = found(reference, Known(lake, LS_SQL), {"table": "Orders", "day": "2026-11-19"})

    assert result.dataset["location"]["folderPath"].value == "raw/orders/2026/11/19"


def test_the_copy_side_is_handed_through() -> None:
    store: Evaluated = {"wildcardFileName": Value("*.csv")}

    result = found(REFERENCE, Known(DS_SQL, LS_SQL), store=store, opaque=True)

    assert result.store == {"wildcardFileName": Value("*.csv")}
    assert result.opaque


def test_a_run_parameter_nobody_gave_is_a_gap_in_the_leaf() -> None:
    result = found(REFERENCE, Known(DS_SQL, LS_SQL))

    table: Value = result.dataset["table"]
    detail = "pipeline pl_load: parameter table has no value"
    assert table.gap == Gap(Reason.UNRESOLVED, detail=detail)
    assert table.value is None


def test_an_argument_nobody_gave_is_a_gap_in_the_leaf() -> None:
    result = found({"referenceName": "ds_sql"}, Known(DS_SQL, LS_SQL), {"table": "Orders"})

    detail = "dataset ds_sql: parameter table has no value"
    assert result.dataset["table"].gap == Gap(Reason.UNRESOLVED, detail=detail)


def test_a_gap_in_an_argument_goes_down_to_the_linked_service() -> None:
    link = {"referenceName": "ls_sql", "parameters": {"db": "@dataset().table"}}
    reference = {"referenceName": "ds_sql", "parameters": {"table": "@item().name"}}
    ds = dataset(**{**DS_SQL.properties, "linkedServiceName": link})

    result = found(reference, Known(ds, LS_SQL))

    detail = "argument table of dataset ds_sql in activity 'Copy orders': item()"
    assert result.connection["connectionString"].gap == Gap(Reason.UNRESOLVED, detail=detail)


def test_global_parameters_are_those_of_the_factory() -> None:
    reference = {
        "referenceName": "ds_sql",
        "parameters": {"table": "@{pipeline().globalParameters.env}_orders"},
    }

    result = found(reference, Known(DS_SQL, LS_SQL))

    assert result.dataset["table"].value == "prod_orders"
    assert result.dataset["table"].trace[-1] == "global parameter env"


def test_a_global_parameter_that_a_template_left_open_is_a_gap() -> None:
    scope = pipeline_scope({}, PIPELINE, Factory(FactoryId("f"), "f", {"env": HOLE}))
    reference = {
        "referenceName": "ds_sql",
        "parameters": {"table": "@pipeline().globalParameters.env"},
    }

    result = resolve(reference, Known(DS_SQL, LS_SQL), scope, activity="a")

    assert isinstance(result, Endpoint)
    detail = "global parameter env: template parameter x"
    assert result.dataset["table"].gap == Gap(Reason.UNRESOLVED, detail=detail)


def test_the_old_parameters_function_means_the_datasets_own() -> None:
    old = {"folderPath": "@item()", "fileName": "@{parameters('file')}.csv"}
    ds = dataset(
        type="AzureBlob",
        typeProperties=old,
        parameters={"file": {"defaultValue": "orders"}},
        linkedServiceName={"referenceName": "ls_sql"},
    )

    result = found({"referenceName": "ds_sql"}, Known(ds, LS_SQL))

    assert result.dataset["fileName"].value == "orders.csv"
    detail = "folderPath of dataset ds_sql: item()"
    assert result.dataset["folderPath"].gap == Gap(Reason.UNRESOLVED, detail=detail)


LINK = {"referenceName": "ls_sql"}
PLAIN = dataset(type="AzureSqlTable", typeProperties={"table": "a"}, linkedServiceName=LINK)


@pytest.mark.parametrize(
    ("reference", "definitions", "gap"),
    [
        (
            {"referenceName": "gone"},
            Known(PLAIN, LS_SQL),
            Gap(Reason.DEFINITION_MISSING, detail="dataset gone"),
        ),
        (
            {"referenceName": "ds_sql"},
            Known(PLAIN),
            Gap(Reason.DEFINITION_MISSING, detail="linked service ls_sql"),
        ),
        (
            {},
            Known(PLAIN, LS_SQL),
            Gap(Reason.BROKEN_REFERENCE, detail="activity 'Copy orders': dataset without a name"),
        ),
        (
            {"referenceName": "ds_sql"},
            Known(dataset(type="AzureSqlTable"), LS_SQL),
            Gap(Reason.BROKEN_REFERENCE, detail="dataset ds_sql: linked service without a name"),
        ),
        (
            {"referenceName": HOLE},
            Known(PLAIN, LS_SQL),
            Gap(
                Reason.UNRESOLVED,
                detail="dataset of activity 'Copy orders': template parameter x",
            ),
        ),
        (
            {"referenceName": "ds_sql"},
            Known(dataset(linkedServiceName={"referenceName": HOLE}), LS_SQL),
            Gap(
                Reason.UNRESOLVED,
                detail="linked service of dataset ds_sql: template parameter x",
            ),
        ),
        (
            {"referenceName": "ds_sql"},
            Known(dataset(type=HOLE, linkedServiceName=LINK), LS_SQL),
            Gap(Reason.UNRESOLVED, detail="type of dataset ds_sql: template parameter x"),
        ),
        (
            {"referenceName": "ds_sql"},
            Known(PLAIN, service(type="AzureSqlDatabase", typeProperties=HOLE)),
            Gap(
                Reason.UNRESOLVED,
                detail="typeProperties of linked service ls_sql: template parameter x",
            ),
        ),
        (
            {"referenceName": "ds_sql"},
            Known(dataset(type="A", typeProperties="@item()", linkedServiceName=LINK), LS_SQL),
            Gap(Reason.UNRESOLVED, detail="typeProperties of dataset ds_sql: item()"),
        ),
    ],
)
def test_where_nothing_can_be_said_the_whole_is_a_gap(
    reference: Any, definitions: Known, gap: Gap
) -> None:
    assert endpoint(reference, definitions) == gap


def test_a_linked_service_sees_nothing_of_the_dataset() -> None:
    ls = service(type="AzureSqlDatabase", typeProperties={"server": "@dataset().table"})

    result = found(REFERENCE, Known(DS_SQL, ls), {"table": "Orders"})

    detail = "server of linked service ls_sql: dataset()"
    assert result.connection["server"].gap == Gap(Reason.UNRESOLVED, detail=detail)


SCHEMA = [{"name": "id", "type": "int"}, {"name": "Name", "type": "nvarchar"}]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"schema": SCHEMA}, ("id", "Name")),
        ({"structure": SCHEMA}, ("id", "Name")),
        ({"schema": [], "structure": SCHEMA}, ("id", "Name")),
        ({"schema": SCHEMA, "typeProperties": {"schema": "dbo", "table": "t"}}, ("id", "Name")),
        ({"schema": SCHEMA, "typeProperties": {"table": "@dataset().t"}}, ()),
        ({"schema": SCHEMA, "typeProperties": {"table": HOLE}}, ()),
        ({"schema": SCHEMA, "typeProperties": {"location": {"fileName": "a@{item()}"}}}, ()),
        ({"schema": SCHEMA, "linkedServiceName": {"parameters": {"db": "@dataset().db"}}}, ()),
        (
            {"schema": SCHEMA, "typeProperties": {"table": "t", "compression": "@dataset().c"}},
            ("id", "Name"),
        ),
        ({"schema": {"type": "object", "properties": {"a": {}}}}, ()),
        ({"schema": {"value": "@dataset().schema", "type": "Expression"}}, ()),
        ({"schema": [{"type": "String"}, {"type": "String"}]}, ()),
        ({"schema": [{"name": "id"}, {"type": "String"}]}, ()),
        ({"schema": ["id"]}, ()),
        ({"typeProperties": {"schema": SCHEMA}}, ()),
        ({}, ()),
    ],
)
def test_columns_are_claimed_only_where_they_are_the_objects_own(
    properties: Any, expected: tuple[str, ...]
) -> None:
    assert columns(dataset(**properties)) == expected


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"linkedServiceName": {"referenceName": "ls"}}, "ls"),
        ({"linkedServiceName": {"referenceName": HOLE}}, None),
        ({"linkedServiceName": "ls"}, None),
        ({}, None),
    ],
)
def test_the_linked_service_of_a_dataset_is_known_beforehand(
    properties: Any, name: str | None
) -> None:
    assert linked_service_of(dataset(**properties)) == name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("@dataset().a"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "value", "name", "a", "referenceName"]), inner)
    ),
    max_leaves=8,
)


@given(json_values, json_values, json_values)
def test_malformed_definitions_give_an_endpoint_or_a_gap(a: Any, b: Any, c: Any) -> None:
    ds = dataset(type=a, typeProperties=b, parameters=c, schema=a, linkedServiceName=LINK)
    ls = service(type=b, typeProperties=c, parameters=a)
    reference = {"referenceName": "ds_sql", "parameters": b}

    result = resolve(reference, Known(ds, ls), NOTHING, activity="a")

    assert isinstance(result, (Endpoint, Gap))
