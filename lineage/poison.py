"""What becomes of a message that ended its worker too often."""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec.structs import replace

from lineage import batch as batches
from lineage.app import App
from lineage.errors import Rejected, SettingsError, Unavailable
from lineage.logs import tell
from lineage.messages import decoded, owner_of, told
from lineage.model import Batch, Gap, Messages, Outcome, Reading, Reason, Status

POSTPONED = 900.0  # seconds until what cannot be done now is tried again
MOST_READS = 8  # times that a poisoned run is tried to be read, after what it was tried before


class Poison:
    """Records what the poison queue holds; `jitter` is from 0 to 1."""

    def __init__(
        self,
        app: App,
        queue: Messages,
        poisoned: Messages,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._app = app
        self._queue = queue
        self._poisoned = poisoned
        self._jitter = jitter

    def record(self, text: str, deliveries: int) -> None:
        """
        Record what ended its worker too often: `Failed(Poisoned)`, for every activity run of it.

        Where even that cannot be read its run row says so. The lane is freed that a dead worker
        holds. What cannot be done now goes back on the poison queue, which gives a message that
        fails there to nobody after some deliveries. Raises errors of the queue.
        """
        batch = decoded(text, self._app.settings, self._queue, self._jitter())
        if batch is None:
            return
        try:
            self._app.notes.void(owner_of(text, ""))
            if self._recorded(batch, deliveries):
                return
        except (Rejected, SettingsError, Unavailable) as error:
            tell("storeFailed", factory=batch.factory, runs=len(batch.runs), error=str(error))
        tries = max(batch.tries, batches.MOST_TRIES) + 1
        wait = POSTPONED * (1 + self._jitter())
        self._poisoned.put(batches.encode(replace(batch, tries=tries)), wait)

    def _recorded(self, batch: Batch, deliveries: int) -> bool:
        """Whether the end of a poisoned batch was recorded; False where it may be read later."""
        ledger, now = self._app.ledger, self._app.clock()
        gap = Gap(Reason.POISONED, detail="ended its worker several times: replay brings it back")
        if deliveries == 1:  # else reading it is what ends the worker
            try:
                reading = self._app.source(batch.factory).runs.read(batch)
            except (SettingsError, Unavailable) as error:
                reading = Reading((), batch.runs, problem=str(error))
            if reading.unread and batch.tries < batches.MOST_TRIES + MOST_READS:
                tell("poisonUnread", factory=batch.factory, error=reading.problem)
                return False
            opened = ledger.open(batch, reading, now, self._app.settings.overlap)
            ended = [Outcome(run, Status.FAILED, (gap,)) for run in opened]
            for outcome in ledger.settling(batch, ended, now):
                told(outcome)
        ledger.give_up(batch.factory, batch.runs, now, gap)
        for run in batch.runs:
            tell("poisoned", factory=batch.factory, pipeline=run.pipeline, run=run.id)
        return True
