"""
Functions of texts, which are UTF-16 to the service: a position counts its units.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage.resolve.functions._function import (
    LONGEST,
    MOST_ITEMS,
    Function,
    Refused,
    count,
    fits,
    scalar,
    string,
)

# What .NET trims: Char.IsWhiteSpace, learn.microsoft.com/dotnet/api/system.char.iswhitespace
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def units(value: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(value) + sum(map("\uffff".__lt__, value))


def cut(value: str, start: int, end: int) -> str:
    """The UTF-16 units from `start` up to `end`; no character may be cut in two."""
    if value.isascii():
        return value[start:end]
    try:
        return value.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le")
    except UnicodeError:
        raise Refused("cuts a character in two") from None


def unrepeatable(*_: Any) -> Any:
    """A function whose result no finished run tells."""
    raise Refused("differs each time")


def _folded(value: str) -> str:
    """In capitals, character by character, so that positions stay: .NET's ordinal comparison."""
    return _by_character(value, str.upper)


def _by_character(value: str, change: Callable[[str], str]) -> str:
    """A text whose characters each become one other; those that would be several stay."""
    if value.isascii():
        return change(value)
    return "".join(new if len(new := change(each)) == 1 else each for each in value)


def _concat(*values: Any) -> str:
    return fits("".join(map(scalar, values)))


def _ends_with(value: Any, end: Any) -> bool:
    return _folded(string(value)).endswith(_folded(string(end)))


def _starts_with(value: Any, start: Any) -> bool:
    return _folded(string(value)).startswith(_folded(string(start)))


def _index_of(value: Any, part: Any) -> int:
    return _position(string(value), _folded(string(value)).find(_folded(string(part))))


def _last_index_of(value: Any, part: Any) -> int:
    if not string(part):
        raise Refused("takes no empty text to look for")
    return _position(string(value), _folded(string(value)).rfind(_folded(string(part))))


def _position(value: str, at: int) -> int:
    return units(value[:at]) if at > 0 else at


def _replace(value: Any, old: Any, new: Any) -> str:
    if not string(old):
        raise Refused("takes no empty text to replace")
    value, new = string(value), string(new)
    if len(value) + value.count(old) * len(new) > 2 * LONGEST:
        raise Refused(f"gives more than {LONGEST} characters")
    return fits(value.replace(old, new))


def _split(value: Any, by: Any) -> list[str]:
    if not string(by):
        raise Refused("takes no empty delimiter")
    if string(value).count(by) >= MOST_ITEMS:
        raise Refused(f"gives more than {MOST_ITEMS} items")
    return string(value).split(by)


def _substring(value: Any, start: Any, length: Any = None) -> str:
    size, start = units(string(value)), count(start)
    end = size if length is None else start + count(length)
    if start > size or end > size:
        raise Refused("reaches beyond the text")
    return cut(value, start, end)


def _lower(value: Any) -> str:
    return _by_character(string(value), str.lower)


def _upper(value: Any) -> str:
    return _by_character(string(value), str.upper)


def _trim(value: Any) -> str:
    return string(value).strip(BLANKS)


TEXT = {
    "concat": Function(_concat, 1, None),
    "endswith": Function(_ends_with, 2, 2),
    "guid": Function(unrepeatable, 0, 1),
    "indexof": Function(_index_of, 2, 2),
    "lastindexof": Function(_last_index_of, 2, 2),
    "replace": Function(_replace, 3, 3),
    "split": Function(_split, 2, 2),
    "startswith": Function(_starts_with, 2, 2),
    "substring": Function(_substring, 2, 3),
    "tolower": Function(_lower, 1, 1),
    "toupper": Function(_upper, 1, 1),
    "trim": Function(_trim, 1, 1),
}
