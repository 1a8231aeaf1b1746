"""Edges, columns and processes: what moves where."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from lineage.model._assets import Asset, Certainty, Name
from lineage.model._factories import FactoryId


class Edge(Struct, frozen=True, order=True):
    """An asset at one end of an activity. `end` is the dataset reference it came from."""

    asset: Asset
    end: str
    certainty: Certainty


class Column(Struct, frozen=True, order=True):
    """A column of an asset, spelled as the mapping spells it."""

    asset: Asset
    name: str


class ColumnKind(StrEnum):
    """Where the data of an output column comes from."""

    VALUE = "value"  # the data of `sources` reaches it
    CONSTANT = "constant"  # a literal, parameter or variable
    GENERATED = "generated"  # a clock, a file path, a row number


class ColumnLink(Struct, frozen=True, order=True):
    """A column of the sink and the columns that feed it."""

    output: str
    kind: ColumnKind
    sources: tuple[Column, ...] = ()


class Process(Struct, frozen=True):
    """
    What one activity does for one sink: one operation in the catalog, not yet located.

    `parents` from the top down (factory, pipeline, activity); `type` is the operation's. The name
    of the operation holds its sink's name, so it is known only when the sink is located. `outputs`
    are those that somebody else gave the operation beside its sink.
    """

    factory: FactoryId
    pipeline: str
    activity: str
    type: str
    parents: tuple[Name, ...]
    sink: Edge
    inputs: tuple[Edge, ...] = ()
    columns: tuple[ColumnLink, ...] = ()
    outputs: tuple[Edge, ...] = ()
