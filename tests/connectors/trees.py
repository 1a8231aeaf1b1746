"""Endpoints out of definitions as they are written, their leaves evaluated as if by resolve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.model import Endpoint, Evaluated, Gap, Reason, Value

FACTORY, LINKED_SERVICE, DATASET = "contoso-adf", "ls_store", "ds_object"


def tree(properties: object, place: str = "definition") -> Evaluated:
    """The evaluated form of a definition's properties; nothing for what is no object."""
    if not isinstance(properties, Mapping):
        return {}
    return {key: _node(value, f"{place}: {key}") for key, value in properties.items()}


def endpoint(case: Mapping[str, Any]) -> Endpoint:
    """The endpoint of a case: `linkedService`, `dataset`, perhaps `store` and `opaque`."""
    linked, dataset = case["linkedService"], case["dataset"]
    return Endpoint(
        factory=FACTORY,
        dataset_name=DATASET,
        dataset_type=dataset["type"],
        dataset=tree(dataset["typeProperties"], "dataset"),
        linked_service=LINKED_SERVICE,
        linked_service_type=linked["type"],
        connection=tree(linked["typeProperties"], "linked service"),
        store=tree(case.get("store"), "store settings"),
        opaque=case.get("opaque", False),
    )


def _node(value: Any, place: str) -> Any:
    if isinstance(value, Mapping):
        if value.get("type") in ("AzureKeyVaultSecret", "SecureString"):
            return Value(gap=Gap(Reason.HIDDEN_CONNECTION, detail=place))
        return tree(value, place)
    if isinstance(value, str) and value.startswith("@"):
        return Value(trace=("expression",), gap=Gap(Reason.UNRESOLVED, detail=place))
    return Value(value, ("literal",))
