"""
One delivery of one message, and what may become of it: renewed, deleted, shown again, poisoned.

Source: QueueProcessor and QueueServiceClientProvider of
Microsoft.Azure.WebJobs.Extensions.Storage.Queues 5
"""

from __future__ import annotations

import binascii
import logging
from base64 import b64decode

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from host import storage
from host.calls import QueueCall
from host.hostfile import Queues

POISON = "-poison"

_LOG = logging.getLogger(__name__)


class Undecodable(Exception):
    """A text that is not encoded as host.json says."""


class Delivery:
    """A message that is ours for now; every renewal changes the receipt that proves it."""

    def __init__(
        self,
        message: QueueMessage,
        service: QueueServiceClient,
        queue: QueueClient,
        figures: Queues,
    ) -> None:
        self._message = message
        self._service = service
        self._queue = queue
        self._figures = figures
        self._receipt = message.pop_receipt
        self._times = int(message.dequeue_count or 0)

    @property
    def exhausted(self) -> bool:
        """Whether it was delivered too often: its hosts died, or there is no poison queue."""
        return self._times > self._figures.max_dequeue_count

    def call(self) -> QueueCall:
        """What the function gets. Raises `Undecodable`."""
        text = str(self._message.content)
        if self._figures.base64:
            try:
                text = b64decode(text, validate=True).decode("utf-8")
            except (binascii.Error, ValueError) as error:
                raise Undecodable(f"message {self._message.id} is no base64: {error}") from None
        return QueueCall(
            body=text,
            id=str(self._message.id),
            dequeue_count=self._times,
            inserted=self._message.inserted_on,
            expires=self._message.expires_on,
            next_visible=self._message.next_visible_on,
            pop_receipt=str(self._receipt),
        )

    def renew(self, hidden: int) -> None:
        """Hide it for longer; that it is somebody else's by now is found out at the end."""
        try:
            self._show_after(hidden)
        except AzureError as error:
            _LOG.warning("message %s is not renewed: %s", self._message.id, short(error))

    def delete(self) -> None:
        """Be done with it."""
        try:
            self._queue.delete_message(str(self._message.id), self._receipt)
        except HttpResponseError as error:
            self._not_ours(error)

    def failed(self) -> None:
        """
        Show it again in host.json's time, or poison it after the last delivery.

        Of a poison queue it stays hidden for as long as it was fetched for: else it would go round
        and round.
        """
        if self._is_poison():
            return
        if self._times >= self._figures.max_dequeue_count:
            self.poison()
            return
        try:
            self._show_after(round(self._figures.visibility_timeout))
        except HttpResponseError as error:
            self._not_ours(error)

    def poison(self) -> None:
        """Move it to the poison queue, as it came, for the service's own lifetime of 7 days."""
        if self._is_poison():
            return
        name = f"{self._queue.queue_name}{POISON}"
        _LOG.warning("message %s is moved to %s", self._message.id, name)
        storage.opened(self._service, name).send_message(str(self._message.content))
        self.delete()

    def _is_poison(self) -> bool:
        return str(self._queue.queue_name).endswith(POISON)

    def _show_after(self, seconds: int) -> None:
        shown = self._queue.update_message(
            str(self._message.id), self._receipt, visibility_timeout=seconds
        )
        self._receipt = shown.pop_receipt

    def _not_ours(self, error: HttpResponseError) -> None:
        """Go on where somebody else has the message by now, or it is gone."""
        mismatch = getattr(error, "error_code", "") == "PopReceiptMismatch"
        if not mismatch and not isinstance(error, ResourceNotFoundError):
            raise error
        _LOG.info("message %s is not ours any more", self._message.id)


def short(error: Exception) -> str:
    """The first line of an error of the SDK, which adds the whole answer."""
    return str(error).partition("\n")[0]
