"""
Template expressions evaluated.

A parameter takes the value it is given, else its default; without either the place that needs it
holds a `Value` with a gap, which `resolve` passes on. Template expressions are `[…]` in the
grammar of Data Factory's own; `[[` at the beginning is a literal bracket.

Source: learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.errors import BadInput
from lineage.model import Gap, Json, Reason, Value
from lineage.resolve.evaluator import Scope, evaluate_node, member
from lineage.resolve.syntax import parse_expression
from lineage.sources.armfunctions import FUNCTIONS

DEEPEST = 200  # objects and lists within one another
_ROUNDS = 8  # of variables that refer to variables
_FACTORY_NAMES = ("factoryname", "workspacename")  # parameters, as the service exports them


def scope_of(template: Json, given: Json, otherwise: str) -> Scope:
    """What expressions of a template see: its parameters and variables."""
    parameters = {
        name: _parameter(name, declaration, member(given, name), otherwise)
        for name, declaration in mapping(template.get("parameters")).items()
    }
    variables: dict[str, Value] = {}
    scope = Scope({"parameters": parameters, "variables": variables}, FUNCTIONS)
    texts = mapping(template.get("variables"))
    for _ in range(_ROUNDS):  # a variable may refer to another, in any order
        before = sum(value.gap is None for value in variables.values())
        for name, value in texts.items():
            variables[name] = _known(filled(value, scope))
        if sum(value.gap is None for value in variables.values()) == before:
            break
    return scope


def _parameter(name: str, declaration: Any, given: Any, otherwise: str) -> Value:
    declaration = mapping(declaration)
    secure = str(declaration.get("type")).lower().startswith("secure")
    value = given if given not in (None, "") else declaration.get("defaultValue")
    value = filled(value, Scope(functions=FUNCTIONS))
    if value in (None, "") and name.lower() in _FACTORY_NAMES:
        return Value(otherwise)
    if secure and isinstance(value, str) and value:
        return Value({"type": "SecureString", "value": value})
    if secure or value is None:
        reason = Reason.HIDDEN_CONNECTION if secure else Reason.UNRESOLVED
        return Value(gap=Gap(reason, detail=f"template parameter {name}"))
    return _known(value)


def filled(json: Any, scope: Scope, depth: int = 0) -> Any:
    """`json` with its template expressions evaluated; a `Value` where one cannot be."""
    if isinstance(json, str):
        return text_of(json, scope)
    if not isinstance(json, (Mapping, list)):
        return json
    if depth >= DEEPEST:
        return Value(gap=Gap(Reason.UNRESOLVED, detail=f"nested deeper than {DEEPEST}"))
    if isinstance(json, Mapping):
        return {key: filled(value, scope, depth + 1) for key, value in json.items()}
    return [filled(value, scope, depth + 1) for value in json]


def text_of(value: str, scope: Scope) -> Any:
    """A text, or what it evaluates to where it is an expression."""
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


def mapping(value: Any) -> Json:
    """An object; an empty one in place of anything else: templates have holes."""
    return value if isinstance(value, Mapping) else {}
