"""A factory that was read from files: its definitions, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lineage.model import Definition, Factory, FactoryId, Json, Kind

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_ID = re.compile(r"/subscriptions/[^/]+/.+/providers/Microsoft\.(?:DataFactory|Synapse)/", re.I)

Problem = tuple[str, str]  # where, and what


@dataclass(frozen=True, slots=True, eq=False)
class FolderDefinitions:
    """
    The definitions of one factory: a `model.Definitions`.

    Names are compared without their case, as the service does. `problems` are files and resources
    that could not be used, or look wrong.
    """

    factory: Factory
    definitions: Mapping[tuple[Kind, str], Definition] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def get(self, kind: Kind, name: str) -> Definition | None:
        """The definition, or None if there is none."""
        return self.definitions.get((kind, name.casefold()))

    def of(self, kind: Kind) -> list[Definition]:
        """All definitions of a kind, by name."""
        found = [d for (k, _), d in self.definitions.items() if k is kind]
        return sorted(found, key=lambda definition: definition.name)

    def names(self, kind: Kind) -> list[str]:
        """The names of all definitions of a kind, in order."""
        return [definition.name for definition in self.of(kind)]


def united(
    factory: Factory, found: Iterable[tuple[str, Definition]], problems: list[Problem]
) -> FolderDefinitions:
    """Of definitions with one name the first; linked templates repeat what the whole one says."""
    kept: dict[tuple[Kind, str], Definition] = {}
    for where, definition in found:
        first = kept.setdefault((definition.kind, definition.name.casefold()), definition)
        if first is not definition and first.properties != definition.properties:
            problems.append((where, f"{definition.name!r} is defined more than once; left out"))
    return FolderDefinitions(factory, kept, tuple(problems))


def factory_of(name: str, workspace: bool, parameters: Json, said: str = "") -> Factory:
    """With the id that its file has, where it was captured from a live one."""
    if _ID.match(said):
        return Factory(FactoryId(said), name, parameters)
    provider = "Microsoft.Synapse/workspaces" if workspace else "Microsoft.DataFactory/factories"
    group = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/folder"
    return Factory(FactoryId(f"{group}/providers/{provider}/{name}"), name, parameters)
