"""
Rows of the store <-> entities of an Azure table; pure.

A property holds 64 KiB, an entity 1 MiB, a transaction 100 entities and 4 MiB of one partition.
Source: learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lineage.errors import Rejected, of_storage
from lineage.jsontext import dumps, loads
from lineage.model import Row, Versioned
from lineage.store.rows import TOO_LARGE

MOST = 100  # entities of a transaction
LARGEST = 3_500_000  # bytes of one, as we reckon it
PLAIN = 32_000  # UTF-16 units of a text that is kept as it is, for people who look at the table
CHUNK = 64_000  # bytes of a property of a larger row, which is compressed
CHUNKS = 15
OVERHEAD = 1_500  # bytes: the head of a request within a transaction, and the properties' names

Entity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One row to be put, or deleted where there is no `entity`; `expected` is its version."""

    key: str
    entity: Entity | None
    expected: int | None

    @property
    def size(self) -> int:
        """What it takes of a transaction: text is sent as JSON in ASCII, bytes in base64."""
        values = (self.entity or {}).values()
        sent = (len(json.dumps(v)) if isinstance(v, str) else len(v) * 4 // 3 + 4 for v in values)
        return OVERHEAD + sum(sent)


def entity(partition: str, key: str, row: Row, mark: str) -> Entity:
    """
    A row as an entity; `mark` tells who wrote it.

    Raises `Rejected` for a row that no entity can hold: about 1 MB once it is compressed.
    """
    made: Entity = {"PartitionKey": partition, "RowKey": key, "mark": mark}
    text = dumps(row)
    if len(text) * 2 <= PLAIN or len(text.encode("utf-16-le")) // 2 <= PLAIN:
        return {**made, "body": text}
    packed = zlib.compress(text.encode())
    if len(packed) > CHUNK * CHUNKS:
        raise Rejected(
            f"a row of {len(text)} characters is larger than a table holds", 413, TOO_LARGE
        )
    chunks = range(0, len(packed), CHUNK)
    return {**made, **{f"z{n:02d}": packed[at : at + CHUNK] for n, at in enumerate(chunks)}}


def row(found: Mapping[str, Any]) -> Row:
    """The row that an entity holds. Raises `Rejected` where it is damaged, or none of ours."""
    try:
        body = found.get("body")
        if body is None:
            chunks = sorted(name for name in found if name[0] == "z")
            body = zlib.decompress(b"".join(found[name] for name in chunks))
        made: Row = loads(body)
    except (TypeError, ValueError, zlib.error):
        damaged = f"row {found.get('RowKey')} of the store's tables is damaged: delete it"
        raise of_storage(Rejected(damaged, 422)) from None
    return made


def versioned(found: Any) -> Versioned:
    """The row that an entity of the SDK holds, and its version."""
    return row(found), version(found.metadata["etag"])


def version(etag: str) -> int:
    """An ETag as the number that it is when its text is read as one: nothing gets lost."""
    return int.from_bytes(etag.encode())


def etag(version: int) -> str:
    """The ETag that `version` made a number of."""
    return version.to_bytes((version.bit_length() + 7) // 8).decode()


def cut(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Changes in their order, in parts that a transaction holds."""
    part: list[Change] = []
    size = 0
    for each in changes:
        if part and (len(part) == MOST or size + each.size > LARGEST):
            yield part
            part, size = [], 0
        part.append(each)
        size += each.size
    if part:
        yield part
