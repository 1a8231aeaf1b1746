"""What can be broken, in the words of the promises; I-numbers are those of reliability.md §2."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Broken(StrEnum):
    """Which promise."""

    LOST = "lost"  # I1, I3: a run of the source has no row, or no end; what it tells is missing
    DOUBLED = "doubled"  # I1, I2: two rows of one run, two entities of one name
    PHANTOM = "phantom"  # I2: a row, an entity or an edge that the source does not tell
    WRONG = "wrong"  # a row or an entity says something else than the source
    MOVED_BACK = "moved back"  # I3: a cursor, a watermark, the attributes of a last run
    UNPROVEN = "unproven"  # I4: Succeeded or Partial, and the catalog does not show it
    REOPENED = "reopened"  # I5: a settled row changed
    SHRUNK = "shrunk"  # I7: an edge disappeared from the catalog, if only for a moment
    MISCOUNTED = "miscounted"  # I12: the counts of states are not those of the rows
    IMPOLITE = "impolite"  # I11: a service was asked before the time that it had named
    INCOMPLETE = "incomplete"  # a sync without a kill did not end as it should
    DIFFERENT = "different"  # what is left is not what an undisturbed run leaves


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, and where."""

    broken: Broken
    what: str

    def __str__(self) -> str:
        return f"{self.broken}: {self.what}"
