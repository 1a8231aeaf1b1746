"""The user name and password of an Apache Atlas server, and who may see them."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from lineage.auth import allowed
from lineage.errors import SettingsError


class Basic(AuthBase):
    """Puts name and password on requests to the host of `endpoint`, https or loopback only."""

    def __init__(self, name: str, password: str, endpoint: str) -> None:
        self._header = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
        self._hosts = frozenset({urlsplit(endpoint).netloc.lower()})

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Raises `SettingsError` where the request leads elsewhere."""
        if not allowed(request.url or "", self._hosts):
            host = urlsplit(request.url or "").hostname
            raise SettingsError(f"the password of Atlas is not sent to {host}")
        request.headers["Authorization"] = self._header
        return request
