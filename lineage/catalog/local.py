"""
An embedded Atlas catalog in an SQLite file: for the demo, for trying things out, for tests.

It answers like a real Apache Atlas 2.1.0 wherever tests/catalog/contract.py looks. Two tables hold
it. `attributes` is JSON without what is unset, `status` is ACTIVE or DELETED, times are
milliseconds since 1970, `place` is a relation's place in its array; no row is ever removed.

    entity    guid, type, name (the qualifiedName), status, attributes, created, updated
    relation  guid, type, end1, end2, status, place

    relation.type                  end1 (a guid)   end2 (a guid)
    dataset_process_inputs         process         data set that it reads
    process_dataset_outputs        process         data set that it writes
    process_parent                 child           parent
    azure_data_factory_pipelines   pipeline        factory

One fault of a real Atlas is not copied: it compares an array sent with the one it lists, removed
members included, and where they are alike it leaves the removed ones removed and says nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from os import urandom
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any

from lineage import ticks
from lineage.catalog import answers
from lineage.catalog.draft import Draft, Relation, Stored
from lineage.catalog.sent import Sent, entity_type, read
from lineage.catalog.sqlite import connect, explained, transaction
from lineage.catalog.typedefs import definitions, subtypes, types
from lineage.catalog.walk import DATA_SET, PROCESS, walk
from lineage.errors import BadInput, Rejected
from lineage.jsontext import dumps, loads
from lineage.model import Clock, Finding, Json, Name
from lineage.ticks import Ticks

# A row for each relation of each entity found, its other end beside it; the exact type goes first.
_GET = """
    SELECT w.key, e.*, r.guid, r.type, CASE r.end1 WHEN e.guid THEN 1 ELSE 2 END, r.status,
           o.guid, o.type, o.name, o.status, json_extract(o.attributes, '$.name')
    FROM json_each(:names) w
    JOIN entity e ON e.name = w.value AND e.status = 'ACTIVE'
    LEFT JOIN relation r ON r.end1 = e.guid OR r.end2 = e.guid
    LEFT JOIN entity o ON o.guid = CASE r.end1 WHEN e.guid THEN r.end2 ELSE r.end1 END
    WHERE e.type IN (SELECT value FROM json_each(:types))
    ORDER BY w.key, e.type <> :type, e.rowid, r.status, r.place, r.rowid
"""
_FIND = """
    SELECT e.* FROM json_each(:names) w JOIN entity e ON e.name = w.value
    WHERE e.status = 'ACTIVE' AND e.type IN (SELECT value FROM json_each(:types))
    ORDER BY e.type <> :type, e.rowid LIMIT 1
"""
_BY_NAME_OR_GUID = """
    SELECT * FROM entity
    WHERE (status = 'ACTIVE' AND name IN (SELECT value FROM json_each(:names)))
       OR guid IN (SELECT value FROM json_each(:guids))
    ORDER BY rowid
"""
_OWNED = """
    SELECT * FROM relation
    WHERE end1 IN (SELECT value FROM json_each(:guids)) AND status = 'ACTIVE' ORDER BY place
"""
_HOP = {
    DATA_SET: """
        SELECT guid, type, end1, end2 FROM relation
        WHERE end2 IN (SELECT value FROM json_each(:guids)) AND type = :type ORDER BY rowid
    """,
    PROCESS: """
        SELECT guid, type, end1, end2 FROM relation
        WHERE end1 IN (SELECT value FROM json_each(:guids)) AND type = :type ORDER BY rowid
    """,
}
_PUT_ENTITY = """
    INSERT INTO entity VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guid) DO UPDATE
    SET name = excluded.name, attributes = excluded.attributes, updated = excluded.updated
"""
_PUT_RELATION = """
    INSERT INTO relation VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (guid) DO UPDATE
    SET status = excluded.status, place = excluded.place
"""
# A deleted child stays among those of its parent; what a deleted process read and wrote does not.
_CUT_OFF = """
    UPDATE relation SET status = 'DELETED' WHERE status = 'ACTIVE' AND (end2 = :guid OR
    (end1 = :guid AND type IN ('dataset_process_inputs', 'process_dataset_outputs')))
