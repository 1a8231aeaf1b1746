"""The storage account that the store's tables are in: how it is reached, and as whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lineage.auth import AccessToken, Credential, fetched
from lineage.errors import SettingsError
from lineage.settings import Storage

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient
    from requests import Response

AUDIENCE = "https://storage.azure.com"  # of every account, in every cloud
AT_ONCE = 16  # calls of one store


class _Told:
    """A credential whose errors are ours; the SDK lets them through."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """A token for the scope asked for; a challenge's claims are passed on."""
        return fetched(self._credential, scopes[0], kwargs.get("claims"))


def _read(response: Response, **how: object) -> None:
    """Have the whole body at once, so that its connection is free whatever the SDK makes of it."""
    _ = response.content


def opened(storage: Storage, identity: Callable[[], Credential]) -> TableServiceClient:
    """
    The tables of an account, by connection string or else by identity; makes no call.

    Raises `SettingsError` for a connection string that is none; it is not repeated.
    """
    from azure.core.pipeline.transport import RequestsTransport
    from azure.data.tables import TableServiceClient
    from requests import Session
    from requests.adapters import HTTPAdapter

    session = Session()
    session.auth = lambda request: request  # else a .netrc would put its password over our token
    session.hooks["response"].append(_read)
    session.mount("https://", HTTPAdapter(pool_maxsize=AT_ONCE))
    session.mount("http://", HTTPAdapter(pool_maxsize=AT_ONCE))
    how: dict[str, Any] = {
        "transport": RequestsTransport(session=session),
        "retry_total": 0,
        "permit_redirects": False,
        "connection_timeout": 5,
        "read_timeout": 30,
    }
    try:
        if storage.connection:
            return TableServiceClient.from_connection_string(storage.connection, **how)
        token: Any = _Told(identity())
        return TableServiceClient(storage.endpoint, credential=token, audience=AUDIENCE, **how)
    except ValueError:
        wrong = "is no connection string of an account"
        if not storage.connection:
            wrong = f"{storage.endpoint} cannot be reached by identity: that takes https"
        raise SettingsError(f"AzureWebJobsStorage: {wrong}") from None
