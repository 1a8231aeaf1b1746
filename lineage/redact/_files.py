"""The files of a scenario folder: the keys that are kept of each, and their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lineage.redact import _keys
from lineage.redact._keys import Kept
from lineage.redact._texts import clean, connection
from lineage.redact._tree import kind, opened, undeclared, walk

Files = Mapping[str, Any]  # JSON by path within the folder

RUN, ACTIVITIES = "pipelineRun.json", "activityRuns.json"
# By the file's folder, from the bottom up: what lies above passes arguments to what lies below.
_DEFINITIONS: dict[str, Kept] = {
    "linkedService": _keys.LINKED_SERVICE,
    "dataset": _keys.DATASET,
    "dataflow": _keys.ACTIVITY,
    "pipeline": _keys.ACTIVITY,
}


def redact(files: Files) -> dict[str, Any]:
    """
    The files without their secrets, each of the same shape.

    Kept is what may tell of names and edges (`_keys`), once it is cleaned of what looks like a
    secret. Values of parameters that no expression left asks for go too.
    """
    cleaned = {path: _cleaned(path, content) for path, content in files.items()}
    asked = ""  # the expressions found so far
    for folder in _DEFINITIONS:
        for path in sorted(cleaned):
            if path.startswith(f"{folder}/"):
                definition = _arguments(cleaned[path], asked)
                asked += "\n".join(_expressions(definition))
                properties = _needed(definition.get("properties"), "parameters", asked)
                cleaned[path] = {**definition, "properties": properties}
    for path, content in cleaned.items():
        if path == RUN:
            secure = frozenset(_secure(cleaned))
            cleaned[path] = _needed(content, "parameters", asked, secure)
        elif path.startswith("factory/"):
            properties = _needed(content.get("properties"), "globalParameters", asked)
            cleaned[path] = {**content, "properties": properties}
    return cleaned


# ---------------------------------------------------------------- one file


def _cleaned(path: str, content: Any) -> Any:
    if path == ACTIVITIES:
        return [_activity(row) for row in content]
    if path == RUN:
        return {**content, "parameters": opened(content.get("parameters"))}
    folder = path.partition("/")[0]
    kept = _DEFINITIONS.get(folder, _keys.FACTORY)
    text = connection if folder == "linkedService" else clean
    return {
        key: walk(value, kept, text) if key == "properties" else value
        for key, value in content.items()
    }


def _activity(row: Mapping[str, Any]) -> dict[str, Any]:
    """An activity run: all but its payload are names, times and identities."""
    kept = {"input": _keys.ACTIVITY, "output": _keys.OUTPUT}
    cleaned = {
        key: walk(value, kept[key], clean) if key in kept else value for key, value in row.items()
    }
    if "userProperties" in row:
        cleaned["userProperties"] = opened(row["userProperties"])
    return cleaned


# ---------------------------------------------------------------- parameters


def _arguments(value: Any, asked: str) -> Any:
    """A definition whose references pass on only what somebody asks for."""
    if isinstance(value, list):
        return [_arguments(each, asked) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _arguments(each, asked) for key, each in value.items()}
    return _needed(found, "parameters", asked) if "referenceName" in found else found


def _needed(holder: Any, key: str, asked: str, secure: frozenset[str] = frozenset()) -> Any:
    """The object with its parameters under `key`, of which those not asked for lose their value."""
    named = holder.get(key) if isinstance(holder, Mapping) else None
    if not isinstance(named, Mapping) or kind(named) == "expression":
        return holder
    kept = {
        name: undeclared(value) if name.casefold() in secure or not _asks(asked, name) else value
        for name, value in named.items()
    }
    return {**holder, key: kept}


def _asks(asked: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", asked, re.IGNORECASE) is not None


def _expressions(value: Any) -> Iterator[str]:
    """Every text that may be an expression."""
    if isinstance(value, str):
        yield from (value,) if "@" in value else ()
    elif isinstance(value, list):
        for each in value:
            yield from _expressions(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _expressions(each)


def _secure(files: Files) -> Iterator[str]:
    """The names of pipeline parameters that are declared secure."""
    for path, content in files.items():
        properties = content.get("properties") if path.startswith("pipeline/") else None
        declared = properties.get("parameters") if isinstance(properties, Mapping) else None
        for name, each in declared.items() if isinstance(declared, Mapping) else ():
            if isinstance(each, Mapping) and kind(each).startswith("secure"):
                yield name.casefold()
