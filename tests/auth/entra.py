"""
A loopback Entra ID over TLS, and the identity endpoint of a host: who signs in gets a token.

Modelled of Entra ID: the tenant's metadata, client credentials by secret or assertion, the device
code flow with its wait, refresh tokens. Source: the answers azure-identity 1.27 and msal 1.39 take.
"""

from __future__ import annotations

import json
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

TENANT = "00000000-0000-0000-0000-000000000001"
CLIENT = "00000000-0000-0000-0000-000000000002"
SECRET = "zq7canary-client-secret"
HEADER = "zq7canary-identity-header"
TOKEN = "zq7canary-token"
LIFETIME = 3600  # seconds


@dataclass
class Entra:
    """
    `url` is the authority, `bundle` the certificates that vouch for it, `asked` every grant.

    `tokens` are those for scopes that have one of their own.
    """

    url: str = ""
    bundle: str = ""
    lifetime: int = LIFETIME
    tokens: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path.endswith("/openid-configuration"):
            tenant = f"{self.url}/{path.split('/')[1]}"
            return 200, {
                "issuer": f"{tenant}/v2.0",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{tenant}/oauth2/v2.0/devicecode",
            }
        self.scopes.append(form.get("scope", ""))
        if path.endswith("/devicecode"):
            self.asked.append("devicecode")
            return 200, {
                "device_code": "zq7canary-device-code",
                "user_code": "ABCD1234",
                "verification_uri": "https://microsoft.com/devicelogin",
                "expires_in": 60,
                "interval": 0,
                "message": "sign in",
            }
        grant = form["grant_type"].rpartition(":")[2]
        self.asked.append(grant)
        return self._granted(grant, form)

    def _granted(self, grant: str, form: dict[str, str]) -> tuple[int, Any]:
        match grant:
            case "client_credentials" if form.get("client_secret", SECRET) != SECRET:
                said = f"AADSTS7000215: Invalid client secret provided: {form['client_secret']}"
                return 401, {"error": "invalid_client", "error_description": said}
            case "client_credentials":
                return 200, self._token(form.get("scope", ""))
            case "device_code" if self.asked.count(grant) == 1:
                return 400, {"error": "authorization_pending", "error_description": "wait"}
        claims = {
            "iss": f"{self.url}/{TENANT}/v2.0",
            "aud": form["client_id"],
            "tid": TENANT,
            "sub": "sub",
            "oid": "oid",
            "preferred_username": "person@contoso.com",
            "exp": int(time()) + self.lifetime,
            "iat": int(time()),
        }
        return 200, {
            **self._token(),
            "refresh_token": "zq7canary-refresh-token",
            "scope": form.get("scope") or self.scopes[0],  # a code's scope is told with the code
            "client_info": encoded({"uid": "uid", "utid": TENANT}),
            "id_token": f"{encoded({'alg': 'none'})}.{encoded(claims)}.",
        }

    def _token(self, scope: str = "") -> dict[str, Any]:
        token = self.tokens.get(scope, TOKEN)
        return {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": token}


@contextmanager
def entra(folder: Path) -> Iterator[Entra]:
    """Entra ID on loopback, with a certificate of its own authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    made = Entra(bundle=str(folder / "ca.pem"))

    class Handler(_Handler):
        def _answer(self, form: dict[str, str]) -> tuple[int, Any]:
            return made.answer(urlsplit(self.path).path, form)

    with serving(Handler, context) as port:
        made.url = f"https://localhost:{port}"
        yield made


@dataclass
class Host:
    """
    The identity endpoint that a Functions host offers: `resources` are what was asked for.

    `tokens` are those for resources that have one of their own.
    """

    url: str = ""
    expires_on: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    resources: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def host_identity() -> Iterator[Host]:
    """`IDENTITY_ENDPOINT` of an App Service, version 2019-08-01."""
    made = Host(expires_on=int(time()) + LIFETIME)

    class Handler(_Handler):
        def _answer(self, _: dict[str, str]) -> tuple[int, Any]:
            query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            if self.headers.get("X-IDENTITY-HEADER") != HEADER:
                return 401, {"statusCode": 401, "message": "no header"}
            made.resources.append(query)
            token = made.tokens.get(query["resource"], TOKEN)
            told = {"access_token": token, "expires_on": str(made.expires_on)}
            return 200, {**told, "resource": query["resource"], "token_type": "Bearer"}

    with serving(Handler) as port:
        made.url = f"http://127.0.0.1:{port}/msi/token"
        yield made


class _Handler(BaseHTTPRequestHandler):
    def _answer(self, form: dict[str, str]) -> tuple[int, Any]:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._reply({})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._reply({key: values[0] for key, values in parse_qs(text).items()})

    def _reply(self, form: dict[str, str]) -> None:
        status, body = self._answer(form)
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A loopback server of these handlers; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def encoded(claims: dict[str, Any]) -> str:
    """One part of a token."""
    return urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
