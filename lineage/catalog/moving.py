"""What of a request is new, so that only that is given a collection; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lineage.catalog.atlas import reference
from lineage.model import Json, Name


def split(entities: Sequence[Json], known: Collection[Name]) -> tuple[list[Json], list[Json]]:
    """
    What is new, and what is known already: two requests in this order.

    Negative guids reach no further than their request, so that what refers to the other part does
    so by name.
    """
    names = {each["guid"]: _name(each) for each in entities}
    new = [each for each in entities if names[each["guid"]] not in known]
    old = [each for each in entities if names[each["guid"]] in known]
    return _alone(new, names), _alone(old, names)


def _alone(part: Sequence[Json], names: Mapping[str, Name]) -> list[Json]:
    beyond = {guid: name for guid, name in names.items() if guid not in {e["guid"] for e in part}}
    return [
        {
            **entity,
            **{
                key: {name: _linked(value, beyond) for name, value in entity[key].items()}
                for key in ("attributes", "relationshipAttributes")
                if key in entity
            },
        }
        for entity in part
    ]


def _linked(value: Any, beyond: Mapping[str, Name]) -> Any:
    if isinstance(value, list | tuple):
        return [_linked(each, beyond) for each in value]
    if isinstance(value, Mapping) and value.get("guid") in beyond:
        return reference(beyond[value["guid"]])
    return value


def _name(entity: Json) -> Name:
    return Name(entity["typeName"], entity["attributes"]["qualifiedName"])
