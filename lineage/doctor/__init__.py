"""Reaches everything that the settings name, and says what is wrong; reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from lineage import wiring
from lineage.auth import Credential
from lineage.catalog.local import LocalCatalog
from lineage.diagnosis import ATLAS, PURVIEW, STORAGE, Diagnosis, Place, diagnose, ours, told
from lineage.doctor import _catalog, _identity, _sources
from lineage.doctor._check import Check, Dates, Doors, Health, address_of, failed
from lineage.errors import LineageError, SettingsError
from lineage.settings import TABLE, Settings
from lineage.wiring import Access

__all__ = ["Check", "Dates", "Doors", "Health", "examine", "unset"]

FAR = 300.0  # seconds that clocks may be apart; tokens are taken within as much
SERVICES = {"atlas": ATLAS, "purview": PURVIEW}


def examine(settings: Settings, doors: Doors | None = None) -> Iterator[Check]:
    """Check settings, identity, every source, catalog, store and clock, one after the other."""
    doors = doors or Doors()
    dates = Dates(doors.clock)
    identity = _identity.Asked(lambda: doors.identity(settings))
    yield from _settings(settings)
    yield from _identity.check(settings, identity, doors.clock)
    for factory in settings.factories:
        yield _sources.check(factory, settings, identity, doors, dates)
    yield from _the_catalog(settings, identity, doors, dates)
    yield _tables(settings, doors) if settings.store.scheme == "table" else _store(settings)
    yield from _clock(dates)


def unset(problems: Iterable[str]) -> Iterator[Check]:
    """Settings that are missing or wrong, each a check that failed."""
    for problem in problems:
        name = problem.partition(" ")[0].rstrip(":")
        said = problem[len(name) :].lstrip(": ")
        yield failed("settings", name, told(Diagnosis.SETTING, ours(name), problem=said))


def _settings(settings: Settings) -> Iterator[Check]:
    try:
        settings.require_factories()
    except SettingsError as error:
        yield from unset(error.problems)
    else:
        yield Check("settings", "all", Health.OK, f"none of {len(TABLE)} is missing or wrong")


def _the_catalog(
    settings: Settings, identity: Credential, doors: Doors, dates: Dates
) -> Iterator[Check]:
    scheme, rest = settings.catalog.scheme, settings.catalog.rest
    name = f"{scheme}:{rest}"
    if scheme in SERVICES:
        place = Place(SERVICES[scheme], rest, name)
        place = replace(place, addresses=doors.resolve(place.host))
        try:
            with _catalog.opened(settings, identity, doors, dates.session) as catalog:
                yield from _catalog.check(catalog, place, name)
        except LineageError as error:
            yield failed("catalog", name, diagnose(error, place))
        return
    try:
        if not Path(rest).exists():
            yield _absent("catalog", name, rest, "LINEAGE_CATALOG")
            return
        with LocalCatalog(rest) as catalog:
            yield from _catalog.check(catalog, None, name)
    except LineageError as error:
        yield _file("catalog", name, "LINEAGE_CATALOG", str(error))


def _store(settings: Settings) -> Check:
    place = settings.store
    name = f"{place.scheme}:{place.rest}"
    if not Path(place.rest).exists():
        return _absent("store", name, place.rest, "LINEAGE_STORE")
    try:
        with wiring.rows(settings, Access.READ) as rows:
            rows.range("doctor", "", "", "")
    except LineageError as error:
        return _file("store", name, "LINEAGE_STORE", str(error))
    return Check("store", name, Health.OK, "can be read")


def _tables(settings: Settings, doors: Doors) -> Check:
    """Whether the account's tables can be read; those that are not there yet, sync makes."""
    place = Place(STORAGE, settings.storage.endpoint, "table:")
    try:
        with wiring.tables(settings, doors.limits.attempts) as rows:
            place = replace(place, url=rows.address)
            place = replace(place, addresses=doors.resolve(place.host))
            rows.range("runs", "", "", "")
    except LineageError as error:
        return failed("store", "table:", diagnose(error, place))
    return Check("store", "table:", Health.OK, f"can be read; {address_of(place)}")


def _absent(kind: str, name: str, path: str, setting: str) -> Check:
    """A file that `sync` makes, where its folder is there."""
    if Path(path).absolute().parent.is_dir():
        return Check(kind, name, Health.OK, "not there yet: sync makes it")
    return _file(kind, name, setting, f"there is no folder for {path}")


def _file(kind: str, name: str, setting: str, problem: str) -> Check:
    return failed(kind, name, told(Diagnosis.STORE, ours(setting), problem=problem))


def _clock(dates: Dates) -> Iterator[Check]:
    """The host from whose clock ours is farthest; no line where no answer had a date."""
    for host, ahead in sorted(dates.ahead.items(), key=lambda each: -abs(each[1]))[:1]:
        if abs(ahead) <= FAR:
            yield Check("clock", host, Health.OK, "ours is less than 5 min from theirs")
            return
        side = "ahead of" if ahead > 0 else "behind"
        minutes = round(abs(ahead) / 60)
        seen = {"host": host, "minutes": minutes, "side": side}
        yield failed("clock", host, told(Diagnosis.CLOCK, ours(), **seen))
