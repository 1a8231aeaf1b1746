"""Connection strings: keywords in all their spellings, quoted values, the server's address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

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
_PROTOCOL = re.compile(r"(?:tcp|np|lpc|admin)\s*:\s*", re.IGNORECASE)
_PIPE = re.compile(r"\\\\([^\\]+)\\pipe\\(?:MSSQL\$([^\\]+)\\)?sql\\query", re.IGNORECASE)


class Server(NamedTuple):
    """Where a SQL Server listens; empty where the text does not say."""

    host: str
    instance: str = ""
    port: str = ""


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


def server(text: str) -> Server:
    """
    Host, instance and port of a data source.

    `tcp:host,1433`, `HOST\\INST`, `np:\\\\host\\pipe\\MSSQL$INST\\sql\\query`, `[::1],1433`, ….
    """
    address = _PROTOCOL.sub("", text.strip(), count=1)
    pipe = _PIPE.fullmatch(address)
    if pipe is not None:
        return Server(pipe[1], pipe[2] or "")
    if address.lower().startswith("(localdb)"):
        return Server("(localdb)")
    address, _, port = address.partition(",")
    host, _, instance = address.partition("\\")
    return Server(host.strip(), instance.strip(), port.strip())


def _unquoted(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return match["double"].replace('""', '"')
    if match["single"] is not None:
        return match["single"].replace("''", "'")
    return match["braced"].replace("}}", "}")
