"""What the rows of a ledger must be, whatever happened to the process that wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.reliability.evidence import Evidence, Row
from tests.reliability.truth import Activity, PipelineRun, Truth
from tests.reliability.violations import Broken, Violation

TERMINAL = frozenset({"Succeeded", "Partial", "NotReported", "Failed"})
REPORTED = frozenset({"Succeeded", "Partial"})

_INDEXED = frozenset({"Partial", "Failed", "Retrying", "TimedOut"})
_SECOND = 10_000_000  # ticks


@dataclass(slots=True)
class Ledger:
    """
    The rows of a ledger by what they are; ids in lower case.

    `runs` are the run rows of a pipeline run, `activities` the rows of (pipeline run, activity
    run): one of each, if all is well. `cursors` are by factory.
    """

    runs: dict[str, list[Row]] = field(default_factory=dict)
    activities: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    cursors: dict[str, Row] = field(default_factory=dict)

    def row(self, run: PipelineRun, activity: Activity) -> Row | None:
        """The row of an activity run."""
        rows = self.activities.get((run.id.lower(), activity.id.lower()))
        return rows[0] if rows else None


def ledger_of(evidence: Evidence) -> Ledger:
    """The ledger in a store's rows."""
    made = Ledger()
    for row in evidence.table("runs"):
        if row.kind in ("q", "o", "p", "x"):
            made.runs.setdefault(row.body["id"].lower(), []).append(row)
        elif row.kind == "a":
            run = row.body["pipelineRunId"].lower(), row.body["activityRunId"].lower()
            made.activities.setdefault(run, []).append(row)
        elif row.kind == "c":
            made.cursors[row.body["factory"].lower()] = row
    return made


def watermarks(ledger: Ledger, overlap: float) -> dict[str, int]:
    """By factory, the moment (in ticks) up to which every activity run is promised a row."""
    queued: dict[str, int] = {}
    for row in (row for rows in ledger.runs.values() for row in rows if row.kind == "q"):
        queued[row.part] = min(queued.get(row.part, _updated(row)), _updated(row))
    marks: dict[str, int] = {}
    for factory, cursor in ledger.cursors.items():
        scanned: int = cursor.body["scanned"] - round(overlap * _SECOND)
        marks[factory] = min(scanned, queued.get(cursor.part, scanned))
    return marks


def check_ledger(
    ledger: Ledger, truth: Truth, evidence: Evidence, overlap: float
) -> Iterator[Violation]:
    """Everything that must hold at any moment. `overlap` is in seconds."""
    yield from _activity_rows(ledger, truth, evidence)
    yield from _run_rows(ledger, truth, evidence)
    yield from _below_watermark(ledger, truth, watermarks(ledger, overlap))
    yield from _counts(evidence)
    yield from _index(evidence)


def check_ended(ledger: Ledger, truth: Truth) -> Iterator[Violation]:
    """What must hold besides once a sync has ended well: every run has come to its end."""
    for run in truth.runs.values():
        states = [row.kind for row in ledger.runs.get(run.id.lower(), ())]
        if states != ["p"]:
            yield Violation(Broken.LOST, f"pipeline run {run.id} is {states or 'not known'}")
    for run, activity in truth.activities:
        row = ledger.row(run, activity)
        if row is None:
            yield Violation(Broken.LOST, f"activity run {activity.id} has no row")
        elif row.body["status"] not in TERMINAL:
            yield Violation(Broken.LOST, f"activity run {activity.id} is {row.body['status']}")


def _activity_rows(ledger: Ledger, truth: Truth, evidence: Evidence) -> Iterator[Violation]:
    known = {(run.id.lower(), each.id.lower()): (run, each) for run, each in truth.activities}
    for ids, rows in ledger.activities.items():
        if len(rows) > 1:
            yield Violation(Broken.DOUBLED, f"activity run {ids[1]} has {len(rows)} rows")
        if ids not in known:
            yield Violation(Broken.PHANTOM, f"the source has no activity run {ids[1]}")
        elif ids not in evidence.served.activities:
            yield Violation(Broken.PHANTOM, f"activity run {ids[1]} has a row and was never read")
        else:
            yield from _says(rows[0], *known[ids])


