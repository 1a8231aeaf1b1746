"""Tokens, and which hosts may see them."""

from __future__ import annotations

import base64
import binascii
import re
import sys
import time
from collections.abc import Callable, Collection
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from lineage.errors import SettingsError, Unavailable
from lineage.settings import Auth, Settings, is_loopback

EARLY = 300.0  # seconds before its end that a token is replaced
_ORIGIN = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE
)
_UNSAFE = re.compile(r"[\s\\\x00-\x20\x7f]")  # read differently by different parsers of URLs
_PORTS = {"https": 443, "http": 80}
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
        if not allowed(request.url or "", self._hosts):
            raise SettingsError(f"a token for {self._scope} is not sent to {_origin(request.url)}")
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
            return _fetched(self._credential, self._scope, self._claims)
        except Unavailable:
            if held and held.expires_on > self._clock():
                return held  # asked again on the next call; it still serves
            raise


def bearer(credential: Credential | None, scope: str, endpoint: str) -> BearerAuth | None:
    """The authentication for calls to `endpoint`; None without a credential."""
    return BearerAuth(credential, scope, {urlsplit(endpoint).netloc}) if credential else None


def allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether a token may go to `url`: one of `hosts` exactly, over https or on loopback."""
    place, _, rest = url.partition("://")
    place += "://" + re.split(r"[/?#]", rest, maxsplit=1)[0]
    match = _ORIGIN.fullmatch(place)
    if match is None or _UNSAFE.search(url):
        return False
    scheme, host, port = match[1].lower(), match[2].lower(), match[3]
    if scheme != "https" and not is_loopback(host.strip("[]")):
        return False
    usual = _PORTS[scheme]
    number = int(port or usual)
    return f"{host}:{number}" in hosts or (number == usual and host in hosts)


def _origin(url: str | None) -> str:
    """What an error may say of a URL: neither user nor path."""
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _claims(challenge: str) -> str | None:
    match = _CLAIMS.search(challenge)
    if match is None:
        return None
    try:
        text = match[1].rstrip("=")
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return None


def _fetched(credential: Credential, scope: str, claims: str | None) -> AccessToken:
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
            raise SettingsError(f"{said}; check LINEAGE_AUTH and who it signs in as") from None
        raise Unavailable(said) from None


def _prompt(uri: str, code: str, _expires: object) -> None:
    print(f"To sign in, open {uri} and enter the code {code}", file=sys.stderr, flush=True)


CREDENTIALS: dict[Auth, Callable[[Any, Settings], Credential]] = {
    Auth.CLIENT_CERTIFICATE: lambda azure, s: azure.CertificateCredential(
        s.identity.tenant, s.identity.client, s.identity.certificate
    ),
    Auth.CLIENT_SECRET: lambda azure, s: azure.ClientSecretCredential(
        s.identity.tenant, s.identity.client, s.identity.secret
    ),
    Auth.DEFAULT: lambda azure, _: azure.DefaultAzureCredential(),
    Auth.DEVICE_CODE: lambda azure, s: azure.DeviceCodeCredential(
        prompt_callback=_prompt, **({"tenant_id": s.identity.tenant} if s.identity.tenant else {})
    ),
    Auth.MANAGED_IDENTITY: lambda azure, s: azure.ManagedIdentityCredential(
        client_id=s.managed_identity or None
    ),
}


def credential(settings: Settings) -> Credential | None:
    """
    Who we are, by LINEAGE_AUTH; None is nobody.

    azure-identity is loaded here and not before: it takes a tenth of a second and 14 MB. It reads
    further variables of its own (AZURE_AUTHORITY_HOST, IDENTITY_ENDPOINT, those of its default
    chain). Raises `SettingsError` where the identity cannot be made from what is set.
    """
    if settings.auth is Auth.NONE:
        return None
    import azure.identity

    try:
        return CREDENTIALS[settings.auth](azure.identity, settings)
    except (ValueError, OSError) as error:
        raise SettingsError(
            f"LINEAGE_AUTH: {settings.auth} cannot be set up: {type(error).__name__}; check the "
            "AZURE_ variables it reads"
        ) from None
