"""The embedded catalog's file: opening it, its tables, and what SQLite's errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from lineage.errors import Rejected, SettingsError, Unavailable

OURS = 0x4C434154  # SQLite's application_id of our files
FORMAT = 1  # SQLite's user_version; the next release's migrations start from it

_TABLES = (
    """CREATE TABLE entity (
         guid TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
         attributes TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL
       )""",
    "CREATE UNIQUE INDEX entity_identity ON entity (name, type) WHERE status = 'ACTIVE'",
    """CREATE TABLE relation (
         guid TEXT PRIMARY KEY, type TEXT NOT NULL,
         end1 TEXT NOT NULL, end2 TEXT NOT NULL, status TEXT NOT NULL, place INTEGER NOT NULL
       )""",
    "CREATE INDEX relation_end1 ON relation (end1, type)",
    "CREATE INDEX relation_end2 ON relation (end2, type)",
    f"PRAGMA application_id = {OURS}",
    f"PRAGMA user_version = {FORMAT}",
)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def connect(path: str, patience: float) -> sqlite3.Connection:
    """
    Open the file, made on first use, and wait up to `patience` seconds for other writers.

    WAL with synchronous=FULL: what was committed survives a power cut; readers never wait.
    Raises `SettingsError` where the file is damaged, not a catalog or of a newer release.
    """
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        with transaction(connection, "DEFERRED"):
            version = _version(connection, path)
        if version == 0:
            _use_wal(connection, patience)
            with transaction(connection, "IMMEDIATE"):
                if _version(connection, path) == 0:  # nobody else made it meanwhile
                    for statement in _TABLES:
                        connection.execute(statement)
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[sqlite3.Connection]:
    """All or nothing; `kind` is IMMEDIATE to write, DEFERRED to read one state throughout."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: str) -> Iterator[None]:
    """SQLite's errors as ours, by what the caller can do about them."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Rejected(f"another entity has that name already: {error}", 500) from error
    except sqlite3.DatabaseError as error:
        code = _code(error)
        if code in _BUSY:
            raise Unavailable(f"the catalog {path} is busy: another process writes") from error
        if code in _NO_ROOM:
            raise Unavailable(f"the catalog {path} cannot be written: {error}") from error
        if code in _DAMAGED:
            raise SettingsError(
                f"LINEAGE_CATALOG: {path} is damaged or no catalog file ({error}): restore it, or"
                " move it away and the next sync makes a new one"
            ) from error
        raise SettingsError(f"LINEAGE_CATALOG: {path} cannot be used: {error}") from error


def _use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Switch to WAL, for which SQLite does not wait by itself where several open a new file."""
    deadline = monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in _BUSY or monotonic() > deadline:
                raise
            sleep(0.005)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bits are details


def _version(connection: sqlite3.Connection, path: str) -> int:
    """The file's format, 0 where it is new; to be asked in a transaction."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    mark: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if mark != OURS and (version or tables):
        raise SettingsError(
            f"LINEAGE_CATALOG: {path} is an SQLite file, but no catalog: name another file"
        )
    if version > FORMAT:
        raise SettingsError(
            f"LINEAGE_CATALOG: {path} was written by a newer release (format {version}, this one"
            f" knows {FORMAT}): upgrade, or name another file"
        )
    return version
