"""What an estate is made of: sites (factories and workspaces), definitions, runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

Json = Mapping[str, Any]

KINDS = ("dataflows", "datasets", "linkedservices", "pipelines")  # path segments of both services


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """
    A run of a pipeline, an activity or a trigger, as a query sees it.

    `updated` is when the run event was updated, in ticks: the bounds of a query compare with it and
    nothing else. `fields` are what filters compare with, by operand. `body` makes the JSON served.
    """

    id: str
    started: int
    updated: int
    fields: Mapping[str, str]
    body: Callable[[], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A pipeline run with its activity runs, which are made when they are asked for."""

    row: Row
    activities: Callable[[], Sequence[Row]]

    @property
    def id(self) -> str:
        """The pipeline run's id."""
        return self.row.id

    @property
    def pipeline(self) -> str:
        """The pipeline's name, as the run spells it."""
        return self.row.fields["PipelineName"]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A published pipeline, dataset, linked service or data flow; `body` is the JSON served."""

    kind: str
    name: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """
    A factory or a workspace. `id` is in the case in which ARM returns it.

    `triggers` are the runs of its triggers.
    """

    id: str
    body: bytes
    definitions: tuple[Definition, ...]
    runs: tuple[Run, ...]
    triggers: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        """The last segment of the id."""
        return self.id.rsplit("/", 1)[1]

    @property
    def synapse(self) -> bool:
        """Whether it is a Synapse workspace, which has a host and paths of its own."""
        return "/microsoft.synapse/" in self.id.lower()


@dataclass(frozen=True, slots=True, eq=False)
class Estate:
    """
    Everything the services serve, and the truth about it.

    `catalog` is the Atlas JSON of what a catalog knows beforehand; `expected` makes the ground
    truth: `{"activityRuns": {id: {"status", "reasons"}}, "edges": [[source name, source type,
    operation name, sink name, sink type]], "columns": [[operation name, source name, source column,
    sink name, sink column]]}`. The source of an edge is null where it cannot be known.
    """

    sites: tuple[Site, ...]
    catalog: Sequence[Json] = ()
    expected: Callable[[], Json] = field(default=dict)

    def site(self, name: str) -> Site:
        """The site of this name. Raises KeyError if there is none."""
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(name)


def etag(kind: str, name: str, written: int) -> str:
    """
    An ETag that betrays the Unix second of the last write, as real ones do.

    Source: recorded writes of 2020 and 2023; the first 8 hex digits of the last group.
    """
    return f"{sha256(f'{kind}/{name}'.encode()).hexdigest()[:8]}-0000-0d00-0000-{written:08x}0000"
