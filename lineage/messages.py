"""A message of the queue: which batch it is, who holds its lane, and how its runs ended."""

from __future__ import annotations

from msgspec.structs import replace

from lineage import batch as batches
from lineage.errors import BadInput, Unavailable
from lineage.logs import tell
from lineage.model import Batch, Messages, Outcome
from lineage.settings import Settings
from lineage.store.rows import digest

NEWER = 300.0  # seconds until a message of a newer release comes back


def decoded(text: str, settings: Settings, queue: Messages, jitter: float) -> Batch | None:
    """
    The batch of a message, of a factory that is set; None where the message is done with.

    One of a newer release goes back to the `queue`; what is none of ours is told, and not kept.
    """
    try:
        batch = batches.decode(text)
    except Unavailable as error:
        queue.put(text, NEWER * (1 + jitter))
        tell("postponed", error=str(error))
        return None
    except BadInput as error:
        tell("quarantined", error=str(error), size=len(text), digest=digest(text))
        return None
    known = {each.lower(): each for each in settings.factories}
    if batch.factory.lower() not in known:
        tell("foreign", factory=batch.factory, runs=len(batch.runs))
        return None
    return replace(batch, factory=known[batch.factory.lower()])


def owner_of(text: str, message: str) -> str:
    """
    Who holds the lane of a message: the message itself, so that its next delivery may take it.

    Begins with what can be told from the text alone: on the poison queue a message has another id.
    """
    return f"{digest(text)}-{message}"


def told(outcome: Outcome) -> None:
    """Log how a run ended."""
    run = outcome.run
    tell(
        "run",
        factory=run.of.factory,
        pipeline=run.of.pipeline,
        pipelineRunId=run.of.id,
        activity=run.name,
        activityRunId=run.id,
        status=outcome.status,
        reasons=[gap.reason for gap in outcome.gaps],
    )
