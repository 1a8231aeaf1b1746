"""How the catalog spells qualified names: our own copy of its normalisation."""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """Which of the catalog's normalisation rules apply: they are listed by type there."""

    FILES = "files"  # Azure storage
    RELATIONAL = "relational"  # Azure SQL in its forms
    OTHER = "other"  # types the catalog's rules leave alone, and fall-back assets


# The segments a path must have to end in a slash: none follows a host or a container.
_LEAST = {Kind.FILES: 2, Kind.OTHER: 1}
_NAME = re.compile(r"([^:/\s]+)://([^/]*)(.*)", re.DOTALL)
_PORT = re.compile(r"(?::\d*)+\Z")
_BRACKETS = re.compile(r"\[([^\[\]/]*)\]")
_BLANK = re.compile(r"\s")
_AROUND = re.compile(r"\s*([/:.])\s*")
_AROUND_SLASHES = re.compile(r"\s*(/)\s*")
_SLASHES = re.compile(r"/{2,}")
# The stored rule, `\.[^\.]{2,5}$`, would reach over a slash (`v1.0/US/`). It is one for file types,
# and paths keep their case: only the last segment of a file has an extension.
_EXTENSION = re.compile(r"\.[^./]{2,5}\Z")


def normal(name: str, kind: Kind) -> str:
    """
    A qualified name as a scan would have written it; doing it twice changes nothing.

    User info goes, and the port unless `kind` is OTHER (there it was put on purpose); square
    brackets go from SQL names, with blanks between them as `%20`; blanks around sections go;
    `{ }` become `%7B %7D`, so that they never look like a resource set's token; double slashes
    become one; scheme, host and file extension are lower-cased. Everything else keeps its case.

    Source: the normalisation rules an account shows as defaultResourceSetRuleConfig.
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        return _path(name.strip(), kind)
    scheme, authority, path = match.groups()
    whole = f"{scheme.lower()}://{_authority(authority, kind)}{_path(path, kind)}"
    if kind is Kind.FILES:
        return _EXTENSION.sub(lambda found: found[0].lower(), whole)
    return whole


def encoded_blanks(name: str) -> str:
    """A qualified name with `%20` for the blanks of its path."""
    return name.replace(" ", "%20")


def _authority(text: str, kind: Kind) -> str:
    host = "".join(text.split()).rpartition("@")[2]
    return (host if kind is Kind.OTHER else _PORT.sub("", host)).lower()


def _path(text: str, kind: Kind) -> str:
    path = text
    if kind is Kind.RELATIONAL:
        path = _without_brackets(path)
    path = path.replace("{", "%7B").replace("}", "%7D")
    if _BLANK.search(path):  # few have one, and looking is cheap
        path = (_AROUND_SLASHES if kind is Kind.OTHER else _AROUND).sub(r"\1", path)
    path = _SLASHES.sub("/", path).strip()
    segments = len([segment for segment in path.split("/") if segment])
    return path if segments >= _LEAST.get(kind, segments + 1) else path.rstrip("/")


def _without_brackets(path: str) -> str:
    while True:
        bare = _BRACKETS.sub(lambda found: _BLANK.sub("%20", found[1]), path)
        if bare == path:
            return path
        path = bare
