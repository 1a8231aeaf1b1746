"""What a batch tells against what was published: only what is new has to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from hashlib import sha256

from msgspec import Struct, field
from msgspec.structs import replace

from lineage.coalesce import unite
from lineage.desk import Desk
from lineage.jsontext import canonical
from lineage.model import OPEN, Change, Edge, Gap, LastRun, Name, Process, Reason, Status
from lineage.store.processes import Head, Published, process_row
from lineage.ticks import DAY, Ticks

MOST_PRINTS = 8192  # kept in memory
BODY = 1  # counts up when what is sent for a process changes, so that everything is sent again


# The key of a published row, and the fingerprint of what a run tells of its process.
Variant = tuple[str, str]


class Work(Struct, frozen=True, eq=False):
    """
    A process of one batch; `told` are the variants that its runs tell of it, by fingerprint.

    `last` is the latest of these runs; `claimed` says that the built-in connection claims them all.
    Once compared, `process` is united with what was published (`row`, None where nothing was),
    `fingerprint` is that of the whole, and `edges` are what the batch itself told. Variants that
    the catalog does not take are in `refused`, and no part of the whole.
    """

    process: Process
    last: LastRun
    told: Mapping[str, Process] = field(default_factory=dict)
    claimed: bool = False
    edges: tuple[Edge, ...] = ()
    row: Published | None = None
    fingerprint: str = ""
    refused: Mapping[str, Gap] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[str, ...]:
        """The variants that are sent."""
        return tuple(each for each in self.told if each not in self.refused)


class Done(Struct, frozen=True):
    """How publishing a variant of a process ended: what the runs report that told it."""

    name: Name | None
    change: Change
    status: Status
    gaps: tuple[Gap, ...] = ()


def compare(work: Mapping[str, Work], desk: Desk) -> tuple[dict[str, Work], dict[Variant, Done]]:
    """
    What has to be sent, united with the edges known, and what ends as it ended before.

    Keys are those of the published rows. What was told before, word for word, needs no more than
    the head of its row. A variant that was refused is left out for a day, so that it does not take
    the others with it.
    """
    changed: dict[str, Work] = {}
    known: dict[Variant, Done] = {}
    heads = desk.published.heads(each.process for each in work.values())
    left: dict[str, Work] = {}
    for key, told in work.items():
        head, each = heads.get(key), told
        if head and head.refused:
            lately = _refused_lately(told, head, desk)
            known |= {(key, variant): done for variant, done in lately.items()}
            rest = [variant for variant in told.told if variant not in lately]
            if not rest:
                continue
            each = only_variants(told, rest)
        if head and not _due(each, head, desk) and _told_lately(each, head):
            known |= ended(key, each, _as_before(head))
        else:
            left[key] = each
    rows = desk.published.whole(each.process for key, each in left.items() if key in heads)
    again: list[tuple[Work, Published]] = []
    for key, each in left.items():
        united = _united(each, rows.get(key), desk)
        if united.row is None or _new(united, united.row, desk):
            changed[key] = united
        else:
            known |= ended(key, each, _as_before(united.row.head))
            again.append((united, united.row))
    _note(again, desk)
    return changed, known


def ended(key: str, work: Work, done: Done) -> dict[Variant, Done]:
    """The end of each variant: the same for all but those that are refused."""
    refused = {
        variant: Done(None, Change.REFUSED, Status.FAILED, (gap,))
        for variant, gap in work.refused.items()
    }
    return {(key, variant): refused.get(variant, done) for variant in work.told}


def only_variants(work: Work, variants: Iterable[str]) -> Work:
    """Of a process what these variants tell, to be compared anew."""
    told = {variant: work.told[variant] for variant in variants}
    return Work(reduce(unite, told.values()), work.last, told, work.claimed)


def fingerprint(process: Process, desk: Desk) -> str:
    """
    What tells whether a process has to be sent again, taken before its assets are located.

    Run attributes are left out, else nothing would ever be unchanged.
    """
    kept, known = desk.prints.get(id(process), (None, ""))
    if kept is not process:
        settings = [BODY, desk.catalog.address, desk.create, desk.native]
        text = canonical([*settings, process_row(process, {})])
        known = sha256(text).hexdigest()
        if len(desk.prints) >= MOST_PRINTS:
            desk.prints.clear()
        desk.prints[id(process)] = (process, known)
    return known


def last_seen(work: Work) -> dict[Edge, Ticks]:
    """When each edge was last seen, moved at most daily, so that a clean-up knows what is alive."""
    before = work.row.seen if work.row else {}
    return {**before, **{each: _moved(before.get(each), work.last) for each in work.edges}}


def last_told(work: Work) -> dict[str, Ticks]:
    """When each variant of a process was last told, moved at most daily."""
    before = work.row.head.told if work.row else {}
    return {**before, **{each: _moved(before.get(each), work.last) for each in work.sent}}


def is_left(head: Head) -> bool:
    """Whether a process was left to the built-in connection."""
    return any(gap.reason is Reason.REPORTED_BY_SERVICE for gap in head.gaps)


def _refused_lately(work: Work, head: Head, desk: Desk) -> dict[str, Done]:
    """The variants that were refused, or whose sink was missing, less than a day ago."""
    found = {told: head.refused[told] for told in work.told if told in head.refused}
    return {
        told: Done(head.name, Change.UNCHANGED, _status(each.gap), (each.gap,))
        for told, each in found.items()
        if each.when + DAY > desk.clock()
    }


def _status(refused: Gap) -> Status:
    missing = refused.reason is Reason.MISSING_ASSET
    return Status.NOT_REPORTED if missing else Status.FAILED


def _as_before(head: Head) -> Done:
    return Done(head.name, Change.UNCHANGED, head.status, head.gaps)


def _moved(before: Ticks | None, last: LastRun) -> Ticks:
    return last.ended if before is None or before + DAY <= last.ended else before


def _due(work: Work, head: Head, desk: Desk) -> bool:
    """Whether a process that was published must be sent all the same."""
    if head.status in OPEN:
        return True
    day_old = head.sent + DAY <= desk.clock()
    if head.status in (Status.SUCCEEDED, Status.PARTIAL):
        missing = any(gap.reason is Reason.MISSING_ASSET for gap in head.gaps)
        return day_old and not head.superseded and (desk.daily or missing)
    return not work.claimed if is_left(head) else day_old


def _told_lately(work: Work, head: Head) -> bool:
    told = [head.told.get(each) for each in work.told]
    return all(each is not None and each == _moved(each, work.last) for each in told)


def _united(work: Work, row: Published | None, desk: Desk) -> Work:
    """A process with everything that was published of it."""
    process = work.process
    whole = unite(row.process, process) if row else process
    edges = (process.sink, *process.inputs)  # of others' outputs no run tells
    return replace(work, process=whole, edges=edges, row=row, fingerprint=fingerprint(whole, desk))


def _new(work: Work, row: Published, desk: Desk) -> bool:
    return row.fingerprint != work.fingerprint or _due(work, row.head, desk)


def _note(again: Sequence[tuple[Work, Published]], desk: Desk) -> None:
    """Note what was told again; somebody else who was faster noted as much."""
    if not again:
        return
    with desk.published.together():
        for work, row in again:
            head = replace(row.head, told=last_told(work))
            desk.published.put(replace(row, head=head, seen=last_seen(work)), row)
