"""Which runs need which definitions, and what is left of a reading that cannot have them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from msgspec.structs import replace

from lineage.errors import Unavailable
from lineage.model import Kind, Listed, Reading
from lineage.ticks import Ticks

Uses = dict[tuple[Kind, str], list[Listed]]  # which runs use what, by the name they use
Problems = dict[str, Unavailable]  # by pipeline run id


def names_needed(listed: Listed, wanted: Collection[str]) -> frozenset[str]:
    """
    The activities of a run whose definitions will be looked at.

    Those with an empty output too: it may be hidden, which only the definition says.
    """
    return frozenset(
        each.name
        for each in listed.activities
        if each.status == "Succeeded" and each.type in wanted
    )


def by_key(uses: Iterable[tuple[tuple[Kind, str], Listed]]) -> Uses:
    """The runs by what they use."""
    found: Uses = defaultdict(list)
    for key, listed in uses:
        found[key].append(listed)
    return found


def latest(listed: Iterable[Listed]) -> Ticks:
    """When the last of these pipeline runs was updated."""
    return max(each.run.updated for each in listed)


def without(reading: Reading, problems: Problems) -> Reading:
    """The reading with the runs in `problems` moved to `unread`."""
    if not problems:
        return reading
    waits = [error.retry_after for error in problems.values() if error.retry_after is not None]
    back = [each.run.reference for each in reading.listed if each.run.id in problems]
    return replace(
        reading,
        listed=tuple(each for each in reading.listed if each.run.id not in problems),
        unread=(*reading.unread, *back),
        wait=max((wait for wait in (reading.wait, *waits) if wait is not None), default=None),
        problem=reading.problem or str(next(iter(problems.values()))),
    )
