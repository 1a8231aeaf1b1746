"""
The listener of a queue function: fetches messages and hands each to its function.

Source: QueueListener of Microsoft.Azure.WebJobs.Extensions.Storage.Queues 5
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Unfinished

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage, QueueServiceClient

from host.activity import Activity
from host.calls import Outcome, QueueCall
from host.delivery import Delivery, Undecodable, short
from host.functions import Function, Queue
from host.hostfile import Queues

_LOG = logging.getLogger(__name__)
_SHORTEST = 0.1  # seconds between two polls, at first


class Listener:
    """
    Listens to the queue of one function, on a thread of its own and one for each message.

    `hidden` is for how many seconds a message is nobody else's: 600 in Azure.
    """

    def __init__(
        self,
        function: Function,
        trigger: Queue,
        service: QueueServiceClient,
        figures: Queues,
        hidden: int,
        begin: Callable[[Function, QueueCall], Future[Outcome]],
        activity: Activity,
    ) -> None:
        self.function = function
        self.trigger = trigger
        self.queue = service.get_queue_client(trigger.queue)
        self._service = service
        self._figures = figures
        self._hidden = hidden
        self._begin = begin
        self._activity = activity
        self._stopping = threading.Event()
        self._nudged = threading.Event()
        self._room = threading.Condition()
        self._running = 0
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def cease(self) -> None:
        """Fetch no more."""
        self._stopping.set()
        self._nudged.set()
        with self._room:
            self._room.notify_all()

    def stop(self, patience: float) -> None:
        """Fetch no more, and wait for the messages under way."""
        self.cease()
        self._thread.join(patience)
        with self._room:
            self._room.wait_for(lambda: self._running == 0, patience)

    def nudge(self) -> None:
        """Look at once, however long the queue was empty."""
        self._nudged.set()

    def _poll(self) -> None:
        pause = _SHORTEST
        while self._has_room():
            if self._fetch():
                pause = _SHORTEST
            elif self._nudged.wait(min(pause, self._figures.max_polling_interval)):
                pause = _SHORTEST
                self._nudged.clear()
            else:
                pause *= 2

    def _has_room(self) -> bool:
        """Wait until another batch may be fetched; False when there will be none any more."""
        most = self._figures.new_batch_threshold
        with self._room:
            self._room.wait_for(lambda: self._stopping.is_set() or self._running <= most)
        return not self._stopping.is_set()

    def _fetch(self) -> int:
        """Fetch a batch and begin on each of its messages; how many there were."""
        with self._activity.work():
            try:
                size = self._figures.batch_size  # one request fetches all
                found = self.queue.receive_messages(
                    max_messages=size, messages_per_page=size, visibility_timeout=self._hidden
                )
                batch = list(next(found.by_page(), ()))
            except ResourceNotFoundError:
                return 0  # somebody will make the queue
            except AzureError as error:
                _LOG.warning("%s cannot be read: %s", self.queue.queue_name, short(error))
                return 0
            for message in batch:
                with self._room:
                    self._running += 1
                self._activity.begin()  # until it is dealt with, on its own thread
                threading.Thread(target=self._handle, args=(message,), daemon=True).start()
            return len(batch)

    def _handle(self, message: QueueMessage) -> None:
        try:
            self._deliver(Delivery(message, self._service, self.queue, self._figures))
        except AzureError as error:  # the message stays hidden until its time is over
            _LOG.warning("message %s is left where it is: %s", message.id, short(error))
        finally:
            with self._room:
                self._running -= 1
                self._room.notify_all()
            self._activity.end()

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.exhausted:
            delivery.poison()
            return
        try:
            call = delivery.call()
        except Undecodable as error:
            _LOG.warning("%s: %s; is messageEncoding right?", self.queue.queue_name, error)
            delivery.poison()
            return
        ending = self._begin(self.function, call)
        while True:
            try:
                outcome = ending.result(self._hidden / 2)
            except Unfinished:
                delivery.renew(self._hidden)
            else:
                break
        if outcome.error is None:
            delivery.delete()
        else:
            delivery.failed()
