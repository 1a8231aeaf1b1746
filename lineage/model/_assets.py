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

    def __hash__(self) -> int:  # a string keeps its hash; a type adds little
        return hash(self.qualified)


class Asset(Struct, frozen=True, order=True):
    """A data asset by its possible names, in the order of looking; the first is created."""

    candidates: tuple[Name, ...]

    def __hash__(self) -> int:  # assets with one first candidate are few
        return hash(self.candidates[0].qualified)


ANYTHING = Asset((Name("*", "*"),))  # a column mapping of somebody else that names no data set
