"""User name and password, put on requests to their hosts alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from lineage.auth._hosts import check
from lineage.errors import SettingsError


class BasicAuth(AuthBase):
    """
    Puts user name and password on requests to `hosts`, and refuses to on any other.

    `hosts` are bound as those of `BearerAuth` are. Raises `SettingsError` for a user name with a
    colon, which Basic authentication cannot carry. Sent as UTF-8: RFC 7617.
    """

    def __init__(self, username: str, password: str, hosts: Collection[str]) -> None:
        if ":" in username:
            raise SettingsError("ATLAS_USERNAME: a user name holds no colon")
        self._header = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        self._hosts = frozenset(host.lower() for host in hosts)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Raises `SettingsError` where the request leads elsewhere."""
        check("the password", request.url, self._hosts)
        request.headers["Authorization"] = self._header
        return request


def basic(username: str, password: str, endpoint: str) -> BasicAuth | None:
    """The authentication for calls to `endpoint`; None without a user name."""
    return BasicAuth(username, password, {urlsplit(endpoint).netloc}) if username else None
