"""The doors: what the use cases ask of sources, catalog, queue and store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from lineage.model._lineage import Name
from lineage.model._source import (
    Batch,
    Definition,
    Factory,
    Json,
    Kind,
    PipelineRun,
    Reading,
)
from lineage.ticks import Ticks


class Runs(Protocol):
    """Where runs come from."""

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        """Finished pipeline runs updated in the window, both ends included; see sources.rest."""
        ...

    def read(self, batch: Batch) -> Reading:
        """The activity runs of a batch, each pipeline run whole or not at all."""
        ...


class Definitions(Protocol):
    """Where definitions come from; `get` answers from what was fetched before."""

    @property
    def factory(self) -> Factory:
        """The factory itself."""
        ...

    def get(self, kind: Kind, name: str) -> Definition | None:
        """The definition, or None if it no longer exists."""
        ...


class Catalog(Protocol):
    """
    An Atlas catalog. Entities are Atlas JSON (`{"typeName", "guid", "attributes", …}`).

    Every method raises `Unavailable` where the catalog cannot answer now and `SettingsError` on
    401 and 403.
    """

    @property
    def address(self) -> str:
        """What tells this catalog from another; part of every fingerprint."""
        ...

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """The active entities of a type (or of its subtypes) with these qualifiedNames."""
        ...

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """
        Create or update all of these, or none: `{guid sent: guid assigned}`.

        Raises `Rejected` where the catalog refuses the request.
        """
        ...

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Atlas's lineage answer; `direction` is INPUT, OUTPUT or BOTH; depth 0 is no limit."""
        ...

    def delete(self, name: Name) -> None:
        """Soft-delete an entity; one that is not there is no error."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about a catalog, and when; `warning` says what that costs."""

    what: str
    value: str
    found: Ticks
    warning: str = ""


class Described(Protocol):
    """A catalog that tells its types, and what was found out about it."""

    def typedef(self, name: str) -> Json | None:
        """
        The definition of a type, or None where there is none of that name.

        Raises as `Catalog` does, and `Rejected` for a 404 that is not Atlas's own.
        """
        ...

    def findings(self) -> Sequence[Finding]:
        """What was found out so far."""
        ...


class Queue(Protocol):
    """Where batches wait."""

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        """Put a batch on the queue, visible after `delay` seconds."""
        ...


class Rows(Protocol):
    """
    A key-value table in partitions: all that a store has to provide.

    Rows are JSON objects. `write` is all or nothing for up to 100 rows; a larger one may be cut,
    in the order given, puts before deletes, so that a kill leaves its first parts.
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
Clock = Callable[[], Ticks]
