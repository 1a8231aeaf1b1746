"""A value for every pipeline parameter in a folder: `python -m tests.cli.supply FOLDER > FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lineage.errors import BadInput
from lineage.model import Json, Kind
from lineage.sources import folder

PLAIN: dict[str, Any] = {"array": [], "bool": True, "float": 1.5, "int": 1, "object": {}}


def supply(place: Path) -> dict[str, dict[str, Any]]:
    """`{pipeline: {parameter: value}}`: its default, else a value of its type."""
    found: dict[str, dict[str, Any]] = {}
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
