"""SQL Servers: where they listen, and which database is meant."""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec.structs import replace

from lineage.connectors._connections import once, settings
from lineage.connectors._parts import EMPTY, Part
from lineage.connectors._tree import Tree

DEFAULT_INSTANCE = "MSSQLSERVER"  # what an instance without a name is called
_PROTOCOL = re.compile(r"(?:tcp|np|lpc|admin)\s*:\s*", re.IGNORECASE)
_PIPE = re.compile(r"\\\\([^\\]+)\\pipe\\(?:MSSQL\$([^\\]+)\\)?sql\\query", re.IGNORECASE)


class Server(NamedTuple):
    """Where a SQL Server listens; empty where the text does not say."""

    host: str
    instance: str = ""
    port: str = ""


@once
def sql_server(linked: Tree) -> tuple[Part, Part, Part, Part]:
    """
    Server, instance, port and database of SQL Server and its family; no port is the usual one.

    The properties `server` and `database` (the recommended form), else a connection string.
    """
    if linked.raw("server").given:
        return *_listening(linked, linked.raw("server")), linked.part("database")
    found = settings(linked)
    database = linked.checked(found.raw("database"), "database")
    if not database.given:
        database = linked.part("database")
    return *_listening(linked, found.raw("server")), database


def _listening(linked: Tree, found: Part) -> tuple[Part, Part, Part]:
    """Host, instance and port of a data source."""
    default = Part(DEFAULT_INSTANCE, ("default instance",))
    if found.text is None:
        return found, default, EMPTY
    told = server(found.text)
    host = linked.host(replace(found, text=told.host or None), "server")
    port = EMPTY
    if told.port not in ("", "1433"):
        digits = told.port if re.fullmatch(r"[0-9]{1,5}", told.port) else None
        port = replace(linked.checked(replace(found, text=told.port), "port"), text=digits)
    if told.instance:
        return host, linked.checked(replace(found, text=told.instance), "instance"), port
    if told.port in ("", "1433"):
        return host, default, port
    trace = ("default instance: the port alone is given", *found.trace)
    return host, Part(DEFAULT_INSTANCE, trace, assumed=True), port  # a named one may listen there


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
