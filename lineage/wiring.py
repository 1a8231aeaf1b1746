"""Opens the doors that settings name: catalog, store, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock

from lineage import ticks
from lineage.auth import Credential, storage_identity
from lineage.catalog.local import LocalCatalog
from lineage.model import Catalog, Clock, FactoryId, Json, Name, Rows
from lineage.settings import Settings
from lineage.sources.client import Client
from lineage.sources.definitions import RestDefinitions
from lineage.sources.rest import RestRuns
from lineage.store.account import opened
from lineage.store.hold import held
from lineage.store.notes import Notes
from lineage.store.overlay import Overlay
from lineage.store.sqlite import SqliteRows, locked
from lineage.store.storage import ATTEMPTS, Patience
from lineage.store.table import TableRows
from lineage.ticks import Ticks
from lineage.translate import TRANSLATORS


def now() -> Ticks:
    """Our clock."""
    return ticks.of(datetime.now(UTC))


class Access(StrEnum):
    """What an app may do to store and catalog."""

    WRITE = "write"  # both are made where there are none
    READ = "read"  # neither is changed, or made
    DRY = "dry"  # as READ; what is written is kept in memory, and forgotten


class Counted:
    """A catalog that counts its calls, and takes writes only with `Access.WRITE`."""

    def __init__(self, catalog: Catalog, address: str, access: Access) -> None:
        self._catalog = catalog
        self._access = access
        self._lock = Lock()
        self.address = address  # of the file that was asked for, though it may not be there
        self.counts: Counter[str] = Counter()

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """Counted as a read."""
        self._count(catalogReads=1)
        return self._catalog.get(type_name, names)

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """Counted as a write."""
        if self._access is not Access.WRITE:
            return {str(each["guid"]): "dry run" for each in entities}
        self._count(catalogWrites=1, entities=len(entities))
        return self._catalog.send(entities)

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Counted as a read."""
        self._count(catalogReads=1)
        return self._catalog.lineage(name, direction, depth)

    def delete(self, name: Name) -> None:
        """Counted as a write."""
        if self._access is Access.WRITE:
            self._count(catalogWrites=1)
            self._catalog.delete(name)

    def _count(self, **counts: int) -> None:
        with self._lock:
            self.counts.update(counts)


def catalog(path: str, access: Access) -> LocalCatalog:
    """The catalog's file; an empty catalog where there is none and none is to be made."""
    missing = not Path(path).exists() or not Path(path).stat().st_size
    return LocalCatalog(":memory:" if missing and access is not Access.WRITE else path)


@contextmanager
def rows(settings: Settings, access: Access) -> Iterator[Rows]:
    """The store that the settings name."""
    with _store(settings, access) as store:
        yield Overlay(store) if access is Access.DRY else store


def _store(settings: Settings, access: Access) -> TableRows | SqliteRows:
    if settings.store.scheme == "table":
        return tables(settings)
    path = settings.store.rest
    return SqliteRows(path) if access is Access.WRITE else SqliteRows.reading(path)


def tables(settings: Settings, attempts: int = ATTEMPTS) -> TableRows:
    """The tables of the account that the settings name; each call is tried so often."""
    service = opened(settings.storage, lambda: storage_identity(settings))
    return TableRows(service, Patience(attempts))


@contextmanager
def alone(settings: Settings, notes: Notes, clock: Clock) -> Iterator[Callable[[], None]]:
    """
    Hold the store for one sync; yields a check that raises `Unavailable` where it was lost.

    A file is locked by the system, tables by a lease. Raises `Unavailable` where another has it.
    """
    if settings.store.scheme == "table":
        with held(notes, "sync", clock) as check:
            yield check
    else:
        with locked(settings.store.rest):
            yield lambda: None


class Source:
    """The runs and definitions of one factory or workspace; `calls` counts what it was asked."""

    def __init__(
        self, factory: FactoryId, settings: Settings, identity: Credential | None, clock: Clock
    ) -> None:
        self.calls = 0
        self._lock = Lock()
        client = Client(factory, settings, identity, on_call=self._count)
        self.runs = RestRuns(client, TRANSLATORS.keys(), clock)
        self.definitions = RestDefinitions(client, clock)
        self.close = client.close

    def _count(self) -> None:
        with self._lock:
            self.calls += 1
