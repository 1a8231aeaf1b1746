"""Services that are ill, on real sockets, and what `doctor` says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from ssl import SSLContext
from time import time
from typing import Any
from urllib.parse import quote, unquote

from requests import Session

from lineage.auth import BasicAuth, Credential, bearer
from lineage.doctor import Check, Doors, examine
from lineage.errors import Rejected
from lineage.http import Limits, request
from lineage.model import Finding, Json
from lineage.settings import Place, Settings
from tests.auth.entra import serving
from tests.auth.words import Token

FACTORY = "/subscriptions/s/resourceGroups/r/providers/Microsoft.DataFactory/factories/adf-1"
WORKSPACE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/syn-1"
TYPES = "/api/atlas/v2/types/typedef/name/"
TOKEN = "zq7canary-token"
ONCE = Limits(connect=2, read=2, total=5, attempts=1)

# What a service answers: by method and path; status, body, further headers.
Answer = tuple[int, Any, Mapping[str, str]]
Respond = Callable[[str, str], Answer]


@contextmanager
def service(respond: Respond, tls: SSLContext | None = None) -> Iterator[str]:
    """A loopback service; its base address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for head and body: else each waits for a delayed ACK

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, body, headers = respond(self.command, unquote(self.path.partition("?")[0]))
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with serving(Handler, tls) as port:
        yield f"{'https' if tls else 'http'}://localhost:{port}"


def answers(
    get: tuple[int, Any] = (200, {"name": "it"}),
    post: tuple[int, Any] = (200, {"value": []}),
    **headers: str,
) -> Respond:
    """A factory or workspace that answers each method alike; by default one that is well."""
    found = {"GET": (*get, headers), "POST": (*post, headers)}
    return lambda method, _: found[method]


def atlas(*lacking: str) -> Respond:
    """An Atlas with every type but those."""

    def respond(_: str, path: str) -> Answer:
        name = path.removeprefix(TYPES)
        if not path.startswith(TYPES) or name in lacking:
            said = f"Given typename {name} was invalid"
            return 404, {"errorCode": "ATLAS-404-00-001", "errorMessage": said}, {}
        return 200, {"name": name}, {}

    return respond


class Tokens:
    """Gives one token for every scope, for an hour or as long as is said."""

    def __init__(self, lasts: float = 3_600.0) -> None:
        self._lasts = lasts

    def get_token(self, *_: str, **__: Any) -> Token:
        return Token(TOKEN, int(time() + self._lasts))


class Types:
    """What a catalog behind REST tells of its types; see `model.Described`."""

    def __init__(
        self, base: str, auth: Any, http: Session, findings: Sequence[Finding] = ()
    ) -> None:
        self._base = base
        self._auth = auth
        self._http = http
        self._findings = findings

    def __enter__(self) -> Types:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def typedef(self, name: str) -> Json | None:
        url = f"{self._base}{TYPES}{quote(name)}"
        try:
            found: Json = request(self._http, "GET", url, auth=self._auth, limits=ONCE).body
        except Rejected as error:
            if error.code == "ATLAS-404-00-001":
                return None
            raise
        return found

    def findings(self) -> Sequence[Finding]:
        return self._findings


def sources(url: str, *factories: str, **settings: str) -> Settings:
    """The settings that lead to a factory and a workspace at one address."""
    return Settings.from_env(
        {
            "LINEAGE_FACTORIES": ",".join(factories or [FACTORY]),
            "LINEAGE_MANAGEMENT_ENDPOINT": url,
            "LINEAGE_SYNAPSE_ENDPOINT": url,
            "LINEAGE_CATALOG": "local:/no/such/folder/catalog.db",
            **settings,
        }
    )


def catalog(scheme: str, url: str) -> Settings:
    """The settings that lead to a catalog alone."""
    return replace(sources("http://localhost"), factories=(), catalog=Place(scheme, url))


def doors(
    resolve: Sequence[str] = ("127.0.0.1",),
    identity: Credential | None = None,
    findings: Sequence[Finding] = (),
    **more: Any,
) -> Doors:
    """The outside world of a test."""

    def remote(
        settings: Settings, credential: Credential, session: Callable[[str], Session]
    ) -> Types:
        url = settings.catalog.rest
        scope = "https://purview.azure.net/.default"
        auth = (
            bearer(credential, scope, url)
            if settings.catalog.scheme == "purview"
            else BasicAuth("admin", "zq7canary-password", [url.partition("://")[2]])
        )
        return Types(url, auth, session(url), findings)

    return Doors(
        resolve=lambda _: resolve,
        identity=lambda _: identity or Tokens(),
        limits=ONCE,
        remote=remote,
        **more,
    )


def found(kind: str, settings: Settings, outside: Doors) -> Check:
    """The one check of that kind."""
    [check] = [each for each in examine(settings, outside) if each.kind == kind]
    return check


def words(check: Check) -> tuple[str | None, str, str]:
    """What a check says."""
    return check.diagnosis, check.said, check.remedy
