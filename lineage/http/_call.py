"""What is called: a prepared request, who asks, and how messages name it."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from requests import PreparedRequest, Session
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from lineage import __version__
from lineage.http._bodies import ANY, Limits, Shape

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"purview-lineage/{__version__}",
}


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """
    A request with its session, its authentication and its limits; `grant` cures a 403.

    `shape` is that of the answer: a decoder of msgspec's.
    """

    session: Session
    prepared: PreparedRequest
    auth: AuthBase | None
    grant: str
    limits: Limits
    shape: Shape = ANY

    @property
    def what(self) -> str:
        """What messages say of it: no query, which may hold more than names."""
        parts = urlsplit(self.prepared.url or "")
        return f"{self.prepared.method} {parts.hostname}{parts.path}"


def prepared(
    method: str,
    url: str,
    json: Any,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
) -> PreparedRequest:
    """By hand: `Session.prepare_request` and `Session.send` cost as much again as the call."""
    made = PreparedRequest()
    made.method = method
    made.url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
    made.headers = CaseInsensitiveDict(_HEADERS)
    if json is not None:
        made.body = jsonlib.dumps(json).encode()
        made.headers["Content-Type"] = "application/json"
        made.headers["Content-Length"] = str(len(made.body))
    made.headers.update(headers or {})
    return made
