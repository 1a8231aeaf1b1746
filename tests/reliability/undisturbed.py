"""Whether a store and a catalog are those that an undisturbed run leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tests.reliability.check_catalog import LAST_RUN
from tests.reliability.evidence import Evidence, Row
from tests.reliability.violations import Broken, Violation

# Attempts and our own clock, by the table and the kind of row.
_ASIDE: Mapping[tuple[str, str], Collection[str]] = {
    ("assets", ""): ("chosen",),
    ("published", "h"): ("sent",),
    ("runs", "a"): ("attempts", "first", "next", "settled"),
    ("runs", "c"): ("scanned",),
    ("runs", "o"): ("sent", "tries"),
    ("runs", "p"): ("sent", "tries"),
    ("runs", "q"): ("sent", "tries"),
}


def differences(found: Evidence, undisturbed: Evidence, *, daily: bool) -> list[Violation]:
    """
    What differs, guids, attempts and our own clock's times aside.

    With `daily` the last-run attributes depend on the order of batches and are left aside too.
    """
    left = Counter([*_rows(found, daily), *_entities(found, daily), *_relations(found)])
    right = Counter(
        [*_rows(undisturbed, daily), *_entities(undisturbed, daily), *_relations(undisturbed)]
    )
    return [
        *(Violation(Broken.DIFFERENT, f"only here: {each}") for each in sorted(left - right)),
        *(Violation(Broken.DIFFERENT, f"missing here: {each}") for each in sorted(right - left)),
    ]


def _rows(evidence: Evidence, daily: bool) -> Iterator[str]:
    for row in evidence.rows:
        table = row.part.partition("|")[0]
        kind = row.kind if table != "assets" else ""
        if table == "notes" and "lease" in row.part:
            continue  # ends by itself
        if (table, kind) == ("runs", "n") or (daily and (table, kind) == ("published", "l")):
            continue
        yield f"{row.part} {row.key} {_text(_plain(row, _ASIDE.get((table, kind), ())))}"


def _plain(row: Row, aside: Collection[str]) -> dict[str, Any]:
    """A row without what is left aside, and without when edges were seen: batches order that."""
    body = {key: value for key, value in row.body.items() if key not in aside}
    if "process" in body:
        process = dict(body["process"])
        process["sink"] = process["sink"][:3]
        process["inputs"] = [edge[:3] for edge in process["inputs"]]
        body["process"] = process
    if "told" in body:
        body["told"] = sorted(body["told"])
    return body


def _entities(evidence: Evidence, daily: bool) -> Iterator[str]:
    for entity in evidence.entities:
        aside = LAST_RUN if daily else ()
        attributes = {key: value for key, value in entity.attributes.items() if key not in aside}
        yield f"{entity.name} {entity.status} {_text(attributes)}"


def _relations(evidence: Evidence) -> Iterator[str]:
    names = {entity.guid: entity.name for entity in evidence.entities}
    for each in evidence.relations:
        ends = f"{names[each.end1]} {names[each.end2]}"
        yield f"{each.type} {ends} {each.status} {each.place}"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
