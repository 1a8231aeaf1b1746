"""The queue of the command line: a deque of messages, kept in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition

from lineage.batch import decode, encode
from lineage.model import Batch


class LocalQueue:
    """
    Holds messages until their time has come; safe for several threads.

    What is in it is lost with the process: the run rows in the store say what has to be sent again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._messages: list[tuple[float, str]] = []
        self._changed = Condition()
        self._held = 0

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        """Put a batch on the queue, visible after `delay` seconds."""
        with self._changed:
            self._messages.append((self._clock() + delay, encode(batch)))
            self._changed.notify()

    def receive(self, patience: float) -> Batch | None:
        """
        The next batch that is due, or None if none becomes due within `patience` seconds.

        Every batch received is to be ended with `done`.
        """
        deadline = self._clock() + patience
        with self._changed:
            while True:
                now = self._clock()
                due = next((i for i, (at, _) in enumerate(self._messages) if at <= now), None)
                if due is not None:
                    self._held += 1
                    return decode(self._messages.pop(due)[1])
                if now >= deadline:
                    return None
                nearest = min([deadline, *(at for at, _ in self._messages)])
                self._changed.wait(max(nearest - now, 0.001))

    def done(self) -> None:
        """A received batch was handled, or put back."""
        with self._changed:
            self._held -= 1
            self._changed.notify_all()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being handled."""
        with self._changed:
            return not self._messages and not self._held
