"""
What becomes of one message: reported, put back for later, cut into smaller ones, or given up.

Whatever ends here without an error is done with: the host deletes the message.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from lineage import batch as batches
from lineage.app import App
from lineage.errors import Cause, LineageError, Rejected, SettingsError, Unavailable
from lineage.logs import tell
from lineage.messages import decoded, owner_of, told
from lineage.model import (
    Batch,
    Change,
    FactoryId,
    Messages,
    Outcome,
    Reading,
    Reference,
)
from lineage.store.circuits import Circuits

TIMEOUT = 30 * 60.0  # seconds: `functionTimeout` of host.json, at which the host ends the process
SPARE = 360.0  # seconds before, in which nothing is begun: one call may take 300
TAKEN = 30.0  # seconds until a batch comes back whose lane is taken
FIRST, LONGEST = 30.0, 900.0  # seconds until a batch comes back, doubled each time
SPREAD = 300.0  # seconds at most over which what waits for the same comes back
CALLED = 60.0  # seconds until a run is asked for that said itself that it ends
MOST_TRIES = 8  # times that a batch goes back because something could not answer
RECUT = 5.0  # seconds until a batch of other lanes comes back, to a worker that has them
MOST_CALLS = 6  # times that such a run is asked for; then it is left to the timer


class Worker:
    """Handles the messages of one process; safe for several threads. `jitter` is from 0 to 1."""

    def __init__(
        self,
        app: App,
        queue: Messages,
        circuits: Circuits,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._app = app
        self._queue = queue
        self._circuits = circuits
        self._monotonic = monotonic
        self._jitter = jitter

    @property
    def catalog(self) -> str:
        """What the circuit of the catalog is called."""
        return f"catalog|{self._app.catalog.address}"

    def circuits_of(self, factory: FactoryId) -> tuple[str, str]:
        """What the circuits are called that a report of this factory hangs on."""
        return self.catalog, factory.lower()

    def report(self, text: str, message: str, deliveries: int) -> None:
        """
        Report one batch; `message` is its id on the queue, `deliveries` counts this one.

        Whoever delivers a message again has lost the worker that had it before: a batch is cut into
        single runs then, so that the one to blame is found out. What the store cannot do now is no
        fault of the batch either; a row that it refuses is one run's. Raises errors of the queue.
        """
        over = self._monotonic() + TIMEOUT - SPARE
        batch = decoded(text, self._app.settings, self._queue, self._jitter())
        if batch is None:
            return
        try:
            self._handle(batch, owner_of(text, message), deliveries, over)
        except (Rejected, SettingsError, Unavailable) as error:
            tell("storeFailed", factory=batch.factory, runs=len(batch.runs), error=str(error))
            if isinstance(error, Rejected):
                self._apart(batch)
            else:
                self._again(batch, batch.runs)

    # ------------------------------------------------------------ private

    def _handle(self, batch: Batch, owner: str, deliveries: int, over: float) -> None:
        if deliveries > 1 and len(batch.runs) > 1:
            self._app.notes.free(batches.lease(batch), owner)
            for run in batch.runs:
                self._queue.send(replace(batch, runs=(run,)))
            tell("split", factory=batch.factory, runs=len(batch.runs), deliveries=deliveries)
            return
        settings = self._app.settings
        parts = list(batches.cut(batch.factory, batch.runs, settings.lanes, settings.batch))
        if [part.lane for part in parts] != [batch.lane]:  # the lanes are others than they were
            for part in parts:
                self._later(replace(part, tries=batch.tries), RECUT)
            return
        wait = self._circuits.wait(*self.circuits_of(batch.factory))
        if wait:
            self._later(batch, wait)
            return
        found = self._found(batch)
        runs = self._app.ledger.waiting(found) if found else ()
        if found and runs:
            self._report(replace(found, runs=runs), owner, over)
        else:
            self._circuits.release(*self.circuits_of(batch.factory))

    def _found(self, batch: Batch) -> Batch | None:
        """
        The batch with the moment of a run that said itself that it ends; None if it has not.

        Its run row is written as the timer would: from here on it cannot be lost.
        """
        run = batch.runs[0]
        if run.updated:
            return batch
        try:
            found = self._app.source(batch.factory).runs.find(run)
        except (Rejected, SettingsError, Unavailable) as error:
            tell("notFound", factory=batch.factory, run=run.id, error=str(error))
            found = None
        if found is None:
            if batch.tries < MOST_CALLS:
                self._later(replace(batch, tries=batch.tries + 1), CALLED * 2.0**batch.tries)
            return None
        ledger, runs = self._app.ledger, (found.reference,)
        ledger.enqueue(batch.factory, ledger.unknown(batch.factory, runs), self._app.clock())
        lane = batches.lane(found.pipeline, self._app.settings.lanes)
        return Batch(batch.factory, lane, runs)

    def _report(self, batch: Batch, owner: str, over: float) -> None:
        def is_over() -> bool:
            return self._monotonic() >= over

        def may_go_on() -> None:
            if is_over():
                raise Unavailable("there is no time left for another bulk", cause=Cause.BUSY)

        written: set[Change] = set()

        def on_outcome(outcome: Outcome) -> None:
            told(outcome)
            written.update(each.change for each in outcome.processes)

        catalog, source = self.circuits_of(batch.factory)
        left = self._app.report(batch, owner, on_outcome, may_go_on, is_over)
        if left is None:
            self._circuits.release(catalog, source)
            self._later(batch, TAKEN)
        elif left.error is not None and left.unread:
            self._failed(source, batch, left.error)
        elif left.error is None:
            self._circuits.worked(*([source] if left.reading.listed else []))
            self._unread(batch, left.reading, source)
            self._proven(catalog, batch, asked=bool(written - {Change.UNCHANGED}))
        elif left.error.cause is Cause.BUSY:
            self._circuits.release(catalog, source)
            self._later(batch, TAKEN)
        elif isinstance(left.error, Rejected):  # a look-up
            self._circuits.worked(catalog)
            self._apart(batch)
        else:  # a type that the catalog lacks is needed for this factory, not for all
            of_one = left.error.cause is Cause.TYPE
            self._failed(source if of_one else catalog, batch, left.error)

    def _apart(self, batch: Batch) -> None:
        """Each run by itself: one of many may be to blame."""
        for run in batch.runs:
            self._again(batch, [run])

    def _failed(self, circuit: str, batch: Batch, error: LineageError) -> None:
        """A service is closed to us: the batch waits until its time has come."""
        self._again(batch, batch.runs, self._shut(circuit, error))

    def _shut(self, circuit: str, error: LineageError) -> float:
        """Open a circuit, or keep it open; returns the seconds in which nothing is sent there."""
        wait = self._circuits.failed(circuit, error)
        tell("circuit", what=circuit, wait=round(wait), error=str(error))
        return wait

    def _proven(self, circuit: str, batch: Batch, *, asked: bool) -> None:
        """
        Close the catalog's circuit, if it answered.

        What is unchanged asks nothing of it: it is asked then, or a catalog that is down would be
        taken for one that is not.
        """
        try:
            if not asked and self._circuits.suspects(circuit):
                self._app.catalog.get("azure_data_factory", [batch.factory])
        except (Rejected, SettingsError, Unavailable) as error:
            self._shut(circuit, error)
        else:
            self._circuits.worked(circuit)

    def _unread(self, batch: Batch, reading: Reading, circuit: str) -> None:
        if not reading.unread:
            return
        wait = reading.wait or 0.0
        if reading.down or wait:
            error = Unavailable(reading.problem or "no run could be read", reading.wait)
            wait = self._shut(circuit, error)
        tell("unread", factory=batch.factory, runs=len(reading.unread), error=reading.problem)
        self._again(batch, reading.unread, wait)

    def _again(self, batch: Batch, runs: Sequence[Reference], wait: float = 0.0) -> None:
        """
        Put runs of a batch back on the queue, for twice as long as the last time.

        After some times their rows bring them back, ever less often: the timer sends them again.
        """
        if batch.tries >= MOST_TRIES:
            tell("leftToTimer", factory=batch.factory, runs=len(runs), tries=batch.tries)
            return
        wait = max(wait, min(FIRST * 2.0**batch.tries, LONGEST))
        self._later(replace(batch, runs=tuple(runs), tries=batch.tries + 1), wait)

    def _later(self, batch: Batch, wait: float) -> None:
        """Put a batch back on the queue; not all come back in one moment."""
        self._queue.send(batch, wait + self._jitter() * min(wait, SPREAD))
