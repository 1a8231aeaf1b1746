"""A part of a name: its text, or why it is not known."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from lineage.model import Gap, Trace


class Part(Struct, frozen=True):
    """
    One part of a name. `text` is None where it is not known; `gap` then says why, if it is told.

    An empty `text` is known: there is no folder, no file, no host. `assumed` marks a default.
    """

    text: str | None = None
    trace: Trace = ()
    gap: Gap | None = None
    assumed: bool = False

    @property
    def given(self) -> bool:
        """Whether the definition says anything here, be it a thing that cannot be read."""
        return bool(self.text) or self.gap is not None


Parts = Mapping[str, Part]  # from the top down; the first is the host
ABSENT = Part()
EMPTY = Part("")
