"""
A factory or workspace in an ARM template: its resources, template expressions evaluated.

A parameter takes the value it is given, else its default; without either the place that needs it
holds a `Value` with a gap, which `resolve` passes on. Template expressions are `[…]` in the
grammar of Data Factory's own; `[[` at the beginning is a literal bracket.

Source: learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import BadInput
from lineage.model import Definition, Gap, Json, Kind, Reason, Value
from lineage.resolve.evaluator import Scope, evaluate_node, member
from lineage.resolve.functions import Function, Functions, Refused, text
from lineage.resolve.syntax import parse_expression
from lineage.sources import payloads

_KINDS = {
    "dataflows": Kind.DATA_FLOW,
    "datasets": Kind.DATASET,
    "linkedservices": Kind.LINKED_SERVICE,
    "pipelines": Kind.PIPELINE,
}
_OWNERS = ("microsoft.datafactory/factories", "microsoft.synapse/workspaces")
DEEPEST = 200  # objects and lists within one another

_ROUNDS = 8  # of variables that refer to variables
_FACTORY_NAMES = ("factoryname", "workspacename")  # parameters, as the service exports them


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
    return isinstance(json, Mapping) and any(kind.startswith(_OWNERS) for kind, *_ in _flat(json))


def read(template: Json, given: Json, otherwise: str) -> Template:
    """
    The definitions of a template.

    `given` is `{parameter: value}`; `otherwise` the factory's name where the template has a
    parameter for it without a value.
    """
    scope = _scope(template, given, otherwise)
    shared: dict[str, Any] = {}
    found: list[Definition] = []
    problems: list[str] = []
    owners: list[str] = []
    for kind, path, resource in _flat(template):
        parts = [_text(part, scope) if isinstance(part, str) else None for part in path]
        name = "/".join(part for part in parts if isinstance(part, str))
        if not kind.startswith(_OWNERS):
            continue
        if not name or not all(isinstance(part, str) for part in parts):
            problems.append(f"a resource of type {kind} without a name that can be read")
            continue
        owner, _, own_name = name.partition("/")
        owners.append(owner)
        properties = _filled(resource.get("properties"), scope)
        if kind == _OWNERS[0]:
            shared |= payloads.global_parameters(_member(properties, "globalParameters"))
        elif kind == f"{_OWNERS[0]}/globalparameters":
            shared |= payloads.global_parameters(properties)
        elif (known := _KINDS.get(kind.rpartition("/")[2])) and isinstance(properties, Mapping):
            found.append(Definition(known, own_name, properties))
        elif known:
            problems.append(f"{own_name}: no properties")
    synapse = any(kind.startswith(_OWNERS[1]) for kind, *_ in _flat(template))
    return Template(owners[0] if owners else "", synapse, shared, tuple(found), tuple(problems))


def _flat(template: Json) -> Iterator[tuple[str, tuple[Any, ...], Json]]:
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


# ---------------------------------------------------------------- template expressions


def _scope(template: Json, given: Json, otherwise: str) -> Scope:
    parameters = {
        name: _parameter(name, declaration, member(given, name), otherwise)
        for name, declaration in _mapping(template.get("parameters")).items()
    }
    variables: dict[str, Value] = {}
    scope = Scope({"parameters": parameters, "variables": variables}, _FUNCTIONS)
    texts = _mapping(template.get("variables"))
    for _ in range(_ROUNDS):  # a variable may refer to another, in any order
        before = sum(value.gap is None for value in variables.values())
        for name, value in texts.items():
            variables[name] = _known(_filled(value, scope))
        if sum(value.gap is None for value in variables.values()) == before:
            break
    return scope


def _parameter(name: str, declaration: Any, given: Any, otherwise: str) -> Value:
    declaration = _mapping(declaration)
    secure = str(declaration.get("type")).lower().startswith("secure")
    value = given if given not in (None, "") else declaration.get("defaultValue")
    value = _filled(value, Scope(functions=_FUNCTIONS))
    if value in (None, "") and name.lower() in _FACTORY_NAMES:
        return Value(otherwise)
    if secure and isinstance(value, str) and value:
        return Value({"type": "SecureString", "value": value})
    if secure or value is None:
        reason = Reason.HIDDEN_CONNECTION if secure else Reason.UNRESOLVED
        return Value(gap=Gap(reason, detail=f"template parameter {name}"))
    return _known(value)


def _filled(json: Any, scope: Scope, depth: int = 0) -> Any:
    """`json` with its template expressions evaluated; a `Value` where one cannot be."""
    if isinstance(json, str):
        return _text(json, scope)
    if not isinstance(json, (Mapping, list)):
        return json
    if depth >= DEEPEST:
        return Value(gap=Gap(Reason.UNRESOLVED, detail=f"nested deeper than {DEEPEST}"))
    if isinstance(json, Mapping):
        return {key: _filled(value, scope, depth + 1) for key, value in json.items()}
    return [_filled(value, scope, depth + 1) for value in json]


def _text(value: str, scope: Scope) -> Any:
    if not (value.startswith("[") and value.endswith("]")):
        return value
    if value.startswith("[["):
        return value[1:]
    try:
        found = evaluate_node(parse_expression(value[1:-1]), scope, "template")
    except BadInput as error:
        return Value(gap=Gap(Reason.UNRESOLVED, detail=f"template: {error}"))
    return Value(gap=found.gap) if found.gap else found.value


def _known(value: Any) -> Value:
    return value if isinstance(value, Value) else Value(value)


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _member(json: Any, key: str) -> Any:
    return _mapping(json).get(key)


# ---------------------------------------------------------------- template functions


def _concat(*values: Any) -> Any:
    if all(isinstance(value, list) for value in values):
        return [item for value in values for item in value]
    return "".join(map(_plain, values))


def _format(pattern: Any, *values: Any) -> str:
    def put(match: re.Match[str]) -> str:
        index = int(match[1])
        if index >= len(values):
            raise Refused("too few arguments")
        return _plain(values[index])

    return re.sub(r"\{([0-9]{1,3})\}", put, _plain(pattern))


def _replace(value: Any, old: Any, new: Any) -> str:
    return _plain(value).replace(_plain(old), _plain(new)) if old else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        raise Refused("takes texts")
    return text(value)


_FUNCTIONS: Functions = {
    "concat": Function(_concat, 1, None),
    "format": Function(_format, 1, None),
    "replace": Function(_replace, 3, 3),
    "string": Function(text, 1, 1),
    "tolower": Function(lambda value: _plain(value).lower(), 1, 1),
    "toupper": Function(lambda value: _plain(value).upper(), 1, 1),
    "trim": Function(lambda value: _plain(value).strip(), 1, 1),
}
