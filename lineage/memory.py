"""What the store remembers of a process that is sent: that it will be, that it arrived, or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from lineage.coalesce import only, unite
from lineage.compare import Done, Variant, Work, ended, fingerprint, is_left, last_seen, last_told
from lineage.desk import Desk
from lineage.errors import Cause, Rejected, Unavailable
from lineage.model import Gap, LastRun, Name, Process, Status
from lineage.plan import Operation
from lineage.store.processes import Head, Published, Refusal
from lineage.store.rows import TOO_LARGE


def intend(
    made: Iterable[Operation], latest: Mapping[Name, LastRun], desk: Desk
) -> dict[Name, Rejected]:
    """
    Note what is about to be sent, before it is, and the run whose attributes go with it.

    After a crash the catalog may have it or not. It is sent again then, before anything else, so
    that no edge is taken back, and an operation new to us doesn't look like somebody else's, which,
    where the built-in claims its runs, would be left alone. Nothing here counts as proof: what is
    refused leaves no trace in what is known of the operation, whenever the crash comes.

    Returns the operations that cannot be noted, because a row of the store does not hold them: they
    are not to be sent.
    """
    refused: dict[Name, Rejected] = {}
    noted: list[tuple[Operation, str, Published]] = []
    for one in made:
        for key, each in one.members.items():
            old = each.row or Published(_new(desk), _nothing(each.process), "")
            head = old.head
            if head.name is None:  # else who goes by the name too would not know
                head = replace(head, name=one.name, status=Status.PENDING)
            row = replace(old, head=head, intended=told(each, one))
            try:
                if desk.published.put(row, each.row, latest.get(each.process.parents[-1])):
                    noted.append((one, key, row))
            except Rejected as error:
                if error.code != TOO_LARGE:
                    raise
                refused[one.name] = error
    versions = desk.published.versions(row.process for _, _, row in noted)
    for one, key, row in noted:
        known = replace(row, version=versions[key])
        one.members[key] = replace(one.members[key], row=known)
    return refused


def told(work: Work, made: Operation) -> Process:
    """A process as it is sent: with what somebody else wrote there."""
    return unite(work.process, made.foreign) if made.foreign else work.process


def doubtful(work: Work) -> bool:
    """Whether what is known of a process was never in the catalog, so that it may be to blame."""
    row = work.row
    return row is not None and row.process != _nothing(row.process) and not _proven(row.head)


def _proven(head: Head) -> bool:
    return head.name is not None and head.status is not Status.PENDING and not is_left(head)


def take_back(
    work: Work, desk: Desk, *, forget: bool = False, intended: Process | None = None
) -> None:
    """
    Write the row of a process that was refused as if it had not been sent; note what was refused.

    `forget` says that what was known of it before is given up too; `intended` stays noted. Raises
    `Unavailable` if somebody else wrote the row meanwhile.
    """
    old = work.row or Published(_new(desk), _nothing(work.process), "")
    head = old.head
    if forget or (head.status is Status.PENDING and not intended):
        head = replace(head, name=None, told={} if forget else head.told)
    if work.refused:
        head = replace(head, refused={**head.refused, **_refusals(work.refused, desk)})
        if head.name is None or old.fingerprint == work.fingerprint:
            gaps = tuple(dict.fromkeys(work.refused.values()))
            head = replace(head, status=Status.FAILED, gaps=gaps, sent=desk.clock())
    process = _nothing(old.process) if forget else old.process
    print_ = "" if forget else old.fingerprint
    row = replace(old, head=head, process=process, fingerprint=print_, intended=intended)
    if not desk.published.put(row, work.row):
        raise _outrun()


def record(
    key: str, work: Work, done: Done, desk: Desk, *, superseded: bool = False
) -> dict[Variant, Done]:
    """Write the row of a process that was not sent. Raises `Unavailable` if another was faster."""
    if not write(work, done, desk, {}, superseded=superseded):
        raise _outrun()
    return ended(key, work, done)


def write(
    work: Work,
    done: Done,
    desk: Desk,
    latest: Mapping[Name, LastRun],
    *,
    superseded: bool = False,
) -> bool:
    """Write the rows of a process; False where somebody else wrote them since they were read."""
    old = work.row
    if old and done.status is Status.NOT_REPORTED and _proven(old.head):
        return _put_off(work, old, done, desk)
    arrived = old is not None and old.head.status is not Status.PENDING
    former = old.head.name if old and arrived else None  # a name only intended is none
    name = None if superseded else done.name or former
    before = old.head.refused if old else {}
    refused = {each: why for each, why in before.items() if each not in work.sent}
    refused |= _refusals(work.refused, desk)
    head = Head(name, done.status, desk.clock(), done.gaps, superseded, last_told(work), refused)
    row = Published(head, work.process, fingerprint(work.process, desk), last_seen(work))
    return desk.published.put(row, old, latest.get(work.process.parents[-1]))


def _put_off(work: Work, old: Published, done: Done, desk: Desk) -> bool:
    """Write the row of an operation that was published, and whose sink is missing now."""
    new = {each: gap for each in work.sent if each not in old.head.told for gap in done.gaps}
    refused = {**old.head.refused, **_refusals({**new, **work.refused}, desk)}
    head = replace(old.head, status=done.status, sent=desk.clock(), gaps=done.gaps, refused=refused)
    return desk.published.put(replace(old, head=head), old)


def _outrun() -> Unavailable:
    told = "the published row was written by somebody else meanwhile"
    return Unavailable(told, cause=Cause.BUSY)


def _refusals(gaps: Mapping[str, Gap], desk: Desk) -> dict[str, Refusal]:
    return {each: Refusal(desk.clock(), gap) for each, gap in gaps.items()}


def _new(desk: Desk) -> Head:
    return Head(None, Status.PENDING, desk.clock())


def _nothing(process: Process) -> Process:
    return replace(only(process, ()), columns=(), outputs=())
