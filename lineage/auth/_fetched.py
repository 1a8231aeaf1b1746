"""Asking a credential for a token, and what it means that there is none."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Protocol

from lineage.errors import Cause, SettingsError, Unavailable

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


def claims_in(challenge: str) -> str | None:
    """The claims that a challenge asks for, as azure-identity takes them."""
    match = _CLAIMS.search(challenge)
    if match is None:
        return None
    try:
        text = match[1].rstrip("=")
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
