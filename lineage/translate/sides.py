"""The source or sink of an activity: its store settings, and what about it is opaque."""

from __future__ import annotations

from msgspec import Struct

from lineage.model import Evaluated, Gap, Json, Reason, Value, Where
from lineage.resolve.expressions import Scope, evaluate_tree

# Source keys whose text, not the dataset's object, says what is read.
QUERIES = ("query", "sqlReaderQuery", "oracleReaderQuery", "SOQLQuery")
PROCEDURE = "sqlReaderStoredProcedureName"
SINK_PROCEDURE = "sqlWriterStoredProcedureName"
# Sources whose query only filters the collection that the dataset names.
FILTERED = frozenset({"CosmosDbSqlApiSource", "DocumentDbCollectionSource"})

KEYS = {Where.INPUT: "source", Where.OUTPUT: "sink"}


class Side(Struct, frozen=True, eq=False):
    """
    The evaluated `source` or `sink` of an activity, and what about it is opaque.

    `unsure` says why its name is no better than inferred, where it cannot be better.
    """

    where: Where
    properties: Json
    store: Evaluated
    opaque: Gap | None
    unsure: Gap | None = None


def told(where: Where, properties: Json) -> Side:
    """The side as a run tells it: the service evaluated it."""
    store = _plain(member(properties, "storeSettings"), f"{KEYS[where]} of the run")
    return Side(where, properties, store, _opaque(where, properties))


def written(where: Where, activity: Json, scope: Scope) -> Side:
    """
    The side as the definition of an activity says it.

    An activity without a `source` or `sink` (Delete, GetMetadata) has its store settings beside.
    """
    properties = member(activity, "typeProperties")
    if isinstance(properties.get(KEYS[where]), dict):
        properties = properties[KEYS[where]]
    place = f"{KEYS[where]} of activity {name(activity)}"
    store = evaluate_tree(member(properties, "storeSettings"), scope, place)
    return Side(where, properties, store, _opaque(where, properties))


def name(activity: Json) -> str:
    """An activity's name; empty where a template leaves it open."""
    found = activity.get("name")
    return found if isinstance(found, str) else ""


def member(value: Json, key: str) -> Json:
    """The object at a key; an empty one where there is none: templates have holes."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _plain(value: Json, place: str) -> Evaluated:
    """What a run tells is evaluated already: nothing in it is an expression."""
    return {
        key: _plain(each, place) if isinstance(each, dict) else Value(each, (place,))
        for key, each in value.items()
    }


def _opaque(where: Where, side: Json) -> Gap | None:
    if where is Where.OUTPUT:
        if side.get(SINK_PROCEDURE):
            detail = "the sink writes through a stored procedure"
            return Gap(Reason.OPAQUE_PROCEDURE, where, detail)
        return None
    if side.get(PROCEDURE):
        return Gap(Reason.OPAQUE_QUERY, where, "the source is a stored procedure")
    if side.get("type") not in FILTERED and any(side.get(key) for key in QUERIES):
        return Gap(Reason.OPAQUE_QUERY, where, "the source is a query")
    return None
