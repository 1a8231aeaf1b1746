"""What one check says, and the outside world that checks reach."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from lineage import http, ticks
from lineage.auth import Credential, credential
from lineage.diagnosis import Diagnosis, Found, Place
from lineage.http import Limits
from lineage.model import Clock
from lineage.settings import Settings
from lineage.wiring import now

QUICK = Limits(read=15.0, total=30.0, attempts=2)  # for a person who waits


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  # it works, with something left out
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: `kind` of thing, its name, and what was found; where it failed, a remedy."""

    kind: str
    name: str
    health: Health
    said: str
    diagnosis: Diagnosis | None = None
    remedy: str = ""

    def json(self) -> Mapping[str, Any]:
        """As docs/schema/doctor.json has it."""
        return {
            "check": self.kind,
            "name": self.name,
            "status": self.health.value,
            "said": self.said,
            "diagnosis": self.diagnosis and self.diagnosis.value,
            "remedy": self.remedy or None,
        }


def failed(kind: str, name: str, found: Found, health: Health = Health.FAILED) -> Check:
    """A check that ended with a diagnosis."""
    return Check(kind, name, health, found.said, found.diagnosis, found.remedy)


def resolved(host: str) -> Sequence[str]:
    """The addresses of a host; none where its name does not resolve."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))


def address_of(place: Place) -> str:
    """How its host is reached: a public address may be one that a firewall shuts out."""
    kinds = {
        "loopback" if each.is_loopback else "public" if each.is_global else "private"
        for each in map(ip_address, place.addresses)
    }
    shown = " and a ".join(sorted(kinds))
    return f"{place.host} has a {shown} address" if shown else f"{place.host} is reached"


class Dates:
    """How far our clock is from those of the services, by the `Date` of each answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead: dict[str, float] = {}  # seconds, by host

    def session(self, url: str) -> Session:
        """A session that notes the date of whatever answers, be it a refusal."""
        made = http.session(url)
        for scheme in ("https://", "http://"):
            made.mount(scheme, _Dated(made.get_adapter(scheme), self._note))
        return made

    def _note(self, url: str, date: str) -> None:
        theirs = http.epoch(date)
        if theirs is not None:
            ours = ticks.epoch_milliseconds(self._clock()) / 1_000
            self.ahead[urlsplit(url).hostname or ""] = ours - theirs


class _Dated(BaseAdapter):
    """Passes a request on, and the date of its answer."""

    def __init__(self, adapter: BaseAdapter, note: Callable[[str, str], None]) -> None:
        super().__init__()
        self._adapter = adapter
        self._note = note

    def send(self, request: PreparedRequest, *arguments: Any, **more: Any) -> Response:
        response = self._adapter.send(request, *arguments, **more)
        self._note(request.url or "", response.headers.get("Date", ""))
        return response

    def close(self) -> None:
        self._adapter.close()


@dataclass(frozen=True, slots=True)
class Doors:
    """The outside world."""

    clock: Clock = now
    resolve: Callable[[str], Sequence[str]] = resolved
    identity: Callable[[Settings], Credential | None] = credential
    limits: Limits = QUICK
