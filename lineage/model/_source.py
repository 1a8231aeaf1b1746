"""What the source tells: runs and definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from lineage.ticks import Ticks

Json = Mapping[str, Any]
FactoryId = NewType("FactoryId", str)  # ARM id of a factory or workspace
REMOVED = "<removed>"  # what stands for a secret that was taken out; never part of a name


@dataclass(frozen=True, slots=True)
class Reference:
    """A pipeline run, by what is needed to ask for it: Synapse's URL wants the pipeline's name."""

    id: str
    pipeline: str
    updated: Ticks


@dataclass(frozen=True, slots=True)
class Batch:
    """Pipeline runs of one factory and one lane: the unit of work."""

    factory: FactoryId
    lane: int
    runs: tuple[Reference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PipelineRun:
    """
    A pipeline run. `parameters` are as the source gives them: strings, whatever their type.

    `group` is the id that its reruns share, `invoker` who started it (`invokedBy`).
    """

    factory: FactoryId
    id: str
    pipeline: str
    status: str
    updated: Ticks
    started: Ticks | None
    ended: Ticks | None
    parameters: Json
    group: str = ""
    invoker: Json = field(default_factory=dict)

    @property
    def reference(self) -> Reference:
        """What a message says of it."""
        return Reference(self.id, self.pipeline, self.updated)


def _nobody() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, eq=False)
class ActivityRun:
    """
    An activity run of `of`. `input` and `output` are None where the source shows no JSON object.

    `native` is the built-in connection's own word (`reportLineageToPurview.status`), or None.
    `user` are its user properties. `beside` are all activity runs of `of` that have ended, itself
    among them.

    `alone` is called by who looks at what no equal run shares: its times, who started it, the runs
    beside it. What is told of such a run holds for no other.
    """

    of: PipelineRun
    id: str
    name: str
    type: str
    status: str
    started: Ticks | None
    ended: Ticks | None
    input: Json | None
    output: Json | None
    native: str | None
    error: Json | None = None
    user: Json = field(default_factory=dict)
    beside: Sequence[ActivityRun] = ()
    alone: Callable[[], None] = _nobody


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """
    A finished pipeline run with its terminal activity runs.

    `running` says how many more there are that have not ended: the pipeline run stays queued.
    """

    run: PipelineRun
    activities: tuple[ActivityRun, ...]
    running: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    What could be read of a batch: whole pipeline runs, and the references left unread.

    `wait` is how long the service asked us to leave it alone, in seconds; `problem` why something
    was left unread. `gone` are pipeline runs that the source no longer has.
    """

    listed: tuple[Listed, ...]
    unread: tuple[Reference, ...] = ()
    wait: float | None = None
    problem: str = ""
    gone: tuple[Reference, ...] = ()


class Kind(StrEnum):
    """The kinds of definition we read, by their path segment in Data Factory's REST interface."""

    DATA_FLOW = "dataflows"
    DATASET = "datasets"
    LINKED_SERVICE = "linkedservices"
    PIPELINE = "pipelines"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """
    A pipeline, dataset, linked service or data flow. `properties` is what is below that key.

    `written` is when it was last written, as its ETag betrays it; None where unknown.
    """

    kind: Kind
    name: str
    properties: Json
    etag: str = ""
    written: Ticks | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Factory:
    """A factory or workspace: `id` in the case ARM writes it, global parameters `{name: value}`."""

    id: FactoryId
    name: str
    parameters: Json = field(default_factory=dict)

    @property
    def synapse(self) -> bool:
        """Whether this is a Synapse workspace."""
        return "/providers/microsoft.synapse/" in self.id.lower()
