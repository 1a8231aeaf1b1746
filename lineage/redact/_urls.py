"""URLs without user info, and without what their query says of anything but a place."""

from __future__ import annotations

import re

from lineage.model import REMOVED
from lineage.redact._keys import WORDS, secret

SCHEME = re.compile(r"[A-Za-z][\w+.:-]*://")
_USER = re.compile(r"(.*)@(?!\{|[A-Za-z_]\w*\s*\()(.*)", re.DOTALL)  # not the @ of an expression
_HOST = re.compile(r"(?:[\w.-]+(?::\d+)?)?")
_PART = re.compile(r"[^/\\?#@]+")


def place(text: str) -> str:
    """A URL or host without user info, and without what its query says of anything but a place."""
    scheme = SCHEME.match(text)
    head = scheme[0] if scheme else ""
    rest = text[len(head) :]
    user = _USER.fullmatch(rest)
    if user is not None and not (_HOST.fullmatch(re.split("[/?#]", rest)[0]) and "?" in user[1]):
        rest = f"{_PART.sub(REMOVED, user[1])}@{user[2]}"
    if not head:
        return rest
    rest, mark, _ = rest.partition("#")
    before, question, query = rest.partition("?")
    shown = query_of(question + query) if question else ""
    return f"{head}{before}{shown}" + (f"#{REMOVED}" if mark else "")


def query_of(text: str) -> str:
    """`?sv=1&db=d&sig=x` as `?<removed>&db=d&sig=<removed>`."""
    return "?" + "&".join(map(_argument, text[1:].split("&")))


def _argument(text: str) -> str:
    key, equals, _ = text.partition("=")
    if not equals or not re.fullmatch(r"[\w$.-]{1,40}", key):
        return REMOVED if text else ""
    if key.lower() in WORDS:
        return text
    return f"{key}={REMOVED}" if secret(key) else REMOVED
