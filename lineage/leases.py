"""Who may report a pipeline, and who may create entities: one at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import uuid4

from lineage.errors import Cause, Unavailable
from lineage.model import Clock
from lineage.store.notes import LEASE, Notes

SHORTEST, LONGEST = 0.01, 0.2  # seconds until a lease is asked for again: each costs a call
PATIENCE = 60.0  # seconds to wait for another process that creates entities


class Leases:
    """The leases of one process, for the catalog at `address`."""

    def __init__(self, notes: Notes, address: str, clock: Clock) -> None:
        self._notes = notes
        self._what = f"create|{address}"
        self._clock = clock
        self._creator = Lock()
        self._owner = ""  # who creates now, if it is one of us
        self._mine = ""  # its name as the creator: no message delivered twice has it twice

    def renew(self, lane: str, owner: str) -> None:
        """
        Keep a lane, and the right to create where `owner` has it.

        Raises `Unavailable` where another worker has taken either of them.
        """
        held = [(lane, owner)] + ([(self._what, self._mine)] if self._owner == owner else [])
        if not all(self._notes.take(what, who, self._clock()) for what, who in held):
            raise Unavailable("the lane's lease was lost to another worker", cause=Cause.BUSY)

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
            mine = f"{owner}-{uuid4().hex}"
            while not self._notes.take(self._what, mine, self._clock()):
                if time.monotonic() > deadline:
                    raise Unavailable(
                        "somebody else creates entities for too long", cause=Cause.BUSY
                    )
                time.sleep(pause)
                pause = min(2 * pause, LONGEST)
            self._owner, self._mine = owner, mine
            try:
                yield
            finally:
                self._owner = ""
                self._notes.free(self._what, mine)
        finally:
            self._creator.release()
