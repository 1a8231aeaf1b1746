"""
A value for every parameter in a folder: `python -m tests.cli.supply FOLDER > FILE`.

They are made up, for `names --parameters`: those of pipelines by their type, those of templates by
their name too. What stands for the name of a linked service is the name of none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lineage.errors import BadInput
from lineage.model import Json, Kind
from lineage.sources import arm, folder
from lineage.sources.children import content

PLAIN: dict[str, Any] = {"array": [], "bool": True, "float": 1.5, "int": 1, "object": {}}
# By the end of a template parameter's name, as the service exports them.
TEMPLATE = {
    "connectionstring": "Data Source=supplied.database.windows.net;Initial Catalog=supplied;"
    "AccountName=supplied;EndpointSuffix=core.windows.net",
    "sasuri": "https://supplied.blob.core.windows.net/?sv=supplied",
    "serviceendpoint": "https://supplied.blob.core.windows.net/",
    "url": "https://supplied.dfs.core.windows.net/",
}


def supply(place: Path) -> dict[str, dict[str, Any]]:
    """
    `{pipeline: {parameter: value}}`: its default, else a value of its type.

    Under `parameters`, `{parameter: {"value"}}` of templates, where there are any.
    """
    found: dict[str, dict[str, Any]] = {}
    template = template_parameters(place)
    for path in folder.find_factories(place):
        try:
            definitions = folder.read(path)
        except BadInput:
            continue
        for pipeline in definitions.of(Kind.PIPELINE):
            declared = pipeline.properties.get("parameters")
            found.setdefault(pipeline.name, {}).update(
                {name: _value(name, each) for name, each in _object(declared).items()}
            )
    return {**found, "parameters": template} if template else found


def template_parameters(place: Path) -> dict[str, Any]:
    """`{parameter: {"value"}}` of all templates, but those with a default and a factory's name."""
    found: dict[str, Any] = {}
    for file in sorted(place.rglob("*.json") if place.is_dir() else [place]):
        template = content(file)
        if not arm.is_template(template):
            continue
        for name, declaration in _object(template.get("parameters")).items():
            low = name.lower()
            if low in ("factoryname", "workspacename") or _object(declaration).get("defaultValue"):
                continue
            known = (value for end, value in TEMPLATE.items() if low.endswith(end))
            found[name] = {"value": next(known, _typed(name, _object(declaration)))}
    return found


def _value(name: str, declaration: Any) -> Any:
    held = _object(declaration)
    if isinstance(held.get("defaultValue"), (str, bool, int, float, list, dict)):
        return held["defaultValue"] or _typed(name, held)
    return _typed(name, held)


def _typed(name: str, declaration: Json) -> Any:
    return PLAIN.get(str(declaration.get("type")).lower(), f"a_{name}")


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    json.dump(supply(Path(sys.argv[1])), sys.stdout, indent=1, ensure_ascii=False)
