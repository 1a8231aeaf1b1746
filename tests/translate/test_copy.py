from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from lineage.errors import Untranslatable
from lineage.model import (
    ActivityRun,
    Certainty,
    Definition,
    Factory,
    FactoryId,
    Gap,
    Json,
    Kind,
    Name,
    Reason,
    Translation,
    Where,
)
from lineage.ticks import Ticks
from lineage.translate import translate
from tests.world import FACTORY, Held, activity_run, at, pipeline_run

BLOB = Name("azure_blob_path", "https://stsales.blob.core.windows.net/landing/in/orders.csv")
TABLE = Name("azure_sql_table", "mssql://sql-sales.database.windows.net/Stage/dbo/Orders")

MAPPINGS = {
    "type": "TabularTranslator",
    "mappings": [{"source": {"name": "OrderID"}, "sink": {"name": "order_id"}}],
}

ACTIVITY: dict[str, Any] = {
    "name": "A",
    "type": "Copy",
    "inputs": [{"referenceName": "ds_blob", "type": "DatasetReference"}],
    "outputs": [{"referenceName": "ds_table", "type": "DatasetReference"}],
    "typeProperties": {
        "source": {"type": "DelimitedTextSource"},
        "sink": {"type": "AzureSqlSink"},
        "translator": MAPPINGS,
    },
}

BLOB_DATASET: dict[str, Any] = {
    "type": "DelimitedText",
    "linkedServiceName": {"referenceName": "ls_blob"},
    "typeProperties": {
        "location": {
            "type": "AzureBlobStorageLocation",
            "container": "landing",
            "folderPath": "in",
            "fileName": "orders.csv",
        }
    },
    "schema": [{"name": "OrderID"}, {"name": "Total"}],
}
TABLE_DATASET: dict[str, Any] = {
    "type": "AzureSqlTable",
    "linkedServiceName": {"referenceName": "ls_sql"},
    "typeProperties": {"schema": "dbo", "table": "Orders"},
    "schema": [{"name": "order_id"}, {"name": "Total"}],
}
SERVICES: dict[str, Any] = {
    "ls_blob": {
        "type": "AzureBlobStorage",
        "typeProperties": {"serviceEndpoint": "https://stsales.blob.core.windows.net/"},
    },
    "ls_sql": {
        "type": "AzureSqlDatabase",
        "typeProperties": {"server": "sql-sales.database.windows.net", "database": "Stage"},
    },
    "ls_sftp": {"type": "Sftp", "typeProperties": {"host": "sftp.contoso.com"}},
}


def factory(
    activity: Mapping[str, Any] | None = None,
    written: Mapping[str, Ticks] | None = None,
    factory_id: FactoryId = FACTORY,
    **datasets: Any,
) -> Held:
    """A factory with one pipeline P; a dataset that is None does not exist."""
    activities = {"activities": [{**ACTIVITY, **(activity or {})}]}
    found = {"ds_blob": BLOB_DATASET, "ds_table": TABLE_DATASET, **datasets}
    made: list[tuple[Kind, str, Json]] = [(Kind.PIPELINE, "P", activities)]
    made += [(Kind.DATASET, name, value) for name, value in found.items() if value is not None]
    made += [(Kind.LINKED_SERVICE, name, value) for name, value in SERVICES.items()]
    when = written or {}
    return Held(
        Factory(factory_id, factory_id.rpartition("/")[2]),
        {
            (kind, name): Definition(kind, name, value, written=when.get(name))
            for kind, name, value in made
        },
    )


def copied(
    source: Json | None = None, sink: Json | None = None, translator: Json | None = None
) -> ActivityRun:
    """A run whose input tells these, as the service evaluated them."""
    told = {"source": source or {}, "sink": sink or {}, "translator": translator or MAPPINGS}
    return replace(activity_run(), input=told)


def reasons(translation: Translation) -> list[tuple[str, str]]:
    return [(gap.reason.value, gap.where.value) for gap in translation.gaps]


def ends(translation: Translation) -> tuple[list[Name], Name]:
    """The first names of the inputs and of the sink of the one process there is."""
    [process] = translation.processes
    return (
        [edge.asset.candidates[0] for edge in process.inputs],
        process.sink.asset.candidates[0],
    )


