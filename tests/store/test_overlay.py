from collections.abc import Iterator

import pytest

from lineage.model import Rows
from lineage.store.overlay import Overlay
from lineage.store.sqlite import SqliteRows
from tests.store.contract import *  # noqa: F403 - its tests run here, on the store below


@pytest.fixture
def rows() -> Iterator[Rows]:
    with SqliteRows(":memory:") as below:
        below.write("runs", "elsewhere", {"a": {"v": 1}})
        yield Overlay(below)


def test_what_is_written_stays_above() -> None:
    with SqliteRows(":memory:") as below:
        below.write("runs", "p", {"a": {"v": 1}, "b": {"v": 1}, "c": {"v": 1}})
        rows = Overlay(below)
        version = rows.get("runs", "p", ["a"])["a"][1]

        assert rows.write("runs", "p", {"a": {"v": 1, "n": 2}}, ["b"], expected={"a": version})
        assert not rows.write("runs", "p", {}, ["a"], expected={"a": version})

        assert rows.range("runs", "p", "", "~") == [("a", {"v": 1, "n": 2}), ("c", {"v": 1})]
        assert list(rows.get("runs", "p", ["b", "c"])) == ["c"]
        assert below.range("runs", "p", "", "~") == [(key, {"v": 1}) for key in "abc"]
