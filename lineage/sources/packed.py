"""Definitions kept small: the properties of a pipeline as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from lineage.jsontext import dumps, loads
from lineage.model import Definition, Json, Kind


class _Packed(Mapping[str, Any]):
    """The properties of a pipeline as text: thousands of them parsed would fill the memory."""

    def __init__(self, properties: Json) -> None:
        self._text = dumps(properties)

    def __getitem__(self, key: str) -> Any:
        return _unpacked(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_unpacked(self))

    def __len__(self) -> int:
        return len(_unpacked(self))

    def __hash__(self) -> int:
        return id(self)

    def unpacked(self) -> dict[str, Any]:
        """What was packed."""
        found: dict[str, Any] = loads(self._text)
        return found


@lru_cache(maxsize=256)
def _unpacked(packed: _Packed) -> dict[str, Any]:
    return packed.unpacked()


def kept_small(definition: Definition) -> Definition:
    """A definition as it is kept."""
    if definition.kind is Kind.PIPELINE:
        return replace(definition, properties=_Packed(definition.properties))
    return definition
