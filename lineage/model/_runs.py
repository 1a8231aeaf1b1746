"""Pipeline runs and their activity runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field

from lineage.model._factories import FactoryId, Json
from lineage.ticks import SECOND, Ticks, floor_second


class Reference(Struct, frozen=True):
    """
    A pipeline run, by what is needed to ask for it: Synapse's URL wants the pipeline's name.

    `updated` is 0 in what a pipeline says of its own run, which is not at its end yet.
    """

    id: str
    pipeline: str
    updated: Ticks


class TriggerRun(Struct, frozen=True, eq=False):
    """
    The run of the trigger that started a pipeline run; without an `id`, one that is no more.

    `stamp` is when it began, `second` when it fired, which is told without its decimals.
    """

    id: str = ""
    name: str = ""
    type: str = ""
    stamp: Ticks | None = None
    second: Ticks | None = None

    @property
    def moments(self) -> tuple[Ticks, ...]:
        """
        Where the time that expressions see is among: the stamp, and the ends of the second.

        That it is the stamp is likely, but nowhere said; that it is in that second is.
        """
        told = self.stamp if self.second is None else self.second
        if told is None:
            return ()
        begin = floor_second(told)
        found = {begin, begin + SECOND - 1, told if self.stamp is None else self.stamp}
        return tuple(Ticks(each) for each in sorted(found))


class PipelineRun(Struct, frozen=True, eq=False):
    """
    A pipeline run. `parameters` are as the source gives them: strings, whatever their type.

    `group` is the id that its reruns share, `invoker` who started it (`invokedBy`), `trigger` the
    trigger's run, None where nobody asked for it.
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
    trigger: TriggerRun | None = None

    @property
    def triggered(self) -> bool | None:
        """Whether a trigger started it: by hand or by a pipeline is not; None where not told."""
        kind = self.invoker.get("invokedByType")
        return kind.endswith("Trigger") if isinstance(kind, str) and kind else None

    @property
    def reference(self) -> Reference:
        """What a message says of it."""
        return Reference(self.id, self.pipeline, self.updated)


def _nobody() -> None:
    """Nobody wants to know."""


class ActivityRun(Struct, frozen=True, eq=False):
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

    def before(self, written: Ticks | None) -> bool:
        """
        Whether what was written at that moment may not be what the run used.

        A run uses its pipeline as it was when the pipeline run began, which may be long before the
        activity: the earlier of the two counts, for all that is read.
        """
        first, own = self.of.started, self.started
        began = own if first is None else first if own is None else min(first, own)
        return written is not None and began is not None and written > began
