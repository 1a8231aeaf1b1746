"""
Servers on loopback sockets that speak Atlas's v2 REST interface, and what makes them fail.

A server answers by a function from `Asked` to `Said`; those that change another's answers, or take
the connection away, are put before it.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle
from random import Random
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests

from lineage.catalog.local import LocalCatalog
from lineage.catalog.typedefs import definition, definitions
from lineage.errors import Rejected
from lineage.model import Json, Name


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request; `query` in the order given, decoded."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def one(self, key: str) -> str:
        return dict(self.query).get(key, "")


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """An answer; `drop` sends nothing, `cut` half of the body, then the connection is closed."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False


Answer = Callable[[Asked], Said]

HTML = {"Content-Type": "text/html"}


def said(status: int, body: Any = None, **headers: str) -> Said:
    raw = b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, raw, {"Content-Type": "application/json", **named})


@dataclass(slots=True)
class Front:
    """A server under way: where it is, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def calls(self, ending: str, method: str = "POST") -> list[Asked]:
        return [
            each
            for each in self.asked
            if (each.method, each.path[-len(ending) :]) == (method, ending)
        ]


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Front]:
    """Serve on a free port, with one thread for each connection."""
    lock = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def respond(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(self.command, unquote(parts.path), query, dict(self.headers), body)
            with lock:
                front.asked.append(asked)
            found = answer(asked)
            self.close_connection = found.drop or found.cut
            if found.drop:
                return
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body[: len(found.body) // 2] if found.cut else found.body)

        do_GET = do_POST = do_PUT = do_DELETE = respond

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    front = Front(f"{scheme}://localhost:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# ---------------------------------------------------------------- the embedded catalog


def embedded(catalog: LocalCatalog, lacking: set[str] | None = None) -> Answer:
    """
    The embedded catalog behind Atlas's paths; it has no type of `lacking`, to be changed meanwhile.

    Nor has it an attribute that is there as `type.attribute`, and refuses it as Purview does; a
    real Atlas drops it.
    """
    root, gone = "/api/atlas/v2", lacking if lacking is not None else set()

    def answer(asked: Asked) -> Said:
        path = asked.path.removeprefix(root)
        kind = path.rpartition("/")[2]
        name = Name(kind, asked.one("attr:qualifiedName"))
        try:
            if path == "/entity/bulk":
                entities = json.loads(asked.body)["entities"]
                for each in entities:
                    _check(gone, each["typeName"], each["attributes"])
                return said(200, _sent(catalog, entities))
            if path == "/types/typedefs":
                return _registered(gone, asked)
            if path.startswith("/types/typedef/name/"):
                found = None if kind in gone else _defined(gone, kind) or _relationship(kind)
                return said(200, found) if found else said(404, _refused("ATLAS-404-00-001"))
            if "/uniqueAttribute/type/" in path:
                _check(gone, kind)
            if path.startswith("/entity/bulk/uniqueAttribute/type/"):
                entities = catalog.get(kind, [value for _, value in asked.query])
                return said(200, {"referredEntities": {}, "entities": entities} if entities else {})
            if path.startswith("/lineage/uniqueAttribute/type/"):
                graph = catalog.lineage(name, asked.one("direction"), int(asked.one("depth")))
                return said(200, graph)
            if asked.method == "DELETE":
                catalog.delete(name)
                return said(200, {})
        except Rejected as error:
            return said(error.status, _refused(error.code))
        return said(404, _refused(""))

    return answer


def _check(gone: set[str], kind: str, attributes: Iterable[str] = ()) -> None:
    if kind in gone:
        raise Rejected(f"Type ENTITY with name {kind} does not exist", 400, "ATLAS-400-00-014")
    if any(f"{kind}.{attribute}" in gone for attribute in attributes):
        raise Rejected("invalid attribute", 400, "ATLAS-400-00-023")


def _defined(gone: set[str], kind: str) -> Json | None:
    found = definition(kind)
    if found is None:
        return None
    attributes = [each for each in found["attributeDefs"] if f"{kind}.{each['name']}" not in gone]
    return {**found, "attributeDefs": attributes}


def _sent(catalog: LocalCatalog, entities: list[Json]) -> Json:
    """As Atlas answers: which entities were made, and which guids were assigned."""
    known = {
        (each["typeName"], each["attributes"].get("qualifiedName"))
        for each in entities
        if _there(catalog, each)
    }
    assigned = catalog.send(entities)
    created = [
        {**each, "guid": assigned[each["guid"]], "status": "ACTIVE"}
        for each in entities
        if (each["typeName"], each["attributes"]["qualifiedName"]) not in known
    ]
    mutated = {"mutatedEntities": {"CREATE": created}} if created else {}
    return {**mutated, "guidAssignments": dict(assigned)}


def _there(catalog: LocalCatalog, entity: Json) -> bool:
    try:
        return bool(catalog.get(entity["typeName"], [entity["attributes"]["qualifiedName"]]))
    except (Rejected, KeyError, TypeError):
        return False


def _relationship(name: str) -> Json | None:
    return next((each for each in definitions()["relationshipDefs"] if each["name"] == name), None)


def _registered(gone: set[str], asked: Asked) -> Said:
    told = json.loads(asked.body)
    gone -= {each["name"] for found in told.values() for each in found}
    return said(200, told)


def _refused(code: str) -> Json:
    return {"errorCode": code, "errorMessage": "refused"}


# ---------------------------------------------------------------- another server


def relay(url: str, name: str, password: str) -> Answer:
    """A real server behind this one, reached with its own credentials."""
    local = requests.Session()
    local.trust_env = False
    local.auth = (name, password)

    def answer(asked: Asked) -> Said:
        response = local.request(
            asked.method,
            url + asked.path,
            params=list(asked.query),
            data=asked.body or None,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout=120,
        )
        kind = response.headers.get("Content-Type", "application/json")
        return Said(response.status_code, response.content, {"Content-Type": kind})

    return answer


# ---------------------------------------------------------------- faults


Fault = Callable[[Asked, Answer], Said]
Choose = Callable[[Asked], Fault | None]


def failing(answer: Answer, choose: Choose) -> Answer:
    """What `choose` gives happens instead of an answer; None lets it pass."""
    lock = Lock()

    def respond(asked: Asked) -> Said:
        with lock:
            fault = choose(asked)
        return fault(asked, answer) if fault else answer(asked)

    return respond


def every(number: int, *faults: Fault, writes: bool = False, most: int = 10**9) -> Choose:
    """Each `number`-th call (or write) meets the next of the faults, `most` of them in all."""
    calls, met = count(1), cycle(faults)
    left = iter(range(most))

    def choose(asked: Asked) -> Fault | None:
        if writes and not (asked.method == "POST" and asked.path.endswith("/entity/bulk")):
            return None
        due = next(calls) % number == 0 and next(left, None) is not None
        return next(met) if due else None

    return choose


def at_rate(rate: float, *faults: Fault) -> Choose:
    """So many of all calls, in an order that is the same every time."""
    dice = Random(7)  # noqa: S311  # an order, no secret
    return lambda asked: dice.choice(faults) if dice.random() < rate else None


def refuse(status: int, body: bytes = b"", **headers: str) -> Fault:
    """A status instead of an answer; nothing is done."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked, answer: Said(status, body, {"Content-Type": "text/plain", **named})


def lose(asked: Asked, answer: Answer) -> Said:
    """It is done, and the connection ends without an answer."""
    answer(asked)
    return Said(200, drop=True)


def cut(asked: Asked, answer: Answer) -> Said:
    """It is done, and half of the answer arrives."""
    found = answer(asked)
    return Said(found.status, found.body, found.headers, cut=True)


def page(asked: Asked, answer: Answer) -> Said:
    """It is done, and a gateway's page says 200."""
    answer(asked)
    return Said(200, b"<html>Welcome</html>", HTML)


def bomb(asked: Asked, answer: Answer) -> Said:
    """It is done, and 70 MB come in 70 KB."""
    import gzip

    answer(asked)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return Said(200, gzip.compress(b" " * 70 * 1024 * 1024), headers)
