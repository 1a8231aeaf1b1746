"""From a dataset reference down to the linked service, parameters applied at each level."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lineage.model import (
    Definition,
    Definitions,
    Endpoint,
    Evaluated,
    Factory,
    Fixed,
    Gap,
    Json,
    Kind,
    Reason,
    Value,
)
from lineage.resolve.expressions import NOTHING, Scope, depends, evaluate, evaluate_tree
from lineage.resolve.parameters import RunParameters, of_reference

_FORMAT = frozenset(
    {
        *("avrocompressioncodec", "avrocompressionlevel", "columndelimiter", "compression"),
        *("compressioncodec", "compressionlevel", "deserializer", "encodingname", "escapechar"),
        *("firstrowasheader", "format", "nullvalue", "orccompressioncodec", "quotechar"),
        "rowdelimiter",
    }
)  # typeProperties of a dataset that say how its object is written, not which it is

GLOBAL = "global parameter "  # begins the trace of what was read there

_NOUNS = {
    Kind.DATA_FLOW: "data flow",
    Kind.DATASET: "dataset",
    Kind.LINKED_SERVICE: "linked service",
    Kind.PIPELINE: "pipeline",
}


def pipeline_scope(run_parameters: Json, pipeline: Definition, factory: Factory) -> Scope:
    """What the expressions of a pipeline may refer to: its parameters and the factory's."""
    declared = pipeline.properties.get("parameters")
    shared = {
        name: evaluate(value, NOTHING, f"{GLOBAL}{name}")
        if isinstance(value, Value)
        else Value(value, (f"{GLOBAL}{name}",))
        for name, value in factory.parameters.items()
    }
    own = RunParameters(run_parameters, declared, f"pipeline {pipeline.name}")
    return Scope({"pipeline": {"parameters": own, "globalParameters": shared}})


def resolve(
    reference: Json,
    definitions: Definitions,
    scope: Scope,
    *,
    activity: str,
    store: Evaluated | None = None,
    opaque: bool = False,
) -> Endpoint | Gap:
    """
    A dataset reference (`{"referenceName", "parameters"}`) of the activity with this name.

    A gap where nothing can be said: a definition that is not there, a reference that names none,
    a template's parameter in the place of a type or of all typeProperties. Otherwise gaps are in
    the leaves. `store` is the evaluated storeSettings of the Copy side.
    """
    dataset = look_up(definitions, Kind.DATASET, reference, f"activity '{activity}'")
    if isinstance(dataset, Gap):
        return dataset
    owner = f"dataset {dataset.name}"
    link = dataset.properties.get("linkedServiceName")
    service = look_up(definitions, Kind.LINKED_SERVICE, link, owner)
    if isinstance(service, Gap):
        return service

    use = f"{owner} in activity '{activity}'"
    passed = reference.get("parameters")
    own = of_reference(passed, dataset.properties.get("parameters"), scope, owner, use)
    inner = scope.within({**scope.roots, "dataset": own, "parameters": own})
    there = f"linked service {service.name}"
    passed, declared = _object(link).get("parameters"), service.properties.get("parameters")
    linked = of_reference(passed, declared, inner, there, f"{there} in {owner}")
    last = scope.below({"linkedservice": linked})

    for definition, name, within in ((dataset, owner, inner), (service, there, last)):
        if unknown := _unknown(definition, name, within):
            return unknown
    return Endpoint(
        factory=definitions.factory.distinct_name,
        dataset_name=dataset.name,
        dataset_type=_text(dataset.properties.get("type")),
        dataset=_tree(dataset, owner, inner),
        linked_service=service.name,
        linked_service_type=_text(service.properties.get("type")),
        connection=_tree(service, there, last),
        store=store or {},
        opaque=opaque,
        columns=columns(dataset),
    )


@lru_cache(maxsize=4096)
def columns(dataset: Definition) -> tuple[str, ...]:
    """
    The names of the columns a dataset declares, in order.

    Empty where one has no name (a file without a header row), where the schema is no list, and
    where the dataset's object depends on parameters, so that they may be another object's.
    """
    properties = dataset.properties
    link = _object(properties.get("linkedServiceName"))
    if depends([properties.get("typeProperties"), link.get("parameters")], _FORMAT):
        return ()
    declared = properties.get("schema") or properties.get("structure")
    if not isinstance(declared, (list, tuple)):
        return ()
    names = [_text(_object(column).get("name")) for column in declared]
    return tuple(names) if all(names) else ()


def _tree(definition: Definition, owner: str, scope: Scope) -> Evaluated:
    """The evaluated typeProperties of a definition."""
    found = _plain_tree(definition, owner)
    if found is None:
        return evaluate_tree(definition.properties.get("typeProperties"), scope, owner)
    return found


@lru_cache(maxsize=4096)
def _plain_tree(definition: Definition, owner: str) -> Evaluated | None:
    """The same for every run, where nothing in it is an expression; None where something is."""
    properties = definition.properties.get("typeProperties")
    return None if depends(properties) else Fixed(evaluate_tree(properties, NOTHING, owner))


def linked_service_of(dataset: Definition) -> str | None:
    """The name of a dataset's linked service, to be fetched."""
    name = _object(dataset.properties.get("linkedServiceName")).get("referenceName")
    return name if isinstance(name, str) and name else None


def look_up(definitions: Definitions, kind: Kind, reference: Any, where: str) -> Definition | Gap:
    """What a reference (`{"referenceName"}`) leads to, or why it leads to nothing."""
    what = _NOUNS[kind]
    name = reference if isinstance(reference, Value) else _object(reference).get("referenceName")
    if isinstance(name, Value):
        hole = evaluate(name, NOTHING, f"{what} of {where}")
        name = hole.value
        if hole.gap:
            return hole.gap
    if not isinstance(name, str) or not name.strip():
        return Gap(Reason.BROKEN_REFERENCE, detail=f"{where}: {what} without a name")
    found = definitions.get(kind, name)
    return found or Gap(Reason.DEFINITION_MISSING, detail=f"{what} {name}")


def _unknown(definition: Definition, owner: str, scope: Scope) -> Gap | None:
    """The gap of a definition whose type, or all typeProperties in one, cannot be known."""
    for key in ("type", "typeProperties"):
        value = definition.properties.get(key)
        if isinstance(value, (str, Value)) or _object(value).get("type") == "Expression":
            found = evaluate(value, scope, f"{key} of {owner}")
            if found.gap:
                return found.gap
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
