"""Rows over those of a store: what is written to them is kept in memory, and forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from threading import RLock

from lineage.model import Row, Rows, Versioned


class Overlay:
    """
    What a dry run sees: the rows below, and above them what it wrote itself; see `model.Rows`.

    Versions of its own are below zero, where no store has any.
    """

    def __init__(self, below: Rows) -> None:
        self._below = below
        self._lock = RLock()
        self._versions = count(-2, -1)
        self._above: dict[tuple[str, str], dict[str, Versioned | None]] = {}  # None: deleted

    def get(
        self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
    ) -> dict[str, Versioned]:
        """The rows with these keys; those that do not exist are left out."""
        asked = list(keys)
        found = self._below.get(table, partition, asked, near=near)
        with self._lock:
            above = self._above.get((table, partition), {})
            return _without_deleted(found | {key: above[key] for key in asked if key in above})

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys."""
        return [(key, row) for key, (row, _) in self.scan(table, partition, low, high)]

    def scan(
        self, table: str, partition: str, low: str, high: str
    ) -> Iterator[tuple[str, Versioned]]:
        """The rows of a range with their versions."""
        found: dict[str, Versioned | None] = dict(self._below.scan(table, partition, low, high))
        with self._lock:
            above = self._above.get((table, partition), {})
            found |= {key: each for key, each in above.items() if low <= key < high}
        yield from sorted(_without_deleted(found).items(), key=lambda each: each[0])

    def under(self, table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        """The rows whose keys begin with one of these."""
        asked = tuple(beginnings)
        found: dict[str, Versioned | None] = dict(self._below.under(table, partition, asked))
        with self._lock:
            above = self._above.get((table, partition), {})
            return _without_deleted(
                found | {key: each for key, each in above.items() if key.startswith(asked)}
            )

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        """Write and delete rows in memory; see `model.Rows`."""
        with self._lock:
            now = self.get(table, partition, expected or ())
            held = {key: version for key, (_, version) in now.items()}
            if any(held.get(key, 0) != version for key, version in (expected or {}).items()):
                return False
            above = self._above.setdefault((table, partition), {})
            above.update(dict.fromkeys(deletes))
            above.update({key: (row, next(self._versions)) for key, row in puts.items()})
            return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nothing is kept anyway."""
        yield


def _without_deleted(found: Mapping[str, Versioned | None]) -> dict[str, Versioned]:
    return {key: each for key, each in found.items() if each is not None}
