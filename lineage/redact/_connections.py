"""What a linked service may say of where it leads: a connection string, a URL, a host."""

from __future__ import annotations

import re

from lineage.model import REMOVED
from lineage.redact._keys import WORDS
from lineage.redact._texts import QUOTED, WHOLE_EXPRESSION, cleaned, settled
from lineage.redact._urls import SCHEME, place

_SETTING = re.compile(rf"(?P<key>(?:[^=;]|==)*)=\s*(?P<value>(?:{QUOTED})\s*(?=;|\Z)|[^;]*)")
_BLANKS = re.compile(r"(\s)(\w[\w ]{0,40})(\s*=\s*)(\S+)")  # host=h port=1 password=p


def connection(text: str) -> str:
    """
    What a linked service may say of where it leads: a connection string, a URL, a host.

    Of settings and of a URL's query the values in `WORDS` are kept; user info never is.
    """
    return settled(_connection, text)


def _connection(text: str) -> str:
    if WHOLE_EXPRESSION.match(text):
        return cleaned(text)
    kept, at = "", 0
    while at < len(text):
        setting = None if SCHEME.match(text, at) else _SETTING.match(text, at)
        if setting is not None:
            kept += f"{setting['key']}={_kept(setting['key'], setting['value'])}"
            at = setting.end()
        else:
            end = text.find(";", at) % (len(text) + 1)  # the text's, where there is no more
            kept, at = kept + cleaned(place(text[at:end])), end
        if text[at : at + 1] == ";":
            kept, at = f"{kept};", at + 1
    return kept


def _kept(key: str, value: str) -> str:
    """The value of a setting, or its mark."""
    if " ".join(key.replace("==", "=").split()).lower() not in WORDS:
        return REMOVED if value.strip() else value
    return cleaned(place(_BLANKS.sub(_blank, value)))


def _blank(match: re.Match[str]) -> str:
    before, key, equals, value = match.groups()
    return f"{before}{key}{equals}{value if key.strip().lower() in WORDS else REMOVED}"
