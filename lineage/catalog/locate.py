"""Which of its possible names an asset has in the catalog: exact look-ups, never a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lineage.model import Asset, Catalog, Name


def locate(catalog: Catalog, possible: Mapping[Asset, Sequence[Name]]) -> dict[Asset, Name | None]:
    """
    The first `possible` name of each asset that exists, or None where none does.

    One look-up for each type, whatever the number of assets.
    """
    wanted: dict[str, dict[str, None]] = {}
    for names in possible.values():
        for name in names:
            wanted.setdefault(name.type, {})[name.qualified] = None
    found = {
        name
        for kind, qualified in wanted.items()
        for entity in catalog.get(kind, list(qualified))
        if (name := _name(entity)).type == kind
    }
    return {
        asset: next((name for name in names if name in found), None)
        for asset, names in possible.items()
    }


def _name(entity: Mapping[str, object]) -> Name:
    attributes = entity.get("attributes")
    qualified = attributes.get("qualifiedName") if isinstance(attributes, Mapping) else None
    return Name(str(entity.get("typeName")), str(qualified))
