"""Bearer tokens, kept until shortly before their end and put on requests to their hosts alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from threading import Lock
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from lineage.auth._fetched import AccessToken, Credential, claims_in, fetched
from lineage.auth._hosts import check
from lineage.errors import Unavailable

EARLY = 300.0  # seconds before its end that a token is replaced


class BearerAuth(AuthBase):
    """
    Puts a token on requests to `hosts`, and refuses to on any other.

    `hosts` are the network places of endpoints, `HOST` or `HOST:PORT`, compared whole. A token
    goes over https, or to loopback. It is kept until `EARLY` seconds before its end; one credential
    may be shared by several threads.
    """

    def __init__(
        self,
        credential: Credential,
        scope: str,
        hosts: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._credential = credential
        self._scope = scope
        self._hosts = frozenset(host.lower() for host in hosts)
        self._clock = clock
        self._lock = Lock()
        self._held: AccessToken | None = None
        self._claims: str | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Raises `SettingsError` where the request leads elsewhere, or there is no token."""
        check(f"a token for {self._scope}", request.url, self._hosts)
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request

    def renew(self, refused: PreparedRequest, challenge: str) -> None:
        """
        Forget the token in `refused`, unless another thread has replaced it since.

        `challenge` may ask for claims, without which azure-identity gives its own kept token again.
        """
        with self._lock:
            held = self._held
            if held and refused.headers.get("Authorization") == f"Bearer {held.token}":
                self._held = None
                self._claims = claims_in(challenge)

    def _token(self) -> str:
        held = self._held
        if held is None or held.expires_on - EARLY <= self._clock():
            with self._lock:
                held = self._held
                if held is None or held.expires_on - EARLY <= self._clock():
                    held = self._held = self._replaced(held)
                    self._claims = None
        return held.token

    def _replaced(self, held: AccessToken | None) -> AccessToken:
        try:
            return fetched(self._credential, self._scope, self._claims)
        except Unavailable:
            if held and held.expires_on > self._clock():
                return held  # asked again on the next call; it still serves
            raise


def bearer(credential: Credential | None, scope: str, endpoint: str) -> BearerAuth | None:
    """The authentication for calls to `endpoint`; None without a credential."""
    return BearerAuth(credential, scope, {urlsplit(endpoint).netloc}) if credential else None
