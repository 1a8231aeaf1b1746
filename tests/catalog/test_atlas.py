import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.catalog import atlas
from lineage.catalog.bulk import assemble
from lineage.model import (
    ANYTHING,
    Asset,
    Column,
    ColumnKind,
    ColumnLink,
    FactoryId,
    LastRun,
    Name,
    Process,
    Reason,
    Where,
)
from tests.world import at, edge, process, table, value

F = FactoryId("/subscriptions/s/resourceGroups/r/providers/Microsoft.DataFactory/factories/f")
PARENTS = (
    Name("azure_data_factory", F),
    Name("adf_pipeline", f"{F}/pipelines/P"),
    Name("adf_copy_activity", f"{F}/pipelines/P/activities/A"),
)
SOURCE = Asset((Name("azure_sql_table", "mssql://srv/db/dbo/orders"),))
SINK = Asset((Name("azure_datalake_gen2_path", "https://acc.dfs.core.windows.net/c/out.parquet"),))
OPERATION = Name(
    "adf_copy_operation",
    f"{F}/pipelines/P/activities/A#https://acc.dfs.core.windows.net/c/out.parquet"
    "#azure_datalake_gen2_path",
)
NAMES = {SOURCE: SOURCE.candidates[0], SINK: SINK.candidates[0]}
LAST = LastRun(at("2021-10-12T10:55:02.127Z"), 10, 4096)


def copy(*columns: ColumnLink, parents: tuple[Name, ...] = PARENTS) -> Process:
    inputs = (edge(SOURCE, "ds_in"),)
    sink = edge(SINK, "ds_out")
    return Process(F, "P", "A", "adf_copy_operation", parents, sink, inputs, columns)


def body(made: Process, create: set[Name], last: LastRun | None = LAST) -> list[Any]:
    unit, _ = atlas.unit(OPERATION, made, NAMES, create, last)
    return assemble([unit])


# ---------------------------------------------------------------- what is sent


def test_the_payload_of_one_copy_run() -> None:
    made = copy(value("order_id", SOURCE, "OrderID"))

    assert body(made, create={SINK.candidates[0]}) == [
        {
            "typeName": "azure_datalake_gen2_path",
            "guid": "-1",
            "attributes": {
                "qualifiedName": "https://acc.dfs.core.windows.net/c/out.parquet",
                "name": "out.parquet",
            },
        },
        {
            "typeName": "azure_data_factory",
            "guid": "-2",
            "attributes": {
                "qualifiedName": F,
                "name": "f",
                "subscriptionId": "s",
                "resourceGroupName": "r",
            },
        },
        {
            "typeName": "adf_pipeline",
            "guid": "-3",
            "attributes": {"qualifiedName": f"{F}/pipelines/P", "name": "P"},
            "relationshipAttributes": {"factory": {"guid": "-2", "typeName": "azure_data_factory"}},
        },
        {
            "typeName": "adf_copy_activity",
            "guid": "-4",
            "attributes": {
                "qualifiedName": f"{F}/pipelines/P/activities/A",
                "name": "A",
                "status": "Completed",
                "lastRunTime": 1634036102127,
                "rowCount": 10,
                "dataSize": 4096,
                "errorMessage": "",
            },
            "relationshipAttributes": {"parent": {"guid": "-3", "typeName": "adf_pipeline"}},
        },
        {
            "typeName": "adf_copy_operation",
            "guid": "-5",
            "attributes": {
                "qualifiedName": OPERATION.qualified,
                "name": "A",
                "columnMapping": '[{"DatasetMapping":{"Source":"mssql://srv/db/dbo/orders",'
                '"Sink":"https://acc.dfs.core.windows.net/c/out.parquet"},'
                '"ColumnMapping":[{"Source":"OrderID","Sink":"order_id"}]}]',
                "inputs": [
                    {
                        "typeName": "azure_sql_table",
                        "uniqueAttributes": {"qualifiedName": "mssql://srv/db/dbo/orders"},
                    }
                ],
                "outputs": [{"guid": "-1", "typeName": "azure_datalake_gen2_path"}],
            },
            "relationshipAttributes": {"parent": {"guid": "-4", "typeName": "adf_copy_activity"}},
        },
    ]


def test_an_asset_that_exists_is_only_referred_to() -> None:
    sent = body(copy(), create=set())

    assert [entity["typeName"] for entity in sent] == [
        "azure_data_factory",
        "adf_pipeline",
        "adf_copy_activity",
        "adf_copy_operation",
    ]


def test_attributes_of_the_last_run_are_left_as_they_are_where_there_is_none() -> None:
    sent = body(copy(), create=set(), last=None)

    assert sent[2]["attributes"] == {
        "qualifiedName": f"{F}/pipelines/P/activities/A",
        "name": "A",
    }


def test_a_last_run_that_does_not_say_how_much_is_zero() -> None:
    sent = body(copy(), create=set(), last=LastRun(at("02:00:00")))

    assert (sent[2]["attributes"]["rowCount"], sent[2]["attributes"]["dataSize"]) == (0, 0)


