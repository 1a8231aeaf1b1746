"""Rows in an SQLite file: the store of the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType

from lineage.errors import SettingsError, Unavailable, of_storage
from lineage.jsontext import dumps, loads
from lineage.model import Row, Versioned

# The file's user_version counts the steps taken; each is one transaction, so a kill between two
# is harmless. Steps are only ever appended.
MIGRATIONS = (
    """CREATE TABLE row (
         part TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (part, key)
       ) WITHOUT ROWID""",
    "ALTER TABLE row ADD COLUMN version INTEGER NOT NULL DEFAULT 1",
)

# A version is never used twice, not even by a row that is deleted and made anew.
FEW = 8  # keys that are asked for one by one

_PUT = """INSERT INTO row (part, key, body, version)
          VALUES (?, ?, ?, (random() & 0x3fffffffffffffff) + 1)
          ON CONFLICT DO UPDATE SET body = excluded.body, version = excluded.version"""


class SqliteRows:
    """
    The rows of a file, shared by the threads of one process; see `model.Rows`.

    WAL with synchronous=NORMAL: a kill loses nothing, a power cut at most the latest transactions,
    which are then done again. Raises `SettingsError` for a file that is none of ours or of a newer
    release, `Unavailable` while another process writes to it for long.
    """

    def __init__(
        self,
        path: str | Path,
        patience: float = 10.0,
        connection: sqlite3.Connection | None = None,
    ) -> None:
        self.path = str(path)
        self._lock = RLock()
        with _Explained(self.path):
            self._connection = connection or _made(self.path, patience)

    @classmethod
    def reading(cls, path: str | Path, patience: float = 10.0) -> SqliteRows:
        """
        The rows of a file that is neither changed, nor made where there is none.

        An older format is brought up to date in memory. The file is opened for writing all the
        same: SQLite would else leave its helper files behind.
        """
        if not Path(path).exists() or not Path(path).stat().st_size:
            return cls(":memory:")
        with _Explained(str(path)):
            uri = f"{Path(path).absolute().as_uri()}?mode=rw"
            connection = _connect(uri, patience, uri=True)
            with _closed_on_error(connection):
                connection.execute("PRAGMA query_only = ON")
                _check(connection, str(path))
                if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
                    return cls(path, patience, connection)
            with closing(connection):
                memory = _connect(":memory:", patience)
                connection.backup(memory)
            _migrate(memory)
            return cls(path, patience, memory)

    def __enter__(self) -> SqliteRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def get(
        self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
    ) -> dict[str, Versioned]:
        """The rows with these keys, near or far; those that do not exist are left out."""
        listed, values = _listed(list(keys))
        query = f"SELECT key, body, version FROM row WHERE part = ? AND key IN ({listed})"  # noqa: S608  # placeholders only
        with self._lock, _Explained(self.path):
            found = self._connection.execute(query, [f"{table}|{partition}", *values])
            return {key: (loads(body), version) for key, body, version in found}

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys."""
        query = "SELECT key, body FROM row WHERE part = ? AND key >= ? AND key < ? ORDER BY key"
        with self._lock, _Explained(self.path):
            found = self._connection.execute(query, (f"{table}|{partition}", low, high))
            return [(key, loads(body)) for key, body in found]

    def scan(
        self, table: str, partition: str, low: str, high: str
    ) -> Iterator[tuple[str, Versioned]]:
        """The rows of a range with their versions."""
        query = (
            "SELECT key, body, version FROM row WHERE part = ? AND key >= ? AND key < ?"
            " ORDER BY key"
        )
        with self._lock, _Explained(self.path):
            found = self._connection.execute(query, (f"{table}|{partition}", low, high)).fetchall()
        for key, body, version in found:
            yield key, (loads(body), version)

    def under(self, table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        """The rows whose keys begin with one of these."""
        query = """SELECT row.key, body, version FROM json_each(?) AS begun CROSS JOIN row
                   ON part = ? AND row.key >= begun.value AND row.key < begun.value || '~'"""
        with self._lock, _Explained(self.path):
            asked = dumps(list(beginnings)), f"{table}|{partition}"
            found = self._connection.execute(query, asked)
            return {key: (loads(body), version) for key, body, version in found}

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
        with self._lock, _Explained(self.path), _transaction(self._connection) as connection:
            if expected and not self._hold(part, expected):
                return False
            gone = [(part, key) for key in deletes]
            if gone:
                connection.executemany("DELETE FROM row WHERE part = ? AND key = ?", gone)
            connection.executemany(_PUT, [(part, key, dumps(row)) for key, row in puts.items()])
            return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all writes of a block; other threads wait for its end."""
        with self._lock, _Explained(self.path), _transaction(self._connection):
            yield

    def _hold(self, part: str, expected: Mapping[str, int]) -> bool:
        listed, values = _listed(list(expected))
        query = f"SELECT key, version FROM row WHERE part = ? AND key IN ({listed})"  # noqa: S608  # placeholders only
        found = dict(self._connection.execute(query, [part, *values]).fetchall())
        return all(found.get(key, 0) == version for key, version in expected.items())


def _listed(keys: list[str]) -> tuple[str, list[str]]:
    """What stands between the brackets of IN, and the values it takes."""
    if len(keys) > FEW:
        return "SELECT value FROM json_each(?)", [dumps(keys)]
    return ",".join("?" * len(keys)), keys


@contextmanager
def locked(path: str) -> Iterator[None]:
    """
    Hold a store's file for oneself, by SQLite's own lock on a file beside it.

    The system lets go of it with the process, however that ends. Raises `Unavailable` where another
    process holds it.
    """
    with _Explained(f"{path}.lock"):
        beside = _connect(f"{path}.lock", 0)
    with closing(beside):
        try:
            with _Explained(f"{path}.lock"):
                beside.execute("BEGIN EXCLUSIVE")
        except Unavailable as error:
            raise Unavailable(f"another sync works on {path}: wait until it has ended") from error
        yield


def _connect(path: str, patience: float, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, uri=uri
    )


def _made(path: str, patience: float) -> sqlite3.Connection:
    """The file, made on first use and brought up to date."""
    connection = _connect(path, patience)
    with _closed_on_error(connection):
        _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 8000")  # pages: 32 MB, then written back
        connection.execute("PRAGMA cache_size = -8000")  # KB: keys are spread over the whole file
        _migrate(connection)
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    if connection.in_transaction:  # of `together`, which may go on without this write
        connection.execute("SAVEPOINT one")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO one")
            raise
        finally:
            if connection.in_transaction:
                connection.execute("RELEASE one")
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check(connection: sqlite3.Connection, path: str) -> None:
    """Raise `SettingsError` for a file of somebody else, or of a newer release."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if names and "row" not in names:
        raise SettingsError(
            f"LINEAGE_STORE: {path} is an SQLite file, but no store: name another file"
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise SettingsError(
            f"LINEAGE_STORE: {path} was written by a newer release (format {version},"
            f" this one knows {len(MIGRATIONS)}): upgrade, or name another file"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for step in range(version, len(MIGRATIONS)):
        with _transaction(connection):
            if connection.execute("PRAGMA user_version").fetchone()[0] == step:
                connection.execute(MIGRATIONS[step])
                connection.execute(f"PRAGMA user_version = {step + 1}")


class _Explained:
    """SQLite's errors as ours; no generator, since every query has one."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, sqlite3.DatabaseError):
            return
        if not isinstance(error, sqlite3.OperationalError):
            raise SettingsError(
                f"LINEAGE_STORE: {self._path} is damaged or no SQLite file ({error}): move it away,"
                " and the next sync makes a new one"
            ) from error
        if "locked" in str(error) or "busy" in str(error):
            raise of_storage(Unavailable(f"the store {self._path} is busy: {error}")) from error
        raise SettingsError(f"LINEAGE_STORE: {self._path} cannot be used: {error}") from error
