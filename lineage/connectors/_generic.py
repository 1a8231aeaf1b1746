"""Reading where an object lives, for the stores without a row: host, levels, object."""

from __future__ import annotations

from dataclasses import replace

from lineage.connectors import _connections, _readers, _servers
from lineage.connectors._objects import object_of
from lineage.connectors._parts import EMPTY, Part, Parts
from lineage.connectors._stores import store_of
from lineage.model import Endpoint


def read(endpoint: Endpoint) -> Parts:
    """`host`, the levels below it, and the object; an opaque end stops above the object."""
    store = store_of(endpoint.linked_service_type)
    if store.scheme == "mssql":
        return _readers.sql(endpoint)
    linked = _connections.linked_service(endpoint)
    host, levels = _servers.read(linked, store)
    if endpoint.opaque:
        return {"host": host, **levels}
    below = {**levels, **object_of(endpoint)}
    if not store.hosts and not store.service and below.get("bucket", EMPTY).text:
        host = linked.host(below.pop("bucket"), "bucket")
    if store.scheme == "file":
        below = {label: _forward(part) for label, part in below.items()}
    return {"host": host, **below}


def _forward(part: Part) -> Part:
    return replace(part, text=part.text.replace("\\", "/").strip("/")) if part.text else part