def refusal(run: ActivityRun, definitions: Held) -> tuple[Gap, ...]:
    with pytest.raises(Untranslatable) as caught:
        translate(run, definitions)
    return caught.value.gaps


def columns(translation: Translation) -> list[tuple[str, str]]:
    [process] = translation.processes
    return [(column.name, link.output) for link in process.columns for column in link.sources]


# ---------------------------------------------------------------- what a run tells


def test_a_copy_is_one_operation_with_its_source_sink_and_columns() -> None:
    told = translate(copied(), factory())

    [process] = told.processes
    above = f"{FACTORY}/pipelines/P"
    assert process.type == "adf_copy_operation"
    assert process.parents == (
        Name("azure_data_factory", FACTORY),
        Name("adf_pipeline", above),
        Name("adf_copy_activity", f"{above}/activities/A"),
    )
    assert ends(told) == ([BLOB], TABLE)
    assert {edge.certainty for edge in (process.sink, *process.inputs)} == {Certainty.EXACT}
    assert (process.sink.end, process.inputs[0].end) == ("ds_table", "ds_blob")
    assert columns(told) == [("OrderID", "order_id")]
    assert told.gaps == ()


def test_a_synapse_copy_is_of_the_synapse_family_and_has_no_factory_above() -> None:
    workspace = FactoryId(
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/syn"
    )

    [process] = translate(copied(), factory(factory_id=workspace)).processes

    assert process.type == "azure_synapse_operation"
    assert process.parents == (
        Name("azure_synapse_pipeline", f"{workspace}/pipelines/P"),
        Name("azure_synapse_copy_activity", f"{workspace}/pipelines/P/activities/A"),
    )


def test_each_name_has_a_trace_that_holds_no_value() -> None:
    told = translate(copied(), factory())

    traces = dict(told.traces)
    assert set(traces) == {BLOB, TABLE}
    assert "table: table of dataset ds_table" in traces[TABLE]
    assert not any("Orders" in line or "sql-sales" in line for line in traces[TABLE])


def test_each_sink_is_an_operation_of_its_own() -> None:
    other = {**TABLE_DATASET, "typeProperties": {"schema": "dbo", "table": "Archive"}}
    outputs = [{"referenceName": "ds_table"}, {"referenceName": "ds_other"}]

    told = translate(copied(), factory({"outputs": outputs}, ds_other=other))

    assert [process.sink.asset.candidates[0].qualified for process in told.processes] == [
        "mssql://sql-sales.database.windows.net/Stage/dbo/Orders",
        "mssql://sql-sales.database.windows.net/Stage/dbo/Archive",
    ]


def test_parameters_of_the_run_reach_the_name() -> None:
    dataset = {
        **TABLE_DATASET,
        "parameters": {"table": {"type": "String"}},
        "typeProperties": {
            "schema": "dbo",
            "table": {"value": "@dataset().table", "type": "Expression"},
        },
    }
    passed = {"referenceName": "ds_table", "parameters": {"table": "@pipeline().parameters.name"}}
    definitions = factory({"outputs": [passed]}, ds_table=dataset)
    run = replace(copied(), of=pipeline_run(name="Returns"))

    _, sink = ends(translate(run, definitions))

    assert sink.qualified == "mssql://sql-sales.database.windows.net/Stage/dbo/Returns"


def test_the_folder_a_run_reads_is_that_of_its_store_settings() -> None:
    dataset = {
        **BLOB_DATASET,
        "typeProperties": {
            "location": {"type": "AzureBlobStorageLocation", "container": "landing"}
        },
    }
    store = {"type": "AzureBlobStorageReadSettings", "wildcardFolderPath": "in/2026/*"}

    [source], _ = ends(translate(copied({"storeSettings": store}), factory(ds_blob=dataset)))

    assert source.qualified == "https://stsales.blob.core.windows.net/landing/in/2026/"


def test_what_the_run_tells_goes_before_the_definition() -> None:
    told = {
        "type": "TabularTranslator",
        "mappings": [{"source": {"name": "Total"}, "sink": {"name": "total"}}],
    }

    assert columns(translate(copied(translator=told), factory())) == [("Total", "total")]


