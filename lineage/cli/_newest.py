"""Rows of the ledger over several factories, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge

from lineage.app import App
from lineage.model import FactoryId, Row, Status
from lineage.store.rows import INDEXED
from lineage.ticks import Ticks

Found = tuple[FactoryId, Row]


def newest(
    app: App,
    factories: Iterable[FactoryId],
    status: Status | None,
    pipeline: str | None,
    since: Ticks | None,
) -> Iterator[Found]:
    """Ledger rows of these factories, the newest first."""

    def of(factory: FactoryId) -> Iterator[Found]:
        for row in app.ledger.activity_rows(factory, status, since):
            named = pipeline is None or row["pipeline"].lower() == pipeline.lower()
            if named and row["updated"] >= (since or 0):
                yield factory, row

    return merge(*(of(each) for each in factories), key=_moment(status), reverse=True)


def _moment(status: Status | None) -> Callable[[Found], int]:
    """By what the ledger orders the rows that it gives."""
    if status in INDEXED:
        return lambda found: found[1]["ended"] or found[1]["updated"]
    return lambda found: found[1]["updated"]
