"""One use of a dataset with its values followed down, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from lineage.model._assets import Asset, Certainty
from lineage.model._reasons import Gap

# How a value came to be, the nearest step first; what is made of several ends in a trace for each.
Trace = tuple["str | Trace", ...]


class Value(Struct, frozen=True):
    """
    A value followed down to a plain one, and how.

    `trace` names places and functions, the nearest first, never values. Where it could not be
    followed `gap` says why and `value` is None; absent is a None without a gap.
    """

    value: Any = None
    trace: Trace = ()
    gap: Gap | None = None


Evaluated = Mapping[str, Any]  # {key: Value or Evaluated}: an object whose leaves were evaluated


class Fixed(dict[str, Any]):
    """An evaluated object that is the same for every run, and told from others by what it is."""

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]  # nobody changes it
    __eq__ = object.__eq__
    __ne__ = object.__ne__


class Endpoint(Struct, frozen=True, eq=False):
    """
    One use of a dataset, its parameters applied down to the linked service.

    `dataset` and `connection` are the evaluated typeProperties of dataset and linked service,
    `store` the evaluated storeSettings of the Copy side. `opaque` says that a query or procedure,
    not the dataset's object, tells what is read: the name then stops at the database.
    `columns` are the column names the dataset declares, in order; empty where it declares none or
    where its object depends on parameters, so that they may be another object's.
    """

    factory: str  # its distinct name
    dataset_name: str
    dataset_type: str
    dataset: Evaluated
    linked_service: str
    linked_service_type: str
    connection: Evaluated
    store: Evaluated = field(default_factory=dict)
    opaque: bool = False
    columns: tuple[str, ...] = ()


class Named(Struct, frozen=True, eq=False):
    """
    What an endpoint is called. `whole` is false where the name stops above the object.

    `steps` are the traces of its parts, by what each is; `gaps` have no place in the run yet.
    """

    asset: Asset
    certainty: Certainty
    whole: bool = True
    gaps: tuple[Gap, ...] = ()
    steps: tuple[tuple[str, Trace], ...] = ()

    @property
    def trace(self) -> tuple[str, ...]:
        """How each part came to be, never what it is: a tree of lines; the first names it."""
        return tuple(line for label, steps in self.steps for line in _lines(f"{label}: ", steps))


def _lines(head: str, steps: Trace, indent: str = "") -> Iterator[str]:
    """One step after the other on a line; where a value is made of several, each on its own."""
    chain = [step for step in steps if isinstance(step, str)]
    yield f"{indent}{head}{' ← '.join(chain)}".rstrip()
    for branch in steps:
        if isinstance(branch, tuple):
            yield from _lines("← ", branch, f"{indent}  ")
