"""The source or sink of an activity: its store settings, and what about it is opaque."""

from __future__ import annotations

from dataclasses import dataclass

from lineage.model import Evaluated, Gap, Json, Reason, Value, Where
from lineage.resolve import flowscript
from lineage.resolve.activities import Stream
from lineage.resolve.expressions import Scope, evaluate_tree

# Source keys whose text, not the dataset's object, says what is read.
QUERIES = ("query", "sqlReaderQuery", "oracleReaderQuery", "SOQLQuery")
PROCEDURE = "sqlReaderStoredProcedureName"
SINK_PROCEDURE = "sqlWriterStoredProcedureName"
# Sources whose query only filters the collection that the dataset names.
FILTERED = frozenset({"CosmosDbSqlApiSource", "DocumentDbCollectionSource"})

# The same of a data flow's source, in its script: formats, and keys in lower case.
FLOW_PROCEDURES = frozenset(
    {"procedure", "procedurename", "storedprocedure", "storedprocedurename"}
)
FLOW_QUERIES = FLOW_PROCEDURES | {"query"}
# Sink keys that let a column of each row say where below the container it is written.
# Source: learn.microsoft.com/azure/data-factory/format-delimited-text, "Sink properties"
FLOW_PLACES = ("rowfolderurlcolumn", "rowurlcolumn")

KEYS = {Where.INPUT: "source", Where.OUTPUT: "sink"}


@dataclass(frozen=True, slots=True, eq=False)
class Side:
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


def streamed(where: Where, stream: Stream) -> Side:
    """
    The side as the script of a data flow says it.

    Where the script does not tell, the dataset's name may not be what is used: it is unsure.
    """
    found = flowscript.stream(stream.properties, KEYS[where], stream.name, stream.place)
    if isinstance(found, Gap):
        return Side(where, {}, {}, None, Gap(found.reason, where, found.detail))
    if where is Where.OUTPUT:
        return Side(where, {}, _written_by_sink(found, stream), None)
    store = {"wildcardPaths": found["wildcardpaths"]} if "wildcardpaths" in found else {}
    listed = found.get("filelist", Value(False))
    if listed.gap or listed.value is True:
        store["fileListPath"] = Value("the file itself", listed.trace)
    return Side(where, {}, store, _opaque_stream(where, found))


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


def _written_by_sink(sink: Evaluated, stream: Stream) -> Evaluated:
    """A sink names its files itself, so that a folder is all that is known (data-flow §7.3)."""
    place = f"sink {stream.name} of {stream.place}"
    store = {"wildcardFileName": Value("*", (f"{place} names its files",))}
    by_rows = [sink[key] for key in FLOW_PLACES if key in sink and sink[key].value != ""]
    if by_rows:
        told = by_rows[0].trace[0]
        gap = Gap(Reason.UNRESOLVED, detail=f"{told}: a column of each row")
        store["wildcardPaths"] = Value(None, (), gap)
    return store


def _opaque_stream(where: Where, source: Evaluated) -> Gap | None:
    """The gap of a source whose query or procedure, not its dataset, says what is read."""
    form = source.get("format", Value(""))
    kind = str(form.value).lower()
    asked = FLOW_QUERIES & {kind, *source}
    reads_object = kind == "table" or kind.startswith("document")
    if form.gap is None and (reads_object or not asked):
        return None
    what = "stored procedure" if asked & FLOW_PROCEDURES else "query"
    return Gap(Reason.OPAQUE_QUERY, where, f"the source is a {what}")
