"""The door to a store: rows in partitions, four methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Rows(Protocol):
    """
    A key-value table in partitions: all that a store has to provide.

    Rows are JSON objects. `write` is all or nothing for up to 100 rows.
    """

    def get(self, table: str, partition: str, keys: Iterable[str]) -> dict[str, Versioned]:
        """The rows with these keys; those that do not exist are left out."""
        ...

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys."""
        ...

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        """
        Write and delete rows. `expected` gives versions that must still hold (0: no such row).

        False, and nothing is written, where one does not hold.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Writes of one block may be kept until its end, and then are all made or none."""
        ...


Row = dict[str, Any]
Versioned = tuple[Row, int]
