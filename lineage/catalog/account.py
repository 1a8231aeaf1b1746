"""What depends on the account: its types, how names are spelt there, and what stands in."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from msgspec import Struct

from lineage.catalog.atlas import FALLBACK
from lineage.catalog.types import Known, Memory, Types
from lineage.errors import Cause, SettingsError, Unavailable
from lineage.model import Asset, Catalog, Factory, Finding, Json, Name, Naming, Row
from lineage.translate.names import spelt

log = logging.getLogger(__name__)

DATA_SET = "DataSet"
AUTO, ORIGINAL, LOWER = "auto", "original", "lower"

_FACTORY_END = "factory"  # our name for the way from a pipeline to its factory
_FACTORY = "azure_data_factory"
_MISSING = "missing "
_NAMES = "names as they are sent"

# What the built-in connection's types may be called here, the first that there is.
# Source: the bases can be instantiated, and several programs that write Synapse's lineage.
STAND_INS: Mapping[str, tuple[str, ...]] = {
    "adf_copy_activity": ("adf_copy_activity", "adf_activity"),
    "adf_copy_operation": ("adf_copy_operation", "adf_activity_operation"),
    "azure_synapse_copy_activity": ("azure_synapse_copy_activity", "adf_activity"),
    "azure_synapse_operation": (
        "azure_synapse_copy_operation",
        "azure_synapse_operation",
        "adf_activity_operation",
    ),
}
# The types that a factory's lineage cannot do without.
NEEDED = {
    False: (_FACTORY, "adf_pipeline", "adf_copy_activity", "adf_copy_operation"),
    True: ("azure_synapse_pipeline", "azure_synapse_copy_activity", "azure_synapse_operation"),
}
# All types that processes and what is above them may be called.
_OF_PROCESSES = frozenset().union(*NEEDED.values(), *STAND_INS.values())


class Choices(Struct, frozen=True):
    """The settings that decide: spelling, Synapse's operation type, our own fall-back type."""

    name_case: str = AUTO
    synapse_operation: str = AUTO
    fallback: bool = False
    remedy: str = ""  # what to do about a type that is missing


