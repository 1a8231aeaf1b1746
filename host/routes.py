"""
Route templates: literals, `{name}`, `{name:constraint}`, `{name?}` and `{*rest}`, in any case.

A part of ASP.NET Core's: a parameter is a whole segment, and default values are not known.

Source: learn.microsoft.com/aspnet/core/fundamentals/routing
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from host.errors import HostError

CONSTRAINTS = {
    "alpha": r"[A-Za-z]+",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "int": r"-?[0-9]{1,10}",
    "long": r"-?[0-9]{1,19}",
}

_PARAMETER = re.compile(r"\{(\*{0,2})(\w+)(?::(\w+))?(\?)?\}")


@dataclass(frozen=True, slots=True)
class _Segment:
    """A literal, or a parameter's name and what it takes."""

    literal: str | None
    name: str = ""
    takes: re.Pattern[str] | None = None
    optional: bool = False
    rest: bool = False

    def rank(self) -> int:
        """Literals are tried before constrained parameters, these before others, then the rest."""
        if self.literal is not None:
            return 0
        return 3 if self.rest else 1 if self.takes else 2


class Route:
    """A template of a function, below the prefix. Raises `HostError` on what is not modelled."""

    def __init__(self, template: str, prefix: str, function: str) -> None:
        whole = "/".join(filter(None, (prefix, template.strip("/"))))
        self._segments = [_segment(each, function) for each in whole.split("/") if each]
        for each in self._segments[:-1]:
            if each.rest or each.optional:
                raise HostError(f"{function}: {{{each.name}}} is not the last of {template!r}")

    @property
    def ranks(self) -> list[int]:
        """Of several routes that match, the one whose ranks come first is meant."""
        return [each.rank() for each in self._segments]

    def match(self, path: str) -> Mapping[str, str] | None:
        """What the parameters take of a path; None where it does not match."""
        parts = [unquote(each) for each in path.strip("/").split("/") if each]
        taken: dict[str, str] = {}
        for index, segment in enumerate(self._segments):
            if segment.rest:
                return taken | {segment.name: "/".join(parts[index:])}
            if index >= len(parts):
                return taken if segment.optional else None
            if segment.literal is not None:
                if segment.literal.lower() != parts[index].lower():
                    return None
            elif segment.takes and not segment.takes.fullmatch(parts[index]):
                return None
            else:
                taken[segment.name] = parts[index]
        return taken if len(parts) <= len(self._segments) else None


def _segment(text: str, function: str) -> _Segment:
    if "{" not in text:
        return _Segment(text)
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise HostError(f"{function}: {text!r} of its route is not modelled")
    stars, name, constraint, optional = match.groups()
    if constraint is not None and constraint not in CONSTRAINTS:
        raise HostError(f"{function}: the constraint {constraint!r} of its route is not modelled")
    takes = re.compile(CONSTRAINTS[constraint]) if constraint else None
    return _Segment(None, name, takes, bool(optional), bool(stars))
