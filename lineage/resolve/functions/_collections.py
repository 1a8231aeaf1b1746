"""
Functions of arrays, objects, and texts as collections.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

from typing import Any

from lineage.jsontext import canonical
from lineage.resolve.functions._function import (
    Function,
    Refused,
    count,
    fits,
    items,
    same,
    scalar,
    string,
)
from lineage.resolve.functions._text import cut, units


def _contains(collection: Any, value: Any) -> bool:
    """Case counts; keys that differ by case alone are refused, as other documents say."""
    if isinstance(collection, str):
        return string(value) in collection
    if isinstance(collection, dict):
        if string(value) in collection:
            return True
        if value.casefold() in map(str.casefold, collection):
            raise Refused("a key that differs by case")
        return False
    return any(same(each, value) for each in items(collection))


def _empty(collection: Any) -> bool:
    if not isinstance(collection, (str, list, tuple, dict)):
        raise Refused("takes a text, array or object")
    return not collection


def _first(collection: Any) -> Any:
    return _end(collection, first=True)


def _last(collection: Any) -> Any:
    return _end(collection, first=False)


def _end(collection: Any, *, first: bool) -> Any:
    if not isinstance(collection, (str, list, tuple)):
        raise Refused("takes a text or an array")
    if not collection:
        raise Refused("of nothing")
    if isinstance(collection, str):
        size = units(collection)
        return cut(collection, 0, 1) if first else cut(collection, size - 1, size)
    return collection[0 if first else -1]


def _intersection(*collections: Any) -> Any:
    if all(isinstance(each, dict) for each in collections):
        *others, last = collections
        return {
            key: last[key]
            for key in collections[0]
            if all(key in each for each in [*others[1:], last])
        }
    others = [{_key(each) for each in items(other)} for other in collections[1:]]
    return [
        each for each in _distinct(items(collections[0])) if all(_key(each) in o for o in others)
    ]


def _union(*collections: Any) -> Any:
    if all(isinstance(each, dict) for each in collections):
        return {key: value for each in collections for key, value in each.items()}
    return _distinct([item for each in collections for item in items(each)])


def _distinct(values: list[Any]) -> list[Any]:
    found: dict[bytes, Any] = {}
    for each in values:
        found.setdefault(_key(each), each)
    return list(found.values())


def _key(value: Any) -> bytes:
    """What equal values have in common: `1` and `1.0` are two."""
    return canonical(value)


def _join(collection: Any, delimiter: Any) -> str:
    return fits(string(delimiter).join(map(scalar, items(collection))))


def _length(collection: Any) -> int:
    return units(collection) if isinstance(collection, str) else len(items(collection))


def _skip(collection: Any, number: Any) -> list[Any]:
    return items(collection)[count(number) :]


def _take(collection: Any, number: Any) -> Any:
    if isinstance(collection, str):
        return cut(collection, 0, count(number))
    return items(collection)[: count(number)]


COLLECTIONS = {
    "contains": Function(_contains, 2, 2),
    "empty": Function(_empty, 1, 1),
    "first": Function(_first, 1, 1),
    "intersection": Function(_intersection, 2, None),
    "join": Function(_join, 2, 2),
    "last": Function(_last, 1, 1),
    "length": Function(_length, 1, 1),
    "skip": Function(_skip, 2, 2),
    "take": Function(_take, 2, 2),
    "union": Function(_union, 2, None),
}
