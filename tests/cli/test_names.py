"""`names`: every dataset use of a folder, its name or why it has none."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli import folders
from tests.cli.folders import SQL, copy, dataset, factory, use
from tests.cli.program import Ended, Program, check, write


def names(ended: Ended) -> list[dict[str, Any]]:
    """The lines of uses, each as its schema says."""
    assert ended.code == 0
    *uses, summary = ended.lines
    check("names-summary", summary)
    for each in uses:
        check("name", each)
    return uses


def test_a_use_is_named_through_literals_arguments_and_defaults(
    tmp_path: Path, program: Program
) -> None:
    file = {"value": "@pipeline().parameters.file", "type": "Expression"}
    folder = factory(tmp_path, [copy("Load", use("ds_csv", f=file), use("ds_sql"))], file="a.csv")

    ended = program("names", str(folder), "--json")

    assert names(ended) == [
        {
            "v": 1,
            "event": "name",
            "source": ".",
            "pipeline": "pl_load",
            "activity": "Load",
            "side": "input",
            "dataset": "ds_csv",
            "linkedService": "ls_lake",
            "typeName": "azure_datalake_gen2_path",
            "qualifiedName": "https://lake.dfs.core.windows.net/raw/a.csv",
            "certainty": "exact",
            "reasons": [],
        },
        {
            "v": 1,
            "event": "name",
            "source": ".",
            "pipeline": "pl_load",
            "activity": "Load",
            "side": "output",
            "dataset": "ds_sql",
            "linkedService": "ls_sql",
            "typeName": "azure_sql_table",
            "qualifiedName": "mssql://srv.database.windows.net/erp/dbo/Orders",
            "certainty": "exact",
            "reasons": [],
        },
    ]
    assert ended.lines[-1] == {"v": 1, "event": "summary", "uses": 2, "named": 2, "reasons": {}}


def test_a_parameter_without_a_value_is_unresolved_and_never_empty(
    tmp_path: Path, program: Program
) -> None:
    file = "@pipeline().parameters.file"
    folder = factory(tmp_path, [copy("Load", use("ds_csv", f=file), use("ds_sql"))], file=None)

    ended = program("names", str(folder), "--json")

    source, _ = names(ended)
    assert source["certainty"] == "fallback"
    assert source["reasons"] == [
        {
            "code": "Unresolved",
            "where": "input",
            "detail": "pipeline pl_load: parameter file has no value",
        }
    ]
    assert ended.lines[-1]["named"] == 1
    assert ended.lines[-1]["reasons"] == {"Unresolved": 1}


def test_a_file_gives_parameters_their_values(tmp_path: Path, program: Program) -> None:
    file = "@pipeline().parameters.file"
    folder = factory(tmp_path / "f", [copy("L", use("ds_csv", f=file), use("ds_sql"))], file=None)
    given = write(tmp_path / "given.json", {"PL_LOAD": {"File": "given.csv"}})

    source, _ = names(program("names", str(folder), "--json", "--parameters", str(given)))

    assert source["qualifiedName"] == "https://lake.dfs.core.windows.net/raw/given.csv"


@pytest.mark.parametrize(
    "given",
    [
        {"parameters": {"service": {"value": "ls_sql"}}},
        {
            "$schema": "https://schema.management.azure.com/deploymentParameters.json#",
            "contentVersion": "1.0.0.0",
            "parameters": {"SERVICE": {"value": "ls_sql"}, "secret": {"reference": {}}},
        },
        {"parameters": {"service": {"value": "ls_sql"}}, "pl": {"table": "t"}},
    ],
    ids=["parameters", "whole file", "with those of a pipeline"],
)
def test_a_file_gives_the_parameters_of_a_template_before_the_one_beside_it(
    given: dict[str, Any], tmp_path: Path, program: Program
) -> None:
    file = write(tmp_path / "t.json", holed_template())
    write(tmp_path / "t.parameters.json", {"parameters": {"service": {"value": "ls_none"}}})
    passed = write(tmp_path / "given/x.json", given)

    _, open_one = names(program("names", str(file), "--json", "--parameters", str(passed)))

    assert open_one["qualifiedName"] == "mssql://srv.database.windows.net/erp/dbo/t"


def test_a_pipeline_may_be_called_parameters(tmp_path: Path, program: Program) -> None:
    folder = factory(
        tmp_path / "f",
        [copy("L", use("ds_csv", f="@pipeline().parameters.file"), use("ds_sql"))],
        file=None,
    )
    (folder / "pipeline/pl_load.json").rename(folder / "pipeline/parameters.json")
    text = (folder / "pipeline/parameters.json").read_text().replace("pl_load", "parameters")
    (folder / "pipeline/parameters.json").write_text(text)
    given = write(tmp_path / "given.json", {"parameters": {"file": "given.csv"}})

    source, _ = names(program("names", str(folder), "--json", "--parameters", str(given)))

    assert source["qualifiedName"] == "https://lake.dfs.core.windows.net/raw/given.csv"


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"pl_load": 1}', '{"parameters": {"a": {"value": 1}}, "pl_load": 1}']
)
def test_a_file_of_parameters_that_is_none_is_refused(
    content: str, tmp_path: Path, program: Program
) -> None:
    folder = factory(tmp_path / "f", [])
    given = tmp_path / "given.json"
    given.write_text(content, encoding="utf-8")

    ended = program("names", str(folder), "--parameters", str(given))

    assert (ended.code, ended.out) == (2, "")
    assert "--parameters" in ended.err


def test_a_query_stands_for_its_database_and_store_settings_for_the_path(
    tmp_path: Path, program: Program
) -> None:
    query = {"type": "AzureSqlSource", "sqlReaderQuery": "select 1"}
    wildcards = {"storeSettings": {"wildcardFolderPath": "in/*", "wildcardFileName": "*.csv"}}
    activities = [
        copy("Query", use("ds_sql"), use("ds_sql"), source=query),
        copy("Wildcards", use("ds_csv", f="x"), use("ds_sql"), source=wildcards),
    ]

    found = names(program("names", str(factory(tmp_path, activities)), "--json"))

    assert [(use["typeName"], use["qualifiedName"]) for use in found] == [
        ("DataSet", "mssql://srv.database.windows.net/erp"),
        ("azure_sql_table", "mssql://srv.database.windows.net/erp/dbo/Orders"),
        ("azure_datalake_gen2_path", "https://lake.dfs.core.windows.net/raw/in/"),
        ("azure_sql_table", "mssql://srv.database.windows.net/erp/dbo/Orders"),
    ]
    assert [reason["code"] for reason in found[0]["reasons"]] == ["OpaqueQuery"]


def test_what_cannot_be_named_says_why(tmp_path: Path, program: Program) -> None:
    activities = [
        copy("Lost", use("ds_lost"), use("ds_gone")),
        copy("Foreign", use("ds_sftp"), {"type": "DatasetReference"}),
    ]

    found = names(program("names", str(factory(tmp_path, activities)), "--json"))

    told = [(u["dataset"], u["linkedService"], u["qualifiedName"], u["reasons"]) for u in found]
    assert told == [
        ("ds_lost", "ls_lost", None, [gap("DefinitionMissing", "input", "linked service ls_lost")]),
        ("ds_gone", None, None, [gap("DefinitionMissing", "output", "dataset ds_gone")]),
        (
            "ds_sftp",
            "ls_sftp",
            "sftp://files.contoso.com/in/",
            [gap("UnknownConnector", "input", "linked service ls_sftp (Sftp)")],
        ),
        (
            None,
            None,
            None,
            [gap("BrokenReference", "output", "activity 'Foreign': dataset without a name")],
        ),
    ]


def gap(code: str, where: str, detail: str) -> dict[str, str]:
    return {"code": code, "where": where, "detail": detail}


def test_other_activities_and_data_flows_use_datasets_too(tmp_path: Path, program: Program) -> None:
    lookup = {
        "name": "Lookup",
        "type": "Lookup",
        "typeProperties": {
            "source": {"type": "AzureSqlSource", "sqlReaderQuery": "select 1"},
            "dataset": use("ds_sql"),
        },
    }
    delete = {
        "name": "Delete",
        "type": "Delete",
        "typeProperties": {
            "dataset": use("ds_csv", f="x"),
            "storeSettings": {"wildcardFolderPath": "old"},
        },
    }
    flow = {
        "name": "Flow",
        "type": "ExecuteDataFlow",
        "typeProperties": {"dataflow": {"referenceName": "df", "type": "DataFlowReference"}},
    }
    folder = factory(tmp_path, [lookup, delete, flow])
    write(folder / "dataflow/df.json", data_flow("source() ~> s", "ds_sql"))

    found = names(program("names", str(folder), "--json"))

    assert [(use["activity"], use["side"], use["qualifiedName"]) for use in found] == [
        ("Lookup", "input", "mssql://srv.database.windows.net/erp"),
        ("Delete", "output", "https://lake.dfs.core.windows.net/raw/old/"),
        ("Flow", "input", "mssql://srv.database.windows.net/erp/dbo/Orders"),
    ]


def data_flow(script: str | None, source: str, sink: str | None = None) -> dict[str, Any]:
    """The data flow `df` that reads `source` as `s` and writes `sink` as `out`."""
    streams = {
        "sources": [{"name": "s", "dataset": {"referenceName": source}}],
        "sinks": [{"name": "out", "dataset": {"referenceName": sink}}] if sink else [],
    }
    typed = {"type": "MappingDataFlow", "typeProperties": {**streams, "script": script}}
    return {"name": "df", "properties": typed}


FLOW = {
    "name": "Flow",
    "type": "ExecuteDataFlow",
    "typeProperties": {
        "dataflow": {"referenceName": "df", "datasetParameters": {"s": {"f": "a.csv"}}}
    },
}
FILE = "https://lake.dfs.core.windows.net/raw/a.csv"
FOLDER = "https://lake.dfs.core.windows.net/raw"
DATABASE = "mssql://srv.database.windows.net/erp"


@pytest.mark.parametrize(
    ("dataset", "arguments", "name", "certainty", "codes"),
    [
        ("ds_sql", "format: 'table'", f"{DATABASE}/dbo/Orders", "exact", []),
        ("ds_sql", "query: 'select 1', format: 'table'", f"{DATABASE}/dbo/Orders", "exact", []),
        ("ds_sql", "query: 'select 1', format: 'query'", DATABASE, "fallback", ["OpaqueQuery"]),
        ("ds_sql", "query: ($q), format: 'Query'", DATABASE, "fallback", ["OpaqueQuery"]),
        ("ds_sql", "query: 'select 1'", DATABASE, "fallback", ["OpaqueQuery"]),
        ("ds_sql", "format: ($f)", DATABASE, "fallback", ["OpaqueQuery"]),
        ("ds_sql", "format: 'storedProcedure'", DATABASE, "fallback", ["OpaqueQuery"]),
        ("ds_sql", "storedProcedureName: 'p'", DATABASE, "fallback", ["OpaqueQuery"]),
        ("ds_csv", "", FILE, "exact", []),
        ("ds_csv", "fileList: false, wildcardPaths:['']", FILE, "exact", []),
        ("ds_csv", "fileList: true", FOLDER, "inferred", []),
        ("ds_csv", "wildcardPaths:['in/today/*.csv']", f"{FOLDER}/in/today/", "exact", []),
        ("ds_csv", "wildcardPaths:[('in/' + $day)]", FOLDER, "fallback", ["Unresolved"]),
    ],
)
def test_a_data_flows_script_says_what_its_source_reads(
    tmp_path: Path,
    program: Program,
    dataset: str,
    arguments: str,
    name: str,
    certainty: str,
    codes: list[str],
) -> None:
    folder = factory(tmp_path, [FLOW])
    write(folder / "dataflow/df.json", data_flow(f"source({arguments}) ~> s", dataset))

    (found,) = names(program("names", str(folder), "--json"))

    assert (found["qualifiedName"], found["certainty"]) == (name, certainty)
    assert [reason["code"] for reason in found["reasons"]] == codes


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, ("Unresolved", "script of data flow df: there is none")),
        ("source(", ("Unresolved", "script of data flow df: a bracket is not closed")),
        (
            "source() ~> other",
            ("BrokenReference", "data flow df: its script has no statements of source s"),
        ),
    ],
)
def test_without_its_statement_a_source_is_named_by_its_dataset_but_never_exactly(
    tmp_path: Path, program: Program, script: str | None, reason: tuple[str, str]
) -> None:
    folder = factory(tmp_path, [FLOW])
    write(folder / "dataflow/df.json", data_flow(script, "ds_sql"))

    (found,) = names(program("names", str(folder), "--json"))

    assert (found["qualifiedName"], found["certainty"]) == (f"{DATABASE}/dbo/Orders", "inferred")
    assert found["reasons"] == [gap(reason[0], "input", reason[1])]


@pytest.mark.parametrize("key", ["rowUrlColumn", "rowFolderUrlColumn"])
def test_a_sink_whose_rows_say_where_they_go_is_its_container(
    tmp_path: Path, program: Program, key: str
) -> None:
    folder = factory(tmp_path, [FLOW])
    script = f"source() ~> s s sink({key}: 'place') ~> out"
    write(folder / "dataflow/df.json", data_flow(script, "ds_sql", "ds_csv"))

    _, found = names(program("names", str(folder), "--json"))

    assert (found["qualifiedName"], found["certainty"]) == (FOLDER, "fallback")
    detail = f"{key} of sink out of data flow df: a column of each row"
    assert found["reasons"] == [gap("Unresolved", "output", detail)]


@pytest.mark.parametrize(
    ("dataset", "name", "certainty"),
    [("ds_sql", f"{DATABASE}/dbo/Orders", "exact"), ("ds_dir", f"{FOLDER}/out/", "exact")],
)
def test_a_sink_is_its_table_or_the_folder_in_which_it_names_its_files(
    tmp_path: Path, program: Program, dataset: str, name: str, certainty: str
) -> None:
    folder = factory(tmp_path, [FLOW])
    location = {"type": "AzureBlobFSLocation", "fileSystem": "raw", "folderPath": "out"}
    typed = {"location": {**location, "fileName": "a.csv"}}
    definition = folders.dataset("ls_lake", "DelimitedText", typed)
    write(folder / "dataset/ds_dir.json", {"name": "ds_dir", "properties": definition})
    script = "source() ~> s s sink(rowUrlColumn: '') ~> out"
    write(folder / "dataflow/df.json", data_flow(script, "ds_sql", dataset))

    _, found = names(program("names", str(folder), "--json"))

    assert (found["qualifiedName"], found["certainty"]) == (name, certainty)


def test_a_data_flow_that_is_not_there_is_a_line_of_its_own(
    tmp_path: Path, program: Program
) -> None:
    folder = factory(tmp_path, [FLOW])

    (found,) = names(program("names", str(folder), "--json"))

    assert (found["activity"], found["side"], found["dataset"]) == ("Flow", "output", None)
    assert found["reasons"] == [gap("DefinitionMissing", "output", "data flow df")]


def test_names_are_spelled_as_their_definitions_spell_them(
    tmp_path: Path, program: Program
) -> None:
    activities = [copy("One", use("DS_SQL"), use("DS_LOST")), copy("Two", use("DS_OPEN"), {})]
    folder = factory(tmp_path, activities)
    write(
        folder / "dataset/ds_open.json",
        {"name": "ds_open", "properties": dataset("LS_SQL", "AzureSqlTable", "@open")},
    )

    found = names(program("names", str(folder), "--json"))

    assert [(each["dataset"], each["linkedService"]) for each in found] == [
        ("ds_sql", "ls_sql"),
        ("ds_lost", "ls_lost"),
        ("ds_open", "ls_sql"),
        (None, None),
    ]


def holed_template() -> Any:
    table = dataset("[parameters('service')]", "AzureSqlTable", {"table": "t"})
    activity = copy("[parameters('activity')]", use("ds_sql"), use("ds_open"))
    resources = [
        {
            "type": f"Microsoft.DataFactory/factories/{kind}",
            "name": f"[concat(parameters('factoryName'), '/{name}')]",
            "properties": properties,
        }
        for kind, name, properties in [
            ("linkedServices", "ls_sql", SQL),
            ("datasets", "ds_sql", dataset("ls_sql", "AzureSqlTable", {"table": "[[odd]"})),
            ("datasets", "ds_open", table),
            ("pipelines", "pl", {"activities": [activity]}),
        ]
    ]
    names_of = ("factoryName", "service", "activity")
    parameters = {name: {"type": "string"} for name in names_of}
    return {"parameters": parameters, "resources": resources}


def test_a_template_is_read_and_its_holes_say_which_parameter_is_missing(
    tmp_path: Path, program: Program
) -> None:
    file = write(tmp_path / "t.json", holed_template())

    named, unnamed = names(program("names", str(file), "--json"))

    assert (named["source"], named["activity"]) == ("t.json", "")
    assert named["qualifiedName"] == "mssql://srv.database.windows.net/erp/dbo/odd"
    assert unnamed["reasons"] == [
        gap("Unresolved", "output", "linked service of dataset ds_open: template parameter service")
    ]


def test_several_factories_below_a_folder_are_told_apart(tmp_path: Path, program: Program) -> None:
    for name in ("one", "two"):
        factory(tmp_path / name, [copy("Load", use("ds_sql"), use("ds_sql"))])

    found = names(program("names", str(tmp_path), "--json"))

    assert [each["source"] for each in found] == ["one", "one", "two", "two"]


def test_a_file_that_is_no_json_is_told_and_the_others_are_read(
    tmp_path: Path, program: Program
) -> None:
    folder = factory(tmp_path, [copy("Load", use("ds_sql"), use("ds_sql"))])
    (folder / "dataset" / "broken.json").write_text("{", encoding="utf-8")

    ended = program("names", str(folder), "--json")

    assert len(names(ended)) == 2
    assert ended.problems == [".: dataset/broken.json: is no JSON: line 1, column 2"]


@pytest.mark.parametrize("place", ["", "nowhere"])
def test_a_folder_without_a_factory_is_wrong_usage(
    place: str, tmp_path: Path, program: Program
) -> None:
    ended = program("names", str(tmp_path / place), "--json")

    assert (ended.code, ended.out) == (2, "")


def test_people_get_a_table_and_names_cannot_steer_their_terminal(
    tmp_path: Path, program: Program
) -> None:
    evil = "\x1b[2J[bold]Load\u202e"
    folder = factory(tmp_path, [copy(evil, use("ds_sql"), use("ds_sql"))])

    ended = program("names", str(folder))

    assert "2 of 2 dataset uses named" in ended.out
    assert "\\x1b[2J[bold]Load\\u202e" in ended.out
    assert "\x1b" not in ended.out


def test_half_a_surrogate_pair_in_a_name_is_shown_and_does_no_harm(
    tmp_path: Path, program: Program
) -> None:
    folder = factory(tmp_path, [copy("half \ud83d", use("ds_sql"), use("ds_sql"))])

    found = names(program("names", str(folder), "--json"))

    assert found[0]["activity"] == "half \ud83d"
    assert "half \\ud83d" in program("names", str(folder)).out


def test_nothing_is_written(tmp_path: Path, program: Program) -> None:
    folder = factory(tmp_path / "f", [copy("Load", use("ds_sql"), use("ds_sql"))])

    program("names", str(folder))

    assert [path.name for path in tmp_path.iterdir()] == ["f"]
