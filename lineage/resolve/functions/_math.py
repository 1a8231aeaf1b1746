"""
Functions of numbers: whole ones are 64 bits wide.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from lineage.resolve.functions._function import (
    MOST_ITEMS,
    Function,
    Refused,
    count,
    items,
    number,
    whole,
)
from lineage.resolve.functions._text import unrepeatable

_LARGEST = 2**63


def _binary(operate: Callable[[Any, Any], int | float]) -> Callable[[Any, Any], int | float]:
    def apply(one: Any, other: Any) -> int | float:
        try:
            return _bounded(operate(number(one), number(other)))
        except OverflowError:
            raise Refused("gives too large a number") from None

    return apply


def _bounded(found: int | float) -> int | float:
    if isinstance(found, int) and not -_LARGEST <= found < _LARGEST:
        raise Refused("gives too large a number")
    if isinstance(found, float) and not math.isfinite(found):
        raise Refused("gives too large a number")
    return found


def _divide(one: Any, other: Any) -> int | float:
    """Of whole numbers, towards zero; documents differ on what a decimal gives."""
    if not isinstance(one, int) or not isinstance(other, int):
        raise Refused("takes whole numbers")
    if other == 0:
        raise Refused("divides by zero")
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _remainder(one: Any, other: Any) -> int | float:
    """With the sign of the dividend, as .NET has it."""
    if other == 0:
        raise Refused("divides by zero")
    if isinstance(one, int) and isinstance(other, int):
        return abs(one) % abs(other) * (-1 if one < 0 else 1)
    return math.fmod(one, other)


def _extreme(choose: Callable[[list[int | float]], int | float]) -> Callable[..., int | float]:
    def apply(*values: Any) -> int | float:
        given = items(values[0]) if len(values) == 1 and isinstance(values[0], list) else values
        found = [number(each) for each in given]
        if not found:
            raise Refused("of nothing")
        return choose(found)

    return apply


def _range(start: Any, length: Any) -> list[int]:
    if count(length) > MOST_ITEMS:
        raise Refused(f"gives more than {MOST_ITEMS} items")
    return list(range(whole(start), whole(start) + count(length)))


MATH = {
    "add": Function(_binary(operator.add), 2, 2),
    "div": Function(_binary(_divide), 2, 2),
    "max": Function(_extreme(max), 1, None),
    "min": Function(_extreme(min), 1, None),
    "mod": Function(_binary(_remainder), 2, 2),
    "mul": Function(_binary(operator.mul), 2, 2),
    "rand": Function(unrepeatable, 2, 2),
    "range": Function(_range, 2, 2),
    "sub": Function(_binary(operator.sub), 2, 2),
}
