"""A timer function and the thread that fires it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from host import schedule
from host.calls import Outcome, TimerCall
from host.functions import Function, Timer

_LOG = logging.getLogger(__name__)
_LONGEST = 3600.0  # seconds asleep at once: a machine's clock may be set


def _now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """
    Fires one timer, never twice at once.

    Azure's host keeps that promise over several instances, by a lease; this one for itself.
    """

    def __init__(
        self,
        function: Function,
        trigger: Timer,
        run: Callable[[Function, TimerCall], Outcome],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.function = function
        self._trigger = trigger
        schedule.check(self._trigger.schedule, function.name)
        self._run = run
        self._now = now
        self._once = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._turn, daemon=True)

    def start(self) -> None:
        """Wait for the schedule from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Fire no more; a function that runs is left to its end."""
        self._stopping.set()

    def fire(self, past_due: bool = False) -> Outcome:
        """Run the function now, after a run under way."""
        with self._once:
            return self._run(self.function, TimerCall(past_due))

    def following(self) -> datetime:
        """When it fires next."""
        return schedule.following(self._trigger.schedule, self._now())

    def _turn(self) -> None:
        if self._trigger.on_startup:
            self.fire()
        while not self._stopping.is_set():
            due = self.following()
            _LOG.info("%s fires next at %s", self.function.name, due.isoformat())
            while (left := (due - self._now()).total_seconds()) > 0:
                if self._stopping.wait(min(left, _LONGEST)):
                    return
            self.fire()
