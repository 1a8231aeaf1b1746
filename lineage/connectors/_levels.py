"""Tables of stores without a row: levels of their own, or one dotted name."""

from __future__ import annotations

from msgspec.structs import replace

from lineage.connectors import _identifiers, _tables
from lineage.connectors._parts import Part
from lineage.connectors._tree import Tree

# Their retired `tableName` is dotted; elsewhere a dot is part of a name.
DOTTED = frozenset(
    {
        "AmazonRedshiftTable",
        "AzurePostgreSqlTable",
        "Db2Table",
        "DrillTable",
        "GoogleBigQueryObject",
        "GreenplumTable",
        "HiveObject",
        "ImpalaObject",
        "NetezzaTable",
        "OracleTable",
        "PhoenixObject",
        "PostgreSqlTable",
        "PrestoObject",
        "SparkObject",
        "VerticaTable",
    }
)
LEVELS = ("database", "dataset", "keyspace", "schema")


def table_of(data: Tree, dotted: bool) -> dict[str, Part]:
    """The levels that are given, and `table`; where it is `dotted`, what its parts stand for."""
    levels = {key: _tables.identifier(data, key) for key in LEVELS if data.raw(key).given}
    key = "table" if data.raw("table").given else "tableName"
    whole = _tables.quotable(data, key)
    words = _identifiers.split(whole.text or "") if dotted and not levels else ()
    if not 2 <= len(words) <= 3:
        return {**levels, "table": _tables.identifier(data, key)}
    named = zip(("catalog", "schema", "table")[-len(words) :], words, strict=True)
    return {label: _tables.escaped(replace(whole, text=word)) for label, word in named if word}
