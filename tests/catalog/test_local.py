import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.catalog.local import LocalCatalog
from lineage.errors import BadInput, Rejected, SettingsError, Unavailable
from lineage.model import Json, Name
from lineage.ticks import Ticks, parse
from tests.catalog.contract import *  # noqa: F403 - its tests run here, on the catalog below
from tests.catalog.contract import ACTIVITY, OPERATION, PIPELINE, TABLE, below, by_guid, by_name
from tests.catalog.contract import entity as sent


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[LocalCatalog]:
    with LocalCatalog(tmp_path / "catalog.db") as catalog:
        yield catalog


def noon() -> Ticks:
    moment = parse("2026-11-19T12:00:00Z")
    assert moment
    return moment


# ---------------------------------------------------------------- answers


def test_the_address_holds_the_path_as_it_was_given(tmp_path: Path) -> None:
    with LocalCatalog(":memory:") as catalog:
        assert catalog.address == "local::memory:"
    with LocalCatalog(tmp_path / "c.db") as catalog:
        assert catalog.address == f"local:{tmp_path}/c.db"


def test_an_entity_reads_as_atlas_shows_it() -> None:
    numbers = count(1)
    with LocalCatalog(":memory:", clock=noon, new_guid=lambda: f"guid{next(numbers)}") as catalog:
        catalog.send(
            [
                sent(TABLE, "mssql://s/d/dbo/t", "-1"),
                sent(OPERATION, "p", "-2", inputs=[by_guid(TABLE, "-1")], columnMapping="[]"),
            ]
        )

        [found] = catalog.get(OPERATION, ["p"])

    assert found == {
        "typeName": "adf_copy_operation",
        "attributes": {
            "qualifiedName": "p",
            "name": "p",
            "displayName": None,
            "description": None,
            "userDescription": None,
            "owner": None,
            "columnMapping": "[]",
            "inputs": [
                {
                    "guid": "guid1",
                    "typeName": "azure_sql_table",
                    "uniqueAttributes": {"qualifiedName": "mssql://s/d/dbo/t"},
                }
            ],
            "outputs": [],
        },
        "guid": "guid2",
        "isIncomplete": False,
        "status": "ACTIVE",
        "createTime": 1795089600000,
        "updateTime": 1795089600000,
        "version": 0,
        "relationshipAttributes": {
            "inputs": [
                {
                    "guid": "guid1",
                    "typeName": "azure_sql_table",
                    "entityStatus": "ACTIVE",
                    "displayText": "t",
                    "relationshipType": "dataset_process_inputs",
                    "relationshipGuid": "guid3",
                    "relationshipStatus": "ACTIVE",
                    "relationshipAttributes": {"typeName": "dataset_process_inputs"},
                }
            ],
            "outputs": [],
            "parent": None,
            "subProcesses": [],
        },
        "labels": [],
    }


def test_lineage_reads_as_atlas_shows_it() -> None:
    numbers = count(1)
    with LocalCatalog(":memory:", new_guid=lambda: f"guid{next(numbers)}") as catalog:
        catalog.send(
            [sent(TABLE, "t", "-1"), sent(OPERATION, "p", "-2", outputs=[by_guid("", "-1")])]
        )

        answer = catalog.lineage(Name(OPERATION, "p"), "OUTPUT", 3)

    header: Json = {"classificationNames": [], "meaningNames": [], "meanings": [], "labels": []}
    assert answer == {
        "baseEntityGuid": "guid2",
        "lineageDirection": "OUTPUT",
        "lineageDepth": 3,
        "guidEntityMap": {
            "guid1": {
                "typeName": "azure_sql_table",
                "attributes": {"qualifiedName": "t", "name": "t"},
                "guid": "guid1",
                "status": "ACTIVE",
                "displayText": "t",
                "isIncomplete": False,
                **header,
            },
            "guid2": {
                "typeName": "adf_copy_operation",
                "attributes": {"qualifiedName": "p", "name": "p"},
                "guid": "guid2",
                "status": "ACTIVE",
                "displayText": "p",
                "isIncomplete": False,
                **header,
            },
        },
        "relations": [{"fromEntityId": "guid2", "toEntityId": "guid1", "relationshipId": "guid3"}],
    }


def test_a_direction_that_is_none_is_bad_input(catalog: LocalCatalog) -> None:
    with pytest.raises(BadInput, match="SIDEWAYS"):
        catalog.lineage(Name(TABLE, "t"), "SIDEWAYS", 3)


