"""`sync`: one whole pass."""

from __future__ import annotations

import gc
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import click

from lineage import lines
from lineage.app import App
from lineage.cli import _output
from lineage.cli._call import BROKEN_PIPE, COMPLETE, FAILED, INCOMPLETE, INTERRUPTED, Call, common
from lineage.cli._progress import Progress
from lineage.cli._times import Moment
from lineage.errors import BadInput
from lineage.model import FactoryId, Outcome, Status
from lineage.summary import Summary
from lineage.ticks import Ticks
from lineage.wiring import Access

# Definitions and translations live as long as the sync: looking through them again and again for
# what can go is time lost.
COLLECT = (20_000, 20, 20)


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
        _leave_at_once(progress.stop),
    ):

        def settled(outcome: Outcome) -> None:
            codes = reasons.setdefault(outcome.status, Counter())
            codes.update({gap.reason.value for gap in outcome.gaps})
            if call.json:
                _line(lines.outcome_line(outcome, app.published.choices))
            progress.settled(outcome)

        summary = app.sync(until, settled)
    if call.json:
        _output.line(summary.json())
    else:
        _show(summary, reasons, dry_run)
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


def _line(line: object) -> None:
    """A line from a worker: where nobody reads any more the program ends as one that is killed."""
    try:
        _output.line(line)
    except BrokenPipeError:
        os._exit(BROKEN_PIPE)


@contextmanager
def _leave_at_once(stop: Callable[[], None]) -> Iterator[None]:
    """
    Let Ctrl-C end the program without waiting for calls under way.

    That is as safe as `kill -9`: whatever was not proven stays open for the next sync.
    """

    def leave(_: int, __: FrameType | None) -> None:
        stop()
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------- for people


def _show(summary: Summary, reasons: dict[Status, Counter[str]], dry_run: bool) -> None:
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
