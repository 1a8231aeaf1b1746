"""Queues of a storage account, found by the settings as Azure's host finds them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.queue import LinearRetry, QueueClient, QueueServiceClient

from host.errors import HostError

EMULATOR = (  # what UseDevelopmentStorage=true stands for: Azurite on its usual ports
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1"
)


def service(connection: str, environ: Mapping[str, str]) -> QueueServiceClient:
    """
    The account that the setting `connection` names: a connection string, or an identity's parts.

    Raises `HostError` where nothing is set, or what is set makes no sense.
    """
    text = environ.get(connection)
    if text:
        if text.strip().rstrip(";").lower() == "usedevelopmentstorage=true":
            text = EMULATOR
        try:
            return QueueServiceClient.from_connection_string(text, retry_policy=_soon())
        except ValueError as error:
            raise HostError(f"{connection} is no connection string: {error}") from None
    account = environ.get(f"{connection}__accountName")
    address = environ.get(f"{connection}__queueServiceUri")
    if not address and account:
        address = f"https://{account}.queue.core.windows.net"
    if not address:
        raise HostError(
            f"{connection} is not set: a connection string, or {connection}__accountName"
        )
    return QueueServiceClient(
        address, credential=_credential(connection, environ), retry_policy=_soon()
    )


def _soon() -> LinearRetry:
    """Of a call that failed: the SDK's own policy waits 15 s and more."""
    return LinearRetry(backoff=1, random_jitter_range=0, retry_total=3)


def _credential(connection: str, environ: Mapping[str, str]) -> TokenCredential:
    if environ.get(f"{connection}__credential", "").lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=environ.get(f"{connection}__clientId"))
    return DefaultAzureCredential()


def opened(found: QueueServiceClient, name: str) -> QueueClient:
    """A queue, made where it was absent; texts go in and out as they are."""
    client = found.get_queue_client(name)
    with suppress(ResourceExistsError):
        client.create_queue()
    return client
