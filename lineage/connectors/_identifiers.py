"""Names of SQL objects: `dbo.Orders`, `[dbo].[Order Details]`, `"a"."b""c"`."""

from __future__ import annotations

import re

_QUOTED = {"[": re.compile(r"\[((?:[^\]]|\]\])*)\]"), '"': re.compile(r'"((?:[^"]|"")*)"')}


def split(text: str) -> tuple[str, ...]:
    """
    The parts of a dotted name, unquoted: `[a].[b.c]` gives `a`, `b.c`; `db..t` an empty second.

    Nothing if it cannot be read: a quote that does not close, or text behind one that did. The
    bracket that Resource Manager doubles at the start of a text (`[[dbo].[t]`) counts once.
    """
    parts: list[str] = []
    rest = text.strip()
    if rest.startswith("[["):
        rest = rest[1:]
    while True:
        part, rest = _head(rest)
        if part is None:
            return ()
        parts.append(part)
        if not rest:
            return tuple(parts)
        rest = rest[1:].lstrip()


def single(text: str) -> str:
    """One identifier, unquoted if it is quoted; dots outside quotes are part of it."""
    parts = split(text)
    if len(parts) == 1 or (parts and text.strip()[0] in _QUOTED):
        return ".".join(parts)
    return text.strip()


def _head(text: str) -> tuple[str | None, str]:
    """The first part, and what follows it: nothing, or text that begins with a dot."""
    form = _QUOTED.get(text[:1])
    if form is None:
        part, dot, rest = text.partition(".")
        return part.strip(), f"{dot}{rest}"
    match = form.match(text)
    if match is None:
        return None, ""
    rest = text[match.end() :].lstrip()
    if rest and not rest.startswith("."):
        return None, ""
    close = "]" if text[0] == "[" else '"'
    return match[1].replace(close * 2, close).strip(), rest
