"""A store's file that is read and not to be changed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lineage.errors import SettingsError
from lineage.store.sqlite import MIGRATIONS, SqliteRows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_the_rows_of_a_file_are_read_and_none_is_written(path: Path) -> None:
    with SqliteRows(path) as rows:
        rows.write("t", "p", {"k": {"v": 1}})
    before = path.read_bytes()

    with SqliteRows.reading(path) as rows:
        assert rows.range("t", "p", "", "~") == [("k", {"v": 1})]
        with pytest.raises(SettingsError, match="cannot be used"):
            rows.write("t", "p", {"k": {"v": 2}})

    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["store.db"]


@pytest.mark.parametrize("empty", [True, False], ids=["an empty file", "no file"])
def test_where_there_is_nothing_nothing_is_made(empty: bool, path: Path) -> None:
    if empty:
        path.touch()

    with SqliteRows.reading(path) as rows:
        assert rows.range("t", "p", "", "~") == []

    assert [each.stat().st_size for each in path.parent.iterdir()] == [0] * empty


def test_an_older_format_is_brought_up_to_date_in_memory_only(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(MIGRATIONS[0])
        connection.execute("""INSERT INTO row VALUES ('t|p', 'k', '{"v": 1}')""")
        connection.execute("PRAGMA user_version = 1")
    before = path.read_bytes()

    with SqliteRows.reading(path) as rows:
        assert rows.range("t", "p", "", "~") == [("k", {"v": 1})]

    assert path.read_bytes() == before


def test_a_newer_format_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE row (x)")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    with pytest.raises(SettingsError, match="newer release"):
        SqliteRows.reading(path)
