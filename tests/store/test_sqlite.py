import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from lineage.errors import SettingsError, Unavailable
from lineage.model import Row, Rows
from lineage.store.ledger import Ledger
from lineage.store.sqlite import MIGRATIONS, SqliteRows, locked
from tests.store.contract import *  # noqa: F403 - its tests run here, on the store below
from tests.store.words import NOW
from tests.world import FACTORY, reference


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    with SqliteRows(tmp_path / "store.db") as rows:
        yield rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


# ---------------------------------------------------------------- the file


def test_what_was_written_is_there_when_the_file_is_opened_again(path: Path) -> None:
    with SqliteRows(path) as rows:
        rows.write("runs", "p", {"a": {"v": 1, "n": 1}})

    with SqliteRows(path) as rows:
        assert rows.range("runs", "p", "", "~") == [("a", {"v": 1, "n": 1})]


def test_the_file_is_in_wal_mode(path: Path) -> None:
    with SqliteRows(path), closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_older_file_is_migrated_with_its_rows(path: Path) -> None:
    execute(
        path,
        MIGRATIONS[0],
        "PRAGMA user_version = 1",
        """INSERT INTO row (part, key, body) VALUES ('runs|p', 'a', '{"v": 1, "n": 7}')""",
    )

    with SqliteRows(path) as rows:
        row, version = rows.get("runs", "p", ["a"])["a"]
        written = rows.write("runs", "p", {"a": {"v": 1, "n": 8}}, expected={"a": version})

    assert row == {"v": 1, "n": 7}
    assert version != 0
    assert written
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_migration_that_was_killed_is_finished(path: Path) -> None:
    execute(path, "BEGIN", MIGRATIONS[0], "PRAGMA user_version = 1", "COMMIT", "BEGIN")

    with SqliteRows(path) as rows:
        rows.write("runs", "p", {"a": {"v": 1}})
        assert list(rows.get("runs", "p", ["a"])) == ["a"]


def test_a_newer_file_is_refused(path: Path) -> None:
    with SqliteRows(path):
        pass
    execute(path, "PRAGMA user_version = 99")

    with pytest.raises(SettingsError, match=r"LINEAGE_STORE: .*newer release \(format 99"):
        SqliteRows(path)


def test_a_damaged_file_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)

    with pytest.raises(SettingsError, match="damaged or no SQLite file"):
        SqliteRows(path)


def test_a_file_that_was_cut_is_refused(path: Path) -> None:
    with SqliteRows(path) as rows:
        rows.write("runs", "p", {f"{n}": {"v": 1, "x": "x" * 1000} for n in range(100)})
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(SettingsError, match="damaged or no SQLite file"), SqliteRows(path) as rows:
        rows.range("runs", "p", "", "~")


def test_a_file_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used: unable to open database file"):
        SqliteRows(tmp_path / "nowhere" / "store.db")


def test_a_file_of_somebody_else_is_refused_and_left_as_it_is(path: Path) -> None:
    execute(path, "CREATE TABLE song (name TEXT)")
    before = path.read_bytes()

    with pytest.raises(SettingsError, match="is an SQLite file, but no store"):
        SqliteRows(path)

    assert path.read_bytes() == before


def test_a_store_that_somebody_else_writes_to_for_long_is_unavailable(path: Path) -> None:
    with SqliteRows(path, patience=0.01) as rows, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable, match="is busy"):
            rows.write("runs", "p", {"a": {"v": 1}})


def test_a_failed_write_writes_nothing(path: Path) -> None:
    broken: dict[str, Row] = {"a": {"v": 1}, "b": {"v": object()}}
    with SqliteRows(path) as rows:
        with pytest.raises(TypeError):
            rows.write("runs", "p", broken)

        assert rows.range("runs", "p", "", "~") == []
        assert rows.write("runs", "p", {"c": {"v": 1}})


