"""`runs`: the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

import click

from lineage import lines
from lineage.app import App
from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._store import has_ledger
from lineage.cli._times import Moment, short
from lineage.model import FactoryId, Row, Status
from lineage.store.rows import INDEXED, gaps_of
from lineage.ticks import Ticks
from lineage.wiring import Access

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 50  # rows shown to people who did not say how many

_WHOLE = frozenset({"ended", "status"})  # never wrapped

Found = tuple[FactoryId, Row]


@click.command()
@click.option("--status", metavar="S", help="Only runs with this status.")
@click.option("--pipeline", metavar="P", help="Only runs of this pipeline, in any case.")
@click.option(
    "--since", type=Moment(), metavar="T", help="Only pipeline runs updated since, or 2d ago."
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help=f"How many; for people {SHOWN}."
)
@common
@click.pass_obj
def command(
    call: Call, status: str | None, pipeline: str | None, since: Ticks | None, limit: int | None
) -> int:
    """List what became of every activity run, the newest first."""
    settings = call.settings()
    factories = settings.require_factories()
    wanted = _status(status)
    if not has_ledger(settings):
        return COMPLETE
    with App(settings, access=Access.READ) as app:
        found = _rows(app, factories, wanted, pipeline, since)
        if call.json:
            for factory, row in islice(found, limit):
                _output.line(_line(app, factory, row))
        else:
            shown = list(islice(found, limit or SHOWN))
            totals = sum((app.ledger.totals(each) for each in factories), Counter[str]())
            selected = pipeline is not None or since is not None
            left = sum(1 for _ in found) if selected else _of(totals, wanted) - len(shown)
            _output.show(*_table(shown, several=len(factories) > 1), *_foot(totals, shown, left))
    return COMPLETE


def _status(text: str | None) -> Status | None:
    if text is None:
        return None
    for status in Status:
        if status.lower() == text.strip().lower():
            return status
    raise click.BadParameter(f"{text!r} is none of {', '.join(Status)}", param_hint="--status")


def _rows(
    app: App,
    factories: Iterable[FactoryId],
    status: Status | None,
    pipeline: str | None,
    since: Ticks | None,
) -> Iterator[Found]:
    """Ledger rows of these factories, the newest first."""

    def of(factory: FactoryId) -> Iterator[Found]:
        for row in app.ledger.activity_rows(factory, status, since):
            named = pipeline is None or row["pipeline"].lower() == pipeline.lower()
            if named and row["updated"] >= (since or 0):
                yield factory, row

    return merge(*(of(each) for each in factories), key=_moment(status), reverse=True)


def _moment(status: Status | None) -> Callable[[Found], int]:
    """By what the ledger orders the rows that it gives."""
    if status in INDEXED:
        return lambda found: found[1]["ended"] or found[1]["updated"]
    return lambda found: found[1]["updated"]


def _line(app: App, factory: FactoryId, row: Row) -> dict[str, object]:
    published = app.published.get(factory, row["pipeline"], row["processes"])
    return lines.row_line(row, factory, published.values(), app.published.choices)


# ---------------------------------------------------------------- for people


def _table(found: Iterable[Found], *, several: bool) -> list[RenderableType]:
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


def _of(totals: Counter[str], status: Status | None) -> int:
    return totals[status] if status else totals.total()


def _foot(totals: Counter[str], shown: list[Found], left: int) -> list[RenderableType]:
    told: list[RenderableType] = []
    if left > 0:
        told.append(_output.text(f"… and {left} more: --limit {len(shown) + left} shows all"))
    counts = ", ".join(f"{name} {count}" for name, count in sorted(totals.items()))
    told.append(_output.text(f"{totals.total()} activity runs in all: {counts or 'none'}", "bold"))
    return told
