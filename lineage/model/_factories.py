"""Factories and workspaces, and what is defined in them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NewType

from msgspec import Struct, field

from lineage.ticks import Ticks

Json = Mapping[str, Any]
FactoryId = NewType("FactoryId", str)  # ARM id of a factory or workspace
REMOVED = "<removed>"  # what stands for a secret that was taken out; never part of a name


class Kind(StrEnum):
    """The kinds of definition we read, by their path segment in Data Factory's REST interface."""

    DATA_FLOW = "dataflows"
    DATASET = "datasets"
    LINKED_SERVICE = "linkedservices"
    PIPELINE = "pipelines"


class Definition(Struct, frozen=True, eq=False):
    """
    A pipeline, dataset, linked service or data flow. `properties` is what is below that key.

    `written` is when it was last written, as its ETag betrays it; None where unknown.
    """

    kind: Kind
    name: str
    properties: Json
    etag: str = ""
    written: Ticks | None = None


class Naming(Struct, frozen=True):
    """
    How the catalog's account wants process entities named: what was found out there, or was set.

    `lower` is whether Data Factory's names are lower-case; `instead` are pairs of a type of ours
    and the one that stands in for it.
    """

    lower: bool = False
    instead: tuple[tuple[str, str], ...] = ()


class Factory(Struct, frozen=True, eq=False):
    """
    A factory or workspace: `id` in the case ARM writes it, global parameters `{name: value}`.

    `naming` is how the catalog wants it named; `written` is when it was last written, as far as its
    ETag betrays it: its global parameters with it.
    """

    id: FactoryId
    name: str
    parameters: Json = field(default_factory=dict)
    naming: Naming = Naming()
    written: Ticks | None = None

    @property
    def distinct_name(self) -> str:
        """Its plain name; a workspace's with a mark, since a factory may be called the same."""
        return f"synapse:{self.name}" if self.synapse else self.name

    @property
    def synapse(self) -> bool:
        """Whether this is a Synapse workspace."""
        return "/providers/microsoft.synapse/" in self.id.lower()
