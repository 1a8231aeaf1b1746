"""A choice of runs, as options give it."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import click

Kind = TypeVar("Kind", bound=StrEnum)


def one_of(kinds: type[Kind], text: str | None, option: str) -> Kind | None:
    """The kind that is meant, in any case. Raises a usage error where it is none of them."""
    if text is None:
        return None
    for kind in kinds:
        if kind.lower() == text.strip().lower():
            return kind
    raise click.BadParameter(f"{text!r} is none of {', '.join(kinds)}", param_hint=option)