def test_lineage_of_a_long_chain_is_no_recursion(catalog: LocalCatalog) -> None:
    catalog.send([sent(TABLE, f"t{i}", f"-{i + 1}") for i in range(1501)])
    catalog.send(
        [
            sent(
                OPERATION,
                f"p{i}",
                f"-{i + 1}",
                inputs=[by_name(TABLE, f"t{i}")],
                outputs=[by_name(TABLE, f"t{i + 1}")],
            )
            for i in range(1500)
        ]
    )

    assert len(catalog.lineage(Name(TABLE, "t0"), "OUTPUT", 0)["relations"]) == 3000


def test_only_an_entity_that_changed_has_a_new_update_time(tmp_path: Path) -> None:
    times = iter([Ticks(noon() + hour * 36_000_000_000) for hour in range(4)])
    with LocalCatalog(tmp_path / "c.db", clock=lambda: next(times)) as catalog:
        catalog.send([sent(TABLE, "t", description="a")])
        catalog.send([sent(TABLE, "t", description="a")])
        [same] = catalog.get(TABLE, ["t"])
        catalog.send([sent(TABLE, "t", description="b")])
        [changed] = catalog.get(TABLE, ["t"])

    assert (same["createTime"], same["updateTime"]) == (1795089600000, 1795089600000)
    assert (changed["createTime"], changed["updateTime"]) == (1795089600000, 1795096800000)


def test_a_relationship_is_taken_from_one_end_only_and_the_refusal_names_it(
    catalog: LocalCatalog,
) -> None:
    parent = below([by_guid(ACTIVITY, "-2")], sent(PIPELINE, "l"), "subProcesses")

    with pytest.raises(Rejected, match="send parent of adf_process instead"):
        catalog.send([parent, sent(ACTIVITY, "a", "-2")])


# ---------------------------------------------------------------- anything

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
POINTER = st.fixed_dictionaries(
    {},
    optional={
        "guid": st.sampled_from(["-1", "-2", "x"]) | JSON,
        "typeName": st.sampled_from([TABLE, OPERATION, "DataSet"]) | JSON,
        "uniqueAttributes": st.fixed_dictionaries({"qualifiedName": st.sampled_from("ab") | JSON}),
    },
)
VALUE = JSON | st.lists(POINTER | JSON, max_size=3) | POINTER
KEYS = ["qualifiedName", "name", "inputs", "parent", "rowCount", "lastRunTime", "status"]
ENTITY = st.fixed_dictionaries(
    {"typeName": st.sampled_from([TABLE, OPERATION, ACTIVITY]) | JSON},
    optional={
        "guid": st.sampled_from(["-1", "-2"]) | JSON,
        "attributes": JSON
        | st.dictionaries(st.sampled_from(KEYS), VALUE).map(lambda some: {"name": "a", **some})
        | st.fixed_dictionaries({"qualifiedName": st.text(), "name": JSON, "inputs": VALUE}),
        "relationshipAttributes": st.dictionaries(st.sampled_from(KEYS), VALUE),
    },
)


@pytest.mark.slow
@given(st.lists(ENTITY, min_size=1, max_size=3))
def test_whatever_is_sent_is_refused_or_stored_so_that_sending_it_again_finds_it(
    request: list[Any],
) -> None:
    with LocalCatalog(":memory:") as catalog:
        try:
            assigned = catalog.send(request)
        except Rejected:
            return

        assert catalog.send(request) == assigned


@pytest.mark.parametrize("name", ["", " ", "\n", "'; DROP TABLE entity; --"])
def test_any_text_is_a_name(catalog: LocalCatalog, name: str) -> None:
    catalog.send([sent(TABLE, name)])

    [found] = catalog.get(TABLE, [name])

    assert found["attributes"]["qualifiedName"] == name


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"], ids=["zero", "half a surrogate pair"])
def test_a_name_that_sqlite_cannot_hold_is_refused_and_never_found(
    catalog: LocalCatalog, name: str
) -> None:
    catalog.send([sent(TABLE, "a")])

    with pytest.raises(Rejected, match=r"azure_sql_table\."):
        catalog.send([sent(TABLE, name)])
    assert catalog.get(TABLE, [name]) == []
    catalog.delete(Name(TABLE, name))
    assert len(catalog.get(TABLE, ["a"])) == 1


# ---------------------------------------------------------------- the file


def test_what_was_sent_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with LocalCatalog(tmp_path / "c.db") as catalog:
        guid = catalog.send([sent(TABLE, "t")])["-1"]

    with LocalCatalog(str(tmp_path / "c.db")) as catalog:
        assert [found["guid"] for found in catalog.get(TABLE, ["t"])] == [guid]


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    LocalCatalog(path).close()
    execute(path, "PRAGMA user_version = 99")

    with pytest.raises(SettingsError, match=r"c\.db was written by a newer release \(format 99"):
        LocalCatalog(path)


