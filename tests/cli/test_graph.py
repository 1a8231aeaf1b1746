"""`graph`: the lineage of one asset as the catalog has it now."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lineage.catalog.local import LocalCatalog
from lineage.model import (
    Asset,
    Certainty,
    Column,
    ColumnKind,
    ColumnLink,
    Edge,
    FactoryId,
    Name,
    Process,
    Status,
)
from lineage.store.processes import Head, Published
from lineage.store.published import PublishedRows
from lineage.store.sqlite import SqliteRows
from lineage.ticks import Ticks
from tests.cli.program import Program, check

FACTORY = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg"
    "/providers/Microsoft.DataFactory/factories/adf"
)
PIPELINE = f"{FACTORY}/pipelines/P"


def table(name: str) -> dict[str, Any]:
    """`mssql://s/d/dbo/<name>`."""
    attributes = {"qualifiedName": f"mssql://s/d/dbo/{name}", "name": name}
    return {"typeName": "azure_sql_table", "guid": f"-{name}", "attributes": attributes}


def activity() -> list[dict[str, Any]]:
    return [
        {
            "typeName": "adf_pipeline",
            "guid": "-P",
            "attributes": {"qualifiedName": PIPELINE, "name": "P"},
        },
        {
            "typeName": "adf_copy_activity",
            "guid": "-A",
            "attributes": {"qualifiedName": f"{PIPELINE}/activities/A", "name": "A"},
            "relationshipAttributes": {"parent": {"typeName": "adf_pipeline", "guid": "-P"}},
        },
    ]


def copy(inputs: Iterable[str], output: str, columns: Mapping[str, str] = {}) -> dict[str, Any]:
    """An operation; `columns` are {sink column: source column} of its one input."""
    sink = table(output)["attributes"]["qualifiedName"]
    pairs = [{"Source": source, "Sink": column} for column, source in columns.items()]
    sources = list(inputs)
    mapping = [
        {
            "DatasetMapping": {"Source": f"mssql://s/d/dbo/{sources[0]}", "Sink": sink},
            "ColumnMapping": pairs,
        }
    ]
    return {
        "typeName": "adf_copy_operation",
        "guid": f"-to-{output}",
        "attributes": {
            "qualifiedName": f"{PIPELINE}/activities/A#{sink}#azure_sql_table",
            "name": f"Copy to {output}",
            "columnMapping": json.dumps(mapping if pairs else []),
            "inputs": [{"typeName": "azure_sql_table", "guid": f"-{name}"} for name in sources],
            "outputs": [{"typeName": "azure_sql_table", "guid": f"-{output}"}],
        },
        "relationshipAttributes": {"parent": {"typeName": "adf_copy_activity", "guid": "-A"}},
    }


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[LocalCatalog]:
    """a, b -> c -> d, with e of its own."""
    tables = [table(name) for name in "abcde"]
    columns = {"id": "ID", "total": "amount"}
    with LocalCatalog(tmp_path / "catalog.db") as found:
        found.send([*tables, *activity(), copy("ab", "c", columns), copy("c", "d", {"id": "id"})])
        yield found


def short(graph: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The entities' names, and the relations as `from -> to`."""
    names = {each["qualifiedName"]: each["name"] for each in graph["entities"]}
    relations = [
        f"{names[each['from']['qualifiedName']]} -> {names[each['to']['qualifiedName']]}"
        for each in graph["relations"]
    ]
    return sorted(names.values()), sorted(relations)


def ask(program: Program, name: str, *options: str) -> dict[str, Any]:
    ended = program("graph", f"mssql://s/d/dbo/{name}", "--json", *options)
    assert ended.code == 0, ended.err
    check("graph", ended.json)
    found: dict[str, Any] = ended.json
    return found


TO_C = ["Copy to c -> c", "a -> Copy to c", "b -> Copy to c"]
TO_D = ["Copy to d -> d", "c -> Copy to d"]


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("name", "options", "entities", "relations"),
    [
        ("c", [], ["Copy to c", "Copy to d", "a", "b", "c", "d"], [*TO_C, *TO_D]),
        ("c", ["--upstream"], ["Copy to c", "a", "b", "c"], TO_C),
        ("c", ["--downstream"], ["Copy to d", "c", "d"], TO_D),
        ("d", ["--depth", "1"], ["Copy to d", "c", "d"], TO_D),
        ("d", ["--depth", "0"], ["Copy to c", "Copy to d", "a", "b", "c", "d"], [*TO_C, *TO_D]),
        ("e", [], ["e"], []),
    ],
    ids=["both ways", "upstream", "downstream", "one hop", "without limit", "no lineage"],
)
def test_lineage_goes_as_far_and_in_the_directions_asked_for(
    name: str, options: list[str], entities: list[str], relations: list[str], program: Program
) -> None:
    assert short(ask(program, name, *options)) == (entities, sorted(relations))


def test_a_process_has_lineage_too(catalog: LocalCatalog, program: Program) -> None:
    name = copy("c", "d")["attributes"]["qualifiedName"]

    ended = program("graph", name, "--json")

    assert ended.json["name"] == {"typeName": "adf_copy_operation", "qualifiedName": name}
    assert "c -> Copy to d" in short(ended.json)[1]


