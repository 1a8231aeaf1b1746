"""Batches of pipeline runs, and what could be read of one."""

from __future__ import annotations

from msgspec import Struct

from lineage.model._factories import FactoryId
from lineage.model._runs import ActivityRun, PipelineRun, Reference


class Batch(Struct, frozen=True):
    """
    Pipeline runs of one factory and one lane: the unit of work.

    `tries` counts how often it went back on the queue because a service could not answer.
    """

    factory: FactoryId
    lane: int
    runs: tuple[Reference, ...]
    tries: int = 0


class Listed(Struct, frozen=True, eq=False):
    """
    A finished pipeline run with its terminal activity runs.

    `running` says how many more there are that have not ended: the pipeline run stays queued.
    """

    run: PipelineRun
    activities: tuple[ActivityRun, ...]
    running: int = 0


class Reading(Struct, frozen=True, eq=False):
    """
    What could be read of a batch: whole pipeline runs, and the references left unread.

    `wait` is how long the service asked us to leave it alone, in seconds; `problem` why something
    was left unread. `gone` are pipeline runs that the source no longer has. The source is `down`
    where it could not answer for any of them: elsewhere a run is left unread for its own sake.
    """

    listed: tuple[Listed, ...]
    unread: tuple[Reference, ...] = ()
    wait: float | None = None
    problem: str = ""
    gone: tuple[Reference, ...] = ()
    down: bool = False
