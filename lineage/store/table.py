"""Rows in Azure tables: the store of a host that loses its disk, and of several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from lineage.errors import Unavailable
from lineage.model import Row, Versioned
from lineage.storage import AT_ONCE, Patience, code, status
from lineage.store import entities
from lineage.store.entities import Change

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableServiceClient

T = TypeVar("T")

PREFIX = "lineage"  # the account is the Functions host's own too
TRIES = 5  # of a transaction whose table, or rows to be deleted, were not there
FEW = 2  # keys that are asked for one by one
PAGE = 1000  # rows of one answer, the service's limit


class TableRows:
    """
    The rows of an account's tables `lineageruns`, `lineagepublished` …; see `model.Rows`.

    A row's version is its ETag. A write of up to 100 rows (and 3.5 MB) is one transaction, all or
    nothing; a larger one is cut, in the order in which it is given, puts before deletes, and a kill
    in between leaves the first parts. That is why a write that expects versions is never cut:
    one that would have to be raises `ValueError`.

    A connection may be lost after the service has written. So that a repeated write is not taken
    for another's, each write leaves its mark in its rows and looks for it where a repetition is
    refused.

    Tables are made by the first write. Raises `Unavailable` and `SettingsError`, and `Rejected` for
    what the service refuses for good.
    """

    def __init__(self, service: TableServiceClient, patience: Patience | None = None) -> None:
        self._service = service
        self._patience = patience or Patience()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tables")
        self._clients: dict[str, TableClient] = {}

    @property
    def address(self) -> str:
        """Where the tables are."""
        return self._service.url.partition("?")[0]  # else with the signature, if it has one

    def __enter__(self) -> TableRows:
        return self

    def __exit__(self, *ended: object) -> None:
        self._pool.shutdown()
        self._service.close()

    def get(
        self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
    ) -> dict[str, Versioned]:
        """
        The rows with these keys. The service looks up no list: calls are made side by side.

        Keys that differ only behind their second bar are neighbours, and read in one call. Of keys
        that are near, the span between them is read as far as one page goes.
        """
        asked = list(keys)
        if near and asked:
            shown, beyond = self._page(table, partition, asked)
            return shown | self.get(table, partition, beyond)
        families: dict[str, list[str]] = {}
        for key in dict.fromkeys(asked):
            family = key.rpartition("|")[0]
            families.setdefault(family if "|" in family else key, []).append(key)

        def read(family: str) -> dict[str, Any]:
            asked = families[family]
            if len(asked) <= FEW:
                return self._entities(table, partition, asked)
            between = self._query(table, partition, min(asked), f"{max(asked)}!")
            return {key: each for each in between if (key := each["RowKey"]) in asked}

        found = self._side_by_side(read, list(families))
        return {key: entities.versioned(each) for some in found for key, each in some.items()}

    def _page(
        self, table: str, partition: str, asked: Sequence[str]
    ) -> tuple[dict[str, Versioned], list[str]]:
        """What the first page of the span between keys shows of them, and those beyond it."""
        wanted = set(asked)
        page = list(islice(self.scan(table, partition, min(asked), f"{max(asked)}!"), PAGE))
        found = {key: each for key, each in page if key in wanted}
        return found, [key for key in asked if len(page) == PAGE and key > page[-1][0]]

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys, page by page."""
        found = self._query(table, partition, low, high)
        return [(each["RowKey"], entities.row(each)) for each in found]

    def scan(
        self, table: str, partition: str, low: str, high: str
    ) -> Iterator[tuple[str, Versioned]]:
        """The rows of a range with their versions; a page is read when its first row is due."""
        for each in self._query(table, partition, low, high):
            yield each["RowKey"], entities.versioned(each)

    def under(self, table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        """The rows whose keys begin with one of these: a call for each of them, side by side."""

        def read(begun: str) -> dict[str, Versioned]:
            return dict(self.scan(table, partition, begun, f"{begun}~"))

        found = self._side_by_side(read, list(dict.fromkeys(beginnings)))
        return {key: each for some in found for key, each in some.items()}

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        """Write and delete rows; see above, and `model.Rows`."""
        versions, mark = expected or {}, uuid4().hex
        if any(version < 0 for version in versions.values()):
            return False  # no row ever has it
        changes = [
            Change(key, entities.entity(partition, key, row, mark), versions.get(key))
            for key, row in puts.items()
        ]
        gone = [key for key in dict.fromkeys(deletes) if key not in puts]
        changes += [Change(key, None, versions.get(key)) for key in gone]
        parts = list(entities.cut(changes))
        if versions and len(parts) > 1:
            raise ValueError(f"{len(changes)} rows are too many to expect versions of")
        return all(self._commit(table, partition, part) for part in parts)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nothing: every write is made at once, and what follows a kill must allow for that."""
        yield

    # ------------------------------------------------------------ writing

    def _commit(self, table: str, partition: str, part: list[Change]) -> bool:
        """One transaction; False where a version does not hold."""
        from azure.core.exceptions import HttpResponseError

        for _ in range(TRIES):
            if not part:
                return True
            sent = 0

            def submit(changes: list[Change] = part) -> None:
                nonlocal sent
                sent += 1
                self._client(table).submit_transaction(_operation(partition, c) for c in changes)

            try:
                self._call(table, submit)
                return True
            except HttpResponseError as error:
                if code(error) == "TableNotFound":
                    self._make(table)
                    continue
                if sent > 1 and self._arrived(table, partition, part):
                    return True
                there = self._there(table, partition, part) if status(error) == 404 else part
                if len(there) == len(part):
                    return False
                part = there
        raise Unavailable(f"the table {PREFIX}{table} changes faster than can be followed")

    def _there(self, table: str, partition: str, part: list[Change]) -> list[Change]:
        """Without deletions of rows that are not there: one such fails its transaction."""
        gone = [each.key for each in part if not each.entity and each.expected is None]
        found = self._side_by_side(
            lambda key: self._entities(table, partition, [key], ["RowKey"]), gone
        )
        missing = set(gone) - {key for each in found for key in each}
        return [each for each in part if each.key not in missing]

    def _arrived(self, table: str, partition: str, part: list[Change]) -> bool:
        """Whether the transaction is written already, by a call that seemed to fail."""
        first = part[0]
        found = self._entities(table, partition, [first.key], ["mark"]).get(first.key)
        if first.entity is None:
            return found is None
        return found is not None and found.get("mark") == first.entity["mark"]

    def _make(self, table: str) -> None:
        from azure.core.exceptions import ResourceExistsError

        try:
            self._call(table, self._client(table).create_table)
        except ResourceExistsError:
            return  # somebody else was faster

    # ------------------------------------------------------------ reading

    def _query(self, table: str, partition: str, low: str, high: str) -> Iterator[Any]:
        """The entities with low <= key < high."""
        asked = "PartitionKey eq @partition and RowKey ge @low and RowKey lt @high"
        values = {"partition": partition, "low": low, "high": high}
        found = self._client(table).query_entities(asked, parameters=values, results_per_page=PAGE)
        pages, seen = found.by_page(), set[str]()
        while True:
            yield from self._asked(table, lambda: list(next(pages))) or ()
            token = str(getattr(pages, "continuation_token", None) or "")
            if not token:
                return
            if token in seen:
                raise Unavailable(f"the table {PREFIX}{table} gave one page twice")
            seen.add(token)

    def _entities(
        self, table: str, partition: str, keys: Sequence[str], select: list[str] | None = None
    ) -> dict[str, Any]:
        """Entities by their keys, one after the other; those that do not exist are left out."""
        client = self._client(table)
        found: dict[str, Any] = {}
        for key in keys:
            read = partial(client.get_entity, partition, key, select=select)
            if (entity := self._asked(table, read)) is not None:
                found[key] = entity
        return found

    def _side_by_side(self, act: Callable[[str], T], each: Sequence[str]) -> Iterable[T]:
        return map(act, each) if len(each) <= FEW else self._pool.map(act, each)

    def _asked(self, table: str, act: Callable[[], T]) -> T | None:
        """What a read gives; None where there is no such table or row."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._call(table, act)
        except ResourceNotFoundError:
            return None

    def _call(self, table: str, act: Callable[[], T]) -> T:
        return self._patience.call(f"the table {PREFIX}{table}", act)

    def _client(self, table: str) -> TableClient:
        """One for each table; made twice by two threads it is as good."""
        if table not in self._clients:
            self._clients[table] = self._service.get_table_client(f"{PREFIX}{table}")
        return self._clients[table]


def _operation(partition: str, change: Change) -> tuple[Any, ...]:
    """A change as the SDK takes it."""
    from azure.core import MatchConditions

    if change.expected == 0:
        return ("create", change.entity)
    known: dict[str, Any] = {}
    if change.expected is not None:
        known = {
            "etag": entities.etag(change.expected),
            "match_condition": MatchConditions.IfNotModified,
        }
    if change.entity is None:
        return ("delete", {"PartitionKey": partition, "RowKey": change.key}, known)
    return ("update" if known else "upsert", change.entity, {"mode": "replace", **known})