def test_a_loop_ends(catalog: LocalCatalog, program: Program) -> None:
    catalog.send([*(table(name) for name in "abcd"), *activity(), copy("d", "a")])

    graph = ask(program, "c", "--depth", "0")
    drawn = program("graph", "mssql://s/d/dbo/c", "--depth", "0")

    assert "d -> Copy to a" in short(graph)[1]
    assert drawn.out.count("(see above)") == 2


def test_what_was_removed_or_deleted_is_not_shown(catalog: LocalCatalog, program: Program) -> None:
    catalog.send([*(table(name) for name in "bc"), *activity(), copy("b", "c")])
    catalog.delete(Name("azure_sql_table", "mssql://s/d/dbo/d"))

    assert short(ask(program, "c")) == (
        ["Copy to c", "Copy to d", "b", "c"],
        ["Copy to c -> c", "b -> Copy to c", "c -> Copy to d"],
    )


def test_columns_come_from_the_operation(catalog: LocalCatalog, program: Program) -> None:
    found = ask(program, "c", "--upstream", "--columns")["columns"]

    operation = copy("ab", "c")["attributes"]["qualifiedName"]
    c = {"typeName": "azure_sql_table", "qualifiedName": "mssql://s/d/dbo/c"}
    a = {"typeName": "azure_sql_table", "qualifiedName": "mssql://s/d/dbo/a"}
    assert found == [
        {
            "output": {**c, "column": "id"},
            "kind": "value",
            "from": [{**a, "column": "ID"}],
            "process": operation,
        },
        {
            "output": {**c, "column": "total"},
            "kind": "value",
            "from": [{**a, "column": "amount"}],
            "process": operation,
        },
    ]


def test_columns_that_the_catalog_has_no_room_for_come_from_our_own_row(
    catalog: LocalCatalog, tmp_path: Path, program: Program
) -> None:
    attributes = copy("c", "d")["attributes"]
    source, sink = asset("c"), asset("d")
    process = Process(
        FactoryId(FACTORY),
        "P",
        "A",
        "adf_copy_operation",
        (),
        Edge(sink, "ds_d", Certainty.EXACT),
        (Edge(source, "ds_c", Certainty.EXACT),),
        (
            ColumnLink("id", ColumnKind.VALUE, (Column(source, "id"),)),
            ColumnLink("loaded", ColumnKind.GENERATED),
            ColumnLink("total", ColumnKind.VALUE, (Column(source, "total"),)),
        ),
    )
    head = Head(Name("adf_copy_operation", attributes["qualifiedName"]), Status.PARTIAL, Ticks(0))
    with SqliteRows(tmp_path / "store.db") as rows:
        PublishedRows(rows, catalog.address).put(Published(head, process, "fingerprint"), None)

    found = ask(program, "d", "--depth", "1", "--columns")["columns"]

    told = [(each["output"]["column"], each["kind"], len(each["from"])) for each in found]
    assert told == [("id", "value", 1), ("loaded", "generated", 0), ("total", "value", 1)]
    drawn = program("graph", "mssql://s/d/dbo/d", "--depth", "1", "--columns").out
    assert "loaded ← generated" in drawn


def asset(name: str) -> Asset:
    return Asset((Name("azure_sql_table", f"mssql://s/d/dbo/{name}"),))


def test_without_being_asked_for_columns_are_left_out(
    catalog: LocalCatalog, program: Program
) -> None:
    assert ask(program, "c")["columns"] == []


def test_people_get_a_tree_with_whole_names_and_columns(
    catalog: LocalCatalog, program: Program
) -> None:
    drawn = program("graph", "mssql://s/d/dbo/d", "--upstream", "--columns", "--depth", "0").out

    assert drawn.splitlines()[:8] == [
        "d  azure_sql_table",
        "mssql://s/d/dbo/d",
        "└── comes from",
        "    └── Copy to d  adf_copy_operation",
        "        adf / P",
        "          id ← id",
        "        └── c  azure_sql_table",
        "            mssql://s/d/dbo/c",
    ]


def test_an_unknown_name_ends_with_2_and_tells_similar_ones(
    catalog: LocalCatalog, tmp_path: Path, program: Program
) -> None:
    with SqliteRows(tmp_path / "store.db") as rows:
        published = PublishedRows(rows, catalog.address)
        choose(published, "mssql://s/d/dbo/Orders", "mssql://s/d/dbo/c", "https://lake/raw/in.csv")

    ended = program("graph", "mssql://s/d/dbo/orders", "--json")

    assert (ended.code, ended.out) == (2, "")
    assert ended.problems[0].endswith("similar are:")
    assert ended.problems[1] == "  mssql://s/d/dbo/Orders"


def choose(published: PublishedRows, *names: str) -> None:
    chosen = [Name("azure_sql_table", name) for name in names]
    published.choose({Asset((name,)): name for name in chosen}, Ticks(0))


def test_without_a_catalog_nothing_is_made(tmp_path: Path, program: Program) -> None:
    ended = program("graph", "x")

    assert (ended.code, ended.out) == (2, "")
    assert list(tmp_path.iterdir()) == []


def test_both_directions_at_once_are_refused(program: Program) -> None:
    ended = program("graph", "a", "--upstream", "--downstream")

    assert ended.code == 2
    assert "exclude each other" in ended.err