@pytest.mark.parametrize("shown", [None, {}, {"source": "@item()"}, {"source": None}])
def test_the_definition_counts_where_the_run_shows_no_input(shown: Json | None) -> None:
    told = translate(replace(activity_run(), input=shown), factory())

    assert ends(told) == ([BLOB], TABLE)
    assert columns(told) == [("OrderID", "order_id")]


# ---------------------------------------------------------------- queries and procedures


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ({"sqlReaderQuery": "SELECT 1"}, "the source is a query"),
        ({"query": "SELECT 1"}, "the source is a query"),
        ({"oracleReaderQuery": "SELECT 1"}, "the source is a query"),
        ({"SOQLQuery": "SELECT Id FROM Account"}, "the source is a query"),
        ({"sqlReaderQuery": {"value": "@q", "type": "Expression"}}, "the source is a query"),
        ({"sqlReaderStoredProcedureName": "dbo.get"}, "the source is a stored procedure"),
    ],
)
def test_a_query_or_procedure_stands_for_its_database_and_has_no_columns(
    source: Json, detail: str
) -> None:
    inputs = [{"referenceName": "ds_source"}]
    told = translate(copied(source), factory({"inputs": inputs}, ds_source=TABLE_DATASET))

    [process] = told.processes
    [edge] = process.inputs
    database = Name("DataSet", "mssql://sql-sales.database.windows.net/Stage")
    assert edge.asset.candidates == (database,)
    assert edge.certainty is Certainty.FALLBACK
    assert process.columns == ()
    assert told.gaps == (Gap(Reason.OPAQUE_QUERY, Where.INPUT, detail),)


@pytest.mark.parametrize("source", [{"sqlReaderQuery": ""}, {"query": None}])
def test_an_empty_query_is_none(source: Json) -> None:
    inputs = [{"referenceName": "ds_source"}]
    told = translate(copied(source), factory({"inputs": inputs}, ds_source=TABLE_DATASET))

    assert ends(told)[0] == [TABLE]


def test_a_procedure_that_writes_stands_for_its_database() -> None:
    told = translate(copied(sink={"sqlWriterStoredProcedureName": "dbo.put"}), factory())

    assert ends(told)[1] == Name("DataSet", "mssql://sql-sales.database.windows.net/Stage")
    assert reasons(told) == [("OpaqueProcedure", "output")]
    assert columns(told) == []


# ---------------------------------------------------------------- columns


def test_bytes_have_no_columns_and_no_gap() -> None:
    binary = {**BLOB_DATASET, "type": "Binary"}
    definitions = factory({}, ds_blob=binary, ds_table={**binary, "schema": []})

    told = translate(copied(), definitions)

    assert columns(told) == []
    assert told.gaps == ()


def test_columns_go_by_name_where_both_schemas_are_known() -> None:
    told = translate(copied(translator={"type": "TabularTranslator"}), factory())

    assert columns(told) == [("Total", "Total")]


def test_added_columns_are_no_columns_of_the_source() -> None:
    translator = {
        "type": "TabularTranslator",
        "mappings": [{"source": {"name": "who"}, "sink": {"name": "loaded_by"}}],
    }
    source = {"additionalColumns": [{"name": "who", "value": "adf"}]}

    [process] = translate(copied(source, translator=translator), factory()).processes

    assert [(link.output, link.kind.value, link.sources) for link in process.columns] == [
        ("loaded_by", "constant", ())
    ]


def test_a_source_that_is_not_named_to_the_object_has_no_columns() -> None:
    dataset = {**TABLE_DATASET, "typeProperties": {}}
    inputs = [{"referenceName": "ds_source"}]

    told = translate(copied(), factory({"inputs": inputs}, ds_source=dataset))

    assert columns(told) == []
    assert reasons(told) == [("UnknownObject", "input")]


def test_why_columns_are_not_known_is_told() -> None:
    translator = {"value": "@json(item().mapping)", "type": "Expression"}

    told = translate(copied(translator=translator), factory())

    assert told.gaps == (
        Gap(Reason.COLUMNS_UNKNOWN, Where.COLUMNS, "the translator is an expression"),
    )