def test_a_synapse_pipeline_has_nothing_above_it() -> None:
    above = (Name("azure_synapse_pipeline", "W/pipelines/P"), Name("azure_synapse_x", "W/a"))

    sent = body(copy(parents=above), create=set())

    assert "relationshipAttributes" not in sent[0]
    assert sent[1]["relationshipAttributes"]["parent"]["guid"] == "-1"


def test_inputs_are_sent_in_one_order_each_once() -> None:
    same = table("a", "A")
    made = process("sink", "b", "a", same)
    names = {asset: asset.candidates[0] for asset in map(table, ("a", "b", "sink"))}
    names[same] = Name("azure_sql_table", "mssql://srv/db/dbo/a")

    unit, _ = atlas.unit(OPERATION, made, names, (), None)

    inputs = unit.entities[-1]["attributes"]["inputs"]
    assert [each["uniqueAttributes"]["qualifiedName"] for each in inputs] == [
        "mssql://srv/db/dbo/a",
        "mssql://srv/db/dbo/b",
    ]


@pytest.mark.parametrize(
    ("qualified", "name"),
    [
        ("https://acc.blob.core.windows.net/c/in/a.csv", "a.csv"),
        ("https://acc.blob.core.windows.net/c/in/", "in"),
        ("mssql://srv/db/dbo/Order Lines", "Order Lines"),
        ("nothing", "nothing"),
        ("///", "///"),
    ],
)
def test_a_created_asset_has_a_name(qualified: str, name: str) -> None:
    asset = Asset((Name("DataSet", qualified),))
    made = process(edge(asset))

    unit, _ = atlas.unit(OPERATION, made, {asset: asset.candidates[0]}, asset.candidates, None)

    assert unit.entities[0]["attributes"] == {"qualifiedName": qualified, "name": name}


# ---------------------------------------------------------------- columns

WIDE = 32_768 - len("columnMapping")  # bytes that the text may have


def mapping(*links: ColumnLink) -> Any:
    text, gaps = atlas.column_mapping(links, NAMES, SINK.candidates[0])
    assert len(text.encode()) <= WIDE
    return json.loads(text), gaps


def test_each_source_is_an_element_with_its_columns_in_order() -> None:
    other = Asset((Name("azure_sql_table", "mssql://srv/db/dbo/a"),))
    names = NAMES | {other: other.candidates[0]}
    links = [value("y", SOURCE, "Y"), value("x", SOURCE, "X"), value("x", other, "X2")]

    text, gaps = atlas.column_mapping(links, names, SINK.candidates[0])

    sink = "https://acc.dfs.core.windows.net/c/out.parquet"
    assert json.loads(text) == [
        {
            "DatasetMapping": {"Source": "mssql://srv/db/dbo/a", "Sink": sink},
            "ColumnMapping": [{"Source": "X2", "Sink": "x"}],
        },
        {
            "DatasetMapping": {"Source": "mssql://srv/db/dbo/orders", "Sink": sink},
            "ColumnMapping": [{"Source": "X", "Sink": "x"}, {"Source": "Y", "Sink": "y"}],
        },
    ]
    assert gaps == ()


def test_no_columns_are_an_empty_list() -> None:
    constant = ColumnLink("loaded_at", ColumnKind.GENERATED)

    assert atlas.column_mapping([constant], NAMES, SINK.candidates[0]) == ("[]", ())


def test_a_mapping_of_somebody_else_that_names_no_data_set_keeps_its_star() -> None:
    [element], _ = mapping(ColumnLink("x", ColumnKind.VALUE, (Column(ANYTHING, "X"),)))

    assert element["DatasetMapping"]["Source"] == "*"


def columns(count: int, length: int, source: Asset = SOURCE, renamed: bool = False) -> list[Any]:
    names = [f"{n:04d}".ljust(length, "é") for n in range(count)]
    return [value(name, source, name + "x" if renamed else name) for name in names]


