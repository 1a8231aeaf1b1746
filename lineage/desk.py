"""What the use cases work with: the doors, and the settings that decide what is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from msgspec import Struct, field

from lineage.catalog import bulk
from lineage.model import Asset, Catalog, Clock, Name, Process
from lineage.store.ledger import Ledger
from lineage.store.published import PublishedRows


class Desk(Struct, frozen=True, eq=False):
    """
    Catalog, store and settings of one report.

    `renew` keeps the lane's lease; it raises `Unavailable` where that is lost.
    `creating` holds the one lease under which entities are created; it raises `Unavailable` where
    it is not to be had. `overlap` is in seconds. `daily` says that the last-run attributes of an
    unchanged process are sent once a day. `most` says how many processes the next bulk may hold.
    `possible` gives the names that an asset may go by in this catalog. `prints` keeps fingerprints,
    by the identity of the process.
    """

    catalog: Catalog
    ledger: Ledger
    published: PublishedRows
    renew: Callable[[], None]
    creating: Callable[[], AbstractContextManager[None]]
    clock: Clock
    overlap: float = 900.0
    create: bool = True
    native: str = "verify"
    daily: bool = True
    most: Callable[[], int] = lambda: bulk.COUNT
    possible: Callable[[Asset], tuple[Name, ...]] = lambda asset: asset.candidates
    prints: dict[int, tuple[Process, str]] = field(default_factory=dict)
