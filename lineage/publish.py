"""
Bring processes into the catalog, bulk by bulk, and remember what arrived.

A catalog replaces the edges of an operation, so what is sent unites every edge known.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from lineage.catalog import bulk
from lineage.catalog.proof import DELETED
from lineage.catalog.types import NO_TYPE
from lineage.compare import Done, Variant, Work, compare, ended, is_left, only_variants
from lineage.desk import Desk
from lineage.errors import Cause, Rejected, Unavailable
from lineage.memory import doubtful, intend, record, take_back, told, write
from lineage.model import Certainty, Change, Gap, LastRun, Name, Reason, Status
from lineage.plan import Located, Operation, plan
from lineage.store.rows import TOO_LARGE

log = logging.getLogger(__name__)

TRIES = 3  # times that what changed under our hands is followed
_MOVED = NO_TYPE | {"ATLAS-404-00-00A"}  # a type, or a referenced entity, is missing


class _Later(Struct, frozen=True, eq=False):
    """
    What one round of sending leaves to the next.

    `again` met a name that is gone, or a row that somebody else wrote; `waiting` can be sent now
    that the row is clean; `halves` were refused together, and are tried apart.
    """

    again: dict[str, Work] = field(default_factory=dict)
    waiting: dict[str, Work] = field(default_factory=dict)
    halves: tuple[dict[str, Work], dict[str, Work]] = field(default_factory=lambda: ({}, {}))


def publish(
    changed: Mapping[str, Work], desk: Desk, tries: int = TRIES
) -> Iterator[dict[Variant, Done]]:
    """
    Send what changed and remember it; yields what is settled after each bulk.

    Where a name or its type turned out to be gone, or somebody else wrote the row meanwhile, the
    process is read, united and sent again. Of an operation that is refused and was told in several
    variants only those fail that are refused by themselves, each united with what was proven
    before: k bad ones of n variants cost at most 2k(1 + ⌈log₂ n⌉) more rounds, in which the
    operations refused go together. Lets `Unavailable` and `SettingsError` through: what was yielded
    stays recorded.
    """
    if not changed:
        return
    later = _Later()
    later.again.update(
        {key: each for key, each in changed.items() if _outdone(each, changed.values())}
    )
    with desk.creating():
        ready = {key: each for key, each in changed.items() if key not in later.again}
        sunk = {key: each for key, each in ready.items() if _sunk(each, desk)}
        if sunk:
            yield _merged(_supersede(key, each, desk) for key, each in sunk.items())
        work = {key: each for key, each in ready.items() if key not in sunk}
        latest = _latest(work, desk)
        operations, located, settled = plan(work, latest, desk)
        if settled:
            yield _merged(_settle(key, *each, desk) for key, each in settled.items())
        for units in bulk.cut((made.unit for made in operations.values()), desk.most):
            desk.renew()
            yield _send(units, operations, located, latest, desk, later, last=tries < TRIES)
    yield from _next(later, desk, tries)


def _merged(ends: Iterable[Mapping[Variant, Done]]) -> dict[Variant, Done]:
    return {variant: done for each in ends for variant, done in each.items()}


def _next(later: _Later, desk: Desk, tries: int) -> Iterator[dict[Variant, Done]]:
    """The rounds that follow, each compared anew with what the one before left."""
    first, second = later.halves
    rounds = ((later.waiting, tries), (first, tries), (second, tries), (later.again, tries - 1))
    for work, left in rounds:
        if work and left < 0:
            raise Unavailable(
                "catalog or store change faster than can be followed", cause=Cause.BUSY
            )
        apart = {key: only_variants(each, each.told) for key, each in work.items()}
        changed, known = compare(apart, desk)
        yield known
        yield from publish(changed, desk, left)


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


def _supersede(key: str, work: Work, desk: Desk) -> dict[Variant, Done]:
    """
    Take a fall-back's operation out of the catalog; its row says why it is not sent again.

    One that is not ours, or goes by the name of another row, stays.
    """
    name = work.row.head.name if work.row and not is_left(work.row.head) else None
    if name and not _others(work, key, name, desk):
        desk.catalog.delete(name)
    done = Done(None, Change.UNCHANGED, Status.SUCCEEDED)
    return record(key, work, done, desk, superseded=True)


def _settle(key: str, work: Work, done: Done, desk: Desk) -> dict[Variant, Done]:
    """Note how a process ended that is not sent."""
    if work.sent:
        return record(key, work, done, desk)
    take_back(work, desk, intended=work.row.intended if work.row else None)
    return ended(key, work, done)


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
    later: _Later,
    *,
    last: bool,
) -> dict[Variant, Done]:
    """Send one bulk and remember what arrived; what has to be tried once more is for `later`."""
    settled: dict[Variant, Done] = {}
    with desk.published.together():
        large = intend([operations[unit.key] for unit in units], latest, desk)
    small = [unit for unit in units if unit.key not in large]
    answers = [(operations[u.key], answer) for u, answer in bulk.publish(small, desk.catalog.send)]
    answers += [(operations[name], error) for name, error in large.items()]
    arrived = [made.assets for made, answer in answers if not isinstance(answer, Rejected)]
    with desk.published.together():
        located.choose(frozenset().union(*arrived))
        for made, answer in answers:
            if not isinstance(answer, Rejected):
                settled |= _remember(made, latest, desk, later)
            elif answer.code not in _MOVED or last:
                settled |= _refuse(made, answer, desk, later)
            else:
                _locate_again(made, desk, later)
    return settled


def _remember(
    made: Operation, latest: Mapping[Name, LastRun], desk: Desk, later: _Later
) -> dict[Variant, Done]:
    """Note what arrived; members whose row somebody else wrote meanwhile are sent again."""
    _replace_old(made, desk)
    status = Status.PARTIAL if made.gaps else Status.SUCCEEDED
    change = Change.UPDATED if made.existed else Change.CREATED
    done = Done(made.name, change, status, made.gaps)
    settled: dict[Variant, Done] = {}
    outrun: dict[str, Work] = {}
    for key, each in made.members.items():
        if write(replace(each, process=told(each, made)), done, desk, latest):
            settled |= ended(key, each, done)
        else:
            outrun[key] = each
    if made.waiting:
        (later.again if outrun else later.waiting).update(made.waiting)
    else:
        later.again.update(outrun)
    return settled


def _replace_old(made: Operation, desk: Desk) -> None:
    """Delete what this operation takes the place of: its former name, fall-backs of its end."""
    for key, each in made.members.items():
        former = each.row.head.name if each.row and not is_left(each.row.head) else None
        if former and former != made.name and not _others(each, key, former, desk):
            desk.catalog.delete(former)
            log.info("%s was renamed %s", former.qualified, made.name.qualified)
        if each.process.sink.certainty is Certainty.EXACT:
            for other, row in desk.published.same_end(each.process, exact=False).items():
                _supersede(other, Work(row.process, each.last, row=row), desk)


def _others(work: Work, key: str, name: Name, desk: Desk) -> bool:
    """Whether another row of ours goes by the name too."""
    return bool(set(desk.published.named(work.process, name)) - {key})


def _locate_again(made: Operation, desk: Desk, later: _Later) -> None:
    """Find the names of an operation anew: one of them is gone."""
    desk.published.forget(made.assets)
    if not made.waiting:
        for each in made.members.values():
            take_back(replace(each, refused={}), desk)
    later.again.update(made.waiting or made.members)


def _refuse(made: Operation, answer: Rejected, desk: Desk, later: _Later) -> dict[Variant, Done]:
    """
    Take back what was noted, and find out what is to blame.

    First what was never proven is given up, be it noted before a crash or known of runs that were
    not reported; then variants are tried apart; one alone is refused.
    """
    unsure = {key for key, each in made.members.items() if doubtful(each)}
    variants = [(key, each) for key, work in made.members.items() for each in work.sent]
    if made.waiting or unsure or len(variants) > 1:
        for key, each in made.members.items():
            take_back(replace(each, refused={}), desk, forget=key in unsure)
        if made.waiting:
            later.waiting.update(made.waiting)
        else:
            _halve(made.members, later)
        return {}
    [(key, variant)] = variants
    member = made.members[key]
    refused = replace(member, refused={**member.refused, variant: _why(answer)})
    take_back(refused, desk)
    return ended(key, refused, Done(None, Change.REFUSED, Status.FAILED))


def _halve(members: Mapping[str, Work], later: _Later) -> None:
    variants = [(key, each) for key, work in members.items() for each in work.told]
    middle = len(variants) // 2
    for half, part in zip(later.halves, (variants[:middle], variants[middle:]), strict=True):
        for key in dict.fromkeys(key for key, _ in part):
            half[key] = only_variants(members[key], [each for of, each in part if of == key])


def _why(answer: Rejected) -> Gap:
    if answer.code == DELETED:
        return Gap(Reason.ENTITY_DELETED, detail="deleted in the catalog, and not made again")
    if answer.code == TOO_LARGE:
        return Gap(Reason.REJECTED, detail="not sent: larger than a row of the store holds")
    detail = f"the catalog refused it: {answer.code or answer.status}"
    return Gap(Reason.REJECTED, detail=detail)
