"""Secrets within texts, known by their form."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from lineage.model import REMOVED
from lineage.redact._keys import secret
from lineage.redact._urls import place, query_of

_PASSES = 4  # over one text; what changes still is removed
QUOTED = r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|\{(?:[^}]|\}\})*\}'
WHOLE_EXPRESSION = re.compile(r"\s*@[A-Za-z_]\w*\s*\(")
_SCHEMES = r"Basic|Bearer|Digest|Negotiate|SharedKey(?:Lite)?"  # of an Authorization header
_KEY = r"(?<![\w.-])(?P<key>[\w.-]+(?: [Kk]ey| [Tt]oken)?)(?P<is>\s*=\s*|:\s+)"
_PAIR = re.compile(
    rf"{_KEY}(?P<value>@\{{[^}}]*\}}|{QUOTED}"
    rf"|(?:(?:{_SCHEMES})\s+)?[^\s;&'\",)]+)"
)
_NAMED = re.compile(
    r'(?<=")(?P<key>[^"\\]{1,80})(?P<is>"\s*:\s*)(?P<value>"(?:[^"\\]|\\.)*"?|[\w.+-]+)'
)

# Each is taken out whole; a group `keep` in front of it stays.
_FORMS: tuple[re.Pattern[str], ...] = (
    re.compile(
        r"-----BEGIN [A-Z ]*(?:PRIVATE KEY|CERTIFICATE)-----.*?(?:-----END [A-Z ]+-----|\Z)", re.S
    ),
    re.compile(r"\beyJ[\w-]{8,2048}\.[\w-]{4,}(?:\.[\w-]*)?"),  # a JWT
    re.compile(r"(?P<keep>\b(?:" + _SCHEMES + r")\s+)[\w+/=.~:-]{8,}", re.I),
    # user:password@host
    re.compile(r"(?<![\w.-])[\w.-]+:[^\s/@'\"]{1,256}@(?=[\w.-])(?!\w+\s*\()"),
    re.compile(r"(?<![\w+.%-])[\w+.%-]+@[\w-]+(?:\.[\w-]+)+"),  # a person's address
    re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{42,}={1,2}"),  # keys of accounts, in base64
    re.compile(r"\b[\w.~-]{3}\dQ~[\w.~-]{31,34}"),  # a client secret of Entra ID
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\b(?:gh[opsu]_\w{30,}|github_pat_\w{30,}|xox[abpr]-[\w-]{10,}|dapi[0-9a-f]{32})"),
    re.compile(r"\bAIza[\w-]{35}"),
    re.compile(r"(?<![0-9a-fA-F-])[0-9a-fA-F]{32,}(?![0-9a-fA-F-])"),
)
_TOKEN = re.compile(r"[A-Za-z0-9+/]{20,}")
_TURNS = 0.4  # of a token's neighbours that differ in class; words in camel case have 0.3


def clean(text: str) -> str:
    """A text without what has the form of a secret. Cleaning it again changes nothing."""
    return settled(cleaned, text)


def settled(change: Callable[[str], str], text: str) -> str:
    """What becomes of a text when it is changed until nothing changes any more."""
    for _ in range(_PASSES):
        changed = change(text)
        if changed == text:
            return text
        text = changed
    return REMOVED


def cleaned(text: str) -> str:
    """A text cleaned once, which may leave something to clean."""
    if WHOLE_EXPRESSION.match(text) and any(
        secret(pair["key"]) for pair in re.finditer(_KEY, text)
    ):
        return REMOVED  # what stands behind the keyword may be put together from several parts
    text = re.sub(r"[A-Za-z][\w+.:-]{0,40}://[^\s'\"]+", lambda url: place(url[0]), text)
    text = re.sub(r"\?(?=[\w$.~%-]+=)[^\s'\"]*", lambda query: query_of(query[0]), text)
    for form in (_PAIR, _NAMED):
        text = form.sub(_paired, text)
    for form in _FORMS:
        text = form.sub(lambda found: found.groupdict().get("keep", "") + REMOVED, text)
    return _TOKEN.sub(lambda token: REMOVED if _random(token[0]) else token[0], text)


def _paired(match: re.Match[str]) -> str:
    if not secret(match["key"]) or match["value"].strip('"') == REMOVED:
        return match[0]
    quote = '"' if match["is"].startswith('"') else ""
    return f"{match['key']}{match['is']}{quote}{REMOVED}{quote}"


def _random(token: str) -> bool:
    """Whether letters and digits are mixed as only chance mixes them."""
    kinds = ["a" if c.islower() else "A" if c.isupper() else "0" for c in token]
    turns = sum(one != other for one, other in pairwise(kinds))
    return {"a", "A", "0"} <= set(kinds) and turns >= _TURNS * len(token)
