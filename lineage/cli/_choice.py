"""A choice of runs, as options give it."""

from __future__ import annotations

import click

from lineage.model import Status


def status_of(text: str | None) -> Status | None:
    """The status that is meant, in any case. Raises a usage error where it is none."""
    if text is None:
        return None
    for status in Status:
        if status.lower() == text.strip().lower():
            return status
    raise click.BadParameter(f"{text!r} is none of {', '.join(Status)}", param_hint="--status")
