"""How many calls are taken."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

BURST = 120  # calls at once
PER_SECOND = 20.0  # calls, in the long run, of one process


class Rate:
    """A bucket that fills by the clock, which gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._left = float(BURST)
        self._at = clock()

    def may(self) -> bool:
        """Whether one more is taken now."""
        with self._lock:
            now = self._clock()
            self._left = min(BURST, self._left + (now - self._at) * PER_SECOND)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
