"""Reading where an object lives, for the stores that have a row."""

from __future__ import annotations

from msgspec.structs import replace

from lineage.connectors import _connections, _paths
from lineage.connectors._parts import Parts
from lineage.connectors._sqlserver import sql_server
from lineage.connectors._tables import escaped, table_of
from lineage.connectors._tree import Tree
from lineage.model import Endpoint


def dataset(endpoint: Endpoint) -> Tree:
    """The dataset's own properties."""
    return Tree(endpoint.dataset, f"dataset {endpoint.dataset_name}")


def store(endpoint: Endpoint) -> Tree:
    """The `storeSettings` of the Copy side."""
    return Tree(endpoint.store, f"store settings beside dataset {endpoint.dataset_name}")


def sql(endpoint: Endpoint) -> Parts:
    """
    `server`, `instance`, `port`, `database`, `schema` and `table`.

    An opaque end stops at the database.
    """
    server, instance, port, database = sql_server(_connections.linked_service(endpoint))
    above = {"server": server, "instance": instance, "port": port, "database": escaped(database)}
    return above if endpoint.opaque else {**above, **table_of(dataset(endpoint))}


def blob(endpoint: Endpoint) -> Parts:
    """`account` (its host), `container`, `folder`, `file`; an opaque end stops at the account."""
    linked = _connections.linked_service(endpoint)
    account, path = _connections.storage(
        linked, "blob", "serviceEndpoint", "containerUri", "connectionString", "sasUri"
    )
    if endpoint.opaque:
        return {"account": account}
    parts = _paths.contained(dataset(endpoint), store(endpoint))
    if not parts["container"].given and path.text:
        container = replace(path, text=path.text.partition("/")[0])
        return {"account": account, **parts, "container": container}
    return {"account": account, **parts}


def data_lake(endpoint: Endpoint) -> Parts:
    """`account` (its host), `container`, `folder`, `file`; an opaque end stops at the account."""
    account, _ = _connections.url(_connections.linked_service(endpoint), "url")
    if endpoint.opaque:
        return {"account": account}
    return {"account": account, **_paths.contained(dataset(endpoint), store(endpoint))}
