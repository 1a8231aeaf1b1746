"""The host: an app's folder, served until it is stopped."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from host import functions, hostfile, runtime, storage
from host.activity import Activity
from host.calls import HttpCall, Outcome, QueueCall
from host.errors import HostError
from host.functions import Queue, Timer
from host.inprocess import InProcess
from host.invocations import Invocations
from host.queues import Listener
from host.runtime import Runtime
from host.timers import Clock
from host.web import LONGEST_BODY, Web

WORKERS = ("auto", "inprocess", "runtime")

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """
    How to serve. `hidden` and `grace` in seconds.

    `port` 0 is one that the system chooses; an empty `key` is made up. `create` makes queues that
    are absent: an app that sends to its own queue must not count on it.
    """

    port: int = 0
    key: str = ""
    worker: str = "auto"
    timers: bool = True
    create: bool = True
    hidden: int = 600  # how long a message is nobody else's; after a kill it comes back then
    grace: float = 30.0  # how long a stop waits for what runs


def _nothing() -> None:
    """What a timed-out worker means to nobody."""


class Host:
    """
    Serves the app in `folder`; bindings are read with `environ`, functions read `os.environ`.

    Made, it has loaded and checked everything (`HostError`); started, it listens. `timed_out` is
    told, on a thread of its own, when functionTimeout has passed: what hangs is still there.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str] | None = None,
        options: Options | None = None,
        timed_out: Callable[[], None] = _nothing,
    ) -> None:
        environ = os.environ if environ is None else environ
        options = options or Options()
        folder = folder.resolve()
        figures = hostfile.read(folder, environ)
        self.options = options
        self.key = options.key or secrets.token_urlsafe(24)
        self._activity = Activity()
        self._invoker = _invoker(folder, options.worker)
        self.worker = self._invoker.name
        self.functions = {
            each.name: functions.read(each, environ)
            for each in self._invoker.index()
            if not functions.disabled(each.name, environ)
        }
        run = Invocations(self._invoker, figures.timeout, self._activity, timed_out)
        self._invocations = run
        every = self.functions.values()
        self.timers = {
            each.name: Clock(each, each.trigger, run.run)
            for each in every
            if isinstance(each.trigger, Timer)
        }
        services = {
            each.trigger.connection: storage.service(each.trigger.connection, environ)
            for each in every
            if isinstance(each.trigger, Queue)
        }
        self._services = services
        self._listeners = [
            Listener(
                each,
                each.trigger,
                services[each.trigger.connection],
                figures.queues,
                options.hidden,
                run.begin,
                self._activity,
            )
            for each in every
            if isinstance(each.trigger, Queue)
        ]
        longest = int(environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") or LONGEST_BODY)
        self._web = Web(
            list(every),
            figures.route_prefix,
            options.port,
            self.key,
            longest,
            self._activity,
            run.run,
        )
        self.prefix = figures.route_prefix

    @property
    def address(self) -> str:
        """Where it listens: http://127.0.0.1:PORT."""
        return self._web.address

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen to timers, queues and requests."""
        if self.options.create:
            for listener in self._listeners:
                trigger = listener.trigger
                storage.opened(self._services[trigger.connection], trigger.queue).close()
        for listener in self._listeners:
            listener.start()
        if self.options.timers:
            for clock in self.timers.values():
                clock.start()
        self._web.start()

    def stop(self) -> None:
        """Take nothing new, and wait for what runs, but not for ever."""
        for clock in self.timers.values():
            clock.stop()
        self._web.stop()
        for listener in self._listeners:
            listener.cease()
        for listener in self._listeners:
            listener.stop(self.options.grace)
        self._wait(lambda: self._activity.quiet() is not None, self.options.grace)
        self._invoker.close()
        for service in self._services.values():
            service.close()

    def fire(self, timer: str, past_due: bool = False) -> Outcome:
        """Run a timer's function now."""
        return self.timers[timer].fire(past_due)

    def invoke(self, function: str, call: QueueCall | HttpCall) -> Outcome:
        """Run a function as if its trigger had fired, past queues and sockets."""
        return self._invocations.run(self.functions[function], call)

    def wait_until_idle(self, patience: float = 30.0) -> None:
        """
        Until nothing runs and no message is visible; those with a delay are not waited for.

        Raises TimeoutError after `patience` seconds.
        """
        self._settled(_visible, patience)

    def wait_until_empty(self, patience: float = 30.0) -> None:
        """Until nothing runs and the queues hold nothing, not even a message with a delay."""
        self._settled(_held, patience)

    def _settled(self, left: Callable[[QueueClient], bool], patience: float) -> None:
        def settled() -> bool:
            before = self._activity.quiet()
            if any(left(listener.queue) for listener in self._listeners):
                for listener in self._listeners:
                    listener.nudge()
                return False
            return before is not None and self._activity.quiet() == before

        if not self._wait(settled, patience):
            raise TimeoutError(f"something is under way after {patience} s")

    def _wait(self, reached: Callable[[], bool], patience: float) -> bool:
        deadline = time.monotonic() + patience
        while not reached():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _invoker(folder: Path, worker: str) -> InProcess | Runtime:
    if worker not in WORKERS:
        raise HostError(f"there is no worker {worker!r}; there are {', '.join(WORKERS)}")
    if worker == "runtime" or (worker == "auto" and runtime.importable()):
        return Runtime(folder)
    return InProcess(folder)


def _visible(queue: QueueClient) -> bool:
    with suppress(ResourceNotFoundError):
        return bool(queue.peek_messages(max_messages=1))
    return False


def _held(queue: QueueClient) -> bool:
    with suppress(ResourceNotFoundError):
        return bool(queue.get_queue_properties().approximate_message_count)
    return False
