"""Batches of pipeline runs: how they are cut, which lane they belong to, and their message text."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256

from lineage import ticks
from lineage.errors import BadInput, Unavailable
from lineage.model import Batch, FactoryId, Json, Reference

VERSION = 1
MOST_TRIES = 16  # counted: the waits between have long stopped growing; more count in poison
LARGEST = 48 * 1024  # bytes of text: 64 KiB, the queue's limit, once it is base64


@lru_cache(maxsize=4096)
def lane(pipeline: str, lanes: int) -> int:
    """The lane of a pipeline, whatever case its name comes in: one writer per pipeline."""
    return int.from_bytes(sha256(pipeline.lower().encode()).digest()[:8], "big") % lanes


def lease(batch: Batch) -> str:
    """What the lease of a batch's lane is called, by which it has one writer."""
    return f"{batch.factory.lower()}|{batch.lane}"


def cut(factory: FactoryId, runs: Iterable[Reference], lanes: int, most: int) -> Iterator[Batch]:
    """
    Batches of at most `most` runs and `LARGEST` bytes, each of one lane.

    Runs of one pipeline stand side by side, the oldest first: they tell much the same, and what
    one batch tells twice is sent once.
    """
    waiting: dict[int, list[Reference]] = defaultdict(list)
    sizes: dict[int, int] = defaultdict(int)
    empty = len(encode(Batch(factory, lanes, (), 2 * MOST_TRIES)))
    for run in sorted(runs, key=lambda each: (each.pipeline.lower(), each.updated)):
        number = lane(run.pipeline, lanes)
        size = len(json.dumps(_row(run))) + 2
        full = len(waiting[number]) == most or empty + sizes[number] + size > LARGEST
        if waiting[number] and full:
            yield Batch(factory, number, tuple(waiting.pop(number)))
            sizes[number] = 0
        waiting[number].append(run)
        sizes[number] += size
    for number, rest in sorted(waiting.items()):
        if rest:
            yield Batch(factory, number, tuple(rest))


def encode(batch: Batch) -> str:
    """The message: references only, never parameters or payloads."""
    runs = [_row(run) for run in batch.runs]
    body = {"v": VERSION, "factory": batch.factory, "lane": batch.lane, "runs": runs}
    return json.dumps(body | ({"tries": batch.tries} if batch.tries else {}))


def decode(text: str) -> Batch:
    """
    The batch of a message. Raises `BadInput` where it is not one of ours.

    One of a newer release raises `Unavailable`: a worker of that release is to have it.
    """
    try:
        body = json.loads(text)
        version = int(body["v"])
        if version > VERSION:
            raise Unavailable(f"a message of version {version}: a newer release wrote it")
        runs = tuple(_reference(row) for row in body["runs"])
        tries = min(max(int(body.get("tries", 0)), 0), 2 * MOST_TRIES)
        return Batch(FactoryId(_text(body, "factory")), int(body["lane"]), runs, tries)
    except (ArithmeticError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"not a batch message: {type(error).__name__}") from error


def _row(run: Reference) -> dict[str, str]:
    return {"id": run.id, "pipeline": run.pipeline, "updated": ticks.text(run.updated)}


def _reference(row: Json) -> Reference:
    updated = ticks.parse(row["updated"])
    if updated is None:
        raise ValueError("updated")
    return Reference(_text(row, "id"), _text(row, "pipeline"), updated)


def _text(row: Json, key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value
