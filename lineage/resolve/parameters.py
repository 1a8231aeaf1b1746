"""Arguments and defaults: what the parameters of a pipeline, dataset or linked service hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lineage.model import Evaluated, Reason, Value
from lineage.resolve.expressions import NOTHING, Scope, evaluate, gap, member

_INT = re.compile(r"[+-]?[0-9]{1,19}")
_FLOAT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_BOOL = {"true": True, "false": False}
_SEVERAL = "several differ by case alone"


def typed(value: Any, declared: str, place: str) -> Value:
    """
    A run's parameter, which the source gives as text, as its declared type.

    Types are `String`, `Int`, `Float`, `Bool`, `Array`, `Object` and `SecureString` in any case;
    an unknown one is text. A value that is no text already is taken as it is.
    """
    kind = declared.lower()
    if kind.startswith("secure"):
        return gap(place, "a secure string", Reason.MASKED)
    if not isinstance(value, str):
        return (
            evaluate(value, NOTHING, place) if isinstance(value, Value) else Value(value, (place,))
        )
    try:
        return Value(_read(value, kind), (place,))
    except (ValueError, RecursionError):
        return gap(place, f"not of type {kind}")


def _read(text: str, kind: str) -> Any:
    if kind in ("int", "integer") and _INT.fullmatch(text):
        return int(text)
    if kind in ("float", "number") and _FLOAT.fullmatch(text):
        return float(text)
    if kind in ("bool", "boolean") and text.lower() in _BOOL:
        return _BOOL[text.lower()]
    if kind in ("array", "object"):
        read = json.loads(text)
        if isinstance(read, list if kind == "array" else dict):
            return read
    if kind in ("int", "integer", "float", "number", "bool", "boolean", "array", "object"):
        raise ValueError(kind)
    return text


class RunParameters(Mapping[str, Value]):
    """
    The parameters of a pipeline in one run, each evaluated when it is read.

    `passed` is `{name: text}` as the run tells it, `declared` the pipeline's `parameters`. What
    was not passed takes its default; names are found in any case, as Data Factory does. `owner`
    (`pipeline pl_load`) is for gaps. Only what is read is asked of `passed`, so that one who notes
    it knows on which parameters a result depends.
    """

    def __init__(self, passed: Any, declared: Any, owner: str) -> None:
        self._passed: Mapping[str, Any] = passed if isinstance(passed, Mapping) else {}
        self._declared = _object(declared)
        self._owner = owner

    def __getitem__(self, name: str) -> Value:
        place = f"run parameter {name}"
        declared = _spellings(self._declared, name)
        passed = _spellings(self._passed, declared[0] if declared else name)
        if len(declared) > 1 or len(passed) > 1:
            return gap(place, _SEVERAL)
        if not declared:
            return Value(self._passed[passed[0] if passed else name], (place,))
        declaration = self._declared[declared[0]]
        given = self._passed[passed[0]] if passed else None
        if given is not None:
            return typed(given, _type(declaration), place)
        return _typed_default(declaration, declared[0], self._owner)

    def __contains__(self, name: object) -> bool:
        return name in self._declared or name in self._passed

    def __iter__(self) -> Iterator[str]:
        yield from self._declared
        folded = {name.casefold() for name in self._declared}
        yield from (name for name in self._passed if name.casefold() not in folded)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def of_reference(passed: Any, declared: Any, scope: Scope, owner: str, use: str) -> Evaluated:
    """
    The parameters of a dataset or linked service in one use.

    `passed` is the reference's `parameters`, evaluated in the `scope` of whoever refers; null and
    absent take the default. `owner` (`dataset ds_sql`) and `use` (`dataset ds_sql in activity
    'Copy'`) are for gaps and traces.
    """
    declared = _object(declared)
    if isinstance(passed, (str, Value)) or _type(passed) == "Expression":
        whole = evaluate(passed, scope, f"arguments of {use}")
        if not isinstance(whole.value, dict):
            stop = whole if whole.gap else gap(f"arguments of {use}", "no object")
            return dict.fromkeys(declared, stop)
        passed = {name: Value(value, whole.trace) for name, value in whole.value.items()}
    passed = _object(passed)
    found: dict[str, Any] = {}
    for name in (*declared, *(n for n in passed if member(declared, n) is None)):
        declaration, given = _object(declared.get(name)), member(passed, name)
        if _type(declaration).lower().startswith("secure"):
            found[name] = gap(owner, f"parameter {name} is a secure string", Reason.MASKED)
        elif len(_spellings(passed, name)) > 1:
            found[name] = gap(f"argument {name} of {use}", _SEVERAL)
        elif given is None:
            found[name] = _default(declaration, name, owner)
        else:
            place = f"argument {name} of {use}"
            value = evaluate(given, scope, place)
            trace = value.trace if value.trace[:1] == (place,) else (place, *value.trace)
            found[name] = Value(value.value, trace, value.gap)
    return found


def _default(declaration: Any, name: str, owner: str) -> Value:
    value = _object(declaration).get("defaultValue")
    if value is None:
        return gap(owner, f"parameter {name} has no value")
    return evaluate(value, NOTHING, f"default of parameter {name} of {owner}")


def _typed_default(declaration: Any, name: str, owner: str) -> Value:
    found = _default(declaration, name, owner)
    if found.gap:
        return found
    read = typed(found.value, _type(declaration), f"default of parameter {name} of {owner}")
    return Value(read.value, found.trace, read.gap)


def _spellings(values: Mapping[str, Any], name: str) -> list[str]:
    """The keys that can be meant by a name: itself, else those that differ from it by case."""
    if name in values:
        return [name]
    folded = name.casefold()
    return [key for key in values if isinstance(key, str) and key.casefold() == folded]


def _type(declaration: Any) -> str:
    kind = _object(declaration).get("type")
    return kind if isinstance(kind, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