@pytest.mark.parametrize(
    "content",
    [b"not a database, but long enough to look at" * 50, b"SQLite format 3\0" + b"x" * 5000],
)
def test_a_damaged_file_is_refused_by_name_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.db"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=r"c\.db is damaged or no catalog file .* move it away"):
        LocalCatalog(path)

    assert path.read_bytes() == content


def test_a_page_that_went_bad_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with LocalCatalog(path) as catalog:
        catalog.send([sent(TABLE, f"t{i}", f"-{i + 1}") for i in range(500)])
    content = bytearray(path.read_bytes())
    content[3 * 4096 :] = b"\xff" * (len(content) - 3 * 4096)
    path.write_bytes(content)

    with LocalCatalog(path) as catalog, pytest.raises(SettingsError, match=r"c\.db is damaged"):
        catalog.get(TABLE, [f"t{i}" for i in range(500)])


def test_another_programs_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    execute(path, "CREATE TABLE row (key TEXT)", "PRAGMA user_version = 1")

    with pytest.raises(SettingsError, match=r"store\.db is an SQLite file, but no catalog"):
        LocalCatalog(path)

    assert execute(path, "SELECT name FROM sqlite_master") == [("row",)]


@pytest.mark.parametrize("path", ["nowhere/c.db", "."])
def test_a_path_that_cannot_be_opened_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(SettingsError, match=r"LINEAGE_CATALOG: .* cannot be used"):
        LocalCatalog(tmp_path / path)


def test_the_documented_columns_are_those_of_the_tables(tmp_path: Path) -> None:
    LocalCatalog(tmp_path / "c.db").close()

    columns = {
        table: [row[1] for row in execute(tmp_path / "c.db", f"PRAGMA table_info({table})")]
        for table in ("entity", "relation")
    }

    assert columns == {
        "entity": ["guid", "type", "name", "status", "attributes", "created", "updated"],
        "relation": ["guid", "type", "end1", "end2", "status", "place"],
    }


def execute(path: Path, *statements: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        with connection:
            return [connection.execute(statement).fetchall() for statement in statements][-1]
    finally:
        connection.close()


# ---------------------------------------------------------------- several at once


def test_a_writer_that_does_not_end_makes_the_catalog_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with LocalCatalog(path, patience=0.05) as catalog:
        catalog.send([sent(TABLE, "t")])
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable, match=r"c\.db is busy"):
            catalog.send([sent(TABLE, "u")])
        assert len(catalog.get(TABLE, ["t"])) == 1

        other.execute("ROLLBACK")
        other.close()
        catalog.send([sent(TABLE, "u")])


def test_a_refusal_leaves_the_catalog_usable(catalog: LocalCatalog) -> None:
    for _ in range(2):
        with pytest.raises(Rejected):
            catalog.send([sent(OPERATION, "p", inputs=[by_name(TABLE, "nope")])])

    catalog.send([sent(TABLE, "t")])

    assert len(catalog.get(TABLE, ["t"])) == 1


def test_renaming_to_a_name_that_is_taken_is_refused(catalog: LocalCatalog) -> None:
    guid = catalog.send([sent(TABLE, "a", "-1"), sent(TABLE, "b", "-2")])["-1"]

    with pytest.raises(Rejected) as refused:
        catalog.send([sent(TABLE, "b", guid)])

    assert refused.value.status == 500


def test_threads_share_one_catalog(catalog: LocalCatalog) -> None:
    def work(thread: int) -> None:
        for i in range(20):
            catalog.send([sent(TABLE, "shared", "-1"), sent(TABLE, f"{thread}/{i}", "-2")])
            assert len(catalog.get(TABLE, ["shared", f"{thread}/{i}"])) == 2

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    names = [f"{thread}/{i}" for thread in range(8) for i in range(20)]
    assert len(catalog.get(TABLE, names)) == 160


def write(path: str, process: int, ready: Any) -> None:
    """What each of several processes does: it opens the file and sends 20 bulks."""
    ready.wait()
    with LocalCatalog(path) as catalog:
        for i in range(20):
            name = f"{process}/{i}"
            source = sent(TABLE, "shared", "-1")
            operation = sent(OPERATION, name, "-2", inputs=[by_guid(TABLE, "-1")])
            catalog.send([source, operation])


@pytest.mark.slow
def test_processes_write_to_one_new_file_at_once_without_doubling_anything(tmp_path: Path) -> None:
    path = str(tmp_path / "c.db")
    spawn = get_context("spawn")
    ready = spawn.Barrier(3)
    workers = [spawn.Process(target=write, args=(path, number, ready)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with LocalCatalog(path) as catalog:
        [shared] = catalog.get(TABLE, ["shared"])
    assert len(shared["relationshipAttributes"]["inputToProcesses"]) == 60
    rows = execute(tmp_path / "c.db", "SELECT count(*), count(DISTINCT name) FROM entity")
    assert rows == [(61, 61)]
