"""What a sync tells people at its end: counts, reasons, and what to do now."""

from __future__ import annotations

from collections import Counter

from lineage.cli import _output
from lineage.model import Status
from lineage.summary import Summary


def show(summary: Summary, reasons: dict[Status, Counter[str]], dry_run: bool) -> None:
    """Print it; `reasons` count the runs that have each."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for status, count in sorted(summary.runs.items()):
        told = reasons.get(Status(status), Counter()).most_common()
        why = ", ".join(f"{code} {number}" for code, number in told)
        cells = [_output.text(status, _output.STYLES[Status(status)]), _output.text(count)]
        table.add_row(*cells, _output.text(why, "dim"))
    _output.show(table, _output.text(_total(summary)), *map(_output.text, _next(summary, dry_run)))


def _total(summary: Summary) -> str:
    runs, counts = sum(summary.runs.values()), summary.counts
    return (
        f"{runs} activity runs of {len(summary.factories)} factories in {summary.seconds:.1f} s: "
        f"{counts['sourceCalls']} source calls, {counts['catalogReads']} catalog reads, "
        f"{counts['catalogWrites']} writes of {counts['entities']} entities"
    )


def _next(summary: Summary, dry_run: bool) -> list[str]:
    """What to do now."""
    if dry_run:
        return ["Dry run: nothing was sent, and nothing was written."]
    told = []
    if not summary.runs and summary.complete:
        told.append("Nothing new: every finished run is in the ledger.")
    if not summary.complete:
        told.append("Incomplete: run sync again.")
    for status in (Status.FAILED, Status.PARTIAL):
        if summary.runs[status]:
            told.append(f"Next: python -m lineage runs --status {status}")
    return told
