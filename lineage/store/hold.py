"""One sync at a time where no file can be locked: a lease that its holder renews."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import uuid4

from lineage import ticks
from lineage.errors import LineageError, Unavailable
from lineage.model import Clock
from lineage.store.notes import Notes

log = logging.getLogger(__name__)

HOLD = 60.0  # seconds that a killed holder keeps others out


@contextmanager
def held(
    notes: Notes, what: str, clock: Clock, seconds: float = HOLD
) -> Iterator[Callable[[], None]]:
    """
    Hold `what` for oneself; yields a check that raises `Unavailable` where it was lost.

    A thread renews the lease, four times in its length. It is lost where that failed for too long:
    the store was out of reach, or the machine asleep. Raises `Unavailable` where another has it.
    """
    owner, over = f"hold-{uuid4().hex}", Event()
    until = ticks.shift(clock(), seconds)
    if not notes.take(what, owner, clock(), seconds):
        raise Unavailable(
            f"another {what} works on this store: wait until it has ended; "
            f"one that was killed keeps others out for {seconds:.0f} s"
        )

    def renew() -> None:
        nonlocal until
        while not over.wait(seconds / 4):
            now = clock()
            try:
                if not notes.take(what, owner, now, seconds):
                    return
                until = ticks.shift(now, seconds)
            except LineageError as error:
                log.warning("the lease of this %s is not renewed: %s", what, error)

    def check() -> None:
        if clock() >= until:
            raise Unavailable(f"this {what} lost its lease of the store: run it again")

    renewing = Thread(target=renew, name="lease", daemon=True)
    renewing.start()
    try:
        yield check
    finally:
        over.set()
        renewing.join()
        notes.free(what, owner)
