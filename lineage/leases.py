"""Who may report a pipeline, and who may create entities: one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from lineage.errors import Unavailable
from lineage.model import Clock
from lineage.store.notes import LEASE, Notes

SHORTEST, LONGEST = 0.01, 0.2  # seconds until a lease is asked for again: each costs a call
PATIENCE = 60.0  # seconds to wait for another process that creates entities


class Leases:
    """
    The leases of one process, for the catalog at `address`.

    `alone` raises `Unavailable` where the process has lost the store that it holds.
    """

    def __init__(
        self, notes: Notes, address: str, clock: Clock, alone: Callable[[], None] = lambda: None
    ) -> None:
        self._notes = notes
        self._what = f"create|{address}"
        self._clock = clock
        self._alone = alone
        self._creator = Lock()
        self._owner = ""  # who creates now, if it is one of us

    def renew(self, lane: str, owner: str) -> None:
        """
        Keep a lane, and the right to create where `owner` has it.

        Raises `Unavailable` where another worker has taken either of them, or the store.
        """
        self._alone()
        held = [lane, self._what] if self._owner == owner else [lane]
        if not all(self._notes.take(what, owner, self._clock()) for what in held):
            raise Unavailable("the lane's lease was lost to another worker")

    @contextmanager
    def creating(self, lane: str, owner: str) -> Iterator[None]:
        """
        The lease under which entities are created: two creators would make one name twice.

        The lanes of this process wait for each other as long as it takes, since a catalog takes
        what it takes per second, and keep their own leases meanwhile.
        """
        while not self._creator.acquire(timeout=LEASE / 4):
            self.renew(lane, owner)
        try:
            deadline, pause = time.monotonic() + PATIENCE, SHORTEST
            while not self._notes.take(self._what, owner, self._clock()):
                if time.monotonic() > deadline:
                    raise Unavailable("somebody else creates entities for too long")
                time.sleep(pause)
                pause = min(2 * pause, LONGEST)
            self._owner = owner
            try:
                yield
            finally:
                self._owner = ""
                self._notes.free(self._what, owner)
        finally:
            self._creator.release()
