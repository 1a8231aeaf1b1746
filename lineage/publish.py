"""
Bring processes into the catalog, bulk by bulk, and remember what arrived.

A catalog replaces the edges of an operation, so what is sent unites every edge known.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from lineage.catalog import bulk
from lineage.catalog.proof import DELETED
from lineage.coalesce import unite
from lineage.compare import Done, Work, compare, fingerprint, is_left, last_seen, last_told
from lineage.desk import Desk
from lineage.errors import Rejected, Unavailable
from lineage.model import Certainty, Change, Gap, LastRun, Name, Process, Reason, Status
from lineage.plan import Located, Operation, plan
from lineage.store.processes import Head, Published
from lineage.translate.names import operation

log = logging.getLogger(__name__)

TRIES = 3  # times that what changed under our hands is followed
_GONE = "ATLAS-404-00-00A"  # a referenced entity is missing


def publish(
    changed: Mapping[str, Work], desk: Desk, tries: int = TRIES
) -> Iterator[dict[str, Done]]:
    """
    Send what changed and remember it; yields what is settled after each bulk.

    Where a name turned out to be gone, or somebody else wrote the row meanwhile, the process is
    read, united and sent again. Lets `Unavailable` and `SettingsError` through: what was yielded
    stays recorded.
    """
    if not changed:
        return
    again = {key: each for key, each in changed.items() if _outdone(each, changed.values())}
    with desk.creating():
        ready = {key: each for key, each in changed.items() if key not in again}
        sunk = {key: each for key, each in ready.items() if _sunk(each, desk)}
        yield {key: _supersede(each, desk) for key, each in sunk.items()}
        work = {key: each for key, each in ready.items() if key not in sunk}
        latest = _latest(work, desk)
        operations, located, settled = plan(work, latest, desk)
        yield {key: _record(work[key], done, desk) for key, done in settled.items()}
        for units in bulk.cut((made.unit for made in operations.values()), desk.most):
            desk.renew()
            yield _send(units, operations, located, latest, desk, again, last=tries < TRIES)
    if again:
        if not tries:
            raise Unavailable("catalog or store change faster than can be followed")
        changed, known = compare(again, desk)
        yield known
        yield from publish(changed, desk, tries - 1)


def _outdone(work: Work, changed: Iterable[Work]) -> bool:
    """Whether a fall-back sink has to wait for an exact one of the same end to arrive."""
    process = work.process
    return process.sink.certainty is Certainty.FALLBACK and any(
        other.process.sink.certainty is Certainty.EXACT
        and other.process.parents == process.parents
        and other.process.sink.end == process.sink.end
        for other in changed
    )


def _sunk(work: Work, desk: Desk) -> bool:
    """Whether a fall-back sink gives way to an exact one of the same end that has arrived."""
    if work.process.sink.certainty is not Certainty.FALLBACK:
        return False
    rows = desk.published.same_end(work.process, exact=True).values()
    return any(row.head.status in (Status.SUCCEEDED, Status.PARTIAL) for row in rows)


def _supersede(work: Work, desk: Desk) -> Done:
    """Take a fall-back's operation out of the catalog; its row says why it is not sent again."""
    process = work.process
    name = work.row.head.name if work.row else None
    sink = desk.possible(process.sink.asset)[0]
    desk.catalog.delete(name or operation(process.parents[-1], process.type, sink))
    done = Done(None, Change.UNCHANGED, Status.SUCCEEDED)
    return _record(work, done, desk, superseded=True)


def _latest(work: Mapping[str, Work], desk: Desk) -> dict[Name, LastRun]:
    """
    The latest run of each activity, unless the catalog has a later one.

    One as late is sent again: it may have been noted before it was sent, and a crash came between.
    """
    latest: dict[Name, LastRun] = {}
    if not desk.daily:
        return latest
    before = desk.published.last_runs(each.process for each in work.values())
    for each in work.values():
        activity = each.process.parents[-1]
        known, best = before.get(activity), latest.get(activity)
        if known and each.last.ended < known.ended:
            continue
        if best is None or best.ended < each.last.ended:
            latest[activity] = each.last
    return latest


