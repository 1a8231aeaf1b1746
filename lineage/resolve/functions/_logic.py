"""
Functions that compare and choose.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from lineage.resolve.functions._function import Function, Refused, boolean, same

_Order = Callable[[int | float, int | float], bool]


def _and(one: Any, other: Any) -> bool:
    return boolean(one) & boolean(other)


def _or(one: Any, other: Any) -> bool:
    return boolean(one) | boolean(other)


def _not(value: Any) -> bool:
    return not boolean(value)


def _branch(known: Sequence[Any], _: int) -> int | None:
    """Only the chosen branch is looked at: the run succeeded, whatever the other says."""
    if not known:
        return 0
    return (1 if boolean(known[0]) else 2) if len(known) == 1 else None


def _equals(one: Any, other: Any) -> bool:
    """`equals(true, 1)` is true, says the documentation; a text and a number are not comparable."""
    if one is None or other is None:
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    if _kind(one) is not _kind(other):
        raise Refused("compares values of two types")
    return same(one, other)


def _kind(value: Any) -> type:
    return next(kind for kind in (str, dict, list, tuple, object) if isinstance(value, kind))


def _ordered(order: _Order) -> Callable[[Any, Any], bool]:
    def apply(one: Any, other: Any) -> bool:
        if isinstance(one, str) and isinstance(other, str):
            return order(_compared(one, other), 0)
        if any(
            isinstance(each, bool) or not isinstance(each, (int, float)) for each in (one, other)
        ):
            raise Refused("compares two numbers or two texts")
        return order(one, other)

    return apply


def _compared(one: str, other: str) -> int:
    """
    Below 0, 0 or above 0, as two texts come in order.

    Whether the service goes by code or by culture is not documented: where the two could differ,
    at anything but digits and letters of one case, it is refused.
    """
    for here, there in zip(one, other, strict=False):
        if here != there:
            if not (here + there).isascii() or not (here + there).isalnum():
                raise Refused("compares texts whose order depends on the culture")
            if not here.isdigit() and not there.isdigit() and here.islower() != there.islower():
                raise Refused("compares texts whose order depends on the culture")
            return -1 if here < there else 1
    return len(one) - len(other)


LOGIC = {
    "and": Function(_and, 2, 2),
    "equals": Function(_equals, 2, 2),
    "greater": Function(_ordered(operator.gt), 2, 2),
    "greaterorequals": Function(_ordered(operator.ge), 2, 2),
    "if": Function(lambda _, chosen: chosen, 3, 3, choose=_branch),
    "less": Function(_ordered(operator.lt), 2, 2),
    "lessorequals": Function(_ordered(operator.le), 2, 2),
    "not": Function(_not, 1, 1),
    "or": Function(_or, 2, 2),
}
