"""The functions of Data Factory's expression language, a row each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class Refused(ValueError):
    """A function does not take these arguments; the message holds none of them."""


@dataclass(frozen=True, slots=True)
class Function:
    """
    What a function does with plain values, and how many it takes; `most` None is any number.

    `apply` raises `Refused`; what it gives is plain JSON.
    """

    apply: Callable[..., Any]
    least: int
    most: int | None


Functions = Mapping[str, Function]  # by lower-cased name

FUNCTIONS: Functions = {}  # none yet: each is a gap that names it


def text(value: Any) -> str:
    """
    A value within a text, as .NET writes it: `True`, `1`, `1E+16`; null is empty, JSON compact.

    Source: the service's string interpolation, learn.microsoft.com/azure/data-factory/
    control-flow-expression-language-functions
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).upper()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