def _send(
    units: Sequence[bulk.Unit],
    operations: Mapping[Name, Operation],
    located: Located,
    latest: Mapping[Name, LastRun],
    desk: Desk,
    again: dict[str, Work],
    *,
    last: bool,
) -> dict[str, Done]:
    """Send one bulk and remember what arrived; what has to be tried once more goes to `again`."""
    settled: dict[str, Done] = {}
    with desk.published.together():
        _intend([operations[unit.key] for unit in units], latest, desk)
    answers = [(operations[u.key], answer) for u, answer in bulk.publish(units, desk.catalog.send)]
    arrived = [made.assets for made, answer in answers if not isinstance(answer, Rejected)]
    with desk.published.together():
        located.choose(frozenset().union(*arrived))
        for made, answer in answers:
            if not isinstance(answer, Rejected):
                settled |= _remember(made, latest, desk)
            elif answer.code != _GONE or last:
                settled |= _refuse(made, answer, desk)
            else:
                desk.published.forget(made.assets)
            again.update({key: each for key, each in made.members.items() if key not in settled})
    return settled


def _intend(made: Iterable[Operation], latest: Mapping[Name, LastRun], desk: Desk) -> None:
    """
    Note what is about to be sent, before it is: edges, and the run whose attributes go with them.

    After a crash the catalog may have it or not. Whatever is sent next unites these edges, so that
    none of them is taken back, and those of an operation new to us don't look like somebody else's,
    which, where the built-in claims its runs, would be left alone. Nothing here counts as proof.
    """
    noted: list[tuple[Operation, str, Published]] = []
    for one in made:
        for key, each in one.members.items():
            head = each.row.head if each.row else Head(one.name, Status.PENDING, desk.clock())
            seen = each.row.seen if each.row else {}
            row = Published(head, _told(each, one), "", seen)
            if desk.published.put(row, each.row, latest.get(each.process.parents[-1])):
                noted.append((one, key, row))
    versions = desk.published.versions(row.process for _, _, row in noted)
    for one, key, row in noted:
        known = replace(row, version=versions[key])
        one.members[key] = replace(one.members[key], row=known)


def _told(work: Work, made: Operation) -> Process:
    return unite(work.process, made.foreign) if made.foreign else work.process


def _remember(made: Operation, latest: Mapping[Name, LastRun], desk: Desk) -> dict[str, Done]:
    """Note what arrived; members whose row somebody else wrote meanwhile are left out."""
    _replace_old(made, desk)
    status = Status.PARTIAL if made.gaps else Status.SUCCEEDED
    change = Change.UPDATED if made.existed else Change.CREATED
    done = Done(made.name, change, status, made.gaps)
    return {
        key: done
        for key, each in made.members.items()
        if _write(replace(each, process=_told(each, made)), done, desk, latest)
    }


def _replace_old(made: Operation, desk: Desk) -> None:
    """Delete what this operation takes the place of: its former name, fall-backs of its end."""
    for key, each in made.members.items():
        former = each.row.head.name if each.row and not is_left(each.row.head) else None
        if former and former != made.name and not _others(each, key, former, desk):
            desk.catalog.delete(former)
            log.info("%s was renamed %s", former.qualified, made.name.qualified)
        if each.process.sink.certainty is Certainty.EXACT:
            for row in desk.published.same_end(each.process, exact=False).values():
                _supersede(Work(row.process, each.last, row=row), desk)


def _others(work: Work, key: str, name: Name, desk: Desk) -> bool:
    """Whether another row of ours goes by the name too."""
    return bool(set(desk.published.named(work.process, name)) - {key})


def _refuse(made: Operation, answer: Rejected, desk: Desk) -> dict[str, Done]:
    if answer.code == DELETED:
        gap = Gap(Reason.ENTITY_DELETED, detail="deleted in the catalog, and not made again")
    else:
        detail = f"the catalog refused it: {answer.code or answer.status}"
        gap = Gap(Reason.REJECTED, detail=detail)
    done = Done(None, Change.REFUSED, Status.FAILED, (gap,))
    return {key: _record(each, done, desk) for key, each in made.members.items()}


def _record(work: Work, done: Done, desk: Desk, *, superseded: bool = False) -> Done:
    """Write the row of a process that was not sent. Raises `Unavailable` if another was faster."""
    if not _write(work, done, desk, {}, superseded=superseded):
        raise Unavailable("the published row was written by somebody else meanwhile")
    return done


def _write(
    work: Work,
    done: Done,
    desk: Desk,
    latest: Mapping[Name, LastRun],
    *,
    superseded: bool = False,
) -> bool:
    """Write the rows of a process; False where somebody else wrote them since they were read."""
    old = work.row
    arrived = old is not None and old.head.status is not Status.PENDING
    former = old.head.name if old and arrived else None  # a name only intended is none
    name = None if superseded else done.name or former
    head = Head(name, done.status, desk.clock(), done.gaps, superseded, last_told(work))
    row = Published(head, work.process, fingerprint(work.process, desk), last_seen(work))
    return desk.published.put(row, old, latest.get(work.process.parents[-1]))
