"""Opens the doors that settings name: catalog, store, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock

from requests import Session
from requests.auth import AuthBase

from lineage import http, storage, ticks
from lineage.auth import Credential, basic, bearer, storage_identity
from lineage.catalog.account import Account, Choices
from lineage.catalog.fitted import FittedCatalog
from lineage.catalog.local import LocalCatalog
from lineage.catalog.pace import Pace
from lineage.catalog.rest import CLOSED, RestCatalog
from lineage.catalog.servers import SERVERS
from lineage.catalog.typedefs import definition
from lineage.catalog.types import Memory, Types
from lineage.errors import LineageError
from lineage.http import LIMITS, Limits
from lineage.model import Catalog, Clock, FactoryId, Json, Name, Rows
from lineage.queue import StorageQueue
from lineage.resolve.around import SPEAKING
from lineage.settings import NameCase, Settings
from lineage.sources.client import Client
from lineage.sources.definitions import RestDefinitions
from lineage.sources.rest import RestRuns
from lineage.storage import ATTEMPTS, Patience, opened
from lineage.store.hold import held
from lineage.store.notes import Notes
from lineage.store.overlay import Overlay
from lineage.store.sqlite import SqliteRows, locked
from lineage.store.table import TableRows
from lineage.ticks import Ticks
from lineage.translate import TRANSLATORS

OpenSession = Callable[[str], Session]  # for calls to the host of a URL


def now() -> Ticks:
    """Our clock."""
    return ticks.of(datetime.now(UTC))


class Access(StrEnum):
    """What an app may do to store and catalog."""

    WRITE = "write"  # both are made where there are none
    READ = "read"  # neither is changed, or made
    DRY = "dry"  # as READ; what is written is kept in memory, and forgotten


class Counts:
    """Calls and entities, counted by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.total: Counter[str] = Counter()

    def add(self, what: str, number: int = 1) -> None:
        """Count one more, or that many."""
        with self._lock:
            self.total[what] += number


class Counted:
    """
    A catalog that counts entities, and takes writes only with `Access.WRITE`.

    `calls` counts calls too: those of a server are counted where they are made.
    """

    def __init__(
        self, catalog: Catalog, address: str, access: Access, counts: Counts, *, calls: bool
    ) -> None:
        self._catalog = catalog
        self._access = access
        self._counts = counts
        self._calls = calls
        self.counts = counts.total
        self.address = address  # of the file that was asked for, though it may not be there

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """Counted as a read."""
        self._count("catalogReads")
        return self._catalog.get(type_name, names)

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """Counted as a write."""
        if self._access is not Access.WRITE:
            return {str(each["guid"]): "dry run" for each in entities}
        self._count("catalogWrites")
        self._counts.add("entities", len(entities))
        return self._catalog.send(entities)

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Counted as a read."""
        self._count("catalogReads")
        return self._catalog.lineage(name, direction, depth)

    def delete(self, name: Name) -> None:
        """Counted as a write."""
        if self._access is Access.WRITE:
            self._count("catalogWrites")
            self._catalog.delete(name)

    def _count(self, what: str) -> None:
        if self._calls:
            self._counts.add(what)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """
    A catalog with what was found out about its account.

    `most` says how many processes the next bulk may hold, `closed` why nothing is sent now.
    `server` is None for the embedded catalog.
    """

    catalog: Counted
    account: Account
    most: Callable[[], int]
    closed: Callable[[], LineageError | None] = lambda: None
    server: RestCatalog | None = None


def catalog(
    settings: Settings,
    access: Access,
    rows: Rows,
    clock: Clock,
    identity: Callable[[], Credential | None],
    stack: ExitStack,
    session: OpenSession = http.session,
    limits: Limits = LIMITS,
    shut: float = CLOSED,
) -> Opened:
    """
    The catalog that settings name; `stack` closes it. A server is called through `session`.

    One that is closed to us is left alone for `shut` seconds.
    """
    if settings.catalog.scheme == "local":
        return _local(settings, access, rows, clock, stack)
    http_session = session(settings.catalog.rest)
    return _rest(settings, access, rows, clock, identity, stack, http_session, limits, shut)


def _local(
    settings: Settings, access: Access, rows: Rows, clock: Clock, stack: ExitStack
) -> Opened:
    """The catalog's file; an empty catalog where there is none and none is to be made."""
    path = settings.catalog.rest
    missing = not Path(path).exists() or not Path(path).stat().st_size
    file = LocalCatalog(":memory:" if missing and access is not Access.WRITE else path)
    stack.enter_context(file)
    address = f"local:{path}"
    counted = Counted(file, address, access, Counts(), calls=True)
    memory = Memory(rows, address, clock, keep=False)  # it has the types we know, and no others
    case = "original" if settings.name_case is NameCase.AUTO else settings.name_case.value
    choices = Choices(case, settings.synapse_operation, settings.register_types)
    account = Account(counted, Types(definition, memory), memory, choices)
    return Opened(counted, account, lambda: settings.catalog_batch)


