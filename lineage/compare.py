"""What a batch tells against what was published: only what is new has to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from lineage.coalesce import unite
from lineage.desk import Desk
from lineage.model import OPEN, Change, Edge, Gap, LastRun, Name, Process, Reason, Status
from lineage.store import rows
from lineage.store.rows import Published
from lineage.ticks import DAY, Ticks

BODY = 1  # counts up when what is sent for a process changes, so that everything is sent again


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """
    A process of one batch. `claimed` says that the built-in connection claims all of its runs.

    `row` is what was published of it, None where nothing was; `last` its latest run.
    """

    process: Process
    last: LastRun
    claimed: bool = False
    row: Published | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """How publishing a process ended: what its runs report."""

    name: Name | None
    change: Change
    status: Status
    gaps: tuple[Gap, ...] = ()


def compare(work: Mapping[str, Work], desk: Desk) -> tuple[dict[str, Work], dict[str, Done]]:
    """
    What has to be sent, united with the edges known, and what ends as it ended before.

    Keys are those of the published rows.
    """
    changed: dict[str, Work] = {}
    known: dict[str, Done] = {}
    for key, each in _with_rows(work, desk).items():
        row = each.row
        if row is None or _due(each, row, desk):
            changed[key] = each
        else:
            known[key] = Done(row.name, Change.UNCHANGED, row.status, row.gaps)
            _see_again(each, row, desk)
    return changed, known


def fingerprint(process: Process, desk: Desk) -> str:
    """
    What tells whether a process has to be sent again, taken before its assets are located.

    Run attributes are left out, else nothing would ever be unchanged.
    """
    settings = [BODY, desk.catalog.address, desk.create, desk.native]
    text = rows.canonical([*settings, rows.process_row(process, {})])
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def last_seen(process: Process, before: Mapping[Edge, Ticks], now: Ticks) -> dict[Edge, Ticks]:
    """When each edge was last seen, moved at most daily, so that a clean-up knows what is alive."""
    return {
        edge: now if before.get(edge, Ticks(0)) + DAY <= now else before[edge]
        for edge in (process.sink, *process.inputs)
    }


def is_left(row: Published | None) -> bool:
    """Whether a process was left to the built-in connection."""
    return row is not None and any(g.reason is Reason.REPORTED_BY_SERVICE for g in row.gaps)


def _with_rows(work: Mapping[str, Work], desk: Desk) -> dict[str, Work]:
    """Every process united with its published row; one query for each pipeline."""
    by_pipeline: dict[tuple[str, str], list[str]] = {}
    for key, each in work.items():
        by_pipeline.setdefault((each.process.factory, each.process.pipeline), []).append(key)
    found: dict[str, Work] = {}
    for wanted in by_pipeline.values():
        process = work[wanted[0]].process
        published = desk.published.get(process.factory, process.pipeline, wanted)
        for key in wanted:
            each, row = work[key], published.get(key)
            united = unite(row.process, each.process) if row else each.process
            print_ = fingerprint(united, desk)
            found[key] = replace(each, process=united, row=row, fingerprint=print_)
    return found


def _due(work: Work, row: Published, desk: Desk) -> bool:
    """Whether a process that has a row must be sent all the same."""
    if row.fingerprint != work.fingerprint or row.status in OPEN:
        return True
    day_old = row.sent + DAY <= desk.clock()
    if row.status in (Status.SUCCEEDED, Status.PARTIAL):
        return desk.daily and day_old and not row.superseded
    return not work.claimed if is_left(row) else day_old


def _see_again(work: Work, row: Published, desk: Desk) -> None:
    seen = last_seen(row.process, row.seen, work.last.ended)
    if seen != row.seen:
        desk.published.put(replace(row, seen=seen))
