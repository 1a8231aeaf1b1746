"""Whether a catalog answers as one, has the types of what we send, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from lineage import ticks, wiring
from lineage.auth import Credential
from lineage.catalog import typedefs
from lineage.diagnosis import PURVIEW, Diagnosis, Place, told
from lineage.doctor._check import Check, Doors, Health, address_of, failed
from lineage.errors import LineageError
from lineage.model import Described, Factory, Finding, Json, Rows
from lineage.settings import Auth, Settings
from lineage.store.sqlite import SqliteRows
from lineage.wiring import Access, Opened, OpenSession

EVERYWHERE = "Process"  # a type of every Atlas: what does not know it is none


def check(catalog: Described, where: Place | None, name: str) -> Iterator[Check]:
    """A line for the catalog and one for each finding; `where` is None for the embedded one."""
    yield _types(catalog, where, name)
    for each in catalog.findings():
        health = Health.WARNING if each.warning else Health.OK
        said = f"{each.value} (found {ticks.text(each.found)})"
        yield Check("finding", each.what, health, said, remedy=each.warning)


def _types(catalog: Described, where: Place | None, name: str) -> Check:
    """Purview makes do without a type; an Atlas refuses what is sent."""
    if where and catalog.typedef(EVERYWHERE) is None:
        return failed("catalog", name, told(Diagnosis.WRONG_URL, where))
    sent = typedefs.sent()
    missing = [each for each in sent if catalog.typedef(each) is None]
    if where and missing:
        purview = where.service is PURVIEW
        kind = Diagnosis.TYPES_PURVIEW if purview else Diagnosis.TYPES_ATLAS
        said = told(kind, where, count=len(missing), types=", ".join(missing))
        return failed("catalog", name, said, Health.WARNING if purview else Health.FAILED)
    reached = f"; {address_of(where)}" if where else ""
    return Check("catalog", name, Health.OK, f"all {len(sent)} types that we send{reached}")


@contextmanager
def opened(
    settings: Settings, identity: Credential, doors: Doors, session: OpenSession
) -> Iterator[Described]:
    """The server that settings name; what is found out about it is forgotten afterwards."""
    known = None if settings.auth is Auth.NONE else identity
    with ExitStack() as stack:
        yield Server(
            wiring.catalog(
                settings,
                Access.DRY,
                _remembered(settings, doors, stack),
                doors.clock,
                lambda: known,
                stack,
                session,
                doors.limits,
            ),
            settings,
        )


def _remembered(settings: Settings, doors: Doors, stack: ExitStack) -> Rows:
    """The store, for what a sync found out; none where it cannot be read: that has its own line."""
    try:
        rows = stack.enter_context(wiring.rows(settings, Access.DRY, doors.limits.attempts))
        rows.range("notes", "", "", "")
    except LineageError:
        return stack.enter_context(SqliteRows(":memory:"))
    return rows


class Server:
    """A catalog that is a server; see `model.Described`."""

    def __init__(self, server: Opened, settings: Settings) -> None:
        self._opened = server
        self._settings = settings

    def typedef(self, name: str) -> Json | None:
        """As the server has it, whatever was remembered."""
        return self._opened.server.definition(name) if self._opened.server else None

    def findings(self) -> Sequence[Finding]:
        """What the account was found to want, the probes of each factory included."""
        for factory in self._settings.factories:
            self._opened.account.naming(Factory(factory, factory.rpartition("/")[2]))
        return [
            each
            for each in self._opened.account.findings()
            if each.warning or not each.what.startswith("type ")
        ]
