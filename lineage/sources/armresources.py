"""Every resource of an ARM template, however they are nested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lineage.model import Json


def flat(template: Json) -> Iterator[tuple[str, tuple[Any, ...], Json]]:
    """Every resource with its whole type in lower case and the parts of its name, parents first."""
    pending = [("", (), resource) for resource in reversed(_resources(template))]
    while pending:
        parent, above, resource = pending.pop()
        kind = str(resource.get("type")).lower()
        path: tuple[Any, ...] = (resource.get("name"),)
        if parent and not kind.startswith("microsoft."):
            kind, path = f"{parent}/{kind}", (*above, *path)
        yield kind, path, resource
        pending += [(kind, path, child) for child in reversed(_resources(resource))]


def _resources(json: Json) -> list[Json]:
    """A list, or in newer templates `{symbol: resource}`."""
    found = json.get("resources")
    found = list(found.values()) if isinstance(found, Mapping) else found
    return [r for r in found if isinstance(r, Mapping)] if isinstance(found, list) else []
