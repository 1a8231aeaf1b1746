"""Faults on purpose: every n-th call is answered by one of them, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """How a call goes wrong."""

    THROTTLED = "429"  # with a Retry-After in seconds
    THROTTLED_ABSURDLY = "429-absurd"  # with a Retry-After of decades
    THROTTLED_BARE = "429-bare"  # without a word on how long
    BAD_GATEWAY = "502"  # a gateway's HTML page
    UNAVAILABLE = "503-date"  # with a Retry-After as an HTTP date
    DRIP = "drip"  # the right answer, a piece at a time
    DROPPED = "dropped"  # the connection is closed without an answer
    TRUNCATED = "truncated"  # half of the body, then the connection is closed


@dataclass(slots=True)
class Plan:
    """
    Which calls go wrong. `every` 0 is none; `retry_after` and `drip` are seconds.

    Counts calls of all sites; of `every` calls in a row exactly one goes wrong, in an order of
    kinds that the seed turns.
    """

    every: int = 0
    seed: int = 0
    kinds: tuple[Fault, ...] = (
        Fault.THROTTLED,
        Fault.THROTTLED_BARE,
        Fault.BAD_GATEWAY,
        Fault.DROPPED,
        Fault.TRUNCATED,
    )
    retry_after: int = 1
    drip: float = 3.0
    _calls: int = field(default=0, init=False)

    def next(self) -> Fault | None:
        """What the next call meets."""
        if not self.every:
            return None
        self._calls += 1
        turn, place = divmod(self._calls - 1, self.every)
        if place != (self.seed * 7 + turn * 3) % self.every:
            return None
        return self.kinds[(self.seed + turn) % len(self.kinds)]


def parse(text: str) -> Plan:
    """
    A plan from `every=50,seed=7,kinds=429+502+dropped,retry-after=1,drip=3`; all parts optional.

    Raises ValueError for anything else.
    """
    plan = Plan()
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key == "kinds":
            plan.kinds = tuple(Fault(kind) for kind in value.split("+"))
        elif key in ("every", "seed", "retry-after"):
            setattr(plan, key.replace("-", "_"), int(value))
        elif key == "drip":
            plan.drip = float(value)
        else:
            raise ValueError(f"no part of a fault plan: {part!r}")
    return plan
