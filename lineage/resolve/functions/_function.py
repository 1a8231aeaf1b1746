"""What a function is, and how it looks at its arguments."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST = 1_048_576  # characters of a text that a function makes
MOST_ITEMS = 100_000  # in a list that a function makes; a ForEach takes no more
_ENOUGH = 64 * 1024  # items and characters looked at for one weight


class Refused(ValueError):
    """A function does not take these arguments; the message holds none of them."""


@dataclass(frozen=True, slots=True)
class Markup:
    """XML that was read from a text; how it would read as a text again is not documented."""

    text: str


@dataclass(frozen=True, slots=True)
class Function:
    """
    What a function does with plain values, and how many it takes; `most` None is any number.

    `apply` raises `Refused`; what it gives is plain JSON, or `Markup`, which only those take that
    set `reads_markup`. Where `asks_time` is set the first argument is the moment, in ticks. A call
    takes `steps` beside what its arguments take. `choose` is for functions that need not know all
    of their arguments: from the values known so far and the number of arguments, which to look at
    next.
    """

    apply: Callable[..., Any]
    least: int
    most: int | None
    asks_time: bool = False
    reads_markup: bool = False
    steps: int = 0
    choose: Callable[[Sequence[Any], int], int | None] | None = None


Functions = Mapping[str, Function]  # by lower-cased name


def text(value: Any) -> str:
    """
    A value within a text, as .NET writes it: `True`, `1`, `1E+16`; null is empty, JSON compact.

    Raises `Refused` for a number of more than 15 digits: .NET Framework rounds it, .NET does not.

    Source: the service's string interpolation, learn.microsoft.com/azure/data-factory/
    control-flow-expression-language-functions
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Markup):
        raise Refused("XML that was read from a text")
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _decimal(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _decimal(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if float(f"{value:.15g}") != value:
        raise Refused("a decimal of more than 15 digits")
    return repr(value).upper()


def weight(value: Any) -> int:
    """How much a value holds: characters and items, counted up to a bound."""
    total, pending = 0, [value]
    while pending and total < _ENOUGH:
        each = pending.pop()
        if isinstance(each, (dict, list, tuple)):
            total += len(each)
            pending += [*each, *each.values()] if isinstance(each, dict) else each
        elif isinstance(each, (Markup, str)):
            total += len(each if isinstance(each, str) else each.text)
    return total


def string(value: Any) -> str:
    """A text as it is; nothing else will do."""
    if not isinstance(value, str):
        raise Refused("takes a text")
    return value


def scalar(value: Any) -> str:
    """The text of a text, number, bool or null."""
    if isinstance(value, (dict, list, tuple)):
        raise Refused("takes no array or object")
    return text(value)


def whole(value: Any) -> int:
    """A whole number; `2.0` is one."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("takes a whole number")
    return value


def count(value: Any) -> int:
    """A whole number that is not negative."""
    found = whole(value)
    if found < 0:
        raise Refused("takes no negative number")
    return found


def number(value: Any) -> int | float:
    """A number as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused("takes numbers")
    return value


def boolean(value: Any) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise Refused("takes true or false")
    return value


def items(value: Any) -> list[Any]:
    """The items of an array."""
    if not isinstance(value, (list, tuple)):
        raise Refused("takes an array")
    return list(value)


def fits(value: str) -> str:
    """A text that is not too long."""
    if len(value) > LONGEST:
        raise Refused(f"gives more than {LONGEST} characters")
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: of one type, keys in any order."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)
