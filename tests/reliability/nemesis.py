"""Chooses the moment of a kill and strikes: anywhere in the work that is left, by a seed."""

from __future__ import annotations

import time
from random import Random

from tests.reliability.harness import Ended, Running

_LATEST = 0.05  # seconds by which a blow may come after the moment it waited for
_CALL = 340  # bytes of history, about


def strike(running: Running, random: Random, calls: float) -> Ended:
    """
    Kill a sync after its first source call, at a random moment; it may have ended before.

    `calls` is how many it has still to make, about. Waits for some of them, and then: for nothing,
    a little while, the next write to the store or to the catalog.
    """
    wanted = random.random() * calls * _CALL
    then = random.choice(["now", "soon", "store", "store", "catalog"])
    delay = random.random() * _LATEST if then == "soon" else 0.0
    running.wait(lambda: running.told > max(wanted, 0))
    if then in ("store", "catalog"):
        before = running.log(then)
        running.wait(lambda: running.log(then) != before, pause=0.0)
    if delay:
        time.sleep(delay)
    return running.kill()
