"""What an embedded catalog must show, now and in its past."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from tests.reliability.check_ledger import REPORTED, Ledger
from tests.reliability.evidence import ENDS, Entity, Evidence, Relation
from tests.reliability.truth import READS, WRITES, Edge, LastRun, Name, Pair, Truth
from tests.reliability.violations import Broken, Violation

LAST_RUN = ("lastRunTime", "rowCount", "dataSize", "status", "errorMessage")
FALLBACK = "DataSet"  # the type of an asset that stands for one whose name is not known


def check_catalog(ledger: Ledger, truth: Truth, evidence: Evidence) -> Iterator[Violation]:
    """Everything that must hold at any moment."""
    edges = evidence.edges()
    yield from _names(truth, evidence)
    yield from _proven(ledger, truth, edges)
    for edge in sorted(edges - truth.edges):
        if not _is_fallback(edge[0]) and not _is_fallback(edge[2]):
            yield Violation(Broken.PHANTOM, f"the source does not tell of {_spelled(edge)}")
    yield from _shrunk(truth, evidence, edges)
    yield from _last_runs(truth, evidence)


def check_shown(truth: Truth, evidence: Evidence) -> Iterator[Violation]:
    """What must hold besides once a sync has ended well: everything told is there, and no more."""
    edges = evidence.edges()
    for edge in sorted(truth.edges - edges):
        yield Violation(Broken.LOST, f"the catalog does not show {_spelled(edge)}")
    for edge in sorted(edges - truth.edges):
        yield Violation(Broken.PHANTOM, f"the source does not tell of {_spelled(edge)}")
    names = {each.name for each in evidence.active().values()}
    for name in sorted(truth.entities - names):
        yield Violation(Broken.LOST, f"the catalog has no {name}")
    for name in sorted(names - truth.entities):
        yield Violation(Broken.PHANTOM, f"the source does not tell of {name}")
    pairs = set(_pairs(evidence))
    for pair in sorted(truth.pairs - pairs):
        yield Violation(Broken.LOST, f"the catalog does not map {pair}")
    for pair in sorted(pairs - truth.pairs):
        yield Violation(Broken.PHANTOM, f"the source does not map {pair}")


def _names(truth: Truth, evidence: Evidence) -> Iterator[Violation]:
    """One active entity a name, and none that the source does not tell of, not even in passing."""
    active = Counter(each.name for each in evidence.active().values())
    for name, count in sorted(active.items()):
        if count > 1:
            yield Violation(Broken.DOUBLED, f"{count} active entities are {name}")
    past = {step.of.name for step in evidence.past if isinstance(step.of, Entity)}
    for name in sorted((active.keys() | past) - truth.entities):
        if not _is_fallback(name):
            yield Violation(Broken.PHANTOM, f"the source does not tell of {name}")


def _proven(ledger: Ledger, truth: Truth, edges: set[Edge]) -> Iterator[Violation]:
    for run, activity in truth.activities:
        row = ledger.row(run, activity)
        if row is not None and row.body["status"] in REPORTED:
            for edge in sorted(activity.edges - edges):
                what = f"activity run {activity.id} is {row.body['status']} without"
                yield Violation(Broken.UNPROVEN, f"{what} {_spelled(edge)}")


def _shrunk(truth: Truth, evidence: Evidence, edges: set[Edge]) -> Iterator[Violation]:
    """No relation is ever taken away, but for a fall-back that an exact edge replaces."""
    names = {each.guid: each.name for each in evidence.entities}
    for step in evidence.past:
        if not isinstance(step.of, Relation) or step.old != "ACTIVE" or step.new == "ACTIVE":
            continue
        begin, end = names.get(step.of.end1), names.get(step.of.end2)
        if begin and end and step.of.type in ENDS:
            gone = begin, ENDS[step.of.type], end
            if gone not in truth.edges and _replaced(gone, edges):
                continue
        yield Violation(Broken.SHRUNK, f"{step.of.type} from {begin} to {end} disappeared")


def _replaced(gone: Edge, edges: set[Edge]) -> bool:
    """Whether an edge was a fall-back's, and there is an exact one of the same activity now."""
    (_, name), end, data_set = gone
    activity = name.partition("#")[0]
    exact = [edge for edge in edges if not _is_fallback(edge[0]) and not _is_fallback(edge[2])]
    if _is_fallback(gone[0]):
        return any(e[1] == WRITES and e[0][1].partition("#")[0] == activity for e in exact)
    return _is_fallback(data_set) and any(e[0] == gone[0] and e[1] == end for e in exact)


def _is_fallback(name: Name) -> bool:
    """Whether a name is that of a fall-back asset, or of an operation that writes one."""
    return name[0] == FALLBACK or name[1].endswith(f"#{FALLBACK}")


def _last_runs(truth: Truth, evidence: Evidence) -> Iterator[Violation]:
    """The attributes of a last run are those of one run, and only move forward."""
    real: dict[str, set[LastRun]] = {}
    for _, activity in truth.activities:
        for (_, name), end, _ in activity.edges:
            if end == WRITES:
                real.setdefault(name.partition("#")[0], set()).add(activity.last)
    latest: dict[str, int] = {}
    for entity in (step.of for step in evidence.past if isinstance(step.of, Entity)):
        told = {key: entity.attributes[key] for key in LAST_RUN if key in entity.attributes}
        name = entity.name[1]
        if "lastRunTime" not in told or not entity.name[0].endswith("_activity"):
            continue
        if told not in [asdict(last) for last in real.get(name, ())]:
            yield Violation(Broken.WRONG, f"no run of {name} ended with {told}")
        elif told["lastRunTime"] < latest.get(name, 0):
            yield Violation(Broken.MOVED_BACK, f"the last run of {name}, to {told['lastRunTime']}")
        else:
            latest[name] = told["lastRunTime"]


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    for entity in evidence.active().values():
        for element in json.loads(entity.attributes.get("columnMapping") or "[]"):
            ends = element["DatasetMapping"]
            for pair in element["ColumnMapping"]:
                mapped = ends["Source"], pair["Source"], ends["Sink"], pair["Sink"]
                yield (entity.name[1], *mapped)


def _spelled(edge: Edge) -> str:
    operation, end, data_set = edge
    return f"{operation[1]} {'reading' if end == READS else 'writing'} {data_set[1]}"
