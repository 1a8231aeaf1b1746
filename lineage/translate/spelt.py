"""Definitions of a factory that is named as the catalog wants it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from msgspec.structs import replace

from lineage.model import Definition, Definitions, Factory, Kind, Naming


class Spelt:
    """
    Definitions whose factory has the naming that `naming` gives for it.

    That is asked for once, and not before a run has to be named: it may need the catalog.
    """

    def __init__(self, definitions: Definitions, naming: Callable[[Factory], Naming]) -> None:
        self._definitions = definitions
        self._naming = naming

    @cached_property
    def factory(self) -> Factory:
        """The factory, with how it is named. Raises what asking the catalog raises."""
        found = self._definitions.factory
        return replace(found, naming=self._naming(found))

    def get(self, kind: Kind, name: str) -> Definition | None:
        """As the definitions have it."""
        return self._definitions.get(kind, name)
