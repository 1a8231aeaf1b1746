"""`replay`: reopen runs that are settled."""

from __future__ import annotations

import click

from lineage import wiring
from lineage.app import App
from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._choice import one_of
from lineage.cli._newest import newest
from lineage.cli._store import has_ledger
from lineage.cli._times import Moment
from lineage.errors import BadInput
from lineage.model import FactoryId, Reason, Row, Status
from lineage.sources.rest import RETENTION
from lineage.store.rows import gaps_of, is_open
from lineage.ticks import Ticks


@click.command()
@click.option("--status", metavar="S", help="Runs with this status.")
@click.option("--reason", metavar="R", help="Runs with this reason.")
@click.option("--run", metavar="RUN_ID", help="Runs of this pipeline run, or this activity run.")
@click.option("--pipeline", metavar="P", help="Only runs of this pipeline, in any case.")
@click.option(
    "--since", type=Moment(), metavar="T", help="Only pipeline runs updated since, or 2d ago."
)
@common
@click.pass_obj
def command(
    call: Call,
    status: str | None,
    reason: str | None,
    run: str | None,
    pipeline: str | None,
    since: Ticks | None,
) -> int:
    """
    Reopen settled runs, to be reported once more by the next sync or timer.

    Their rows keep what they were. Say which: by --status, --reason or --run. What is older than
    45 days stays as it is: the source has it no more.
    """
    wanted = one_of(Status, status, "--status")
    code = one_of(Reason, reason, "--reason")
    if not (wanted or code or run):
        raise BadInput("replay: say which runs, by --status, --reason or --run")
    settings = call.settings()
    factories = settings.require_factories()
    oldest = Ticks(wiring.now() - RETENTION)  # what is older the source has no more
    if not has_ledger(settings):
        return COMPLETE
    with App(settings) as app:
        chosen: dict[FactoryId, list[Row]] = {}
        for factory, row in newest(app, factories, wanted, pipeline, max(since or oldest, oldest)):
            if not is_open(row) and _is_meant(row, code, run):
                chosen.setdefault(factory, []).append(row)
        reopened = {
            factory: app.ledger.replay(factory, rows, app.clock())
            for factory, rows in chosen.items()
        }
    tell(call, "replayed", reopened)
    return COMPLETE


def tell(call: Call, event: str, counts: dict[FactoryId, int]) -> None:
    """Print how many runs of each factory there were."""
    if call.json:
        _output.line({"v": 1, "event": event, "runs": sum(counts.values()), "factories": counts})
        return
    told = [f"{factory}: {count} runs {event}" for factory, count in counts.items() if count]
    _output.show(*map(_output.text, told or [f"Nothing to be {event}."]))


def _is_meant(row: Row, reason: Reason | None, run: str | None) -> bool:
    ids = (row["pipelineRunId"].lower(), row["activityRunId"].lower())
    return (run is None or run.strip().lower() in ids) and (
        reason is None or any(gap.reason is reason for gap in gaps_of(row))
    )
