"""Use case 2: settle every activity run of one batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from lineage.coalesce import unite
from lineage.compare import Done, Variant, Work, compare, fingerprint
from lineage.desk import Desk
from lineage.errors import Cause, LineageError, Rejected, SettingsError, Unavailable, Untranslatable
from lineage.jsontext import unpacked
from lineage.model import (
    ActivityRun,
    Batch,
    Definitions,
    Gap,
    LastRun,
    Outcome,
    Process,
    Reading,
    Reason,
    Reported,
    Status,
    Translation,
)
from lineage.publish import publish
from lineage.ticks import Ticks

log = logging.getLogger(__name__)

Translate = Callable[[ActivityRun, Definitions], Translation]

# Reasons that leave nothing out of what a run tells of its edges.
HARMLESS = frozenset({Reason.COLUMNS_UNKNOWN})

# Where a run stands that the catalog holds up, and why, by the cause of its error; others are
# Retrying, or wait for the set-up to be finished.
HELD: dict[Cause | None, tuple[Status, Reason]] = {
    Cause.CERTIFICATE: (Status.PENDING, Reason.UNAVAILABLE),
    Cause.FIREWALL: (Status.PENDING, Reason.FIREWALL),
    Cause.NAME: (Status.PENDING, Reason.UNAVAILABLE),
    Cause.OVERLOADED: (Status.RETRYING, Reason.THROTTLED),
    Cause.ROLE: (Status.PENDING, Reason.ROLE_MISSING),
    Cause.TIME: (Status.TIMED_OUT, Reason.UNAVAILABLE),
}


class Told(Struct, frozen=True, eq=False):
    """What one run tells: processes by the key of their published row and fingerprint, and gaps."""

    run: ActivityRun
    processes: Mapping[Variant, Process]
    gaps: tuple[Gap, ...]


def report(
    batch: Batch, reading: Reading, definitions: Definitions, translate: Translate, desk: Desk
) -> Iterator[Outcome]:
    """
    Report the lineage of the pipeline runs that were read, and record how each run ended.

    Yields what was recorded, as soon as it is.

    The order of writes is the promise: rows before anything else, a push before its memory, the
    memory before the status. `Unavailable`, `SettingsError` and `Rejected`, of a look-up, are let
    through on purpose: whatever was not proven stays Pending, and the caller asks for the batch
    again.
    """
    told: list[Told] = []
    silent: list[Outcome] = []
    for run in desk.ledger.open(batch, reading, desk.clock(), desk.overlap):
        ended = _tell(run, definitions, translate, desk)
        if isinstance(ended, Told):
            told.append(ended)
        else:
            silent.append(ended)
    changed, known = compare(_coalesce(told), desk)
    done: dict[Variant, Done] = {}
    for settled in chain([known], publish(changed, desk)):
        done |= settled
        ready, told = _parted(told, done)
        settling = [*silent, *(_outcome(each, done) for each in ready)]
        more = {each.run.of.id for each in told}
        yield from desk.ledger.settling(batch, settling, desk.clock(), more)
        silent = []


def held(reading: Reading, error: LineageError) -> list[Outcome]:
    """Where the runs stand that were not settled, because the catalog could not be reached."""
    other = Status.PENDING if isinstance(error, SettingsError) else Status.RETRYING
    status, reason = HELD.get(error.cause, (other, Reason.UNAVAILABLE))
    gap = Gap(reason, detail=str(error))
    return [Outcome(run, status, (gap,)) for each in reading.listed for run in each.activities]


def claimed(run: ActivityRun) -> bool:
    """Whether the built-in connection says that it reported the run; its word, not a proof."""
    return (run.native or "").lower() == "succeeded"


def _tell(
    run: ActivityRun, definitions: Definitions, translate: Translate, desk: Desk
) -> Told | Outcome:
    """What a run tells, or how it ends without telling anything."""
    try:
        if desk.native == "trust" and claimed(run):
            raise Untranslatable(
                Gap(Reason.REPORTED_BY_SERVICE, detail="trusted by LINEAGE_NATIVE")
            )
        translation = translate(run, definitions)
    except Untranslatable as error:
        return Outcome(run, Status.NOT_REPORTED, error.gaps)
    except (Rejected, SettingsError, Unavailable) as error:
        if error.cause is not Cause.REPLACED:
            raise  # of the catalog, which is asked how the factory is named
        return Outcome(run, Status.RETRYING, (Gap(Reason.UNAVAILABLE, detail=str(error)),))
    except Exception as error:
        log.exception("activity run %s of pipeline %s", run.id, run.of.pipeline)
        detail = f"{type(error).__name__} in the translator of {run.type}"
        return Outcome(run, Status.FAILED, (Gap(Reason.BUG, detail=detail),))
    processes: dict[str, Process] = {}
    for process in translation.processes:
        key = desk.published.key(process)
        processes[key] = unite(processes.get(key, process), process)
    variants = {(key, fingerprint(each, desk)): each for key, each in processes.items()}
    return Told(run, variants, translation.gaps)


def _coalesce(told: Sequence[Told]) -> dict[str, Work]:
    """Many runs of one process become one piece of work; the latest gives its attributes."""
    latest: dict[str, ActivityRun] = {}
    for each in told:
        for key, _ in each.processes:
            if key not in latest or _ended(latest[key]) < _ended(each.run):
                latest[key] = each.run
    work: dict[str, Work] = {}
    for each in told:
        claims = claimed(each.run)
        for (key, variant), process in each.processes.items():
            known = work.get(key)
            if known is None:
                work[key] = Work(process, _last_run(latest[key]), {variant: process}, claims)
            else:
                again = variant in known.told  # word for word: there is nothing new to unite
                work[key] = Work(
                    known.process if again else unite(known.process, process),
                    known.last,
                    {**known.told, variant: process},
                    known.claimed and claims,
                )
    return work


def _last_run(run: ActivityRun) -> LastRun:
    try:
        output = unpacked(run.output) or {}
    except RecursionError:  # nested deeper than can be read from here: it has no figures
        output = {}
    return LastRun(_ended(run), _count(output.get("rowsCopied")), _count(output.get("dataWritten")))


def _ended(run: ActivityRun) -> Ticks:
    return run.ended or run.of.ended or run.of.updated


def _count(told: object) -> int | None:
    """A number that a catalog takes; it refuses an operation for one that is none."""
    return told if type(told) is int and 0 <= told < 2**63 else None


def _parted(told: Iterable[Told], done: Mapping[Variant, Done]) -> tuple[list[Told], list[Told]]:
    """Those of which every process is settled, and the others."""
    ready: list[Told] = []
    waiting: list[Told] = []
    for each in told:
        (ready if each.processes.keys() <= done.keys() else waiting).append(each)
    return ready, waiting


def _outcome(told: Told, done: Mapping[Variant, Done]) -> Outcome:
    """How a run ended, all of whose processes are settled."""
    ends = {variant: done[variant] for variant in told.processes}
    gaps = tuple(dict.fromkeys([*told.gaps, *(gap for end in ends.values() for gap in end.gaps)]))
    statuses = {end.status for end in ends.values()}
    status = Status.SUCCEEDED
    if statuses and statuses <= {Status.FAILED, Status.NOT_REPORTED}:
        status = Status.FAILED if Status.FAILED in statuses else Status.NOT_REPORTED
    elif any(gap.reason not in HARMLESS for gap in gaps):
        status = Status.PARTIAL
    reported = tuple(
        Reported(variant[0], told.processes[variant], end.name, end.change)
        for variant, end in ends.items()
    )
    return Outcome(told.run, status, gaps, reported)
