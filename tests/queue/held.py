"""A queue in memory at a time of ours: what a storage queue does with messages, without waiting."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from lineage import ticks
from lineage.batch import encode
from lineage.model import Batch
from lineage.ticks import SECOND, Ticks

HIDDEN = 600.0  # seconds that a message is nobody else's, once it is delivered


@dataclass(slots=True)
class Message:
    """One message: `id` is new for each that is put, `deliveries` counts its own."""

    id: str
    text: str
    deliveries: int = 0


@dataclass(slots=True)
class HeldQueue:
    """Messages, the earliest first; `sent` are the texts and delays of all that were ever put."""

    clock: Callable[[], Ticks]
    sent: list[tuple[str, float]] = field(default_factory=list)
    broken: Exception | None = None
    _due: list[tuple[Ticks, int, Message]] = field(default_factory=list)
    _number: count[int] = field(default_factory=count)

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        self.put(encode(batch), delay)

    def put(self, text: str, delay: float = 0.0) -> None:
        if self.broken:
            raise self.broken
        number = next(self._number)
        self.sent.append((text, delay))
        due = ticks.shift(self.clock(), delay)
        heapq.heappush(self._due, (due, number, Message(f"m{number}", text)))

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> Message | None:
        """A message whose time has come, which is to be deleted, or comes again."""
        if not self._due or self._due[0][0] > self.clock():
            return None
        message = heapq.heappop(self._due)[2]
        message.deliveries += 1
        hidden = ticks.shift(self.clock(), HIDDEN)
        heapq.heappush(self._due, (hidden, next(self._number), message))
        return message

    def delete(self, message: Message) -> None:
        """It was handled."""
        self._due = [each for each in self._due if each[2] is not message]
        heapq.heapify(self._due)

    @property
    def next_in(self) -> float | None:
        """Seconds until the next message is due; None where there is none."""
        return max(0.0, (self._due[0][0] - self.clock()) / SECOND) if self._due else None

    def __len__(self) -> int:
        return len(self._due)