"""


def _now() -> Ticks:
    return ticks.of(datetime.now(UTC))


def _guid() -> str:
    """As `uuid4` makes it, in a third of the time: each relation has one."""
    text = urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


_RELATION = attrgetter("guid", "type", "end1", "end2", "status", "place")


class LocalCatalog:
    """
    The catalog in a file, shared by the threads of a process and by processes; see `model.Catalog`.

    Raises `SettingsError` for a file that is none of ours, damaged or of a newer release, and
    `Unavailable` where another process writes for longer than `patience` seconds.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Clock = _now,
        new_guid: Callable[[], str] = _guid,
        patience: float = 30.0,
    ) -> None:
        self._path = str(path)
        self._clock = clock
        self._new_guid = new_guid
        self._lock = RLock()
        with explained(self._path):
            self._connection = connect(self._path, patience)

    def __enter__(self) -> LocalCatalog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; every other method is an error afterwards."""
        with self._lock:
            self._connection.close()

    @property
    def address(self) -> str:
        """`local:` and the path as it was given."""
        return f"local:{self._path}"

    def typedef(self, name: str) -> Json | None:
        """The definition of an entity type, or None."""
        known = (each for each in definitions()["entityDefs"] if each["name"] == name)
        return next(known, None)

    def findings(self) -> Sequence[Finding]:
        """Nothing: it is what it is."""
        return ()

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """
        The active entities with these names, in this order; unknown ones are left out.

        Where several subtypes have one name, it is the one that was there first.
        """
        given = {"names": _json(names), **_kinds(type_name)}
        found: dict[int, tuple[Stored, list[answers.Related]]] = {}
        with self._open("DEFERRED") as connection:
            for place, *row in connection.execute(_GET, given):
                if place not in found:
                    found[place] = _stored(row[:7]), []
                stored, related = found[place]
                if stored.guid == row[0] and row[7] is not None:
                    related.append(answers.Related(*row[7:]))
        return [answers.entity(stored, related) for stored, related in found.values()]

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """Create or update all of these in one transaction; see `model.Catalog`."""
        sent = read(entities)
        names, guids = _touched(sent)
        with self._open("IMMEDIATE") as connection:
            rows = connection.execute(
                _BY_NAME_OR_GUID, {"names": _json(names), "guids": _json(guids)}
            )
            stored = [_stored(row) for row in rows]
            owned = connection.execute(_OWNED, {"guids": _json(each.guid for each in stored)})
            draft = Draft(stored, (Relation(*row) for row in owned), self._millis(), self._new_guid)
            assigned = draft.apply(sent)
            connection.executemany(_PUT_ENTITY, map(_row, draft.entities.values()))
            connection.executemany(_PUT_RELATION, map(_RELATION, draft.relations.values()))
        return assigned

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """
        Atlas's lineage answer; removed relations and deleted processes are in it, as in Atlas.

        Raises `Rejected` where there is no such entity, or it is neither process nor data set.
        """
        if direction not in ("INPUT", "OUTPUT", "BOTH"):
            raise BadInput(f"lineage direction {direction!r}: it is INPUT, OUTPUT or BOTH")
        with self._open("DEFERRED") as connection:
            base = self._find(name)
            if base is None:
                what = f"unique attribute {{qualifiedName={name.qualified}}} does not exist"
                raise Rejected(f"Instance {name.type} with {what}", 404, "ATLAS-404-00-009")
            ancestors = types()[base.type].ancestors
            if not ancestors & {"DataSet", "Process"}:
                what = f"{base.guid} with type {base.type} is not a valid lineage entity type."
                raise Rejected(f"Given instance guid {what}", 404, "ATLAS-404-00-011")

            def hop(kind: str, end: str, guids: Collection[str]) -> Iterable[Any]:
                given = {"guids": _json(guids), "type": kind}
                return connection.execute(_HOP[end], given)

            edges = walk(hop, base.guid, "Process" in ancestors, direction, depth)
            ends = dict.fromkeys(end for edge in edges.values() for end in edge)
            rows = connection.execute(_BY_NAME_OR_GUID, {"names": "[]", "guids": _json(ends)})
            return answers.lineage(base.guid, direction, depth, edges, map(_stored, rows))

    def delete(self, name: Name) -> None:
        """Soft-delete an entity and cut its relations; one that is not there is no error."""
        with self._open("IMMEDIATE") as connection:
            found = self._find(name)
            if found is not None:
                connection.execute(
                    "UPDATE entity SET status = 'DELETED', updated = ? WHERE guid = ?",
                    (self._millis(), found.guid),
                )
                connection.execute(_CUT_OFF, {"guid": found.guid})

    def _find(self, name: Name) -> Stored | None:
        given = {"names": _json([name.qualified]), **_kinds(name.type)}
        row = self._connection.execute(_FIND, given).fetchone()
        return None if row is None else _stored(row)

    def _millis(self) -> int:
        return ticks.epoch_milliseconds(self._clock())

    @contextmanager
    def _open(self, kind: str) -> Iterator[sqlite3.Connection]:
        with self._lock, explained(self._path), transaction(self._connection, kind) as connection:
            yield connection


def _touched(sent: Iterable[Sent]) -> tuple[set[str], set[str]]:
    """The names and the real guids that a request mentions."""
    names: set[str] = set()
    guids: set[str] = set()
    for each in sent:
        names.add(each.name)
        guids.add(each.guid)
        for pointer in (pointer for found in each.references.values() for pointer in found):
            names.update([pointer.name] if pointer.name is not None else [])
            guids.update([pointer.guid] if pointer.guid is not None else [])
    return names, {guid for guid in guids if not guid.startswith("-")}


def _kinds(type_name: str) -> dict[str, str]:
    return {"type": entity_type(type_name).name, "types": _json(subtypes(type_name))}


def _json(values: Iterable[str]) -> str:
    """An array for json_each, which takes a zero character for the end: no name has one."""
    return dumps([value for value in values if "\0" not in value])


def _stored(row: Sequence[Any]) -> Stored:
    guid, kind, name, status, attributes, created, updated = row
    return Stored(guid, kind, name, status, loads(attributes), created, updated)


def _row(each: Stored) -> tuple[str | int, ...]:
    text = dumps(each.attributes)
    return each.guid, each.type, each.name, each.status, text, each.created, each.updated
