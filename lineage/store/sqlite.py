"""Rows in an SQLite file: the store of the command line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType

from lineage.errors import SettingsError, Unavailable
from lineage.model import Row, Versioned

# The file's user_version counts the steps taken; each is one transaction, so a kill between two
# is harmless. Steps are only ever appended.
MIGRATIONS = (
    """CREATE TABLE row (
         part TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (part, key)
       ) WITHOUT ROWID""",
    "ALTER TABLE row ADD COLUMN version INTEGER NOT NULL DEFAULT 1",
)

_PUT = """INSERT INTO row (part, key, body, version) VALUES (?, ?, ?, 1)
          ON CONFLICT DO UPDATE SET body = excluded.body, version = version + 1"""


class SqliteRows:
    """
    The rows of a file, shared by the threads of one process; see `model.Rows`.

    WAL with synchronous=NORMAL: a kill loses nothing, a power cut at most the latest transactions,
    which are then done again. Raises `SettingsError` for a file that is none of ours or of a newer
    release, `Unavailable` while another process writes to it for long.
    """

    def __init__(self, path: str | Path, patience: float = 10.0) -> None:
        self.path = str(path)
        self._lock = RLock()
        with _explained(self.path):
            self._connection = sqlite3.connect(
                self.path, timeout=patience, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            _migrate(self._connection, self.path)

    def __enter__(self) -> SqliteRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def copy(self) -> SqliteRows:
        """The same rows in memory: what is written to them is forgotten."""
        made = SqliteRows(":memory:")
        with self._lock:
            self._connection.backup(made._connection)
        return made

    def get(self, table: str, partition: str, keys: Iterable[str]) -> dict[str, Versioned]:
        """The rows with these keys; those that do not exist are left out."""
        query = (
            "SELECT key, body, version FROM row WHERE part = ? AND key IN"
            " (SELECT value FROM json_each(?))"
        )
        with self._lock, _explained(self.path):
            found = self._connection.execute(query, (f"{table}|{partition}", json.dumps([*keys])))
            return {key: (json.loads(body), version) for key, body, version in found}

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys."""
        query = "SELECT key, body FROM row WHERE part = ? AND key >= ? AND key < ? ORDER BY key"
        with self._lock, _explained(self.path):
            found = self._connection.execute(query, (f"{table}|{partition}", low, high))
            return [(key, json.loads(body)) for key, body in found]

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        """Write and delete rows in one transaction; see `model.Rows`."""
        part = f"{table}|{partition}"
        with self._lock, _explained(self.path), _transaction(self._connection) as connection:
            if expected and not self._hold(part, expected):
                return False
            connection.executemany(
                "DELETE FROM row WHERE part = ? AND key = ?", [(part, key) for key in deletes]
            )
            connection.executemany(
                _PUT, [(part, key, json.dumps(row)) for key, row in puts.items()]
            )
            return True

    def _hold(self, part: str, expected: Mapping[str, int]) -> bool:
        query = (
            "SELECT key, version FROM row WHERE part = ? AND key IN"
            " (SELECT value FROM json_each(?))"
        )
        found = dict(self._connection.execute(query, (part, json.dumps([*expected]))).fetchall())
        return all(found.get(key, 0) == version for key, version in expected.items())


@contextmanager
def locked(path: str) -> Iterator[None]:
    """
    Hold a store's file for oneself, by SQLite's own lock on a file beside it.

    The system lets go of it with the process, however that ends. Raises `Unavailable` where another
    process holds it.
    """
    beside = sqlite3.connect(f"{path}.lock", timeout=0, isolation_level=None)
    try:
        beside.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        beside.close()
        raise Unavailable(f"another sync works on {path}: wait until it has ended") from error
    try:
        yield
    finally:
        beside.close()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise SettingsError(
            f"LINEAGE_STORE: {path} was written by a newer release (format {version},"
            f" this one knows {len(MIGRATIONS)}): upgrade, or name another file"
        )
    for step in range(version, len(MIGRATIONS)):
        with _transaction(connection):
            if connection.execute("PRAGMA user_version").fetchone()[0] == step:
                connection.execute(MIGRATIONS[step])
                connection.execute(f"PRAGMA user_version = {step + 1}")


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise Unavailable(f"the store {path} is busy: {error}") from error
        raise SettingsError(f"LINEAGE_STORE: {path} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise SettingsError(
            f"LINEAGE_STORE: {path} is damaged or no SQLite file ({error}): move it away,"
            " and the next sync makes a new one"
        ) from error
