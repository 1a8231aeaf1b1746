"""Leases: who may write a thing now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lineage import ticks
from lineage.model import Rows
from lineage.store.rows import VERSION, digest
from lineage.ticks import Ticks

_TABLE, _PARTITION = "notes", "lease"
LEASE = 600.0  # seconds


class Notes:
    """What is shared by all workers and is no ledger, in the rows of a store."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def take(self, what: str, owner: str, now: Ticks, length: float = LEASE) -> bool:
        """
        Take or renew the lease of `what`; False where somebody else holds it.

        It ends by itself after `length` seconds: a holder that died holds nothing up for longer.
        """
        key = digest(what)
        row, version = self._rows.get(_TABLE, _PARTITION, [key]).get(key, ({}, 0))
        if row and row["v"] != VERSION:
            return False
        if row and row["owner"] != owner and row["until"] > now:
            return False
        if row and row["owner"] == owner and row["until"] > ticks.shift(now, length / 2):
            return True  # it is ours for long: nothing needs to be written
        mine = {"v": VERSION, "owner": owner, "until": ticks.shift(now, length)}
        return self._rows.write(_TABLE, _PARTITION, {key: mine}, expected={key: version})

    def free(self, what: str, owner: str) -> None:
        """Let go of a lease; one that is not held by `owner` is left alone."""
        key = digest(what)
        row, version = self._rows.get(_TABLE, _PARTITION, [key]).get(key, ({}, 0))
        if row and row["v"] == VERSION and row["owner"] == owner:
            self._rows.write(_TABLE, _PARTITION, {}, [key], expected={key: version})

    def void(self, owners: str) -> None:
        """Forget the leases of owners who are dead, by what their names begin with."""
        for key, (row, version) in self._rows.scan(_TABLE, _PARTITION, "", "~"):
            if row["v"] == VERSION and row["owner"].startswith(owners):
                self._rows.write(_TABLE, _PARTITION, {}, [key], expected={key: version})

    @contextmanager
    def lease(self, what: str, owner: str, now: Ticks) -> Iterator[bool]:
        """Take a lease for the length of a block; yields whether it was to be had."""
        taken = self.take(what, owner, now)
        try:
            yield taken
        finally:
            if taken:
                self.free(what, owner)
