"""The name of a column: as a mapping gives it, by name, by path or by ordinal."""

from __future__ import annotations

import re
from typing import Any

_ORDINAL = re.compile(r"\d{1,5}", re.ASCII)
_STEP = re.compile(r"\[\s*'([^']*)'\s*\]|\[\s*(\d+|\*)\s*\]|\.?([^.\[\]]+)")

Names = tuple[str, ...]  # of the columns that a dataset declares, in order


def column_of(side: Any, names: Names, prefix: str) -> str | None:
    """The name a mapping gives by `name`, by `path` or by `ordinal` (from 1), in this order."""
    if not isinstance(side, dict):
        return None
    name = side.get("name")
    if isinstance(name, str) and name:
        return plain(name)
    path, ordinal = side.get("path"), side.get("ordinal")
    if isinstance(path, str) and path:
        absolute = path.lstrip().startswith("$")
        tail = path_of(path)
        return tail if absolute or not prefix or not tail else f"{prefix}.{tail}"
    if isinstance(ordinal, str) and _ORDINAL.fullmatch(ordinal):
        ordinal = int(ordinal)
    if isinstance(ordinal, int) and 1 <= ordinal <= len(names):
        return names[ordinal - 1]
    return None


def path_of(path: str) -> str:
    """`$['order']['id']` and `$.order.id` as `order.id`."""
    steps = [a or b or c for a, b, c in _STEP.findall(path.strip().removeprefix("$"))]
    return plain(".".join(step.strip() for step in steps if step.strip())) or ""


def plain(name: str) -> str | None:
    """No column name holds expression text."""
    return None if "@{" in name or name.startswith("@") else name
