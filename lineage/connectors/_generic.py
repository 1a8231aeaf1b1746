"""Reading where an object lives, for the stores without a row: host, levels, object."""

from __future__ import annotations

from msgspec.structs import replace

from lineage.connectors import _connections, _readers, _servers
from lineage.connectors._objects import object_of
from lineage.connectors._parts import EMPTY, Part, Parts
from lineage.connectors._stores import store_of
from lineage.model import Endpoint


def read(endpoint: Endpoint) -> Parts:
    """`host`, the levels below it, and the object; an opaque end stops above the object."""
    store = store_of(endpoint.linked_service_type)
    if store.scheme == "mssql":
        parts = _readers.sql(endpoint)
        usual = parts["port"].text == str(store.port)
        return {**parts, "port": EMPTY} if usual else parts
    linked = _connections.linked_service(endpoint)
    host, levels = _servers.read(linked, store)
    if endpoint.opaque:
        return {"host": host, **levels}
    below = {**levels, **object_of(endpoint)}
    if store.own and host.text == "" and below.get("bucket", EMPTY).text:
        host = linked.host(below.pop("bucket"), "bucket")
    if endpoint.linked_service_type == "Lakehouse":
        below = {**levels, **_lakehouse(below)}
    if store.scheme == "file":
        below = {label: _forward(part) for label, part in below.items()}
    return {"host": host, **below}


def _lakehouse(below: Parts) -> dict[str, Part]:
    """What is below a lakehouse, where a table and a file may be called the same."""
    area = Part("Tables") if "table" in below else Part("Files") if "file" in below else EMPTY
    return {"area": area, **below}


def _forward(part: Part) -> Part:
    return replace(part, text=part.text.replace("\\", "/").strip("/")) if part.text else part
