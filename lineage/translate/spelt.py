"""Definitions of a factory that is named as the catalog wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lineage.model import Definition, Definitions, Factory, Kind, Naming


class Spelt:
    """Definitions whose factory has the naming that `naming` gives for it, asked for once."""

    def __init__(self, definitions: Definitions, naming: Callable[[Factory], Naming]) -> None:
        self._definitions = definitions
        self.factory = replace(definitions.factory, naming=naming(definitions.factory))

    def get(self, kind: Kind, name: str) -> Definition | None:
        """As the definitions have it."""
        return self._definitions.get(kind, name)
