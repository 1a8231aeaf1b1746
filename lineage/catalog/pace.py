"""How much, and how fast, a catalog takes: one pace for all lanes, learnt from its answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

SHORTEST = 1.0  # seconds of rest after a refusal that names none


class Pace:
    """
    At most `rate` entities per second, in bulks of at most `most` processes.

    A bulk leaves as soon as those before it are paid for, so that the mean is kept, whatever its
    size. `size` begins at `start`, is halved by each overload and grows by a tenth with each bulk
    that was full. Shared by threads.
    """

    def __init__(
        self,
        rate: float,
        start: int,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._most = most
        self._size = float(min(start, most))
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._paid = clock()  # when all that was sent is paid for
        self._rest = self._paid  # nothing is sent before

    @property
    def size(self) -> int:
        """How many processes the next bulk may hold."""
        return int(self._size)

    def wait(self, entities: int) -> None:
        """Return when so many entities may be sent."""
        with self._lock:
            turn = max(self._clock(), self._paid)
            self._paid = turn + entities / self._rate
        while (left := max(turn, self._rest) - self._clock()) > 0:
            self._sleep(left)

    def overloaded(self, asked: float | None) -> None:
        """Halve, and let the catalog rest for as long as it `asked`."""
        with self._lock:
            self._size = max(1.0, self._size / 2)
            self._rest = max(self._rest, self._clock() + (asked or SHORTEST))

    def accepted(self, processes: int) -> None:
        """Grow, if the bulk was as large as it might be."""
        with self._lock:
            if processes >= int(self._size):
                self._size = min(float(self._most), self._size * 1.1 + 0.1)
