"""Chooses the moment of a kill and strikes: anywhere in the work that is left, by a seed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random

from tests.reliability.harness import Ended, Running

_LATEST = 0.05  # seconds by which a blow may come after the moment it waited for
_THEN = ("now", "soon", "store", "store", "catalog")


@dataclass(frozen=True, slots=True)
class Nemesis:
    """`work` is how many bytes of history a whole sync makes: that is how progress is measured."""

    random: Random
    work: float

    def strike(self, running: Running, todo: float) -> Ended:
        """
        Kill a sync after its first source call, at a random moment; it may end before.

        `todo` is the share of the work that is left to it. Waits for a part of that, and then for
        nothing, a little while, or the next write to the store or to the catalog.
        """
        wanted = self.random.random() * todo * self.work
        then = self.random.choice(_THEN)
        delay = self.random.random() * _LATEST if then == "soon" else 0.0
        running.wait(lambda: running.told > wanted)
        if then in ("store", "catalog"):
            before = running.log(then)
            running.wait(lambda: running.log(then) != before, pause=0.0)
        time.sleep(delay)
        return running.kill()