def _says(row: Row, run: PipelineRun, activity: Activity) -> Iterator[Violation]:
    """What a row says of its run; of how it ended only once it has."""
    body = row.body
    told = [body["pipeline"], body["updated"], body["activity"], body["activityType"]]
    told += [body["runStatus"]]
    right = [run.pipeline, run.updated, activity.name, activity.type, activity.run_status]
    if body["status"] in TERMINAL:
        told += [body["status"], sorted({reason[0] for reason in body["reasons"]})]
        right += [activity.status, sorted(set(activity.reasons))]
    if told != right:
        yield Violation(Broken.WRONG, f"activity run {activity.id}: {told}, not {right}")


def _run_rows(ledger: Ledger, truth: Truth, evidence: Evidence) -> Iterator[Violation]:
    known = {id.lower(): run for id, run in truth.runs.items()}
    for id, rows in ledger.runs.items():
        if len(rows) > 1:
            states = [row.kind for row in rows]
            yield Violation(Broken.DOUBLED, f"pipeline run {id} is {states} at once")
        if id not in known or id not in evidence.served.runs:
            yield Violation(Broken.PHANTOM, f"pipeline run {id} was never listed by the source")
            continue
        if any(_updated(row) != known[id].updated for row in rows):
            yield Violation(Broken.WRONG, f"pipeline run {id} was updated at another moment")
        for row in rows:
            yield from _is_listed(ledger, known[id], row, evidence)


def _is_listed(
    ledger: Ledger, run: PipelineRun, row: Row, evidence: Evidence
) -> Iterator[Violation]:
    """Pending before listed: behind an open or done pipeline run stand all of its activity runs."""
    if row.kind == "x":
        yield Violation(Broken.WRONG, f"pipeline run {run.id} is poisoned")
    if row.kind not in ("o", "p"):
        return
    if run.id.lower() not in evidence.served.whole:
        yield Violation(Broken.PHANTOM, f"pipeline run {run.id} is listed, its last page unread")
    for activity in run.activities.values():
        found = ledger.row(run, activity)
        if found is None:
            what = f"activity run {activity.id} has no row, and its pipeline run is listed"
            yield Violation(Broken.LOST, what)
        elif row.kind == "p" and found.body["status"] not in TERMINAL:
            what = f"activity run {activity.id} is open, and its pipeline run is done"
            yield Violation(Broken.LOST, what)


def _below_watermark(ledger: Ledger, truth: Truth, marks: dict[str, int]) -> Iterator[Violation]:
    for run, activity in truth.activities:
        mark = marks.get(run.factory.lower())
        if mark is not None and run.updated < mark and ledger.row(run, activity) is None:
            what = f"activity run {activity.id} has no row, and is below the watermark"
            yield Violation(Broken.LOST, what)


def _counts(evidence: Evidence) -> Iterator[Violation]:
    told: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for row in evidence.table("runs"):
        if row.kind == "n":
            for status, count in row.body["delta"].items():
                told[row.part, status] += count
        elif row.kind == "a":
            found[row.part, row.body["status"]] += 1
    for part, status in sorted(told.keys() | found.keys()):
        if told[part, status] != found[part, status]:
            what = f"{told[part, status]} {status} counted, {found[part, status]} there"
            yield Violation(Broken.MISCOUNTED, what)


def _index(evidence: Evidence) -> Iterator[Violation]:
    rows = [row for row in evidence.table("runs") if row.kind in ("a", "s")]
    told = Counter(
        (row.part, row.key.split("|")[1], row.body["key"]) for row in rows if row.kind == "s"
    )
    found = Counter(
        (row.part, row.body["status"], row.key)
        for row in rows
        if row.kind == "a" and row.body["status"] in _INDEXED
    )
    for part, status, key in (told - found) + (found - told):
        where = "index and rows disagree on"
        yield Violation(Broken.MISCOUNTED, f"{where} {key}: {status} in {part.partition('|')[0]}")


def _updated(row: Row) -> int:
    return int(row.key.split("|")[1])
