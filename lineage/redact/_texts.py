"""Secrets within texts, known by their form: what is kept of a text, a URL, a connection string."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from lineage.model import REMOVED
from lineage.redact._keys import WORDS, secret

_PASSES = 4  # over one text; what changes still is removed
_QUOTED = r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|\{(?:[^}]|\}\})*\}'
_WHOLE_EXPRESSION = re.compile(r"\s*@[A-Za-z_]\w*\s*\(")
_SCHEME = re.compile(r"[A-Za-z][\w+.:-]*://")
_USER = re.compile(r"(.*)@(?!\{|[A-Za-z_]\w*\s*\()(.*)", re.DOTALL)  # not the @ of an expression
_HOST = re.compile(r"(?:[\w.-]+(?::\d+)?)?")
_PART = re.compile(r"[^/\\?#@]+")
_SETTING = re.compile(rf"(?P<key>(?:[^=;]|==)*)=\s*(?P<value>(?:{_QUOTED})\s*(?=;|\Z)|[^;]*)")
_BLANKS = re.compile(r"(\s)(\w[\w ]{0,40})(\s*=\s*)(\S+)")  # host=h port=1 password=p
_SCHEMES = r"Basic|Bearer|Digest|Negotiate|SharedKey(?:Lite)?"  # of an Authorization header
_KEY = r"(?<![\w.-])(?P<key>[\w.-]+(?: [Kk]ey| [Tt]oken)?)(?P<is>\s*=\s*|:\s+)"
_PAIR = re.compile(
    rf"{_KEY}(?P<value>@\{{[^}}]*\}}|{_QUOTED}"
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
    re.compile(
        r"(?<![\w.-])[\w.-]+:[^\s/@'\"]{1,256}@(?=[\w.-])(?!\w+\s*\()"
    ),  # user:password@host
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
    return settled(_cleaned, text)


def connection(text: str) -> str:
    """
    What a linked service may say of where it leads: a connection string, a URL, a host.

    Of settings and of a URL's query the values in `WORDS` are kept; user info never is.
    """
    return settled(_connection, text)


def settled(change: Callable[[str], str], text: str) -> str:
    """What becomes of a text when it is changed until nothing changes any more."""
    for _ in range(_PASSES):
        changed = change(text)
        if changed == text:
            return text
        text = changed
    return REMOVED


# ---------------------------------------------------------------- any text


def _cleaned(text: str) -> str:
    if _WHOLE_EXPRESSION.match(text) and any(
        secret(pair["key"]) for pair in re.finditer(_KEY, text)
    ):
        return REMOVED  # what stands behind the keyword may be put together from several parts
    text = re.sub(r"[A-Za-z][\w+.:-]{0,40}://[^\s'\"]+", lambda url: _place(url[0]), text)
    text = re.sub(r"\?(?=[\w$.~%-]+=)[^\s'\"]*", lambda query: _query(query[0]), text)
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


# ---------------------------------------------------------------- places


def _connection(text: str) -> str:
    if _WHOLE_EXPRESSION.match(text):
        return _cleaned(text)
    kept, at = "", 0
    while at < len(text):
        setting = None if _SCHEME.match(text, at) else _SETTING.match(text, at)
        if setting is not None:
            kept += f"{setting['key']}={_kept(setting['key'], setting['value'])}"
            at = setting.end()
        else:
            end = text.find(";", at) % (len(text) + 1)  # the text's, where there is no more
            kept, at = kept + _cleaned(_place(text[at:end])), end
        if text[at : at + 1] == ";":
            kept, at = f"{kept};", at + 1
    return kept


def _kept(key: str, value: str) -> str:
    """The value of a setting, or its mark."""
    if " ".join(key.replace("==", "=").split()).lower() not in WORDS:
        return REMOVED if value.strip() else value
    return _cleaned(_place(_BLANKS.sub(_blank, value)))


def _blank(match: re.Match[str]) -> str:
    before, key, equals, value = match.groups()
    return f"{before}{key}{equals}{value if key.strip().lower() in WORDS else REMOVED}"


def _place(text: str) -> str:
    """A URL or host without user info, and without what its query says of anything but a place."""
    scheme = _SCHEME.match(text)
    head = scheme[0] if scheme else ""
    rest = text[len(head) :]
    user = _USER.fullmatch(rest)
    if user is not None and not (_HOST.fullmatch(re.split("[/?#]", rest)[0]) and "?" in user[1]):
        rest = f"{_PART.sub(REMOVED, user[1])}@{user[2]}"
    if not head:
        return rest
    rest, mark, _ = rest.partition("#")
    before, question, query = rest.partition("?")
    shown = _query(question + query) if question else ""
    return f"{head}{before}{shown}" + (f"#{REMOVED}" if mark else "")


def _query(text: str) -> str:
    """`?sv=1&db=d&sig=x` as `?<removed>&db=d&sig=<removed>`."""
    return "?" + "&".join(map(_argument, text[1:].split("&")))


def _argument(text: str) -> str:
    key, equals, _ = text.partition("=")
    if not equals or not re.fullmatch(r"[\w$.-]{1,40}", key):
        return REMOVED if text else ""
    if key.lower() in WORDS:
        return text
    return f"{key}={REMOVED}" if secret(key) else REMOVED
