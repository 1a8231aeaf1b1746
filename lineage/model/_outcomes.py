"""What an activity run tells, and how reporting it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lineage.model._assets import Name
from lineage.model._processes import Process
from lineage.model._reasons import Gap, Status
from lineage.model._runs import ActivityRun
from lineage.ticks import Ticks


@dataclass(frozen=True, slots=True)
class LastRun:
    """The attributes of the latest run: rows and bytes written are None where it does not say."""

    ended: Ticks
    rows: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Translation:
    """What one activity run tells: processes, gaps, and the trace of each name."""

    processes: tuple[Process, ...]
    gaps: tuple[Gap, ...] = ()
    traces: tuple[tuple[Name, tuple[str, ...]], ...] = ()


class Change(StrEnum):
    """What a run did to a process in the catalog."""

    CREATED = "created"  # it was not there
    UPDATED = "updated"  # it was there, and was sent anew
    UNCHANGED = "unchanged"  # nothing was sent
    REFUSED = "refused"  # the catalog did not take it


@dataclass(frozen=True, slots=True, eq=False)
class Reported:
    """One process as one run tells it: `key` is its published row's, `name` the operation's."""

    key: str
    process: Process
    name: Name | None
    change: Change


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How reporting one activity run ended."""

    run: ActivityRun
    status: Status
    gaps: tuple[Gap, ...] = ()
    processes: tuple[Reported, ...] = ()
