"""`sync`: one whole pass."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import click

from lineage import lines
from lineage.app import App
from lineage.cli import _output
from lineage.cli._call import COMPLETE, FAILED, INCOMPLETE, Call, common
from lineage.cli._closing import show
from lineage.cli._leaving import leave_at_once, line_or_leave
from lineage.cli._progress import Progress
from lineage.cli._times import Moment
from lineage.errors import BadInput
from lineage.model import FactoryId, Outcome, Status
from lineage.sync import sync
from lineage.ticks import Ticks
from lineage.wiring import Access

# Definitions and translations live as long as the sync: looking through them again and again for
# what can go is time lost. What goes, goes by its count of references; few cycles are made.
COLLECT = (500_000, 50, 100)


@click.command()
@click.option("--factory", metavar="ID", help="Only this one of the factories set: id or name.")
@click.option("--dry-run", is_flag=True, help="Tell what would be reported; write nothing.")
@click.option(
    "--until", type=Moment(), metavar="TIME", help="End the window here, not a moment ago."
)
@common
@click.pass_obj
def command(call: Call, factory: str | None, dry_run: bool, until: Ticks | None) -> int:
    """Collect finished runs, report their lineage, and record how each of them ended."""
    gc.set_threshold(*COLLECT)
    settings = call.settings()
    factories = settings.require_factories()  # before any file is made
    if factory is not None:
        settings = replace(settings, factories=(_chosen(factory, factories),))
    reasons: dict[Status, Counter[str]] = {}
    with (
        App(settings, access=Access.DRY if dry_run else Access.WRITE) as app,
        Progress(app, shown=not call.json) as progress,
        leave_at_once(progress.stop),
    ):

        def settled(outcome: Outcome) -> None:
            codes = reasons.setdefault(outcome.status, Counter())
            codes.update({gap.reason.value for gap in outcome.gaps})
            if call.json:
                line_or_leave(lines.outcome_line(outcome, app.published.choices))
            progress.settled(outcome)

        summary = sync(app, until, settled)
    if call.json:
        _output.line(summary.json())
    else:
        show(summary, reasons, dry_run)
    _output.problems(f"{where}: {what}" for where, what in sorted(summary.problems.items()))
    if not summary.complete:
        return INCOMPLETE
    return FAILED if summary.runs[Status.FAILED] else COMPLETE


def _chosen(wanted: str, known: Sequence[FactoryId]) -> FactoryId:
    """The factory of that id or plain name. Raises `BadInput` where it is not just one."""
    folded = wanted.strip().rstrip("/").lower()
    found = [each for each in known if folded in (each.lower(), each.lower().rpartition("/")[2])]
    if len(found) == 1:
        return found[0]
    what = "names several of" if found else "is none of"
    told = [f"--factory: {wanted!r} {what} the factories in LINEAGE_FACTORIES:"]
    raise BadInput("\n".join([*told, *(f"  {each}" for each in found or known)]))
