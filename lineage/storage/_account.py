"""The tables and queues of an account: how they are reached, and as whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lineage.auth import AccessToken, Credential, fetched
from lineage.errors import SettingsError
from lineage.settings import Storage

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient
    from azure.storage.queue import QueueClient
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
    from azure.data.tables import TableServiceClient

    how = {**_how(), "retry_total": 0, "permit_redirects": False}
    try:
        if storage.connection:
            return TableServiceClient.from_connection_string(storage.connection, **how)
        token: Any = _Told(identity())
        return TableServiceClient(storage.endpoint, credential=token, audience=AUDIENCE, **how)
    except ValueError:
        raise _unreachable(storage, storage.endpoint) from None


def queue(
    storage: Storage, name: str, identity: Callable[[], Credential], *, quick: bool = False
) -> QueueClient:
    """
    A queue of the account, as `opened`; its messages are base64, as the Functions host wants them.

    Its SDK follows no redirect, and makes its own retries only where it is told to.
    """
    from azure.storage.queue import (
        LinearRetry,
        QueueClient,
        TextBase64DecodePolicy,
        TextBase64EncodePolicy,
    )

    how = {
        **(_how(connect=1, read=2) if quick else _how()),
        "retry_policy": LinearRetry(retry_total=0),
        "message_encode_policy": TextBase64EncodePolicy(),
        "message_decode_policy": TextBase64DecodePolicy(),
    }
    try:
        if storage.connection:
            return QueueClient.from_connection_string(storage.connection, name, **how)
        token: Any = _Told(identity())
        return QueueClient(storage.queue_endpoint, name, credential=token, **how)
    except ValueError:
        raise _unreachable(storage, storage.queue_endpoint) from None


def _how(connect: int = 5, read: int = 30) -> dict[str, Any]:
    """
    How calls are sent: our own session, so that nothing but us decides what goes with them.

    `connect` and `read` are how many seconds are waited.
    """
    from azure.core.pipeline.transport import RequestsTransport
    from requests import Session
    from requests.adapters import HTTPAdapter

    session = Session()
    session.auth = lambda request: request  # else a .netrc would put its password over our token
    session.hooks["response"].append(_read)
    session.mount("https://", HTTPAdapter(pool_maxsize=AT_ONCE))
    session.mount("http://", HTTPAdapter(pool_maxsize=AT_ONCE))
    timeouts = {"connection_timeout": connect, "read_timeout": read}
    return {"transport": RequestsTransport(session=session, **timeouts), **timeouts}


def _unreachable(storage: Storage, endpoint: str) -> SettingsError:
    wrong = "is no connection string of an account"
    if not storage.connection:
        wrong = f"{endpoint} cannot be reached by identity: that takes https"
    return SettingsError(f"AzureWebJobsStorage: {wrong}")
