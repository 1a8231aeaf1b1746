"""Rows of the ledger as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lineage.cli import _output
from lineage.cli._newest import Found
from lineage.cli._times import short
from lineage.model import Row, Status
from lineage.store.rows import gaps_of

if TYPE_CHECKING:
    from rich.console import RenderableType

_WHOLE = frozenset({"ended", "status"})  # never wrapped


def table_of(found: Iterable[Found], *, several: bool) -> list[RenderableType]:
    """Two lines a run, so that an ordinary terminal shows them whole."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("ended", "status", "pipeline / activity (type)"):
        table.add_column(head, overflow="fold", no_wrap=head in _WHOLE)
    for factory, row in found:
        status = Status(row["status"])
        named = _output.text(f"{row['pipeline']} / {row['activity']} ({row['activityType']})")
        told = _told(row, factory.rpartition("/")[2] if several else "")
        table.add_row(
            _output.text(short(row["ended"] or row["updated"]), "dim"),
            _output.text(status, _output.STYLES[status]),
            named.append("\n").append(_output.visible(told), "dim") if told else named,
        )
    return [table if table.row_count else _output.text("No run matches.")]


def _told(row: Row, factory: str) -> str:
    """The second line: what there is to say beside the name."""
    ran = "" if row["runStatus"] == "Succeeded" else f"run {row['runStatus']}"
    built_in = f"built-in {row['native']}" if row["native"] else ""
    return " · ".join(each for each in (factory, ran, built_in, _reasons(row)) if each)


def _reasons(row: Row) -> str:
    """The codes, and what the first of them is about."""
    gaps = gaps_of(row)
    codes = list(dict.fromkeys(gap.reason.value for gap in gaps))
    detail = f" ({gaps[0].detail})" if gaps and gaps[0].detail else ""
    return f"{codes[0]}{detail}{''.join(f', {code}' for code in codes[1:])}" if codes else ""


def foot_of(totals: Counter[str], shown: list[Found], left: int) -> list[RenderableType]:
    """How many more there are, and how many in all."""
    told: list[RenderableType] = []
    if left > 0:
        told.append(_output.text(f"… and {left} more: --limit {len(shown) + left} shows all"))
    counts = ", ".join(f"{name} {count}" for name, count in sorted(totals.items()))
    told.append(_output.text(f"{totals.total()} activity runs in all: {counts or 'none'}", "bold"))
    return told
