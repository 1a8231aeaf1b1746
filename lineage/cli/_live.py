"""One run, read from the source it is in."""

from __future__ import annotations

from msgspec.structs import replace

from lineage import ticks
from lineage.app import App
from lineage.errors import BadInput, Unavailable
from lineage.model import Batch, Definitions, FactoryId, Listed, Reference
from lineage.translate import TRANSLATORS

_AGE = 7_200.0  # seconds; a run so old that the source does not have is gone, not late


def read(app: App, run_id: str) -> tuple[Listed, Definitions]:
    """
    A pipeline run with its terminal activity runs, or with the one that has this id itself.

    Activity runs are found through the ledger. Raises `BadInput` where no factory has the run,
    `Unavailable` where one could not answer.
    """
    problem = ""
    for factory in app.settings.require_factories():
        found = _in_ledger(app, factory, run_id)
        recent = ticks.shift(app.clock(), -_AGE)
        reference, activity = found or (Reference(run_id, "", recent), None)
        source = app.source(factory)
        reading = source.runs.read(Batch(factory, 0, (reference,)))
        reading = source.definitions.prefetch(reading, TRANSLATORS)
        for listed in reading.listed:
            wanted = tuple(run for run in listed.activities if activity in (None, run.id))
            return replace(listed, activities=wanted), app.definitions(factory)
        if reading.unread:
            problem = problem or reading.problem or f"run {run_id} could not be read"
    if problem:
        raise Unavailable(problem)
    raise BadInput(
        f"{run_id!r} is no pipeline run that a factory still has, and no activity run in the ledger"
    )


def _in_ledger(app: App, factory: FactoryId, run_id: str) -> tuple[Reference, str | None] | None:
    """The reference of a pipeline run; with the activity run's id where that was given."""
    folded = run_id.lower()
    for row in app.ledger.activity_rows(factory):
        activity = row["activityRunId"]
        if folded in (row["pipelineRunId"].lower(), activity.lower()):
            reference = Reference(
                row["pipelineRunId"], row["pipeline"], ticks.Ticks(row["updated"])
            )
            return reference, activity if folded == activity.lower() else None
    return None
