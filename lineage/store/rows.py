"""
The rows of the ledger <-> model, and the keys of all rows.

Keys are chosen for their queries and hold no user text, so that a table of Azure Storage can carry
them. Every row has `v`, its format; a row of a version we do not know is read, never written.

| table     | partition               | key                                   |
| --------- | ----------------------- | ------------------------------------- |
| runs      | factory                 | `c`                                   |
|           |                         | `q` `o` `p` `x`  `|ticks|pipeline run`|
|           |                         | `a|pipeline run|activity run`         |
|           |                         | `s|status|inverted ticks|…`           |
|           |                         | `n|hour|hash of the first row`        |
| published | factory and pipeline    | `h|key`, `r|key`, `l|activity`        |
|           |                         | `i|name|key`, `e|end|f or x|key`      |
| assets    | first hex digit         | hash of the candidates                |
| notes     | `lease`, `circuit`      | hash of what it is about              |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from lineage.jsontext import dumps
from lineage.model import (
    OPEN,
    ActivityRun,
    FactoryId,
    Gap,
    Listed,
    Outcome,
    Reason,
    Reference,
    Row,
    Status,
    Versioned,
    Where,
)
from lineage.ticks import SECOND, Ticks

VERSION = 1
MOST_PROCESSES = 20  # hashes in a ledger row; their number is beside them
INDEXED = frozenset({Status.PARTIAL, Status.FAILED, Status.RETRYING, Status.TIMED_OUT})
MOST_REPLAYS = 10  # audits in a ledger row, the newest
MOST_REASONS = 100  # in a ledger row; their number is beside them where there are more
HEAVY = 2_500_000  # bytes of ledger rows in one write, of 3.5 MB with what goes with them
TOO_LARGE = "RowTooLarge"  # the code of an error: no store that has a limit can hold the row
PART = 30  # ledger or run rows of one write, which holds up to three rows for each
GONE = Gap(Reason.TRUNCATED, detail="the source no longer has this pipeline run")
_LAST_TICK = 10**19 - 1


def digest(*parts: str) -> str:
    """32 hex digits for any texts: keys hold no user text."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


remembered = lru_cache(maxsize=4096)(digest)  # for texts that are asked for again and again


@lru_cache(maxsize=256)
def factory_partition(factory: FactoryId) -> str:
    """The partition of a factory, whatever case its id comes in."""
    return digest(factory.lower())


def run_key(state: str, run: Reference) -> str:
    """The key of a run row: `state` is q (queued), o (open), p (done) or x (poisoned)."""
    return f"{state}|{run.updated:019d}|{_safe(run.id)}"


def run_row(run: Reference, sent: Ticks, tries: int = 0) -> Row:
    """A run row. `sent` is when its reference last went onto the queue, by our clock."""
    return {"v": VERSION, "id": run.id, "pipeline": run.pipeline, "sent": sent, "tries": tries}


def reference(key: str, row: Row) -> Reference:
    """The reference a run row stands for."""
    return Reference(row["id"], row["pipeline"], Ticks(int(key.split("|")[1])))


def activity_prefix(run_id: str) -> str:
    """What the keys of a pipeline run's ledger rows begin with."""
    return f"a|{_safe(run_id)}|"


def activity_key(run: ActivityRun) -> str:
    """The key of a ledger row."""
    return activity_prefix(run.of.id) + _safe(run.id)


def row_key(row: Row) -> str:
    """The key of a ledger row that was read."""
    return activity_prefix(row["pipelineRunId"]) + _safe(row["activityRunId"])


def pending(run: ActivityRun, now: Ticks) -> Row:
    """The ledger row of an activity run that is known and not settled."""
    return {
        "v": VERSION,
        "pipelineRunId": run.of.id,
        "activityRunId": run.id,
        "pipeline": run.of.pipeline,
        "activity": run.name,
        "activityType": run.type,
        "runStatus": run.status,
        "started": run.started,
        "ended": run.ended,
        "updated": run.of.updated,
        "native": run.native,
        "status": Status.PENDING.value,
        "reasons": [],
        "processes": [],
        "processCount": 0,
        "attempts": 0,
        "next": None,
        "first": now,
        "settled": None,
    }


def settled(row: Row, outcome: Outcome, now: Ticks) -> Row:
    """The ledger row of an activity run that ended so; an open end may be followed by another."""
    processes = [each.key for each in outcome.processes]
    count = len(outcome.gaps)
    return {
        **{key: each for key, each in row.items() if key != "reasonCount"},
        "status": outcome.status.value,
        "reasons": [gap_row(each) for each in outcome.gaps[:MOST_REASONS]],
        **({"reasonCount": count} if count > MOST_REASONS else {}),
        "processes": processes[:MOST_PROCESSES],
        "processCount": len(processes),
        "attempts": row["attempts"] + 1,
        "settled": None if outcome.status in OPEN else now,
    }


