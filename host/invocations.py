"""
Invocations under way, and the time they may take.

One that takes longer than functionTimeout fails, and every other one with it: Azure's host ends the
worker's process, which they share. Their threads cannot be ended here; `timed_out` is told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError

from host.activity import Activity
from host.calls import Call, Invoker, Outcome
from host.functions import Function

_LOG = logging.getLogger(__name__)


class Invocations:
    """Begins invocations by an invoker, each for at most `timeout` seconds."""

    def __init__(
        self,
        invoker: Invoker,
        timeout: float | None,
        activity: Activity,
        timed_out: Callable[[], None],
    ) -> None:
        self._invoker = invoker
        self._timeout = timeout
        self._activity = activity
        self._timed_out = timed_out
        self._running: set[Future[Outcome]] = set()
        self._lock = threading.Lock()

    def run(self, function: Function, call: Call) -> Outcome:
        """Invoke, and wait for the end."""
        return self.begin(function, call).result()

    def begin(self, function: Function, call: Call) -> Future[Outcome]:
        """Invoke; the future never raises, and ends in time even where the function does not."""
        ended: Future[Outcome] = Future()
        began = time.monotonic()
        self._activity.begin()
        with self._lock:
            self._running.add(ended)
        clock = None
        if self._timeout is not None:
            clock = threading.Timer(self._timeout, self._expired, (function, ended))
            clock.daemon = True
            clock.start()

        def over(outcome: Future[Outcome]) -> None:
            if clock is not None:
                clock.cancel()
            with self._lock:
                self._running.discard(outcome)
            error = outcome.result().error
            self._activity.end()
            took = time.monotonic() - began
            if error is None:
                _LOG.info("%s ended after %.3f s", function.name, took)
            else:
                _LOG.warning("%s failed after %.3f s: %s", function.name, took, error)

        ended.add_done_callback(over)
        try:
            invoked = self._invoker.invoke(function, call)
        except RuntimeError as error:  # its threads were stopped a moment ago
            _settle(ended, Outcome(f"the worker takes no more: {error}"))
        else:
            invoked.add_done_callback(lambda outcome: _settle(ended, outcome.result()))
        return ended

    def _expired(self, function: Function, ended: Future[Outcome]) -> None:
        if not _settle(ended, Outcome(f"functionTimeout of {self._timeout} s is over")):
            return
        with self._lock:
            others = list(self._running)
        for other in others:
            _settle(other, Outcome(f"the worker was restarted: {function.name} took too long"))
        self._invoker.restart()
        self._timed_out()


def _settle(ended: Future[Outcome], outcome: Outcome) -> bool:
    """Set an outcome, unless there is one already."""
    try:
        ended.set_result(outcome)
    except InvalidStateError:
        return False
    return True
