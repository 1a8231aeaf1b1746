"""
A double of Microsoft Purview: another server behind its paths, versions, tokens and refusals.

What it checks and answers is what spec/purview.md says of live accounts; what is not known of them
is not here. `forbid` and `shut` make the refusals of a missing role and of a firewall.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import trustme

from tests.catalog.front import Answer, Asked, Front, Said, said, serving

TOKEN = "purview-canary"
VERSION = "2023-09-01"
AUDIENCE = "https://purview.azure.net/.default"
FIREWALL = (
    "Not authorized to access this Microsoft Purview account. This Microsoft Purview account is "
    "behind a private endpoint. Please access the account from the same virtual network (VNET)."
)
_ROOT, _BEHIND = "/datamap/api/atlas/v2", "/api/atlas/v2"
_VERSIONED = ("/entity/bulk", "/types/typedefs")  # POST


@dataclass(frozen=True, slots=True)
class Token:
    """As azure-core gives it."""

    token: str
    expires_on: int


@dataclass(slots=True)
class Credential:
    """Gives tokens for any audience, of which the account takes one; `asked` are the scopes."""

    asked: list[str] = field(default_factory=list)
    token: str = TOKEN

    def get_token(self, *scopes: str, **_: object) -> Token:
        self.asked += scopes
        [scope] = scopes
        return Token(f"{self.token} {scope}".replace(" ", "."), 2**40)


@dataclass(slots=True)
class Account:
    """What the account lets in; to be changed while it runs. It takes no `token` but this one."""

    behind: Answer
    token: str = f"{TOKEN}.{AUDIENCE}"
    forbid: bool = False
    shut: bool = False
    moved: list[str] = field(default_factory=list)  # entities for which a collection was named
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def answer(self, asked: Asked) -> Said:
        if self.shut:
            return self._refuse(403, "AccountNotAuthorized", FIREWALL)
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return self._refuse(401, "Unauthorized", "Not authorized")
        if self.forbid and asked.method != "GET":
            return self._refuse(403, "ATLAS-403-00-001", "is not authorized to perform the action")
        path = asked.path.removeprefix(_ROOT)
        if path == asked.path:
            return self._refuse(404, "NotFound", "Resource not found")
        query = dict(asked.query)
        if asked.method != "GET" and path in _VERSIONED and query.get("api-version") != VERSION:
            return self._refuse(400, "UnsupportedApiVersion", "The api-version is missing")
        if query.get("collectionId"):
            sent = json.loads(asked.body)["entities"]
            self.moved += [each["attributes"]["qualifiedName"] for each in sent]
        return self._told(self.behind(replace(asked, path=_BEHIND + path)))

    def _refuse(self, status: int, code: str, message: str) -> Said:
        return self._told(said(status, {"errorCode": code, "errorMessage": message}))

    def _told(self, found: Said) -> Said:
        """A refusal with the id of its request, as the account's have."""
        if found.status < 400:
            return found
        try:
            body = json.loads(found.body)
        except ValueError:
            return found
        told = {"requestId": f"request-{next(self._ids)}", **body}
        return replace(found, body=json.dumps(told).encode())


@dataclass(frozen=True, slots=True)
class Purview:
    """A double under way; `environ` is what makes `requests` trust it."""

    front: Front
    account: Account
    credential: Credential
    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.front.url


@contextmanager
def purview(behind: Answer, folder: Path) -> Iterator[Purview]:
    """The double over TLS, in front of another server."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    account = Account(behind)
    with serving(account.answer, context) as front:
        yield Purview(front, account, Credential(), {"REQUESTS_CA_BUNDLE": str(folder / "ca.pem")})
