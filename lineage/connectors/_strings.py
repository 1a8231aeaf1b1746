"""Connection strings: keywords in all their spellings, quoted values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# Source: learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
_SYNONYMS = {
    "addr": "server",
    "address": "server",
    "data source": "server",
    "datasource": "server",
    "dbcname": "server",
    "dbq": "database",
    "host": "server",
    "hostname": "server",
    "initial catalog": "database",
    "network address": "server",
    "servername": "server",
    "servernode": "server",
    "service name": "database",
    "servicename": "database",
    "sid": "database",
}
_KEY = re.compile(r"[\s;]*((?:[^=;]|==)*)=\s*")
_QUOTED = re.compile(
    r"""(?: "(?P<double>(?:[^"]|"")*)"
          | '(?P<single>(?:[^']|'')*)'
          | \{(?P<braced>(?:[^}]|\}\})*)\} ) \s*(?=;|\Z)""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[^;]*")


@lru_cache(maxsize=1024)
def settings(text: str) -> Mapping[str, str]:
    """
    The settings of a connection string, by lower-case keyword with one name for all its synonyms.

    A later one wins, as it does in ADO.NET. Never raises: what is no setting is passed over.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        key = _KEY.match(text, at)
        if key is None:  # text without `=`: on to the next one
            at = text.find(";", at) + 1 or len(text)
            continue
        at = key.end()
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            plain = _PLAIN.match(text, at)
            value, at = (plain[0].strip(), plain.end()) if plain else ("", len(text))
        else:
            value, at = _unquoted(quoted), quoted.end()
        word = " ".join(key[1].replace("==", "=").split()).lower()
        found[_SYNONYMS.get(word, word)] = value
    return found


def _unquoted(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return match["double"].replace('""', '"')
    if match["single"] is not None:
        return match["single"].replace("''", "'")
    return match["braced"].replace("}}", "}")
