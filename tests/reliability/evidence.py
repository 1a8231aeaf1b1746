"""
What is left behind: the store's rows, the catalog with its past, what the source served.

Read as SQLite, tables and JSON, with nothing of the program under test. Files are read from a copy,
so that recovery after a kill stays the program's own.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.data.tables import TableServiceClient

from tests.reliability.truth import READS, WRITES, Edge, Name

PAST = """
CREATE TABLE past (
  n INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT, type TEXT, name TEXT, end1 TEXT, end2 TEXT,
  old TEXT, new TEXT, attributes TEXT
);
CREATE TRIGGER past_entity AFTER INSERT ON entity BEGIN
  INSERT INTO past (guid, type, name, new, attributes)
  VALUES (new.guid, new.type, new.name, new.status, new.attributes);
END;
CREATE TRIGGER past_entity_changed AFTER UPDATE ON entity BEGIN
  INSERT INTO past (guid, type, name, old, new, attributes)
  VALUES (new.guid, new.type, new.name, old.status, new.status, new.attributes);
END;
CREATE TRIGGER past_entity_gone AFTER DELETE ON entity BEGIN
  INSERT INTO past (guid, type, name, old) VALUES (old.guid, old.type, old.name, old.status);
END;
CREATE TRIGGER past_relation AFTER INSERT ON relation BEGIN
  INSERT INTO past (guid, type, end1, end2, new)
  VALUES (new.guid, new.type, new.end1, new.end2, new.status);
END;
CREATE TRIGGER past_relation_changed AFTER UPDATE ON relation BEGIN
  INSERT INTO past (guid, type, end1, end2, old, new)
  VALUES (new.guid, new.type, new.end1, new.end2, old.status, new.status);
END;
CREATE TRIGGER past_relation_gone AFTER DELETE ON relation BEGIN
  INSERT INTO past (guid, type, end1, end2, old)
  VALUES (old.guid, old.type, old.end1, old.end2, old.status);
END;
"""

ENDS = {"dataset_process_inputs": READS, "process_dataset_outputs": WRITES}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the store: `part` is `table|partition`."""

    part: str
    key: str
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """What stands before the first bar of the key."""
        return self.key.partition("|")[0]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of the catalog; `status` is ACTIVE or DELETED."""

    guid: str
    name: Name
    status: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of the catalog, by the guids of its ends."""

    type: str
    end1: str
    end2: str
    status: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One change in the catalog's past: what `of` became, `new` None where its row was removed."""

    n: int
    of: Entity | Relation
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Served:
    """What the source gave away in full: ids, and the pipeline runs read to their last page."""

    runs: frozenset[str] = frozenset()
    activities: frozenset[tuple[str, str]] = frozenset()
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is to judge by."""

    rows: tuple[Row, ...] = ()
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    past: tuple[Step, ...] = ()
    served: Served = field(default_factory=Served)

    def table(self, name: str) -> Iterator[Row]:
        """The rows of one table of the store."""
        return (row for row in self.rows if row.part.partition("|")[0] == name)

    def active(self) -> dict[str, Entity]:
        """The active entities by guid."""
        return {each.guid: each for each in self.entities if each.status == "ACTIVE"}

    def edges(self) -> set[Edge]:
        """The active relations between active operations and active data sets."""
        active = self.active()
        return {
            (active[each.end1].name, ENDS[each.type], active[each.end2].name)
            for each in self.relations
            if each.status == "ACTIVE" and each.type in ENDS
            if each.end1 in active and each.end2 in active
        }


def gather(store: Path | str, catalog: Path, history: Path, begin: int = 0) -> Evidence:
    """
    The evidence in these files; those that do not exist yet tell nothing.

    A store that is no path is in tables, by its connection string. The first `begin` bytes of the
    history are another's.
    """
    with _copied(catalog) as held:
        return Evidence(
            tuple(_of_file(store) if isinstance(store, Path) else _of_tables(store)),
            tuple(_entities(held)),
            tuple(_relations(held)),
            tuple(_past(held)),
            served(history, begin),
        )


def watch(catalog: Path) -> None:
    """Have an embedded catalog's file keep its past from now on."""
    connection = sqlite3.connect(catalog)
    try:
        connection.executescript(PAST)
    finally:
        connection.close()


def served(history: Path, begin: int = 0) -> Served:
    """What the history of the services says was given away in full, from a byte on."""
    runs: set[str] = set()
    activities: set[tuple[str, str]] = set()
    whole: set[str] = set()
    for line in history.read_bytes()[begin:].splitlines():
        told = json.loads(line)["served"]
        runs.update(run.lower() for run in told.get("runs", ()))
        if run := told.get("pipelineRun"):
            activities.update((run.lower(), each.lower()) for each in told["activityRuns"])
            whole.update([run.lower()] if told["last"] else [])
    return Served(frozenset(runs), frozenset(activities), frozenset(whole))


@contextmanager
def _copied(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of an SQLite file; one that does not exist is empty."""
    with tempfile.TemporaryDirectory() as folder:
        for part in (path, path.with_name(f"{path.name}-wal")):
            if part.exists():
                shutil.copy(part, folder)
        connection = sqlite3.connect(Path(folder) / path.name)
        try:
            yield connection
        finally:
            connection.close()


def _has(connection: sqlite3.Connection, table: str) -> bool:
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
    return bool(connection.execute(query, (table,)).fetchone()[0])


def _of_file(path: Path) -> Iterator[Row]:
    with _copied(path) as connection:
        if _has(connection, "row"):
            for part, key, body in connection.execute("SELECT part, key, body FROM row"):
                yield Row(part, key, json.loads(body))


def _of_tables(connection: str) -> Iterator[Row]:
    with TableServiceClient.from_connection_string(connection) as service:
        for table in service.list_tables():
            name = table.name.removeprefix("lineage")
            for each in service.get_table_client(table.name).list_entities():
                chunks = [each[key] for key in sorted(each) if key[0] == "z"]
                body = zlib.decompress(b"".join(chunks)) if chunks else each["body"]
                yield Row(f"{name}|{each['PartitionKey']}", each["RowKey"], json.loads(body))


def _entities(connection: sqlite3.Connection) -> Iterator[Entity]:
    if _has(connection, "entity"):
        query = "SELECT guid, type, name, status, attributes FROM entity"
        for guid, kind, name, status, attributes in connection.execute(query):
            yield Entity(guid, (kind, name), status, json.loads(attributes))


def _relations(connection: sqlite3.Connection) -> Iterator[Relation]:
    if _has(connection, "relation"):
        query = "SELECT type, end1, end2, status, place FROM relation"
        yield from (Relation(*row) for row in connection.execute(query))


def _past(connection: sqlite3.Connection) -> Iterator[Step]:
    if not _has(connection, "past"):
        return
    query = "SELECT n, guid, type, name, end1, end2, old, new, attributes FROM past ORDER BY n"
    for n, guid, kind, name, end1, end2, old, new, attributes in connection.execute(query):
        if end1 is None:
            entity = Entity(guid, (kind, name), new or "", json.loads(attributes or "{}"))
            yield Step(n, entity, old, new)
        else:
            yield Step(n, Relation(kind, end1, end2, new or ""), old, new)
