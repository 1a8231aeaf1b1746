"""A factory or workspace in an ARM template: its definitions, template expressions evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.model import Definition, Json, Kind
from lineage.sources import payloads
from lineage.sources.armresources import flat
from lineage.sources.armvalues import filled, mapping, scope_of, text_of

_KINDS = {
    "dataflows": Kind.DATA_FLOW,
    "datasets": Kind.DATASET,
    "linkedservices": Kind.LINKED_SERVICE,
    "pipelines": Kind.PIPELINE,
}
_OWNERS = ("microsoft.datafactory/factories", "microsoft.synapse/workspaces")


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """
    What a template tells of a factory; `factory` is empty where it does not tell its name.

    `problems` are resources without a usable name and the like.
    """

    factory: str
    synapse: bool
    parameters: Json = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    problems: tuple[str, ...] = ()


def is_template(json: Any) -> bool:
    """Whether this is a template with anything of a factory or workspace in it."""
    return isinstance(json, Mapping) and any(kind.startswith(_OWNERS) for kind, *_ in flat(json))


def read(template: Json, given: Json, otherwise: str) -> Template:
    """
    The definitions of a template.

    `given` is `{parameter: value}`; `otherwise` the factory's name where the template has a
    parameter for it without a value.
    """
    scope = scope_of(template, given, otherwise)
    shared: dict[str, Any] = {}
    found: list[Definition] = []
    problems: list[str] = []
    owners: list[str] = []
    for kind, path, resource in flat(template):
        parts = [text_of(part, scope) if isinstance(part, str) else None for part in path]
        name = "/".join(part for part in parts if isinstance(part, str))
        if not kind.startswith(_OWNERS):
            continue
        if not name or not all(isinstance(part, str) for part in parts):
            problems.append(f"a resource of type {kind} without a name that can be read")
            continue
        owner, _, own_name = name.partition("/")
        owners.append(owner)
        properties = filled(resource.get("properties"), scope)
        if kind == _OWNERS[0]:
            shared |= payloads.global_parameters(mapping(properties).get("globalParameters"))
        elif kind == f"{_OWNERS[0]}/globalparameters":
            shared |= payloads.global_parameters(properties)
        elif (known := _KINDS.get(kind.rpartition("/")[2])) and isinstance(properties, Mapping):
            found.append(Definition(known, own_name, properties))
        elif known:
            problems.append(f"{own_name}: no properties")
    synapse = any(kind.startswith(_OWNERS[1]) for kind, *_ in flat(template))
    return Template(owners[0] if owners else "", synapse, shared, tuple(found), tuple(problems))