# ---------------------------------------------------------------- what cannot be known


def test_a_store_without_a_row_is_a_fall_back_with_its_reason() -> None:
    sftp = {**BLOB_DATASET, "linkedServiceName": {"referenceName": "ls_sftp"}}
    sftp["typeProperties"] = {
        "location": {"type": "SftpLocation", "folderPath": "in", "fileName": "a.csv"}
    }

    told = translate(copied(), factory(ds_blob=sftp))

    assert ends(told) == ([Name("DataSet", "sftp://sftp.contoso.com/in/a.csv")], TABLE)
    assert told.gaps == (
        Gap(Reason.UNKNOWN_CONNECTOR, Where.INPUT, "linked service ls_sftp (Sftp)"),
    )


def test_an_unknown_source_leaves_the_known_sink() -> None:
    told = translate(copied(), factory(ds_blob=None))

    assert ends(told) == ([], TABLE)
    assert told.gaps == (Gap(Reason.DEFINITION_MISSING, Where.INPUT, "dataset ds_blob"),)


def test_an_unknown_sink_is_the_fall_back_of_its_linked_service() -> None:
    dataset = {**TABLE_DATASET, "typeProperties": {"schema": "dbo", "table": "@item().table"}}

    told = translate(copied(), factory(ds_table=dataset))

    assert ends(told)[1].type == "DataSet"
    assert "item" not in ends(told)[1].qualified
    assert reasons(told) == [("Unresolved", "output")]


def test_without_a_sink_there_is_nothing_to_tell() -> None:
    assert refusal(copied(), factory(ds_table=None)) == (
        Gap(Reason.DEFINITION_MISSING, Where.OUTPUT, "dataset ds_table"),
    )


@pytest.mark.parametrize("outputs", [None, [], "ds_table", {}])
def test_an_activity_without_outputs_tells_nothing(outputs: object) -> None:
    gaps = refusal(copied(), factory({"outputs": outputs}))

    assert gaps == (Gap(Reason.UNKNOWN_OBJECT, Where.OUTPUT, "activity A has no outputs"),)


@pytest.mark.parametrize("reference", [None, "ds_table", {}, {"referenceName": 5}])
def test_an_output_that_refers_to_nothing_tells_nothing(reference: object) -> None:
    [gap] = refusal(copied(), factory({"outputs": [reference]}))

    assert (gap.reason, gap.where) == (Reason.BROKEN_REFERENCE, Where.OUTPUT)


def test_an_input_that_refers_to_nothing_leaves_the_known_sink() -> None:
    told = translate(copied(), factory({"inputs": ["ds_blob"]}))

    assert ends(told) == ([], TABLE)
    assert reasons(told) == [("BrokenReference", "input")]


def test_a_pipeline_deleted_since_tells_nothing() -> None:
    run = replace(copied(), of=pipeline_run(pipeline="gone"))

    assert refusal(run, factory()) == (
        Gap(Reason.DEFINITION_MISSING, detail="pipeline gone no longer exists"),
    )


def test_an_activity_deleted_since_tells_nothing() -> None:
    run = replace(copied(), name="old name")

    assert refusal(run, factory()) == (
        Gap(Reason.DEFINITION_MISSING, detail="pipeline P has no activity old name any more"),
    )


# ---------------------------------------------------------------- what the run does not show


@pytest.mark.parametrize("output", [None, {}])
def test_a_run_without_output_shows_no_evidence(output: Json | None) -> None:
    run = replace(copied(), output=output)

    assert refusal(run, factory()) == (Gap(Reason.NO_EVIDENCE, detail="the run has no output"),)


def test_a_secure_output_is_evidence_enough_and_says_so() -> None:
    run = replace(copied(), output=None)

    told = translate(run, factory({"policy": {"secureOutput": True}}))

    assert ends(told) == ([BLOB], TABLE)
    assert reasons(told) == [("Masked", "output")]


def test_a_secure_input_is_replaced_by_the_definition_and_says_so() -> None:
    run = replace(copied(), input=None)

    told = translate(run, factory({"policy": {"secureInput": True}}))

    assert ends(told) == ([BLOB], TABLE)
    assert reasons(told) == [("Masked", "input")]


