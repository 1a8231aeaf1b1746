"""A catalog over Atlas's v2 REST interface: one client for both kinds of server."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, urlencode

from requests import Session
from requests.auth import AuthBase

from lineage import http
from lineage.catalog import moving, proof
from lineage.catalog.atlas import fits, quoted
from lineage.catalog.pace import Pace
from lineage.catalog.servers import Server
from lineage.catalog.types import NO_TYPE
from lineage.errors import BadInput, Cause, Rejected, SettingsError, Unavailable
from lineage.http import LIMITS, LONGEST_WAIT, Answer, Limits, request
from lineage.model import Json, Name

LONGEST_URL = 8_000  # bytes; Purview's limit is 8 KB
CLOSED = 900.0  # seconds after which a catalog that is closed to us is asked again
_EXISTS = "ATLAS-409-00-004"
_ABSENT = frozenset({"ATLAS-404-00-005", "ATLAS-404-00-009"})

OnCall = Callable[[str], None]
OnNames = Callable[[Iterable[tuple[Name, str]]], None]


class RestCatalog:
    """
    A server of that kind at `endpoint`; see `model.Catalog`.

    After a 401, a 403, a host that is not found or not trusted, or a wait too long it is closed for
    a while:
    every call raises the same again and reaches nobody. `on_call` is told `catalogReads` or
    `catalogWrites` for each attempt, `on_names` the names sent with those that came back;
    `collection` is where new entities go. After a refusal that would heal by no retry, nobody is
    asked for `shut_for` seconds.
    """

    def __init__(
        self,
        server: Server,
        endpoint: str,
        auth: AuthBase | None,
        pace: Pace,
        *,
        collection: str = "",
        session: Session | None = None,
        limits: Limits = LIMITS,
        shut_for: float = CLOSED,
        on_call: OnCall = lambda kind: None,
        on_names: OnNames = lambda names: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = server
        self.pace = pace
        self.address = f"{server.scheme}:{endpoint}"
        self._base = endpoint + server.root
        self._auth = auth
        self._collection = collection
        self._session = session or http.session(endpoint)
        self._limits = limits
        self._shut_for = shut_for
        self._patient = replace(limits, read=limits.total)  # of a bulk that is under way for long
        self._on_call = on_call
        self._on_names = on_names
        self._clock = clock
        self._sleep = sleep
        self._shut: tuple[float, SettingsError | Unavailable] | None = None

    def __enter__(self) -> RestCatalog:
        return self

    def __exit__(self, *ended: object) -> None:
        self._session.close()

    @property
    def closed(self) -> SettingsError | Unavailable | None:
        """Why nothing is sent now, or None."""
        if self._shut and self._clock() < self._shut[0]:
            return self._shut[1]
        return None

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """
        The active entities with these names, in this order: many to a call, by exact name.

        A name longer than any catalog takes is not asked for.
        """
        asked = set(names)
        found = self._found(type_name, [name for name in names if fits(name)])
        return [
            each
            for each in found
            if each.get("status", "ACTIVE") == "ACTIVE"
            and each["attributes"]["qualifiedName"] in asked
        ]

    def _found(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """What the server tells; where it says of several that one is absent, by halves."""
        base = f"{self._base}/entity/bulk/uniqueAttribute/type/{quote(type_name, safe='')}"
        found: list[Json] = []
        for part in _parts(names, LONGEST_URL - len(base)):
            query = "&".join(
                f"attr_{n}:qualifiedName={quoted(name)}" for n, name in enumerate(part)
            )
            try:
                found += proof.entities(self._call("GET", f"{base}?{query}").body, base)
            except Rejected as error:
                if error.code not in _ABSENT:
                    raise
                middle = len(part) // 2
                for half in (part[:middle], part[middle:]) if middle else ():
                    found += self._found(type_name, half)
        return found

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """
        Create or update all of these; what the answer does not prove is read back.

        With a collection, what is new goes there first and the rest follows: a collection sent for
        an entity that exists would move it. Where less would pass `Unavailable` says OVERLOADED.
        """
        if not self._collection:
            return self._post(entities, {})
        new, old = moving.split(entities, self._known(entities))
        assigned = self._post(new, {"collectionId": self._collection}) if new else {}
        return {**assigned, **(self._post(old, {}) if old else {})}

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Atlas's lineage answer; see `model.Catalog`."""
        if direction not in ("INPUT", "OUTPUT", "BOTH"):
            raise BadInput(f"lineage direction {direction!r}: it is INPUT, OUTPUT or BOTH")
        deep = depth if depth > 0 else self.server.deepest
        query = {"direction": direction, "depth": str(deep), **self.server.lineage}
        url = self._named("/lineage/uniqueAttribute/type", name)
        return proof.graph(self._call("GET", f"{url}&{urlencode(query)}").body, url)

    def delete(self, name: Name) -> None:
        """Soft-delete an entity; one that is not there is no error."""
        self.pace.wait(1)
        try:
            self._call("DELETE", self._named("/entity/uniqueAttribute/type", name))
        except Rejected as error:
            if error.code not in _ABSENT:
                raise

    def definition(self, type_name: str) -> Json | None:
        """The definition of a type, or None where the server has none of that name."""
        url = f"{self._base}/types/typedef/name/{quote(type_name, safe='')}"
        try:
            body = self._call("GET", url, query=self.server.version).body
        except Rejected as error:
            if error.code in NO_TYPE:
                return None
            raise
        return proof.definition(body, url)

    def register(self, method: str, definitions: Json) -> None:
        """POST new type definitions, or PUT changed ones."""
        self._call(method, f"{self._base}/types/typedefs", definitions, self.server.version)

    # ------------------------------------------------------------ writing

    def _post(self, entities: Sequence[Json], query: Mapping[str, str]) -> Mapping[str, str]:
        processes = sum("outputs" in (each.get("attributes") or {}) for each in entities)

        def repeat(error: Unavailable) -> bool:
            if error.cause == Cause.OVERLOADED:
                self.pace.overloaded(error.retry_after)
                return processes < 2
            return True

        self.pace.wait(len(entities))
        url = f"{self._base}/entity/bulk"
        body = {"referredEntities": {}, "entities": list(entities)}
        try:
            answer = self._call("POST", url, body, {**self.server.version, **query}, repeat)
        except Rejected as error:
            if error.status == 413:
                self.pace.overloaded(None)
            raise
        self.pace.accepted(processes)
        told = proof.read(answer.body, url)
        self._on_names(proof.returned(told, entities))
        assigned = {**told.assigned, **proof.read_back(told, entities, self.get)}
        for edge in proof.lost_edges(told, entities, self.get):
            self._relate(edge)
        return assigned

    def _relate(self, edge: Json) -> None:
        self.pace.wait(1)
        try:
            self._call("POST", f"{self._base}/relationship", edge)
        except Rejected as error:
            if error.code != _EXISTS:
                raise

    def _known(self, entities: Sequence[Json]) -> set[Name]:
        by_type: dict[str, list[str]] = {}
        for each in entities:
            by_type.setdefault(each["typeName"], []).append(each["attributes"]["qualifiedName"])
        return {
            Name(kind, found["attributes"]["qualifiedName"])
            for kind, names in by_type.items()
            for found in self.get(kind, names)
        }

    # ------------------------------------------------------------ calling

    def _named(self, path: str, name: Name) -> str:
        kind, qualified = quote(name.type, safe=""), quoted(name.qualified)
        return f"{self._base}{path}/{kind}?attr:qualifiedName={qualified}"

    def _call(
        self,
        method: str,
        url: str,
        json: Json | None = None,
        query: Mapping[str, str] | None = None,
        repeat: Callable[[Unavailable], bool] = lambda error: True,
    ) -> Answer:
        if (why := self.closed) is not None:
            raise copy.copy(why)
        kind = "catalogReads" if method == "GET" else "catalogWrites"
        try:
            return request(
                self._session,
                method,
                url,
                json=json,
                params=query,
                auth=self._auth,
                grant=self.server.grant,
                on_call=lambda: self._on_call(kind),
                repeat=repeat,
                limits=self._limits if method == "GET" else self._patient,
                sleep=self._sleep,
                clock=self._clock,
            )
        except (SettingsError, Unavailable) as error:
            if _shuts(error):
                self._shut = self._clock() + self._shut_for, error
            raise


def _shuts(error: SettingsError | Unavailable) -> bool:
    if isinstance(error, SettingsError) or error.cause in (Cause.CERTIFICATE, Cause.NAME):
        return True
    return (error.retry_after or 0) > LONGEST_WAIT


def _parts(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """Names whose query has `room` bytes at most; a longer one goes alone."""
    part: list[str] = []
    left = room
    for name in names:
        size = len(f"attr_{len(part)}:qualifiedName={quoted(name)}&")
        if part and size > left:
            yield part
            part, left = [], room
        part.append(name)
        left -= size
    if part:
        yield part
