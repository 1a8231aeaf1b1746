"""Whether there is a token for each scope in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lineage import ticks
from lineage.auth import AccessToken, Credential, fetched
from lineage.diagnosis import DATA_FACTORY, PURVIEW, SYNAPSE, Diagnosis, Place, diagnose, told
from lineage.doctor._check import Check, Health, failed
from lineage.errors import LineageError
from lineage.model import Clock, FactoryId
from lineage.settings import Auth, Settings
from lineage.sources import addresses

PURVIEW_SCOPE = "https://purview.azure.net/.default"  # in every cloud


class Asked:
    """
    An identity that is made once, and asked once for each scope: an answer, or error, stays.

    So nobody signs in twice, and no check waits again for what another has waited for.
    """

    def __init__(self, make: Callable[[], Credential | None]) -> None:
        self._made = cache(make)
        self._answer = cache(self._first)

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """What was answered the first time."""
        answer = self._answer(*scopes)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _first(self, *scopes: str) -> AccessToken | Exception:
        try:
            made = self._made()
            assert made is not None  # noqa: S101  # where nobody signs in nothing is asked
            return made.get_token(*scopes)
        except Exception as error:
            return error


def scopes(settings: Settings) -> Mapping[str, Place]:
    """What tokens are needed for, and the first place of each."""
    found: dict[str, Place] = {}
    for factory in settings.factories:
        scope = addresses.scope(factory, settings)
        found.setdefault(scope, place(factory, settings))
    if settings.catalog.scheme == "purview":
        found.setdefault(PURVIEW_SCOPE, Place(PURVIEW, settings.catalog.rest, PURVIEW_SCOPE))
    return found


def place(factory: FactoryId, settings: Settings) -> Place:
    """Where a factory or workspace is read; its addresses are not looked up."""
    service = SYNAPSE if addresses.api(factory) is addresses.SYNAPSE else DATA_FACTORY
    return Place(service, addresses.address(factory, settings), factory)


def check(settings: Settings, identity: Credential, clock: Clock) -> Iterator[Check]:
    """A line for each scope; one alone where no token is asked for."""
    needed = scopes(settings)
    if settings.auth is Auth.NONE or not needed:
        why = "no token is asked for" if settings.auth is Auth.NONE else "no token is needed"
        yield Check("identity", settings.auth.value, Health.OK, why)
        return
    for scope, where in needed.items():
        yield _scope(scope, where, identity, clock)


def _scope(scope: str, where: Place, identity: Credential, clock: Clock) -> Check:
    try:
        ends = fetched(identity, scope).expires_on
    except LineageError as error:
        return failed("identity", scope, diagnose(error, where))
    shown = ticks.text(ticks.of(datetime.fromtimestamp(ends, UTC)))
    if ends * 1_000 <= ticks.epoch_milliseconds(clock()):
        named = Place(where.service, where.url, scope)
        return failed("identity", scope, told(Diagnosis.TOKEN_ENDED, named, ends=shown))
    return Check("identity", scope, Health.OK, f"a token until {shown}")
