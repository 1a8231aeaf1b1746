"""What is handed to a function, and what came of it: the same for either worker."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from host.functions import Found, Function


@dataclass(frozen=True, slots=True)
class TimerCall:
    """A timer's tick."""

    past_due: bool = False


@dataclass(frozen=True, slots=True)
class QueueCall:
    """A message, its text decoded, and how often it was delivered, this time included."""

    body: str
    id: str = ""
    dequeue_count: int = 1
    inserted: datetime | None = None
    expires: datetime | None = None
    next_visible: datetime | None = None
    pop_receipt: str = ""


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A request; `headers` by lower-case name, `route` what the template's parameters matched."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    route: Mapping[str, str]
    body: bytes


Call = TimerCall | QueueCall | HttpCall


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP function answers."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: with an `error`, or without; `answer` is an HTTP function's."""

    error: str | None = None
    answer: Answer | None = None


class Invoker(Protocol):
    """Who runs the functions: their own code in this process, or Microsoft's worker library."""

    def index(self) -> list[Found]:
        """The functions of the app. Raises `HostError` where they cannot be loaded."""

    def invoke(self, function: Function, call: Call) -> Future[Outcome]:
        """Begin an invocation; the future never raises."""

    def restart(self) -> None:
        """Give up on everything that runs, and be ready for new invocations."""

    def close(self) -> None:
        """Take no more; what runs is left to its end."""
