"""Tables of SQL Server and its family, and identifiers as datasets write them."""

from __future__ import annotations

from msgspec.structs import replace

from lineage.connectors import _identifiers
from lineage.connectors._parts import Part, Parts
from lineage.connectors._tree import Tree

_DEFAULT_SCHEMA = "dbo"


def identifier(tree: Tree, key: str) -> Part:
    """The one SQL identifier under `key`, unquoted."""
    part = quotable(tree, key)
    if part.text is None:
        return part
    return escaped(tree.checked(replace(part, text=_identifiers.single(part.text)), key))


def table_of(tree: Tree) -> Parts:
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
