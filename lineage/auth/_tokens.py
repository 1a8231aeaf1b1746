"""Bearer tokens, kept until shortly before their end and put on requests to their hosts alone."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable, Collection
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from lineage.auth._hosts import check
from lineage.errors import Cause, SettingsError, Unavailable

EARLY = 300.0  # seconds before its end that a token is replaced
_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/_=-]{1,8192})"', re.ASCII)


class AccessToken(Protocol):
    """A token as azure-core gives it; `expires_on` is in Unix seconds."""

    @property
    def token(self) -> str:
        """What goes behind `Bearer`."""
        ...

    @property
    def expires_on(self) -> int:
        """When it ends."""
        ...


class Credential(Protocol):
    """Whatever gives tokens: those of azure-identity, or a test's."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """A token for these scopes; `claims` answers a challenge."""
        ...


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
                self._claims = _claims(challenge)

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


def _claims(challenge: str) -> str | None:
    match = _CLAIMS.search(challenge)
    if match is None:
        return None
    try:
        text = match[1].rstrip("=")
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return None


def fetched(credential: Credential, scope: str, claims: str | None = None) -> AccessToken:
    """
    A new token. Raises `SettingsError` where it is refused, `Unavailable` where nobody answers.

    Of an error only its kind and Microsoft's number are told: its text repeats the request.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    try:
        return credential.get_token(scope, **({"claims": claims} if claims else {}))
    except (AzureError, ValueError) as error:
        number = re.search(r"AADSTS[0-9]{1,9}", str(error))
        said = f"no token for {scope}: {number[0] if number else type(error).__name__}"
        if isinstance(error, (ClientAuthenticationError, ValueError)):
            refused = f"{said}; check LINEAGE_AUTH and who it signs in as"
            raise SettingsError(refused, cause=Cause.IDENTITY) from None
        raise Unavailable(said, cause=Cause.IDENTITY) from None
