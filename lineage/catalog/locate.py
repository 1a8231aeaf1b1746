"""Which of its possible names an asset has in the catalog: exact look-ups, never a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineage.model import Asset, Catalog, Name


def locate(catalog: Catalog, assets: Iterable[Asset]) -> dict[Asset, Name | None]:
    """
    The first candidate of each asset that exists, or None where none does.

    One look-up for each type, whatever the number of assets.
    """
    wanted: dict[str, dict[str, None]] = {}
    unknown = list(assets)
    for asset in unknown:
        for name in asset.candidates:
            wanted.setdefault(name.type, {})[name.qualified] = None
    found = {
        name
        for kind, names in wanted.items()
        for entity in catalog.get(kind, list(names))
        if (name := _name(entity)).type == kind
    }
    return {
        asset: next((name for name in asset.candidates if name in found), None) for asset in unknown
    }


def _name(entity: Mapping[str, object]) -> Name:
    attributes = entity.get("attributes")
    qualified = attributes.get("qualifiedName") if isinstance(attributes, Mapping) else None
    return Name(str(entity.get("typeName")), str(qualified))