class Account:
    """One catalog and what was found out about it; `catalog` is asked as little as possible."""

    def __init__(self, catalog: Catalog, types: Types, memory: Memory, choices: Choices) -> None:
        self._catalog = catalog
        self._types = types
        self._memory = memory
        self._choices = choices
        self._lock = Lock()
        self._namings: dict[str, Naming] = {}

    def naming(self, factory: Factory) -> Naming:
        """
        How the process entities of a factory are named.

        Raises `SettingsError` where a type is missing that nothing stands in for.
        """
        with self._lock:
            if factory.id not in self._namings:
                instead = tuple(self._stand_ins(factory))
                self._namings[factory.id] = Naming(self._lower(factory), instead)
                if not factory.synapse:
                    self._note_link()
            return self._namings[factory.id]

    def possible(self, asset: Asset) -> tuple[Name, ...]:
        """
        The names an asset may go by here; the first is the one that is created.

        Those of types that the account lacks are left out; where none is left it is a fall-back.
        """
        kept = [name for name in asset.candidates if self._types.find(name.type)]
        if not kept:
            missing = ", ".join(sorted({name.type for name in asset.candidates}))
            self._warn(_MISSING + missing, f"{DATA_SET} stands in for it")
            kept = [Name(DATA_SET, asset.candidates[0].qualified)]
        if kept[0].type == DATA_SET and self._choices.fallback:
            if self.has(FALLBACK):
                kept.insert(0, Name(FALLBACK, kept[0].qualified))
            else:
                self._warn(_MISSING + FALLBACK, f"{DATA_SET} stands in for it: see types install")
        return tuple(kept)

    def fit(self, entities: Sequence[Json]) -> list[Json]:
        """These entities with the attributes that the account knows, and no others."""
        return [self._fit(each) for each in entities]

    def has(self, type_name: str) -> bool:
        """Whether the account has the type."""
        return self._types.find(type_name) is not None

    def refresh(self, types: Collection[str]) -> None:
        """
        Look these types up anew: the account refused one, or an attribute of one.

        Raises `Unavailable` where a type of processes is gone: it is part of their names, so that
        their runs stay open until they are named anew.
        """
        self._types.refresh(types)
        gone = sorted(each for each in types if not self.has(each))
        if lost := _OF_PROCESSES.union([self._choices.synapse_operation]).intersection(gone):
            with self._lock:
                self._namings.clear()
            raise Unavailable(f"the catalog has no type {', '.join(sorted(lost))} any more")

    def named(self, names: Iterable[tuple[Name, str]]) -> None:
        """
        Compare names as they were sent with those that came back, once; a difference is alarming.

        Whether Purview normalises what is written is not known: what we look for by the name sent
        would then be found under another, or not at all.
        """
        row, compared = self._memory.get(_NAMES, stale=True), list(names)
        other = [f"{sent.qualified} is {name}" for sent, name in compared if sent.qualified != name]
        if compared and (row is None or (other and not row["warning"])):
            self._memory.put(_NAMES, "changed" if other else "kept", "".join(other[:1]))

    def findings(self) -> list[Finding]:
        """All that was found out, by what it is about, with its date; no warning that is over."""
        return [_finding(row) for row in self._memory.all() if not self._is_over(row["what"])]

    def forget(self) -> None:
        """Ask anew: the account was changed."""
        self._memory.forget()

    # ------------------------------------------------------------ names

    def _lower(self, factory: Factory) -> bool:
        """Whether names are lower-case: as set, or as the factory is found in the catalog."""
        if factory.synapse or self._choices.name_case == ORIGINAL:
            return False
        if self._choices.name_case == LOWER:
            return True
        what = f"name case of {factory.id}"
        row = self._memory.get(what)
        if row is None:
            before = self._memory.get(what, stale=True)
            value, warning = self._probed(factory, before["value"] if before else ORIGINAL)
            self._memory.put(what, value, warning)
        else:
            value = row["value"]
        return bool(value == LOWER)

    def _probed(self, factory: Factory, before: str) -> tuple[str, str]:
        forms = {
            spelt(factory.id, lower=lower): LOWER if lower else ORIGINAL for lower in (True, False)
        }
        entities = self._catalog.get(_FACTORY, list(forms))
        found = {forms[each["attributes"]["qualifiedName"]] for each in entities}
        if len(found) == 2:
            return before, f"the catalog has the factory in both cases; {before} is used"
        return next(iter(found), before), ""

    # ------------------------------------------------------------ types

    def _stand_ins(self, factory: Factory) -> Iterator[tuple[str, str]]:
        for kind in NEEDED[factory.synapse]:
            ladder = STAND_INS.get(kind, (kind,))
            if kind == "azure_synapse_operation" and self._choices.synapse_operation != AUTO:
                ladder = (self._choices.synapse_operation,)
            found = self._types.first(ladder)
            if found is None:
                raise SettingsError(
                    f"the catalog lacks the type {' or '.join(ladder)}{self._choices.remedy}",
                    cause=Cause.TYPE,
                )
            if found != kind:
                yield kind, found
            if found not in (kind, ladder[0]):
                self._warn(_MISSING + kind, f"{found} stands in for it")

    def _link(self, known: Known) -> str | None:
        """The attribute of a pipeline that leads to its factory: told by the type at its end."""
        return next((key for key, end in known.ends.items() if end == _FACTORY), None)

    def _note_link(self) -> None:
        known = self._types.find("adf_pipeline")
        what = "attribute from adf_pipeline to its factory"
        if known and self._memory.get(what) is None:
            found = self._link(known)
            warning = "" if found else "none: pipelines are not linked to their factory"
            self._memory.put(what, found or "none", warning)

    def _fit(self, entity: Json) -> Json:
        known = self._types.find(entity["typeName"])
        if known is None:
            return entity  # to be refused, with its reason
        fitted: dict[str, Any] = dict(entity)
        for part in ("attributes", "relationshipAttributes"):
            if part not in entity:
                continue
            kept: dict[str, Any] = {}
            for key, value in entity[part].items():
                place: str | None = key if key in known.attributes else None
                if place is None and key == _FACTORY_END:
                    place = self._link(known)
                if place is None:
                    self._warn(f"{_MISSING}{known.name}.{key}", "it is left out")
                else:
                    kept[place] = value
            fitted[part] = kept
        return fitted

    def _is_over(self, what: str) -> bool:
        """Whether something is there by now that is noted as missing: types, or an attribute."""
        if not what.startswith(_MISSING):
            return False
        name = what.removeprefix(_MISSING)
        kind, dot, attribute = name.partition(".")
        if dot:
            known = self._types.find(kind)
            return known is not None and attribute in known.attributes
        return all(self.has(each) for each in name.split(", "))

    def _warn(self, what: str, warning: str) -> None:
        """Note a degradation once a day."""
        row = self._memory.get(what)
        if row is None or row["warning"] != warning:
            self._memory.put(what, "missing", warning)


def _finding(row: Row) -> Finding:
    value = row["value"]
    shown = value if isinstance(value, str) else "there" if value else "missing"
    return Finding(row["what"], shown, row["at"], row["warning"])
