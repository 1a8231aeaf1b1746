"""
The share of Copy uses that are named on stores that have a row, and what is with the rest.

    python -m tests.cli.share FOLDER

Every parameter of a pipeline or template takes a made-up value (`supply`). What a use is counted
by is its store: the type of its linked service. Most public folders hold no linked services, and
so do not say it; *supplied* counts those uses too whose dataset is of one store alone, each over a
linked service that is made up. None of these values is used for anything but this count.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.connectors import CONNECTORS
from lineage.errors import BadInput
from lineage.model import Certainty, Definition, Definitions, Factory, Json, Kind
from lineage.sources import folder
from lineage.translate.uses import NamedUse, name_uses
from tests.cli.supply import supply

ROWS = frozenset(name for row in CONNECTORS for name in row.linked_services)
BY_A_RUN = ("activity()", "item()", "pipeline().RunId", "variables()")
NAMED = (Certainty.EXACT, Certainty.INFERRED)

_SQL = {"server": "supplied.database.windows.net", "database": "supplied"}
_BLOB = {"serviceEndpoint": "https://supplied.blob.core.windows.net/"}
_LAKE = {"url": "https://supplied.dfs.core.windows.net/"}
# What stands in for a linked service that is not there, by type of dataset or location.
SUPPLIED: Mapping[str, tuple[str, Json]] = {
    "AzureBlob": ("AzureBlobStorage", _BLOB),
    "AzureBlobFSFile": ("AzureBlobFS", _LAKE),
    "AzureBlobFSLocation": ("AzureBlobFS", _LAKE),
    "AzureBlobStorageLocation": ("AzureBlobStorage", _BLOB),
    "AzureSqlDWTable": ("AzureSqlDW", _SQL),
    "AzureSqlTable": ("AzureSqlDatabase", _SQL),
    "SqlServerTable": ("SqlServer", {"server": "supplied", "database": "supplied"}),
}


class Completed:
    """Definitions in which a dataset's linked service is made up where it is not there."""

    def __init__(self, of: Definitions) -> None:
        self._of = of

    @property
    def factory(self) -> Factory:
        return self._of.factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        found = self._of.get(kind, name)
        if kind is Kind.LINKED_SERVICE and found is None:
            held, _, store = name.rpartition(" supplied for ")
            made = SUPPLIED.get(store) if held else None
            properties = made and {"type": made[0], "typeProperties": made[1]}
            return Definition(kind, name, properties) if properties else None
        if kind is Kind.DATASET and found is not None:
            return self._completed(found)
        return found

    def _completed(self, dataset: Definition) -> Definition:
        properties = dataset.properties
        link = properties.get("linkedServiceName")
        name = link.get("referenceName") if isinstance(link, Mapping) else None
        if not isinstance(name, str) or self._of.get(Kind.LINKED_SERVICE, name) is not None:
            return dataset
        held = properties.get("typeProperties")
        location = held.get("location") if isinstance(held, Mapping) else None
        kinds = (properties.get("type"), location.get("type") if isinstance(location, dict) else "")
        store = next((each for each in map(str, kinds) if each in SUPPLIED), "")
        reference = {"referenceName": f"{name} supplied for {store}"}
        replaced = {**properties, "linkedServiceName": reference} if store else properties
        return Definition(Kind.DATASET, dataset.name, replaced)


def share(place: Path) -> dict[str, Any]:
    """`{"asItStands", "supplied"}`, each with `uses`, `named`, `rest` and `leftOut` by reason."""
    found: dict[str, Any] = {
        name: {"uses": 0, "named": 0, "share": 0.0, "rest": Counter(), "leftOut": Counter()}
        for name in ("asItStands", "supplied")
    }
    given = supply(place)
    template = {name: each["value"] for name, each in given.get("parameters", {}).items()}
    for path in folder.find_factories(place):
        try:
            definitions = folder.read(path, template)
        except BadInput:
            continue
        pipelines = definitions.of(Kind.PIPELINE)
        for name, seen in (("asItStands", definitions), ("supplied", Completed(definitions))):
            for use in name_uses(pipelines, seen, given):
                if use.use.activity.get("type") == "Copy":
                    _count(found[name], use, seen)
    for each in found.values():
        each["share"] = round(each["named"] / max(each["uses"], 1), 3)
    return found


def _count(found: dict[str, Any], use: NamedUse, definitions: Definitions) -> None:
    service = definitions.get(Kind.LINKED_SERVICE, use.linked_service or "")
    reasons = ", ".join(sorted({str(gap.reason) for gap in use.gaps}))
    if service is None:
        found["leftOut"][f"store unknown: {reasons}"] += 1
    elif service.properties.get("type") not in ROWS:
        found["leftOut"]["store without a row"] += 1
    else:
        found["uses"] += 1
        if use.named and use.named.certainty in NAMED:
            found["named"] += 1
        else:
            details = " ".join(gap.detail for gap in use.gaps)
            told = any(each in details for each in BY_A_RUN)
            found["rest"]["only a run tells it" if told else reasons] += 1


if __name__ == "__main__":
    json.dump(share(Path(sys.argv[1])), sys.stdout, indent=1)
    print()
