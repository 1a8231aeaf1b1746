"""What would be sent for one run, into a catalog and a store where nothing is known yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from lineage import lines
from lineage.desk import Desk
from lineage.model import ActivityRun, Batch, Definitions, Json, Listed, Name, Reading, Translation
from lineage.report import report
from lineage.store.ledger import Ledger
from lineage.store.published import PublishedRows
from lineage.store.sqlite import SqliteRows
from lineage.translate import translate
from lineage.wiring import now


class Empty:
    """A catalog that has nothing and takes everything; `sent` is what it was given."""

    address = "an empty catalog"

    def __init__(self) -> None:
        self.sent: list[Json] = []

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """None are there."""
        return []

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """Keep them and answer as if they were made."""
        self.sent += entities
        return {str(each["guid"]): "shown" for each in entities}

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Nobody asks: what is sent depends on entities alone."""
        return {"guidEntityMap": {}, "relations": []}

    def delete(self, name: Name) -> None:
        """Nothing is there to be deleted."""


def payload(run: ActivityRun, definitions: Definitions, native: str) -> dict[str, Any]:
    """
    The run line with the `entities` of the request, and the `traces` of the names in it.

    The run takes the same way as in a sync, so what is shown is what is sent. `native` is the
    setting.
    """
    translations: list[Translation] = []

    def noted(run: ActivityRun, definitions: Definitions) -> Translation:
        translations.append(translate(run, definitions))
        return translations[-1]

    catalog = Empty()
    with SqliteRows(":memory:") as rows:
        published = PublishedRows(rows, catalog.address)
        desk = Desk(
            catalog=catalog,
            ledger=Ledger(rows),
            published=published,
            renew=lambda: None,
            creating=nullcontext,
            clock=now,
            native=native,
        )
        batch = Batch(run.of.factory, 0, (run.of.reference,))
        reading = Reading((Listed(run.of, (run,)),))
        (outcome,) = report(batch, reading, definitions, noted, desk)
        line = lines.outcome_line(outcome, published.choices)
    traces = dict(trace for translation in translations for trace in translation.traces)
    return {
        **line,
        "entities": catalog.sent,
        "traces": [
            {"typeName": name.type, "qualifiedName": name.qualified, "steps": list(steps)}
            for name, steps in traces.items()
        ],
    }
