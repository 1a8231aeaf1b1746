"""Equal runs are translated once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lineage.errors import Untranslatable
from lineage.jsontext import canonical, text_of
from lineage.model import ActivityRun, Definition, Definitions, Factory, Json, Kind, Translation
from lineage.translate import translate, worth_reading

MOST = 8192  # translations kept; the least recently used goes first
_NAMES = "\0"  # stands for the names of all parameters: no parameter is called that

Read = tuple[tuple[Kind, str], Definition | None, bool]


class Kept(Struct, frozen=True, eq=False):
    """
    A translation, the factory as it was, and every definition that was read for it.

    `later` is whether the factory was written after the run began.
    """

    result: Translation | Untranslatable
    factory: Factory
    later: bool
    read: tuple[Read, ...]

    def holds(self, run: ActivityRun, definitions: Definitions) -> bool:
        """Whether the run would read the same definitions, as old or new against its start."""
        factory = definitions.factory
        return (
            _same(self.factory, factory)
            and run.before(factory.written) == self.later
            and all(
                definitions.get(*asked) is found and _later(found, run) == later
                for asked, found, later in self.read
            )
        )


class Once:
    """
    `translate`, with a memory of what it gave for equal runs; safe for several threads.

    Two runs are equal if activity, input, status, evidence and the parameters that are read for
    them are, and if the definitions read for them are the very same objects. Nothing is kept of a
    run for which more was looked at (`ActivityRun.alone`): its times, the runs beside it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._kept: OrderedDict[tuple[object, ...], Kept] = OrderedDict()
        self._used: dict[tuple[str, ...], frozenset[str]] = {}  # parameters read, by activity
        self._most = most
        self._lock = Lock()

    def __call__(self, run: ActivityRun, definitions: Definitions) -> Translation:
        """See `translate.translate`."""
        if not worth_reading(run):
            return translate(run, definitions)
        activity = run.of.factory, run.of.pipeline, run.name
        with self._lock:
            used = self._used.get(activity, frozenset())
            asked = _key(run, used)
            kept = self._kept.get(asked)
        key: tuple[object, ...] | None = asked
        if kept is None or not kept.holds(run, definitions):
            kept, more, alone = self._translate(run, definitions)
            with self._lock:
                now = self._used[activity] = self._used.get(activity, frozenset()) | more
            if alone:
                key = None
            elif now != used:
                key = _key(run, now)
        if key is not None:
            self._keep(key, kept)
        if isinstance(kept.result, Untranslatable):
            raise Untranslatable(*kept.result.gaps)
        return kept.result

    def _keep(self, key: tuple[object, ...], kept: Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def _translate(
        self, run: ActivityRun, definitions: Definitions
    ) -> tuple[Kept, frozenset[str], bool]:
        """What a run tells, the parameters that were read for it, and whether it told it alone."""
        noted, parameters = Noting(definitions), _Reading(run.of.parameters)
        alone: list[None] = []
        result: Translation | Untranslatable
        try:
            of = replace(run.of, parameters=parameters)
            noting = replace(run, of=of, alone=lambda: alone.append(None))
            result = replace(translate(noting, noted), named=())  # traces are for people, and large
        except Untranslatable as error:
            result = error
        read = tuple((asked, found, _later(found, run)) for asked, found in noted.read.items())
        factory = definitions.factory
        kept = Kept(result, factory, run.before(factory.written), read)
        return kept, frozenset(parameters.read), bool(alone)


class _Reading(Mapping[str, Any]):
    """The parameters of a run, noting which are read: where all are looked through, all."""

    def __init__(self, parameters: Json) -> None:
        self._parameters = parameters
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        self.read.update(self._parameters)
        self.read.add(_NAMES)
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


class Noting:
    """Definitions that note in `read` what is asked of them, and what they gave."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self.read: dict[tuple[Kind, str], Definition | None] = {}

    @property
    def factory(self) -> Factory:
        """The factory itself."""
        return self._definitions.factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        """The definition, or None if it no longer exists."""
        found = self.read[kind, name] = self._definitions.get(kind, name)
        return found


def _key(run: ActivityRun, used: frozenset[str]) -> tuple[object, ...]:
    given = run.of.parameters
    passed: list[object] = [[name, given[name]] for name in sorted(used) if name in given]
    if _NAMES in used:
        passed.append(sorted(given))
    return (
        run.of.factory,
        run.of.pipeline,
        run.name,
        run.type,
        run.status,
        sha256(canonical(passed) + text_of(run.input)).digest(),
        bool(run.output),
    )


def _same(one: Factory, other: Factory) -> bool:
    """Whether two factories are called and named the same and have the same parameters."""
    return one is other or (
        (one.id, one.name, one.parameters, one.naming)
        == (other.id, other.name, other.parameters, other.naming)
    )


def _later(definition: Definition | None, run: ActivityRun) -> bool:
    return definition is not None and run.before(definition.written)
