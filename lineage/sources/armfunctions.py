"""The functions of template expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lineage.resolve.functions import Function, Functions, Refused, text


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


FUNCTIONS: Functions = {
    "concat": Function(_concat, 1, None),
    "format": Function(_format, 1, None),
    "replace": Function(_replace, 3, 3),
    "string": Function(text, 1, 1),
    "tolower": Function(lambda value: _plain(value).lower(), 1, 1),
    "toupper": Function(lambda value: _plain(value).upper(), 1, 1),
    "trim": Function(lambda value: _plain(value).strip(), 1, 1),
}