@pytest.mark.parametrize("policy", ["@secure", None, {"secureInput": "yes"}, []])
def test_a_policy_that_says_nothing_is_none(policy: object) -> None:
    assert translate(copied(), factory({"policy": policy})).gaps == ()


# ---------------------------------------------------------------- definitions written since

LATER = at("2026-11-19T03:00:00Z")  # the activity run began at 02:01


@pytest.mark.parametrize(
    ("written", "gaps", "exact"),
    [
        ("ds_blob", ["input: dataset ds_blob was written after the run"], (False, True)),
        ("ls_sql", ["output: linked service ls_sql was written after the run"], (True, False)),
        (
            "P",
            [
                "input: pipeline P was written after the run",
                "output: pipeline P was written after the run",
            ],
            (False, False),
        ),
    ],
)
def test_a_definition_written_after_the_run_marks_the_names_that_depend_on_it(
    written: str, gaps: list[str], exact: tuple[bool, bool]
) -> None:
    told = translate(copied(), factory(written={written: LATER}))

    [process] = told.processes
    sure = [edge.certainty is Certainty.EXACT for edge in (process.inputs[0], process.sink)]
    assert [f"{gap.where}: {gap.detail}" for gap in told.gaps] == gaps
    assert {gap.reason for gap in told.gaps} == {Reason.DEFINITION_CHANGED}
    assert tuple(sure) == exact


def test_what_was_written_between_pipeline_run_and_activity_run_marks_names_too() -> None:
    run = copied()
    assert (run.of.started, run.started) == (at("02:00:00"), at("02:01:00"))

    told = translate(run, factory(written={"P": at("02:00:30")}))

    assert {gap.reason for gap in told.gaps} == {Reason.DEFINITION_CHANGED}
    assert translate(run, factory(written={"P": at("02:00:00")})).gaps == ()


def test_a_run_whose_pipeline_run_tells_no_start_is_compared_by_its_own() -> None:
    run = replace(copied(), of=replace(pipeline_run(), started=None))

    assert translate(run, factory(written={"P": at("02:00:30")})).gaps == ()
    assert translate(run, factory(written={"P": LATER})).gaps != ()


@pytest.mark.parametrize(
    ("folder", "written", "gaps", "sure"),
    [
        (
            "@pipeline().globalParameters.zone",
            LATER,
            ["input: factory adf-contoso with its global parameters was written after the run"],
            False,
        ),
        ("@pipeline().globalParameters.zone", at("02:00:00"), [], True),
        ("@pipeline().globalParameters.zone", None, [], True),
        ("in", LATER, [], True),
    ],
    ids=["read, and written since", "written before", "not known", "not read"],
)
def test_a_global_parameter_that_was_read_and_may_be_another_marks_the_name(
    folder: str, written: Ticks | None, gaps: list[str], sure: bool
) -> None:
    told = translate(copied(), zoned(folder, written))

    [process] = told.processes
    assert [f"{gap.where}: {gap.detail}" for gap in told.gaps] == gaps
    assert {gap.reason for gap in told.gaps} <= {Reason.DEFINITION_CHANGED}
    assert (process.inputs[0].certainty is Certainty.EXACT) is sure
    assert process.sink.certainty is Certainty.EXACT


def zoned(folder: str, written: Ticks | None) -> Held:
    """A factory with a global parameter, whose activity passes `folder` to its source."""
    location = {"container": "landing", "folderPath": "@dataset().folder", "fileName": "o.csv"}
    dataset = {
        **{key: value for key, value in BLOB_DATASET.items() if key != "schema"},
        "parameters": {"folder": {"type": "string"}},
        "typeProperties": {"location": {"type": "AzureBlobStorageLocation", **location}},
    }
    reference = {"referenceName": "ds_blob", "parameters": {"folder": folder}}
    held = factory({"inputs": [reference]}, ds_blob=dataset)
    return Held(Factory(FACTORY, "adf-contoso", {"zone": "in"}, written=written), held.found)


def test_a_definition_written_before_the_run_marks_nothing() -> None:
    assert translate(copied(), factory(written={"P": at("01:59:59")})).gaps == ()


