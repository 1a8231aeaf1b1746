"""What has come of one reading so far: when to stop, and why something is left unread."""

from __future__ import annotations

from threading import Lock

from lineage.errors import Unavailable

LARGEST = 32 * 1024 * 1024  # bytes of payload in one reading; a larger run is read alone
_HOPELESS = 3  # failures without one success: the service is down


class Tally:
    """What has come of one reading so far; its threads share it."""

    def __init__(self) -> None:
        self.stopped = False
        self.wait: float | None = None
        self.problem = ""
        self._lock = Lock()
        self._size = 0
        self._whole = 0
        self._failures = 0

    def failed(self, error: Unavailable) -> None:
        """Count a run that cannot be had; where the service is down, or asks for rest, stop."""
        with self._lock:
            self._failures += 1
            if error.retry_after is not None:
                self.wait = max(self.wait or 0.0, error.retry_after)
                self.stopped = True
            if self._failures >= _HOPELESS and not self._whole:
                self.stopped = True
        self.left(str(error))

    @property
    def down(self) -> bool:
        """Whether the service could not answer for any run."""
        return self._failures > 0 and not self._whole

    def left(self, problem: str) -> None:
        """Keep the first reason why something is left unread."""
        self.problem = self.problem or problem

    def takes(self, size: int) -> bool:
        """Whether a run of this size still has room; the first always has."""
        with self._lock:
            if self._whole and self._size + size > LARGEST:
                self.stopped = True
                self.left("the batch is too large to be read at once")
                return False
            self._size += size
            self._whole += 1
            return True
