"""`runs`: the ledger."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import click

from lineage import lines
from lineage.app import App
from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._choice import one_of
from lineage.cli._ledger import foot_of, table_of
from lineage.cli._newest import newest
from lineage.cli._store import has_ledger
from lineage.cli._times import Moment
from lineage.model import FactoryId, Row, Status
from lineage.ticks import Ticks
from lineage.wiring import Access

SHOWN = 50  # rows shown to people who did not say how many


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
    wanted = one_of(Status, status, "--status")
    if not has_ledger(settings):
        return COMPLETE
    with App(settings, access=Access.READ) as app:
        found = newest(app, factories, wanted, pipeline, since)
        if call.json:
            for factory, row in islice(found, limit):
                _output.line(_line(app, factory, row))
        else:
            shown = list(islice(found, limit or SHOWN))
            totals = sum((app.ledger.totals(each) for each in factories), Counter[str]())
            selected = pipeline is not None or since is not None
            left = sum(1 for _ in found) if selected else _of(totals, wanted) - len(shown)
            _output.show(
                *table_of(shown, several=len(factories) > 1), *foot_of(totals, shown, left)
            )
    return COMPLETE


def _line(app: App, factory: FactoryId, row: Row) -> dict[str, object]:
    published = app.published.get(factory, row["pipeline"], row["processes"])
    return lines.row_line(row, factory, published.values(), app.published.choices)


def _of(totals: Counter[str], status: Status | None) -> int:
    return totals[status] if status else totals.total()
