"""The doors to sources and the queue, and to our clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from lineage.model._factories import Definition, Factory, Kind
from lineage.model._readings import Batch, Reading
from lineage.model._runs import PipelineRun
from lineage.ticks import Ticks


class Runs(Protocol):
    """Where runs come from."""

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        """Finished pipeline runs updated in the window, both ends included; see sources.rest."""
        ...

    def read(self, batch: Batch, is_over: Callable[[], bool] = ...) -> Reading:
        """The activity runs of a batch, each pipeline run whole or not at all."""
        ...


class Definitions(Protocol):
    """Where definitions come from; `get` answers from what was fetched before."""

    @property
    def factory(self) -> Factory:
        """The factory itself."""
        ...

    def get(self, kind: Kind, name: str) -> Definition | None:
        """The definition, or None if it no longer exists."""
        ...


class Queue(Protocol):
    """Where batches wait."""

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        """Put a batch on the queue, visible after `delay` seconds."""
        ...


class Messages(Protocol):
    """A `Queue` that takes messages as they are, too: what workers send to."""

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        """As a `Queue`."""
        ...

    def put(self, text: str, delay: float = 0.0) -> None:
        """Put a message on the queue as it is, visible after `delay` seconds."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


Clock = Callable[[], Ticks]
