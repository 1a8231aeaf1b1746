"""Parameters in the files of a capture: which are asked for, and which are secure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lineage.redact._blanks import kind, undeclared


def arguments(value: Any, asked: str) -> Any:
    """A definition whose references pass on only what somebody asks for."""
    if isinstance(value, list):
        return [arguments(each, asked) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: arguments(each, asked) for key, each in value.items()}
    return needed(found, "parameters", asked) if "referenceName" in found else found


def needed(holder: Any, key: str, asked: str, secure: frozenset[str] = frozenset()) -> Any:
    """The object with its parameters under `key`, of which those not asked for lose their value."""
    named = holder.get(key) if isinstance(holder, Mapping) else None
    if not isinstance(named, Mapping) or kind(named) == "expression":
        return holder
    kept = {
        name: undeclared(value) if name.casefold() in secure or not asks(asked, name) else value
        for name, value in named.items()
    }
    return {**holder, key: kept}


def asks(asked: str, name: str) -> bool:
    """Whether a name is a word of the expressions."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", asked, re.IGNORECASE) is not None


def expressions(value: Any) -> Iterator[str]:
    """Every text that may be an expression."""
    if isinstance(value, str):
        yield from (value,) if "@" in value else ()
    elif isinstance(value, list):
        for each in value:
            yield from expressions(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from expressions(each)


def secure_names(files: Mapping[str, Any]) -> Iterator[str]:
    """The names of pipeline parameters that are declared secure."""
    for path, content in files.items():
        properties = content.get("properties") if path.startswith("pipeline/") else None
        declared = properties.get("parameters") if isinstance(properties, Mapping) else None
        for name, each in declared.items() if isinstance(declared, Mapping) else ():
            if isinstance(each, Mapping) and kind(each).startswith("secure"):
                yield name.casefold()