def given_up(row: Row, now: Ticks, gap: Gap = GONE) -> Row:
    """The ledger row of an activity run that was open when its pipeline run was given up."""
    failed = {"status": Status.FAILED.value, "reasons": [gap_row(gap)], "settled": now}
    return {**row, **failed}


def replayed(row: Row, now: Ticks) -> Row:
    """The ledger row of an activity run that is reported anew; it keeps how it had ended before."""
    codes = list(dict.fromkeys(each[0] for each in row["reasons"]))
    audit = {"at": now, "from": row["status"], "reasons": codes}
    return {
        **row,
        "status": Status.PENDING.value,
        "reasons": [],
        "processes": [],
        "processCount": 0,
        "settled": None,
        "replays": [*row.get("replays", ()), audit][-MOST_REPLAYS:],
    }


def index_key(row: Row) -> str:
    """The key of the row that answers "what ended so lately?"."""
    when = row["ended"] or row["updated"]
    tail = f"{_safe(row['pipelineRunId'])}|{_safe(row['activityRunId'])}"
    return f"s|{row['status']}|{_LAST_TICK - when:019d}|{tail}"


def parts(of: Sequence[str], most: int = PART) -> Iterator[Sequence[str]]:
    """Keys in parts that one write may hold, with all that goes with them."""
    return (of[begin : begin + most] for begin in range(0, len(of), most))


def light(puts: Mapping[str, Row]) -> Iterator[Sequence[str]]:
    """As `parts`, of rows to be written: a part of large ones is no more than a table takes."""
    part: list[str] = []
    size = 0
    for key, row in puts.items():
        weight = 6 * len(dumps(row))  # at most: each character may be sent as \\uXXXX
        if part and (len(part) == PART or size + weight > HEAVY):
            yield part
            part, size = [], 0
        part.append(key)
        size += weight
    if part:
        yield part


def is_open(row: Row) -> bool:
    """Whether a ledger row is not settled."""
    return row["status"] in OPEN


def writable(found: Mapping[str, Versioned]) -> dict[str, Versioned]:
    """Those of the ledger rows that may still be written: open, and of this release."""
    return {key: each for key, each in found.items() if is_open(each[0]) and ours(each[0])}


def ours(row: Row) -> bool:
    """Whether a row is of this release: one of a newer release is read, never written."""
    return bool(row["v"] == VERSION)


def count_key(now: Ticks, tail: str) -> str:
    """The key of a row of counts, by its hour."""
    return f"n|{now // (3600 * SECOND):012d}|{tail}"


def counted(
    puts: Mapping[str, Row], before: Mapping[str, Versioned], now: Ticks
) -> tuple[dict[str, Row], list[str]]:
    """
    Ledger rows with their index rows and the counts they change; and index rows to be deleted.

    `before` are the rows that are replaced, or removed where `puts` has nothing in their place.
    """
    old = [row for row, _ in before.values()]
    delta: Counter[str] = Counter(row["status"] for row in puts.values())
    delta.subtract(row["status"] for row in old)
    indexed = {index_key(row): key for key, row in puts.items() if row["status"] in INDEXED}
    some = puts or {key: row for key, (row, _) in before.items()}
    first = digest(*next((key, dumps(row)) for key, row in some.items()), dumps(dict(delta)))
    made: dict[str, Row] = {
        **puts,
        **{index: {"v": VERSION, "key": key} for index, key in indexed.items()},
        count_key(now, first): {"v": VERSION, "delta": dict(delta)},
    }
    return made, [index_key(row) for row in old if row["status"] in INDEXED]


def complete(listed: Listed, asked: Reference, settled_before: Ticks) -> bool:
    """Whether a pipeline run shows all that it will ever show: that counts as listed."""
    if listed.run.updated < asked.updated:
        return False
    whole = bool(listed.activities) and not listed.running
    return whole or listed.run.updated <= settled_before


def gap_row(gap: Gap) -> list[str]:
    """A gap as a row keeps it, cut to its length."""
    return [gap.reason, gap.where, gap.short]


def gap(row: list[str]) -> Gap:
    """The gap that `gap_row` made."""
    return Gap(Reason(row[0]), Where(row[1]), row[2])


def gaps_of(row: Row) -> tuple[Gap, ...]:
    """The reasons of a ledger row."""
    return tuple(gap(each) for each in row["reasons"])


@lru_cache(maxsize=4096)
def _safe(text: str) -> str:
    """An id as part of a key: ids that could break a key are hashed."""
    plain = text.replace("-", "").isalnum() and text.isascii() and len(text) <= 128
    return text.lower() if plain else f"h{digest(text)}"