def test_the_writes_of_one_block_are_all_made_or_none(path: Path) -> None:
    def broken(rows: Rows) -> None:
        with rows.together():
            rows.write("runs", "p", {"a": {"v": 1}})
            rows.write("assets", "q", {"b": {"v": 1}})
            raise KeyError

    with SqliteRows(path) as rows:
        with pytest.raises(KeyError):
            broken(rows)

        assert rows.range("runs", "p", "", "~") == rows.range("assets", "q", "", "~") == []


def test_a_write_of_a_block_that_fails_leaves_nothing_and_the_others_stand(path: Path) -> None:
    broken: dict[str, Row] = {"a": {"v": 1}, "b": {"v": object()}}

    with SqliteRows(path) as rows:
        rows.write("runs", "p", {"old": {"v": 1}})
        with rows.together():
            rows.write("runs", "p", {"c": {"v": 1}})
            with pytest.raises(TypeError):
                rows.write("runs", "p", broken, ["old"])
            rows.write("runs", "p", {"d": {"v": 1}})

        assert [key for key, _ in rows.range("runs", "p", "", "~")] == ["c", "d", "old"]


def test_threads_share_one_store(path: Path) -> None:
    with SqliteRows(path) as rows:

        def work(number: int) -> None:
            for n in range(25):
                rows.write("runs", "p", {f"{number}|{n}": {"v": 1}})
                rows.range("runs", "p", f"{number}|", f"{number}|~")

        threads = [Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(rows.range("runs", "p", "", "~")) == 100


# ---------------------------------------------------------------- reading only


def test_reading_makes_no_file(path: Path) -> None:
    with SqliteRows.reading(path) as rows:
        assert rows.range("runs", "p", "", "~") == []

    assert list(path.parent.iterdir()) == []


def test_a_store_that_is_only_read_refuses_to_be_written(path: Path) -> None:
    with SqliteRows(path) as rows:
        Ledger(rows).enqueue(FACTORY, [reference("run-1")], NOW)

    with SqliteRows.reading(path) as rows:
        assert Ledger(rows).backlog(FACTORY) == 1
        with pytest.raises(SettingsError, match="readonly"):
            rows.write("runs", "p", {"a": {"v": 1}})


def test_an_older_file_is_read_and_stays_as_it_is(path: Path) -> None:
    execute(
        path,
        MIGRATIONS[0],
        "PRAGMA user_version = 1",
        """INSERT INTO row (part, key, body) VALUES ('runs|p', 'a', '{"v": 1}')""",
    )
    before = path.read_bytes()

    with SqliteRows.reading(path) as rows:
        assert rows.range("runs", "p", "", "~") == [("a", {"v": 1})]

    assert path.read_bytes() == before


def test_a_newer_file_is_not_read(path: Path) -> None:
    with SqliteRows(path):
        pass
    execute(path, "PRAGMA user_version = 99")

    with pytest.raises(SettingsError, match="newer release"):
        SqliteRows.reading(path)


# ---------------------------------------------------------------- one sync at a time

HOLD = """
import sys
from lineage.store.sqlite import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the store."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_store_that_another_process_holds_is_unavailable(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(Unavailable, match="another sync works on"), locked(str(path)):
        pass


def test_a_process_that_was_killed_holds_nothing(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()

    with locked(str(path)), SqliteRows(path) as rows:
        assert rows.write("runs", "p", {"a": {"v": 1}})


def test_a_store_that_was_held_can_be_held_again(path: Path) -> None:
    for _ in range(2):
        with locked(str(path)):
            pass


def test_what_is_held_can_be_read_and_written_by_its_holder(path: Path) -> None:
    with locked(str(path)), SqliteRows(path) as rows, SqliteRows(path) as other:
        rows.write("runs", "p", {"a": {"v": 1}})

        assert list(other.get("runs", "p", ["a"])) == ["a"]


def test_a_store_in_no_folder_cannot_be_held(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="cannot be used"),
        locked(str(tmp_path / "nowhere" / "store.db")),
    ):
        pass
