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
from urllib.parse import unquote

from lineage.auth import Credential
from lineage.doctor import Check, Doors, examine
from lineage.http import Limits
from lineage.settings import Place, Settings
from tests.auth.entra import serving
from tests.auth.words import Token

FACTORY = "/subscriptions/s/resourceGroups/r/providers/Microsoft.DataFactory/factories/adf-1"
WORKSPACE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/syn-1"
TYPES = "/atlas/v2/types/typedef/name/"
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
        _, known, name = path.partition(TYPES)
        if not known or name in lacking:
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
    made = replace(sources("http://localhost"), factories=(), catalog=Place(scheme, url))
    return replace(made, atlas_username="admin", atlas_password="zq7canary-password")


def doors(
    resolve: Sequence[str] = ("127.0.0.1",),
    identity: Credential | None = None,
    **more: Any,
) -> Doors:
    """The outside world of a test."""

    return Doors(
        resolve=lambda _: resolve,
        identity=lambda _: identity or Tokens(),
        limits=ONCE,
        **more,
    )


def found(kind: str, settings: Settings, outside: Doors) -> Check:
    """The one check of that kind."""
    [check] = [each for each in examine(settings, outside) if each.kind == kind]
    return check


def words(check: Check) -> tuple[str | None, str, str]:
    """What a check says."""
    return check.diagnosis, check.said, check.remedy
