"""Definitions over REST: what the runs of a reading need, fetched before it is translated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from lineage.errors import Cause, Rejected, Unavailable
from lineage.http import Answer
from lineage.jsontext import Packed, dumps, loads
from lineage.model import Clock, Definition, Factory, FactoryId, Kind, Listed, Reading
from lineage.resolve.activities import references
from lineage.resolve.datasets import linked_service_of
from lineage.sources import payloads
from lineage.sources.addresses import segment
from lineage.sources.client import Client, no_such_factory
from lineage.sources.needs import Problems, Uses, by_key, latest, names_needed, without
from lineage.sources.rest import utc_now
from lineage.sources.triggers import RestTriggers
from lineage.ticks import Ticks, shift

PAUSE = 60.0  # seconds until a definition that could not be had is asked for again
SINGLY = 20  # definitions of a kind that are got one by one; then all are listed

_Key = tuple[Kind, str]  # the name in lower case: Data Factory finds names in any


class _Entry(Struct, frozen=True, eq=False):
    """A definition, or None for one that is gone, as it was at `fetched` by our clock."""

    definition: Definition | None
    fetched: Ticks


class RestDefinitions:
    """
    The definitions of one factory or workspace, kept in memory as long as this object lives.

    What is kept is good for a pipeline run that was last updated before it was fetched; for a later
    one it is asked for again, by its ETag. Safe for several threads.
    """

    def __init__(self, client: Client, clock: Clock = utc_now) -> None:
        self._client = client
        self._clock = clock
        self._triggers = RestTriggers(client, clock)
        self._lock = Lock()  # of a whole prefetch: two lanes need much the same
        self._entries: dict[_Key, _Entry] = {}
        self._factory = Factory(client.factory, client.factory.rpartition("/")[2])
        self._asked: Ticks | None = None  # when the factory itself was fetched
        self._failed: dict[_Key, tuple[Unavailable, Ticks]] = {}
        self._got: Counter[Kind] = Counter()  # one by one, since the last listing

    @property
    def factory(self) -> Factory:
        """The factory or workspace; before the first prefetch only what its id tells."""
        return self._factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        """
        The definition as it was prefetched, or None if it no longer exists.

        Raises `Unavailable` for one that was not prefetched: nothing is known of it, so that the
        run that asks has to wait.
        """
        entry = self._entries.get((kind, name.lower()))
        if entry is None:
            said = f"{kind} {name!r} of {self._client.factory} was not prefetched"
            raise Unavailable(said, cause=Cause.REPLACED)
        return entry.definition

    def prefetch(self, reading: Reading, wanted: Collection[str]) -> Reading:
        """
        Fetch what the succeeded activity runs of types `wanted` need; nothing if there are none.

        That is the factory, their pipelines, the datasets these activities refer to, and the linked
        services of those, in this order; and the runs of the triggers whose time they ask for. A
        pipeline run that needs what cannot be had now is moved to `unread`. Raises `SettingsError`
        on 401 and 403.
        """
        needing = [listed for listed in reading.listed if names_needed(listed, wanted)]
        if not needing:
            return reading
        problems: Problems = {}
        with self._lock:
            self._fetch_factory(needing, problems)
            pipelines = ((Kind.PIPELINE, each.run.pipeline) for each in needing)
            uses = {} if problems else by_key(zip(pipelines, needing, strict=True))
            while uses:  # pipelines, datasets, linked services: three rounds
                self._fetch(uses, problems)
                uses = by_key(self._further(uses, wanted))
        return self._triggers.told(without(reading, problems), self._pipeline, wanted)

    def _pipeline(self, name: str) -> Definition | None:
        entry = self._entries.get((Kind.PIPELINE, name.lower()))
        return entry.definition if entry else None

    def _fetch_factory(self, needing: Collection[Listed], problems: Problems) -> None:
        if self._asked is not None and self._asked > latest(needing):
            return
        asked = self._clock()
        try:
            answer = self._client.call("GET", self._client.api.itself)
            if not isinstance(answer.body, dict):
                raise Unavailable(f"the answer for {self._client.factory} is no object")
            self._factory = _named(payloads.factory(answer.body), self._client.factory)
            self._asked = asked
        except Unavailable as error:
            problems.update((each.run.id, error) for each in needing)
        except Rejected:
            raise no_such_factory(self._client.factory) from None

    def _fetch(self, uses: Uses, problems: Problems) -> None:
        """Bring what is used up to date; a run that uses what cannot be had is in `problems`."""
        stale: dict[Kind, dict[str, str]] = defaultdict(dict)
        for (kind, name), users in uses.items():
            entry = self._entries.get((kind, name.lower()))
            if entry is None or entry.fetched <= latest(users):
                stale[kind][name.lower()] = name
        failed = self._failing(stale)
        for kind, low in failed:
            del stale[kind][low]
        for kind, names in stale.items():
            self._got[kind] += len(names)
            fetch = self._list if self._got[kind] > SINGLY else self._each
            new = {(kind, low): error for low, error in fetch(kind, names)} if names else {}
            self._failed.update((key, (error, self._clock())) for key, error in new.items())
            failed |= new
        for (kind, name), users in uses.items():
            if error := failed.get((kind, name.lower())):
                problems.update((each.run.id, error) for each in users)

    def _failing(self, wanted: Mapping[Kind, Mapping[str, str]]) -> dict[_Key, Unavailable]:
        """What could not be had a moment ago, and is not asked for again at once."""
        since = shift(self._clock(), -PAUSE)
        self._failed = {key: each for key, each in self._failed.items() if each[1] > since}
        return {
            (kind, low): self._failed[kind, low][0]
            for kind, names in wanted.items()
            for low in names
            if (kind, low) in self._failed
        }

    def _each(self, kind: Kind, names: Mapping[str, str]) -> list[tuple[str, Unavailable]]:
        results = self._client.each(lambda low: self._one(kind, names[low]), list(names))
        return [(low, error) for low, error in results if error is not None]

    def _one(self, kind: Kind, name: str) -> Unavailable | None:
        key, asked = (kind, name.lower()), self._clock()
        kept = self._entries.get(key)
        known = kept.definition if kept else None
        try:
            path = f"/{kind.value}/{segment(name)}"
            answer = self._client.call("GET", path, etag=known.etag if known else "")
            if answer.status != 304:
                found = _definition(answer, kind, name)
            elif known is None:
                raise Unavailable(f"the answer for {kind} {name!r} is that of one we never had")
            else:
                found = known
        except Rejected:
            found = None
        except Unavailable as error:
            return error
        self._entries[key] = _Entry(found, asked)
        return None

    def _list(self, kind: Kind, names: Mapping[str, str]) -> list[tuple[str, Unavailable]]:
        """
        All definitions of a kind; what is asked for and not among them is gone.

        Of those not asked for only new ones are kept: another lane reports from what it prefetched.
        """
        self._got[kind] = 0
        asked = self._clock()
        found: dict[str, Definition | None] = dict.fromkeys(names)
        try:
            for page in self._client.list(f"/{kind.value}"):
                each = (payloads.definition(row, kind) for row in page.rows)
                found.update(
                    (definition.name.lower(), _kept_small(definition)) for definition in each
                )
        except Unavailable as error:
            return [(low, error) for low in names]
        except Rejected:
            raise no_such_factory(self._client.factory) from None
        for low, definition in found.items():
            if low in names or (kind, low) not in self._entries:
                self._entries[kind, low] = _Entry(definition, asked)
        return []

    def _further(
        self, uses: Uses, wanted: Collection[str]
    ) -> Iterator[tuple[tuple[Kind, str], Listed]]:
        """What the definitions in use refer to, and for which runs."""
        for (kind, name), users in uses.items():
            entry = self._entries.get((kind, name.lower()))
            definition = entry.definition if entry else None
            if definition is None:
                continue
            if kind is Kind.DATASET and (service := linked_service_of(definition)):
                yield from (((Kind.LINKED_SERVICE, service), each) for each in users)
            if kind is Kind.PIPELINE:
                known: dict[frozenset[str], frozenset[tuple[Kind, str]]] = {}
                for each in users:
                    names = names_needed(each, wanted)
                    if names not in known:
                        known[names] = references(definition.properties, names)
                    yield from ((reference, each) for reference in known[names])


def _named(found: Factory, known: FactoryId) -> Factory:
    """With the id that was configured, unless the answer's differs by case alone."""
    right = found.id.lower() == known.lower()
    return replace(
        found, id=found.id if right else known, name=found.name or known.rpartition("/")[2]
    )


def _definition(answer: Answer, kind: Kind, name: str) -> Definition:
    if not isinstance(answer.body, dict):
        raise Unavailable(f"the answer for {kind} {name!r} is no object")
    found = payloads.definition(answer.body, kind)
    if found.name.lower() != name.lower():
        raise Unavailable(f"the answer for {kind} {name!r} is another's")
    etag = found.etag or answer.headers.get("ETag", "")
    return _kept_small(replace(found, etag=etag, written=payloads.etag_second(etag)))


# Of the pipelines, which all together would fill the memory, these are held as they were read.
_read = lru_cache(maxsize=256)(loads)


def _kept_small(definition: Definition) -> Definition:
    if definition.kind is not Kind.PIPELINE:
        return definition
    return replace(definition, properties=Packed(dumps(definition.properties).encode(), _read))
