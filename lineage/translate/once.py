"""Equal runs are translated once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock

from lineage.errors import Untranslatable
from lineage.jsontext import canonical
from lineage.model import ActivityRun, Definition, Definitions, Factory, Kind, Translation
from lineage.translate import translate, worth_reading

MOST = 8192  # translations kept; the least recently used goes first

Read = tuple[tuple[Kind, str], Definition | None, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A translation, the factory as it was, and every definition that was read for it."""

    result: Translation | Untranslatable
    factory: Factory
    read: tuple[Read, ...]

    def holds(self, run: ActivityRun, definitions: Definitions) -> bool:
        """Whether the run would read the same definitions, as old or new against its start."""
        return _same(self.factory, definitions.factory) and all(
            definitions.get(*asked) is found and _later(found, run) == later
            for asked, found, later in self.read
        )


class Once:
    """
    `translate`, with a memory of what it gave for equal runs; safe for several threads.

    Two runs are equal if activity, parameters, input, status and evidence are, and if the
    definitions read for them are the very same objects.
    """

    def __init__(self, most: int = MOST) -> None:
        self._kept: OrderedDict[tuple[object, ...], Kept] = OrderedDict()
        self._most = most
        self._lock = Lock()

    def __call__(self, run: ActivityRun, definitions: Definitions) -> Translation:
        """See `translate.translate`."""
        if not worth_reading(run):
            return translate(run, definitions)
        key = _key(run)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or not kept.holds(run, definitions):
            kept = self._translate(run, definitions)
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        if isinstance(kept.result, Untranslatable):
            raise Untranslatable(*kept.result.gaps)
        return kept.result

    def _translate(self, run: ActivityRun, definitions: Definitions) -> Kept:
        noted = _Noting(definitions)
        result: Translation | Untranslatable
        try:
            result = replace(translate(run, noted), traces=())  # for people, and large
        except Untranslatable as error:
            result = error
        read = tuple((asked, found, _later(found, run)) for asked, found in noted.read.items())
        return Kept(result, definitions.factory, read)


class _Noting:
    """Definitions that note what is asked of them."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self.read: dict[tuple[Kind, str], Definition | None] = {}

    @property
    def factory(self) -> Factory:
        return self._definitions.factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        found = self.read[kind, name] = self._definitions.get(kind, name)
        return found


def _key(run: ActivityRun) -> tuple[object, ...]:
    payload = sha256(canonical([run.of.parameters, run.input])).digest()
    return (
        run.of.factory,
        run.of.pipeline,
        run.name,
        run.type,
        run.status,
        payload,
        bool(run.output),
    )


def _same(one: Factory, other: Factory) -> bool:
    """Whether two factories are called and named the same and have the same parameters."""
    return one is other or (
        (one.id, one.name, one.parameters, one.naming)
        == (other.id, other.name, other.parameters, other.naming)
    )


def _later(definition: Definition | None, run: ActivityRun) -> bool:
    written = definition.written if definition else None
    return written is not None and run.started is not None and written > run.started
