"""Whether anything is under way: what a test waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Activity:
    """Counts what is under way, and what has ever begun."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running = 0
        self._begun = 0

    def begin(self) -> None:
        """Something is under way from now on, until `end`, in whatever thread."""
        with self._lock:
            self._running += 1
            self._begun += 1

    def end(self) -> None:
        """It is over."""
        with self._lock:
            self._running -= 1

    @contextmanager
    def work(self) -> Iterator[None]:
        """Something is under way for as long as the context lasts."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def quiet(self) -> int | None:
        """
        How much has ever begun, if nothing is under way; else None.

        The same number twice says that nothing happened in between.
        """
        with self._lock:
            return None if self._running else self._begun
