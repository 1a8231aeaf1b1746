"""Assets by their names in a catalog, and how sure one is."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Certainty(StrEnum):
    """How sure an end of an edge is."""

    EXACT = "exact"  # followed from the run and its definitions
    INFERRED = "inferred"  # one of several candidates, or a default assumed
    FALLBACK = "fallback"  # no catalog type, or no full name


class Name(Struct, frozen=True, order=True):
    """Identity in a catalog: the exact, case-sensitive pair of type and qualifiedName."""

    type: str
    qualified: str


class Asset(Struct, frozen=True, order=True, cache_hash=True):
    """A data asset by its possible names, in the order of looking; the first is created."""

    candidates: tuple[Name, ...]


ANYTHING = Asset((Name("*", "*"),))  # a column mapping of somebody else that names no data set
