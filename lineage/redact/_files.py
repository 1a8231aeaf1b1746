"""The files of a scenario folder: the keys that are kept of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.redact import _keys
from lineage.redact._beside import said
from lineage.redact._connections import connection
from lineage.redact._keys import Kept
from lineage.redact._parameters import arguments, expressions, needed, secure_names
from lineage.redact._texts import clean
from lineage.redact._tree import opened, walk

Files = Mapping[str, Any]  # JSON by path within the folder

RUN, TRIGGERS = "pipelineRun.json", "triggerRuns.json"
ACTIVITIES = frozenset({"activityRuns.json", "besideRuns.json"})
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
                definition = arguments(cleaned[path], asked)
                asked += "\n".join(expressions(definition))
                properties = needed(definition.get("properties"), "parameters", asked)
                cleaned[path] = {**definition, "properties": properties}
    for path, content in cleaned.items():
        if path == RUN:
            secure = frozenset(secure_names(cleaned))
            cleaned[path] = needed(content, "parameters", asked, secure)
        elif path.startswith("factory/"):
            properties = needed(content.get("properties"), "globalParameters", asked)
            cleaned[path] = {**content, "properties": properties}
        elif path in ACTIVITIES:
            pairs = zip(content, files[path], strict=True)
            cleaned[path] = [_with_said(row, said(whole, asked)) for row, whole in pairs]
    return cleaned


def _with_said(row: dict[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """An activity run with what others look at in place of what they do not."""
    found = {**row}
    if "input" in kept:
        found["input"] = {**row["input"], **kept["input"]}
    if isinstance(kept.get("output"), Mapping):
        ours = _keys.OUTPUT.shapes | _keys.OUTPUT.texts
        found["output"] = kept["output"] | {k: v for k, v in row["output"].items() if k in ours}
    return found


def _cleaned(path: str, content: Any) -> Any:
    if path in ACTIVITIES:
        return [_activity(row) for row in content]
    if path == TRIGGERS:
        return content  # names, ids and times
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