def test_a_schema_written_after_the_run_is_not_believed() -> None:
    run = copied(translator={"type": "TabularTranslator"})

    told = translate(run, factory(written={"ds_table": LATER}))

    assert columns(told) == []
    assert reasons(told) == [("ColumnsUnknown", "columns"), ("DefinitionChanged", "output")]


def test_a_mapping_written_after_the_run_is_not_believed() -> None:
    run = replace(copied(), input=None)

    assert columns(translate(run, factory(written={"P": LATER}))) == []


# ---------------------------------------------------------------- other runs


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Skipped", "Inactive", ""])
def test_a_run_that_did_not_succeed_tells_nothing(status: str) -> None:
    [gap] = refusal(replace(copied(), status=status), factory())

    assert (gap.reason, gap.detail) == (Reason.RUN_FAILED, f"the activity run is {status}")


def test_a_type_of_activity_without_a_translator_tells_nothing() -> None:
    assert refusal(replace(copied(), type="Lookup"), factory()) == (
        Gap(Reason.UNSUPPORTED_ACTIVITY, detail="activity type Lookup"),
    )


# ---------------------------------------------------------------- when it was evaluated


def dated(expression: str, ended: str = "02:05:00") -> Translation:
    """A Copy from 02:01 whose source folder is an expression."""
    dataset = {
        **BLOB_DATASET,
        "parameters": {"folder": {"type": "string"}},
        "typeProperties": {
            "location": {
                "type": "AzureBlobStorageLocation",
                "container": "landing",
                "folderPath": "@dataset().folder",
                "fileName": "orders.csv",
            }
        },
    }
    reference = {"referenceName": "ds_blob", "parameters": {"folder": expression}}
    run = replace(copied(), ended=at(ended))
    return translate(run, factory({"inputs": [reference]}, ds_blob=dataset))


@pytest.mark.parametrize(
    ("expression", "folder"),
    [
        ("@utcNow('yyyy/MM/dd')", "2026/11/19"),
        ("@{formatDateTime(utcNow(), 'yyyyMM')}/in", "202611/in"),
        ("@formatDateTime(addDays(utcNow(), -1), 'yyyy-MM-dd')", "2026-11-18"),
        ("@getPastTime(1, 'Month', 'yyyy-MM')", "2026-10"),
        ("@convertFromUtc(utcNow(), 'Tokyo Standard Time', 'HH')", "11"),
    ],
)
def test_a_time_that_reads_the_same_all_through_the_run_is_inferred(
    expression: str, folder: str
) -> None:
    told = dated(expression)

    [process] = told.processes
    [source] = process.inputs
    assert source.certainty is Certainty.INFERRED
    name = f"https://stsales.blob.core.windows.net/landing/{folder}/orders.csv"
    assert source.asset.candidates[0].qualified == name
    assert process.sink.certainty is Certainty.EXACT
    assert ("Inferred", "input") in reasons(told)


@pytest.mark.parametrize(
    ("expression", "ended"),
    [
        ("@utcNow()", "02:05:00"),
        ("@utcNow('HHmm')", "02:05:00"),
        ("@utcNow('yyyy-MM-dd')", "2026-11-20T00:00:01Z"),
        ("@utcNow('HH')", "2026-11-20T02:01:00Z"),
        ("@guid()", "02:05:00"),
    ],
    ids=["to the tick", "to the minute", "past midnight", "a day later to the hour", "guid"],
)
def test_a_time_that_the_run_does_not_settle_is_unresolved(expression: str, ended: str) -> None:
    told = dated(expression, ended)

    [process] = told.processes
    assert Certainty.EXACT not in {edge.certainty for edge in process.inputs}
    assert ("Unresolved", "input") in reasons(told)


def test_a_value_made_of_several_has_a_branch_of_its_trace_for_each() -> None:
    [(_, source), _] = dated("@concat(toLower('IN'), '/', pipeline().RunId, utcNow('yyyy'))").traces

    argument = "argument folder of dataset ds_blob in activity 'A'"
    assert source[2:6] == (
        f"folder: dataset().folder ← {argument} ← concat()",
        "  ← toLower()",
        "  ← pipeline().RunId ← RunId of the pipeline run",
        "  ← utcNow()",
    )