def test_a_mapping_that_just_fits_is_sent_whole() -> None:
    links = columns(300, 4)
    size = len(atlas.column_mapping(links, NAMES, SINK.candidates[0])[0].encode())
    room = (WIDE - size) // 2  # a column's name stands in it twice
    links += [value("é" * ((room - 30) // 2), SOURCE)]

    elements, gaps = mapping(*links)

    assert len(elements[0]["ColumnMapping"]) == 301
    assert gaps == ()


def test_same_name_pairs_are_left_out_first_where_it_is_too_large() -> None:
    elements, gaps = mapping(*columns(1000, 20), value("total", SOURCE, "Total"))

    assert [element["ColumnMapping"] for element in elements] == [
        [{"Source": "Total", "Sink": "total"}]
    ]
    [gap] = gaps
    assert (gap.reason, gap.where) == (Reason.COLUMN_MAPPING_TOO_LARGE, Where.COLUMNS)
    assert gap.detail == "1001 column pairs exceed what one property holds"


def test_then_whole_elements_are_left_out_the_largest_first() -> None:
    small = Asset((Name("azure_sql_table", "mssql://srv/db/dbo/small"),))
    names = NAMES | {small: small.candidates[0]}
    links = [*columns(1000, 20, renamed=True), *columns(10, 20, small, renamed=True)]

    text, gaps = atlas.column_mapping(links, names, SINK.candidates[0])

    [element] = json.loads(text)
    assert element["DatasetMapping"]["Source"] == "mssql://srv/db/dbo/small"
    assert len(element["ColumnMapping"]) == 10
    assert len(gaps) == 1


def test_a_mapping_of_which_nothing_fits_is_an_empty_list() -> None:
    assert mapping(*columns(1000, 20, renamed=True))[0] == []


# ---------------------------------------------------------------- what somebody else wrote


def written(**attributes: Any) -> Any:
    return {"typeName": "adf_copy_operation", "attributes": attributes}


def reference(guid: str, name: str, **more: Any) -> Any:
    return {
        "guid": guid,
        "typeName": "azure_sql_table",
        "uniqueAttributes": {"qualifiedName": name},
        **more,
    }


def test_ends_are_read_by_name() -> None:
    entity = written(inputs=[reference("1", "a"), reference("2", "b")], outputs=None)

    assert atlas.ends(entity, "inputs") == [
        Name("azure_sql_table", "a"),
        Name("azure_sql_table", "b"),
    ]
    assert atlas.ends(entity, "outputs") == []
    assert atlas.ends({"typeName": "x"}, "inputs") == []


def test_a_relationship_that_was_removed_is_no_end() -> None:
    entity = written(inputs=[reference("1", "a"), reference("2", "b"), reference("3", "c")])
    entity["relationshipAttributes"] = {
        "inputs": [
            {"guid": "1", "typeName": "azure_sql_table", "relationshipStatus": "DELETED"},
            {"guid": "2", "typeName": "azure_sql_table", "relationshipStatus": "ACTIVE"},
            {"guid": "3", "typeName": "azure_sql_table"},
        ]
    }

    assert [name.qualified for name in atlas.ends(entity, "inputs")] == ["b", "c"]


def test_an_end_without_a_name_is_none() -> None:
    entity = written(inputs=[{"guid": "9", "typeName": "t"}, {"guid": "8", "typeName": "t"}, "x"])
    entity["relationshipAttributes"] = {"inputs": [{"guid": "7", "typeName": "t"}]}

    assert atlas.ends(entity, "inputs") == []


def test_column_links_of_somebody_else_go_by_the_data_set_they_name() -> None:
    a, b = (Asset((Name("azure_sql_table", name),)) for name in "ab")
    text = json.dumps(
        [
            {
                "DatasetMapping": {"Source": "a", "Sink": "s"},
                "ColumnMapping": [{"Source": "X", "Sink": "x"}],
            },
            {
                "DatasetMapping": {"Source": "*", "Sink": "s"},
                "ColumnMapping": [{"Source": "Y", "Sink": "y"}],
            },
            {
                "DatasetMapping": {"Source": "gone", "Sink": "s"},
                "ColumnMapping": [{"Source": "Z", "Sink": "z"}],
            },
        ]
    )

    assert atlas.foreign_links(written(columnMapping=text), [a, b]) == (
        value("x", a, "X"),
        value("y", ANYTHING, "Y"),
        value("z", ANYTHING, "Z"),
    )
    assert atlas.foreign_links(written(columnMapping=text), [a])[1] == value("y", a, "Y")


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "[]", "{}", "null", "7", "[7]", '["x"]', "[{}]", "nonsense", "[" * 100_000),
        '[{"DatasetMapping":{"Source":"a"}}]',
        '[{"DatasetMapping":"a","ColumnMapping":[{"Source":"x","Sink":"y"}]}]',
        '[{"DatasetMapping":{"Source":"a"},"ColumnMapping":{"x":"y"}}]',
        '[{"DatasetMapping":{"Source":"a"},"ColumnMapping":[{"Source":"x"}]}]',
        '[{"Source":"CustomerId","Sink":"CustomerId"}]',
        ["a list"],
    ],
)
def test_a_mapping_in_a_form_of_its_own_has_no_links(text: object) -> None:
    assert atlas.foreign_links(written(columnMapping=text), []) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["DatasetMapping", "ColumnMapping", "Source", "Sink"]), inner
        )
    ),
)


@given(json_values)
def test_any_text_of_somebody_else_is_read(text: Any) -> None:
    for link in atlas.foreign_links(written(columnMapping=json.dumps(text)), []):
        assert link.sources


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=20))
def test_a_mapping_is_read_back_without_loss(pairs: list[tuple[str, str]]) -> None:
    links = [value(sink, SOURCE, source) for source, sink in pairs]

    text, _ = atlas.column_mapping(links, NAMES, SINK.candidates[0])

    read = atlas.foreign_links(written(columnMapping=text), [SOURCE])
    assert set(read) == set(links)
