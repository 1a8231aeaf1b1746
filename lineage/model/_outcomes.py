"""What an activity run tells, and how reporting it ended."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from lineage.model._assets import Name
from lineage.model._endpoints import Named
from lineage.model._processes import Process
from lineage.model._reasons import Gap, Status
from lineage.model._runs import ActivityRun
from lineage.ticks import Ticks


class LastRun(Struct, frozen=True):
    """The attributes of the latest run: rows and bytes written are None where it does not say."""

    ended: Ticks
    rows: int | None = None
    size: int | None = None


class Translation(Struct, frozen=True, eq=False):
    """What one activity run tells: processes, gaps, and how each of its ends is named."""

    processes: tuple[Process, ...]
    gaps: tuple[Gap, ...] = ()
    named: tuple[Named, ...] = ()

    @property
    def traces(self) -> tuple[tuple[Name, tuple[str, ...]], ...]:
        """The trace of each name."""
        return tuple((each.asset.candidates[0], each.trace) for each in self.named)


class Change(StrEnum):
    """What a run did to a process in the catalog."""

    CREATED = "created"  # it was not there
    UPDATED = "updated"  # it was there, and was sent anew
    UNCHANGED = "unchanged"  # nothing was sent
    REFUSED = "refused"  # the catalog did not take it


class Reported(Struct, frozen=True, eq=False):
    """One process as one run tells it: `key` is its published row's, `name` the operation's."""

    key: str
    process: Process
    name: Name | None
    change: Change


class Outcome(Struct, frozen=True, eq=False):
    """How reporting one activity run ended."""

    run: ActivityRun
    status: Status
    gaps: tuple[Gap, ...] = ()
    processes: tuple[Reported, ...] = ()
