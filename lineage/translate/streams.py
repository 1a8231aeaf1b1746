"""The source or sink of a data flow, as its script says it."""

from __future__ import annotations

from lineage.model import Evaluated, Gap, Reason, Value, Where
from lineage.resolve import flowscript
from lineage.resolve.activities import Stream
from lineage.translate.sides import KEYS, Side

# Formats and keys (in lower case) of sources whose text, not the dataset's object, says what is
# read.
FLOW_PROCEDURES = frozenset(
    {"procedure", "procedurename", "storedprocedure", "storedprocedurename"}
)
FLOW_QUERIES = FLOW_PROCEDURES | {"query"}
# Sink keys that let a column of each row say where below the container it is written.
# Source: learn.microsoft.com/azure/data-factory/format-delimited-text, "Sink properties"
FLOW_PLACES = ("rowfolderurlcolumn", "rowurlcolumn")


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


def _written_by_sink(sink: Evaluated, stream: Stream) -> Evaluated:
    """A sink names its files itself, so that a folder is all that is known (data-flow §7.3)."""
    place = f"sink {stream.name} of {stream.place}"
    store = {"wildcardFileName": Value("*", (f"{place} names its files",))}
    by_rows = [sink[key] for key in FLOW_PLACES if key in sink and sink[key].value != ""]
    if by_rows:
        told = " ".join(by_rows[0].trace)
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
