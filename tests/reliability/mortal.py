"""The doors of a Functions app that ends before or after a write of one's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from lineage import ticks
from lineage.batch import encode
from lineage.errors import Unavailable
from lineage.leases import Leases
from lineage.model import Batch, Catalog, Json, Name, Row, Rows, Versioned
from lineage.queue import StorageQueue
from lineage.service import Service
from lineage.settings import Settings
from lineage.store.circuits import Circuits
from lineage.store.ledger import Ledger
from lineage.store.notes import Notes
from lineage.store.published import PublishedRows
from lineage.ticks import Ticks
from lineage.wiring import Access, Counted, Counts
from lineage.worker import Worker

T = TypeVar("T")

DOWN = 2  # of so many pushes one finds the catalog down
HIDDEN = 600.0  # seconds that a message is nobody else's


class Dead(BaseException):
    """The process has ended. What `finally` does after it finds nothing, and has no effect."""


@dataclass(slots=True)
class Life:
    """
    The writes of all lives, in order, in words; and which of them ends the process.

    `end` is twice the number of the write before which it ends, and one more to end after it.
    """

    end: int | None = None
    writes: list[str] = field(default_factory=list)
    dead: bool = False
    pushes: int = 0

    def read(self, act: Callable[[], T], nothing: T) -> T:
        return nothing if self.dead else act()

    def write(self, word: str, act: Callable[[], T], nothing: T) -> T:
        if self.dead:
            return nothing
        place = 2 * len(self.writes)
        self._may_end(place)
        done = act()
        self.writes.append(word)
        self._may_end(place + 1)
        return done

    def _may_end(self, place: int) -> None:
        if self.end == place:
            self.dead = True
            raise Dead


class MortalRows:
    """Rows of a life. No write waits for the end of its block, as in tables of Azure."""

    def __init__(self, rows: Rows, life: Life) -> None:
        self._rows, self._life = rows, life

    def get(
        self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
    ) -> dict[str, Versioned]:
        return self._life.read(lambda: self._rows.get(table, partition, keys, near=near), {})

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        return self._life.read(lambda: self._rows.range(table, partition, low, high), [])

    def scan(
        self, table: str, partition: str, low: str, high: str
    ) -> Iterator[tuple[str, Versioned]]:
        return self._life.read(lambda: self._rows.scan(table, partition, low, high), iter(()))

    def under(self, table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        return self._life.read(lambda: self._rows.under(table, partition, beginnings), {})

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        gone = list(deletes)
        word = _word(table, partition, puts)
        act = partial(self._rows.write, table, partition, puts, gone, expected)
        return self._life.write(word, act, True)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()


def _word(table: str, partition: str, puts: Mapping[str, Row]) -> str:
    if table != "runs":
        return {"notes": partition, "published": "fingerprint written"}.get(table, table)
    told = [row for key, row in puts.items() if key.startswith("a|")]
    kinds = {key[0] for key in puts}
    if any(each[0] == "Poisoned" for row in told for each in row["reasons"]) or "x" in kinds:
        return "poison rows"
    if told and any(row.get("replays") and row["status"] == "Pending" for row in told):
        return "replay"
    if told:
        done = any(row["status"] in ("Succeeded", "Partial", "NotReported") for row in told)
        return "status written" if done else "Pending rows written"
    if "q" in kinds:
        again = any(row["tries"] for key, row in puts.items() if key[0] == "q")
        return "run row sent again" if again else "run row written"
    return "cursor moved" if "c" in kinds else "run marked listed"


class MortalCatalog:
    """A catalog of a life: before its write is before the push, after it once it is answered."""

    def __init__(self, catalog: Catalog, life: Life) -> None:
        self._catalog, self._life = catalog, life
        self.address = catalog.address

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        return self._life.read(lambda: self._catalog.get(type_name, names), [])

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        self._life.pushes += 1
        if self._life.pushes % DOWN == 0:
            raise Unavailable("down on purpose")
        return self._life.write("push sent", lambda: self._catalog.send(entities), {})

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        return self._life.read(lambda: self._catalog.lineage(name, direction, depth), {})

    def delete(self, name: Name) -> None:
        self._life.write("entity deleted", lambda: self._catalog.delete(name), None)


@dataclass(slots=True)
class Message:
    """A message; `seen` is when it may be taken, `times` how often it was."""

    id: str
    text: str
    seen: Ticks
    times: int = 0


class Messages(StorageQueue):
    """A queue that outlasts its processes; `word` says what a message is sent for."""

    def __init__(self, clock: Callable[[], Ticks]) -> None:
        self.name = "queue"
        self.life = Life()
        self.word = "reference sent"
        self.held: list[Message] = []
        self._clock = clock
        self._sent = 0

    def close(self) -> None:
        """Nothing to let go of."""

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        self.life.write(self.word, lambda: self._keep(encode(batch), delay), None)

    def put(self, text: str, delay: float = 0.0) -> None:
        self.life.write("requeue", lambda: self._keep(text, delay), None)

    def take(self) -> Message | None:
        """The first that may be seen; nobody else has it for a while."""
        now = self._clock()
        found = next((each for each in self.held if each.seen <= now), None)
        if found:
            found.seen, found.times = ticks.shift(now, HIDDEN), found.times + 1
        return found

    def delete(self, message: Message) -> None:
        """Be done with a message."""
        self.life.write("message deleted", lambda: self.held.remove(message), None)

    def _keep(self, text: str, delay: float) -> None:
        self._sent += 1
        self.held.append(Message(str(self._sent), text, ticks.shift(self._clock(), delay)))


def born(settings: Settings, queue: Messages, life: Life, clock: Callable[[], Ticks]) -> Service:
    """A service all of whose doors are of this life."""
    service = Service(settings, clock=clock, queue=queue, poisoned=queue)
    app = service.app
    queue.life = life
    app.rows = rows = MortalRows(app.rows, life)
    mortal = MortalCatalog(app.catalog, life)
    app.catalog = Counted(mortal, mortal.address, Access.WRITE, Counts(), calls=False)
    app.ledger, app.notes = Ledger(rows), Notes(rows)
    app.leases = Leases(app.notes, mortal.address, clock)
    app.published = PublishedRows(rows, mortal.address)
    service.circuits = Circuits(rows, clock)
    service.worker = Worker(app, queue, service.circuits)
    return service
