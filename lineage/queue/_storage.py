"""A queue of Azure Storage, to which the Functions host listens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lineage.batch import encode
from lineage.errors import Unavailable, of_storage
from lineage.model import Batch
from lineage.storage import Patience, code

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient

T = TypeVar("T")

POISON = "-poison"  # what the host appends to a queue's name, for messages that failed too often
LONGEST_DELAY = 6 * 86_400.0  # seconds; the service takes up to seven days
_NEVER = -1  # time to live: a message that ended by itself would be lost
_HIDDEN = 60  # seconds that a message is kept from others while it is moved


class StorageQueue:
    """
    Messages are made by ourselves, never by an output binding: that can neither delay one nor keep
    it for ever, and writes only when the function has returned (azure-functions-host 6525, 4176).

    The queue is made by the first message. A call that seemed to fail may have written: a message
    may be there twice, which does no harm. Raises `Unavailable` and `SettingsError`.
    """

    def __init__(self, client: QueueClient, patience: Patience | None = None) -> None:
        self._client = client
        self._patience = patience or Patience()
        self.name = str(client.queue_name)

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._client.url).partition("?")[0]  # else with the signature, if it has one

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        """Put a batch on the queue, visible after `delay` seconds."""
        self.put(encode(batch), delay)

    def put(self, text: str, delay: float = 0.0) -> None:
        """Put a message on the queue as it is, visible after `delay` seconds."""
        hidden = round(min(max(delay, 0.0), LONGEST_DELAY))

        def put() -> None:
            self._client.send_message(text, visibility_timeout=hidden, time_to_live=_NEVER)

        self._made(put)

    def size(self) -> int:
        """How many messages there are, about, visible or not; 0 where there is no queue yet."""
        found = self._asked(self._client.get_queue_properties)
        return int(found.approximate_message_count or 0) if found else 0

    def move(self, to: StorageQueue) -> int:
        """Move every message that is visible to another queue; returns how many."""
        moved = 0
        while message := self._asked(
            lambda: self._client.receive_message(visibility_timeout=_HIDDEN)
        ):
            to.put(message.content)
            self._asked(partial(self._client.delete_message, message))
            moved += 1
        return moved

    def _asked(self, act: Callable[[], T]) -> T | None:
        """What a call gives; None where there is no such queue, or message."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._patience.call(f"the queue {self.name}", act)
        except ResourceNotFoundError:
            return None

    def _made(self, act: Callable[[], T]) -> T:
        """What a call gives, on a queue that is made where there is none."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        what = f"the queue {self.name}"
        try:
            return self._patience.call(what, act)
        except ResourceNotFoundError as error:
            if code(error) != "QueueNotFound":
                raise

        def make() -> None:  # the SDK tells of one that is there by an error of status 204
            with suppress(ResourceExistsError):  # somebody else may be faster
                self._client.create_queue()

        self._patience.call(what, make)
        try:
            return self._patience.call(what, act)
        except ResourceNotFoundError:
            raise of_storage(Unavailable(f"{what} goes as fast as it is made")) from None
