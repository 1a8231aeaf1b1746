"""What was taken out of the files of a capture, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str | int, ...]  # a file's path, then keys and positions

_ABSENT = object()


def differences(before: Any, after: Any, place: Place = ()) -> Iterator[Place]:
    """Where two values of one shape differ, the deepest places at which they do."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key, value in before.items():
            yield from differences(value, after.get(key, _ABSENT), (*place, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, (*place, index))
    elif after is _ABSENT or before != after:
        yield place


def only(before: Any, after: Any, place: Place) -> Any:
    """`before` with what `after` has at one place, and nowhere else."""
    if not place:
        return after
    key, *rest = place
    if isinstance(before, list):
        changed = only(before[int(key)], after[int(key)], tuple(rest))
        return [changed if index == key else each for index, each in enumerate(before)]
    if key not in after:
        return {name: value for name, value in before.items() if name != key}
    return {**before, key: only(before[key], after[key], tuple(rest))}
