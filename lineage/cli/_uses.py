"""Dataset uses as they are told: lines of JSON and their tally, a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineage.cli import _output
from lineage.model import Certainty, Json
from lineage.translate.uses import NamedUse

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(slots=True)
class Tally:
    """What the summary counts; `reasons` by the uses that have them."""

    uses: int = 0
    named: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, line: Json) -> None:
        """Count a line."""
        self.uses += 1
        self.named += line["certainty"] in (Certainty.EXACT, Certainty.INFERRED)
        self.reasons.update({reason["code"] for reason in line["reasons"]})

    def json(self) -> dict[str, Any]:
        """The last line."""
        reasons = dict(sorted(self.reasons.items()))
        head = {"v": 1, "event": "summary"}
        return {**head, "uses": self.uses, "named": self.named, "reasons": reasons}


def line_of(found: NamedUse, source: str) -> dict[str, Any]:
    """A use as a line of JSON; `source` is the folder or template it is in."""
    name = found.named.asset.candidates[0] if found.named else None
    return {
        "v": 1,
        "event": "name",
        "source": source,
        "pipeline": found.use.pipeline.name,
        "activity": found.activity,
        "side": found.use.side,
        "dataset": found.dataset,
        "linkedService": found.linked_service,
        "typeName": name.type if name else None,
        "qualifiedName": name.qualified if name else None,
        "certainty": found.named.certainty.value if found.named else None,
        "reasons": [gap.json() for gap in found.gaps],
    }


def empty_table() -> Table:
    """The table, without a row yet."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("pipeline", "activity", "side", "dataset", "name", "reasons"):
        table.add_column(head, overflow="fold")
    return table


def add_row(table: Table, line: Json) -> None:
    """A use as a row, from its line."""
    reasons = "; ".join(f"{each['code']} ({each['detail']})" for each in line["reasons"])
    sure = line["certainty"] in (Certainty.EXACT, Certainty.INFERRED)
    table.add_row(
        _output.text(line["pipeline"]),
        _output.text(line["activity"]),
        _output.text(line["side"], "dim"),
        _output.text(line["dataset"] or "–"),
        _output.text(line["qualifiedName"] or "–", "" if sure else "yellow"),
        _output.text(reasons, "dim"),
    )


def foot_of(tally: Tally) -> Iterable[Any]:
    """How many uses are named, and what stood in the way of the others."""
    yield _output.text(f"{tally.named} of {tally.uses} dataset uses named", "bold")
    for code, count in tally.reasons.most_common():
        yield _output.text(f"  {code} {count}")
