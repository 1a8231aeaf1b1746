"""Names, edges and processes: what a run tells, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lineage.model._reasons import Gap, Status
from lineage.model._source import ActivityRun, FactoryId
from lineage.ticks import Ticks


class Certainty(StrEnum):
    """How sure an end of an edge is."""

    EXACT = "exact"  # followed from the run and its definitions
    INFERRED = "inferred"  # one of several candidates, or a default assumed
    FALLBACK = "fallback"  # no catalog type, or no full name


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """Identity in a catalog: the exact, case-sensitive pair of type and qualifiedName."""

    type: str
    qualified: str

    def __hash__(self) -> int:  # a string keeps its hash; a type adds little
        return hash(self.qualified)


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """A data asset by its possible names, in the order of looking; the first is created."""

    candidates: tuple[Name, ...]

    def __hash__(self) -> int:  # assets with one first candidate are few
        return hash(self.candidates[0].qualified)


ANYTHING = Asset((Name("*", "*"),))  # a column mapping of somebody else that names no data set


# How a value came to be, the nearest step first; what is made of several ends in a trace for each.
Trace = tuple["str | Trace", ...]


@dataclass(frozen=True, slots=True)
class Value:
    """
    A value followed down to a plain one, and how.

    `trace` names places and functions, the nearest first, never values. Where it could not be
    followed `gap` says why and `value` is None; absent is a None without a gap.
    """

    value: Any = None
    trace: Trace = ()
    gap: Gap | None = None


Evaluated = Mapping[str, Any]  # {key: Value or Evaluated}: an object whose leaves were evaluated


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """
    One use of a dataset, its parameters applied down to the linked service.

    `dataset` and `connection` are the evaluated typeProperties of dataset and linked service,
    `store` the evaluated storeSettings of the Copy side. `opaque` says that a query or procedure,
    not the dataset's object, tells what is read: the name then stops at the database.
    `columns` are the column names the dataset declares, in order; empty where it declares none or
    where its object depends on parameters, so that they may be another object's.
    """

    factory: str  # its plain name
    dataset_name: str
    dataset_type: str
    dataset: Evaluated
    linked_service: str
    linked_service_type: str
    connection: Evaluated
    store: Evaluated = field(default_factory=dict)
    opaque: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """
    What an endpoint is called. `whole` is false where the name stops above the object.

    `trace` has a line for each part of the name; `gaps` have no place in the run yet.
    """

    asset: Asset
    certainty: Certainty
    whole: bool = True
    gaps: tuple[Gap, ...] = ()
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """An asset at one end of an activity. `end` is the dataset reference it came from."""

    asset: Asset
    end: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """A column of an asset, spelled as the mapping spells it."""

    asset: Asset
    name: str


class ColumnKind(StrEnum):
    """Where the data of an output column comes from."""

    VALUE = "value"  # the data of `sources` reaches it
    CONSTANT = "constant"  # a literal, parameter or variable
    GENERATED = "generated"  # a clock, a file path, a row number


@dataclass(frozen=True, slots=True, order=True)
class ColumnLink:
    """A column of the sink and the columns that feed it."""

    output: str
    kind: ColumnKind
    sources: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """
    What one activity does for one sink: one operation in the catalog, not yet located.

    `parents` from the top down (factory, pipeline, activity); `type` is the operation's. The name
    of the operation holds its sink's name, so it is known only when the sink is located.
    """

    factory: FactoryId
    pipeline: str
    activity: str
    type: str
    parents: tuple[Name, ...]
    sink: Edge
    inputs: tuple[Edge, ...] = ()
    columns: tuple[ColumnLink, ...] = ()


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
