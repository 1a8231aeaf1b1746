"""The types that an account has, looked up by name and remembered for a day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import Any

from msgspec import Struct

from lineage.errors import Rejected, SettingsError
from lineage.model import Clock, Json, Row, Rows
from lineage.ticks import DAY, SECOND, Ticks

log = logging.getLogger(__name__)

VERSION = 1
AGAIN = 60 * SECOND  # a type is not looked up again within, whatever is refused

# What a server answers where it lacks a type, or an attribute of one.
NO_TYPE = frozenset({"ATLAS-400-00-014", "ATLAS-404-00-001"})
UNKNOWN = NO_TYPE | {"ATLAS-400-00-023"}

_TABLE = "notes"

Fetch = Callable[[str], Json | None]


class Known(Struct, frozen=True, eq=False):
    """
    A type as the account has it, with what it inherits.

    `ends` are the relationship attributes with the type at their other end.
    """

    name: str
    attributes: frozenset[str]
    ends: Mapping[str, str]


class Memory:
    """
    What was found out about one account, in the rows of a store: for a day, then asked again.

    `keep` is False for one who may not write. Rows: `{"v", "what", "value", "at", "warning"}`.
    """

    def __init__(self, rows: Rows, address: str, clock: Clock, *, keep: bool = True) -> None:
        self.clock = clock
        self._rows = rows
        self._partition = f"account {_digest(address)}"
        self._keep = keep

    def get(self, what: str, *, stale: bool = False) -> Row | None:
        """What was found within a day, or with `stale` ever."""
        key = _digest(what)
        row, _ = self._rows.get(_TABLE, self._partition, [key]).get(key, (None, 0))
        if row is None or row["v"] != VERSION:
            return None
        return row if stale or self.clock() < row["at"] + DAY else None

    def put(self, what: str, value: Any, warning: str = "") -> None:
        """Note a finding with its date."""
        if warning:
            log.warning("%s: %s", what, warning)
        if self._keep:
            row = {"v": VERSION, "what": what, "value": value, "at": self.clock()}
            self._rows.write(_TABLE, self._partition, {_digest(what): {**row, "warning": warning}})

    def all(self) -> list[Row]:
        """Every finding, by what it is about."""
        found = [row for _, row in self._rows.range(_TABLE, self._partition, "", "~")]
        return sorted((row for row in found if row["v"] == VERSION), key=lambda row: row["what"])

    def forget(self) -> None:
        """Drop all of it, so that the account is asked again."""
        keys = [_digest(row["what"]) for row in self.all()]
        for start in range(0, len(keys), 100):
            self._rows.write(_TABLE, self._partition, {}, keys[start : start + 100])


class Types:
    """The types of one account; safe for several threads. `fetch` asks it for a definition."""

    def __init__(self, fetch: Fetch, memory: Memory) -> None:
        self._fetch = fetch
        self._memory = memory
        self._lock = Lock()
        self._known: dict[str, tuple[Ticks, Known | None]] = {}

    def find(self, name: str) -> Known | None:
        """The type of that name, or None where the account lacks it."""
        held = self._known.get(name)
        if held is None or held[0] + DAY <= self._memory.clock():
            with self._lock:
                held = self._known[name] = self._find(name)
        return held[1]

    def refresh(self, names: Iterable[str]) -> None:
        """Look up anew what was not just looked up: the account was found to be otherwise."""
        with self._lock:
            for name in sorted(names):
                found, _ = self._known.get(name) or self._find(name)
                if found + AGAIN <= self._memory.clock():
                    self._known[name] = self._ask(name)

    def first(self, names: Sequence[str]) -> str | None:
        """The first of these that the account has."""
        return next((name for name in names if self.find(name)), None)

    def _find(self, name: str) -> tuple[Ticks, Known | None]:
        row = self._memory.get(f"type {name}")
        return (row["at"], _known(name, row["value"])) if row else self._ask(name)

    def _ask(self, name: str) -> tuple[Ticks, Known | None]:
        """Raises `SettingsError` where that is refused: no type is missing, the server is none."""
        try:
            value = self._read(name)
        except Rejected as error:
            raise SettingsError(f"{error}, as no Atlas does: check LINEAGE_CATALOG") from None
        self._memory.put(f"type {name}", value)
        return self._memory.clock(), _known(name, value)

    def _read(self, name: str) -> dict[str, Any] | None:
        """Attributes and ends of a type and of all it inherits from; None where it is missing."""
        definition = self._fetch(name)
        if definition is None:
            return None
        attributes: set[str] = set()
        ends: dict[str, str] = {}
        waiting, seen = [definition], {name}
        while waiting:
            each = waiting.pop()
            attributes |= {str(found["name"]) for found in each.get("attributeDefs") or ()}
            for found in each.get("relationshipAttributeDefs") or ():
                ends.setdefault(found["name"], _target(str(found["typeName"])))
            above = [one for one in each.get("superTypes") or () if one not in seen]
            seen |= set(above)
            waiting += [found for found in map(self._fetch, above) if found]
        return {"attributes": sorted(attributes | ends.keys()), "ends": ends}


def _known(name: str, value: Row | None) -> Known | None:
    return Known(name, frozenset(value["attributes"]), value["ends"]) if value else None


def _target(type_name: str) -> str:
    """`array<DataSet>` -> `DataSet`."""
    return type_name.removeprefix("array<").removesuffix(">")


def _digest(text: str) -> str:
    """A key without user text, as a table of Azure Storage takes it."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
