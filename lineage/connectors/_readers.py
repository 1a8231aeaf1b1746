"""Reading where an object lives, for the stores that have a row."""

from __future__ import annotations

from dataclasses import replace

from lineage.connectors import _connections, _identifiers, _paths
from lineage.connectors._parts import Part, Parts, Tree
from lineage.model import Endpoint

_DEFAULT_SCHEMA = "dbo"


def dataset(endpoint: Endpoint) -> Tree:
    """The dataset's own properties."""
    return Tree(endpoint.dataset, f"dataset {endpoint.dataset_name}")


def store(endpoint: Endpoint) -> Tree:
    """The `storeSettings` of the Copy side."""
    return Tree(endpoint.store, f"store settings beside dataset {endpoint.dataset_name}")


def sql(endpoint: Endpoint) -> Parts:
    """`server`, `instance`, `database`, `schema`, `table`; an opaque end stops at the database."""
    server, instance, database = _connections.sql_server(_connections.linked_service(endpoint))
    above = {"server": server, "instance": instance, "database": escaped(database)}
    return above if endpoint.opaque else {**above, **_table(dataset(endpoint))}


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


def identifier(tree: Tree, key: str) -> Part:
    """The one SQL identifier under `key`, unquoted."""
    part = quotable(tree, key)
    if part.text is None:
        return part
    return escaped(tree.checked(replace(part, text=_identifiers.single(part.text)), key))


def _table(tree: Tree) -> Parts:
    """
    `schema` and `table`, and `database` where three parts are given.

    With a schema beside it `table` is one identifier; the retired `tableName`, and a `table`
    alone, hold dotted names. Where no schema is given the login's default is taken to be `dbo`.
    """
    retired = not tree.raw("table").given
    key = "tableName" if retired else "table"
    table = quotable(tree, key)
    words = _identifiers.split(table.text or "")
    if tree.raw("schema").given and (table.text is None or not retired or len(words) == 1):
        return {"schema": identifier(tree, "schema"), "table": identifier(tree, key)}
    if table.text is None or not 1 <= len(words) <= 3 or not words[-1]:
        return {"table": replace(table, text=None)}

    def part(word: str) -> Part:
        guessed = not retired and len(words) > 1
        return escaped(tree.checked(replace(table, text=word, assumed=guessed), key))

    *above, name = words
    default = Part(_DEFAULT_SCHEMA, (f"default schema {_DEFAULT_SCHEMA}",), assumed=True)
    return {
        **({"database": part(above[0])} if len(above) == 2 and above[0] else {}),
        "schema": part(above[-1]) if above and above[-1] else default,
        "table": part(name),
    }


def quotable(tree: Tree, key: str) -> Part:
    """The text under `key`, in which double quotes may stand around identifiers."""
    found = tree.raw(key)
    if found.text is None:
        return found
    bare = tree.checked(replace(found, text=found.text.replace('"', "").strip() or None), key)
    return found if bare.text else bare


def escaped(part: Part) -> Part:
    """An identifier with a slash in it, which would look like a level more: its form is a guess."""
    if part.text is None or "/" not in part.text:
        return part
    return replace(part, text=part.text.replace("/", "%2F"), assumed=True)
