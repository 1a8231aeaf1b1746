"""The door to a store: rows in partitions, six methods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Rows(Protocol):
    """
    A key-value table in partitions: all that a store has to provide.

    Rows are JSON objects. `write` is all or nothing for up to 100 rows; a larger one may be cut,
    in the order given, puts before deletes, so that a kill leaves its first parts.
    """

    def get(
        self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
    ) -> dict[str, Versioned]:
        """
        The rows with these keys; those that do not exist are left out.

        Where they are `near` to one another, a store with pages may read what is between them.
        """
        ...

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys."""
        ...

    def scan(
        self, table: str, partition: str, low: str, high: str
    ) -> Iterator[tuple[str, Versioned]]:
        """As `range`, with versions; a store with pages reads only those that are asked for."""
        ...

    def under(self, table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        """The rows whose keys begin with one of these."""
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
        Write and delete rows. `expected` gives the versions that those of them must still have.

        0 is: no such row. False, and nothing is written, where one does not hold. A write that
        expects versions is of 100 rows at most.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """
        Writes of one block may be kept until its end, and then are all made or none.

        Or each is made at once: this saves time, and is no promise.
        """
        ...


Row = dict[str, Any]
Versioned = tuple[Row, int]