def _rest(
    settings: Settings,
    access: Access,
    rows: Rows,
    clock: Clock,
    identity: Callable[[], Credential | None],
    stack: ExitStack,
    session: Session,
    limits: Limits,
    shut: float,
) -> Opened:
    """A server, through an account that fits what is sent to its types."""
    kind, endpoint = SERVERS[settings.catalog.scheme], settings.catalog.rest
    auth: AuthBase | None
    if kind.scope:
        auth = bearer(identity(), kind.scope, endpoint)
    else:
        auth = basic(settings.atlas_username, settings.atlas_password, endpoint)
    counts = Counts()
    pace = Pace(settings.catalog_rate, kind.start, settings.catalog_batch)
    server = stack.enter_context(
        RestCatalog(
            kind,
            endpoint,
            auth,
            pace,
            collection=settings.collection,
            session=session,
            limits=limits,
            shut_for=shut,
            on_call=counts.add,
            on_names=lambda names: account.named(names),
        )
    )
    memory = Memory(rows, server.address, clock, keep=access is not Access.READ)
    choices = Choices(
        settings.name_case.value,
        settings.synapse_operation,
        settings.register_types,
        "; register it with: python -m lineage types install" if kind.installs else "",
    )
    account = Account(server, Types(server.definition, memory), memory, choices)
    fitted = FittedCatalog(server, account)
    counted = Counted(fitted, server.address, access, counts, calls=False)
    return Opened(counted, account, lambda: pace.size, lambda: server.closed, server)


@contextmanager
def rows(settings: Settings, access: Access, attempts: int = ATTEMPTS) -> Iterator[Rows]:
    """The store that the settings name; a call to a service is tried so often."""
    with _store(settings, access, attempts) as store:
        yield Overlay(store) if access is Access.DRY else store


def _store(settings: Settings, access: Access, attempts: int) -> TableRows | SqliteRows:
    if settings.store.scheme == "table":
        return tables(settings, attempts)
    path = settings.store.rest
    return SqliteRows(path) if access is Access.WRITE else SqliteRows.reading(path)


def tables(settings: Settings, attempts: int = ATTEMPTS) -> TableRows:
    """The tables of the account that the settings name; each call is tried so often."""
    service = opened(settings.storage, lambda: storage_identity(settings))
    return TableRows(service, Patience(attempts))


def queue(
    settings: Settings, suffix: str = "", attempts: int = ATTEMPTS, *, quick: bool = False
) -> StorageQueue:
    """
    The storage queue that the settings name, or with a suffix another beside it.

    A `quick` one is for callers who wait for the answer themselves: two tries of seconds.
    """
    name = settings.queue + suffix
    client = storage.queue(settings.storage, name, lambda: storage_identity(settings), quick=quick)
    return StorageQueue(client, Patience(2 if quick else attempts))


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
        self.runs = RestRuns(client, TRANSLATORS.keys() | SPEAKING, clock)
        self.definitions = RestDefinitions(client, clock)
        self.close = client.close

    def _count(self) -> None:
        with self._lock:
            self.calls += 1
