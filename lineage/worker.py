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
from lineage.errors import BadInput, Cause, LineageError, Rejected, SettingsError, Unavailable
from lineage.logs import tell
from lineage.model import (
    Batch,
    Change,
    FactoryId,
    Gap,
    Messages,
    Outcome,
    Reading,
    Reason,
    Reference,
    Status,
)
from lineage.store.circuits import Circuits
from lineage.store.rows import digest

TIMEOUT = 30 * 60.0  # seconds: `functionTimeout` of host.json, at which the host ends the process
SPARE = 60.0  # seconds before, in which nothing is begun
TAKEN = 30.0  # seconds until a batch comes back whose lane is taken
FIRST, LONGEST = 30.0, 900.0  # seconds until a batch comes back, doubled each time
SPREAD = 300.0  # seconds at most over which what waits for the same comes back
CALLED = 60.0  # seconds until a run is asked for that said itself that it ends
MOST_CALLS = 6  # times that such a run is asked for; then it is left to the timer
NEWER = 300.0  # seconds until a message of a newer release comes back


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
        fault of the batch either. Raises errors of the queue.
        """
        over = self._monotonic() + TIMEOUT - SPARE
        batch = self._decoded(text)
        if batch is None:
            return
        try:
            self._handle(batch, _owner(text, message), deliveries, over)
        except (SettingsError, Unavailable) as error:
            tell("storeFailed", factory=batch.factory, runs=len(batch.runs), error=str(error))
            self._again(batch, batch.runs)

    def poison(self, text: str, deliveries: int) -> None:
        """
        Record what ended its worker too often: `Failed(Poisoned)`, for every activity run of it.

        Where even that cannot be read its run row says so. The lane is freed that a dead worker
        holds. Raises errors of the store.
        """
        batch = self._decoded(text)
        if batch is None:
            return
        ledger, now = self._app.ledger, self._app.clock()
        gap = Gap(Reason.POISONED, detail="ended its worker several times: replay brings it back")
        self._app.notes.void(_owner(text, ""))
        if deliveries == 1:  # else reading it is what ends the worker
            try:
                reading = self._app.source(batch.factory).runs.read(batch)
            except LineageError as error:
                tell("poisonUnread", factory=batch.factory, error=str(error))
            else:
                opened = ledger.open(batch, reading, now, self._app.settings.overlap)
                ended = [Outcome(run, Status.FAILED, (gap,)) for run in opened]
                for outcome in ledger.settle(batch, ended, now):
                    told(outcome)
        left = ledger.give_up(batch.factory, batch.runs, now, gap)
        for run in batch.runs:
            tell("poisoned", factory=batch.factory, pipeline=run.pipeline, run=run.id, unread=left)

    # ------------------------------------------------------------ private

    def _decoded(self, text: str) -> Batch | None:
        """The batch of a message, of a factory that is set; None where the message is done with."""
        try:
            batch = batches.decode(text)
        except Unavailable as error:
            self._queue.put(text, NEWER * (1 + self._jitter()))
            tell("postponed", error=str(error))
            return None
        except BadInput as error:
            tell("quarantined", error=str(error), size=len(text), digest=digest(text))
            return None
        known = {each.lower(): each for each in self._app.settings.factories}
        if batch.factory.lower() not in known:
            tell("foreign", factory=batch.factory, runs=len(batch.runs))
            return None
        return replace(batch, factory=known[batch.factory.lower()])

    def _handle(self, batch: Batch, owner: str, deliveries: int, over: float) -> None:
        if deliveries > 1 and len(batch.runs) > 1:
            self._app.notes.free(_lane(batch), owner)
            for run in batch.runs:
                self._queue.send(replace(batch, runs=(run,)))
            tell("split", factory=batch.factory, runs=len(batch.runs), deliveries=deliveries)
            return
        settings = self._app.settings
        parts = list(batches.cut(batch.factory, batch.runs, settings.lanes, settings.batch))
        if [part.lane for part in parts] != [batch.lane]:  # the lanes are others than they were
            for part in parts:
                self._queue.send(replace(part, tries=batch.tries))
            return
        wait = self._circuits.wait(*self.circuits_of(batch.factory))
        if wait:
            self._later(batch, wait)
            return
        found = self._found(batch)
        runs = self._app.ledger.waiting(found) if found else ()
        if found and runs:
            self._report(replace(found, runs=runs), owner, over)

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
        try:
            left = self._app.report(batch, owner, on_outcome, may_go_on, is_over)
        except (Rejected, SettingsError, Unavailable) as error:
            self._failed(source, batch, error)
            return
        if left is None:
            self._later(batch, TAKEN)
        elif left.error is None:
            self._circuits.worked(*([source] if left.reading.listed else []))
            self._unread(batch, left.reading, source)
            self._proven(catalog, batch, asked=bool(written - {Change.UNCHANGED}))
        elif left.error.cause is Cause.BUSY:
            self._later(batch, TAKEN)
        elif isinstance(left.error, Rejected):
            self._again(batch, batch.runs)
        else:
            self._failed(catalog, batch, left.error)

    def _failed(self, circuit: str, batch: Batch, error: LineageError) -> None:
        """A service is closed to us: nothing is sent there until its time has come."""
        wait = self._circuits.failed(circuit, error)
        tell("circuit", what=circuit, wait=round(wait), error=str(error))
        self._again(batch, batch.runs, wait)

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
            wait = self._circuits.failed(circuit, error)
            tell("circuit", what=circuit, wait=round(wait), error=str(error))
        else:
            self._circuits.worked(circuit)

    def _unread(self, batch: Batch, reading: Reading, circuit: str) -> None:
        if not reading.unread:
            return
        wait = reading.wait or 0.0
        if reading.down or wait:
            error = Unavailable(reading.problem or "no run could be read", reading.wait)
            wait = self._circuits.failed(circuit, error)
        tell("unread", factory=batch.factory, runs=len(reading.unread), error=reading.problem)
        self._again(batch, reading.unread, wait)

    def _again(self, batch: Batch, runs: Sequence[Reference], wait: float = 0.0) -> None:
        """Put runs of a batch back on the queue, for twice as long as the last time."""
        wait = max(wait, min(FIRST * 2.0**batch.tries, LONGEST))
        self._later(replace(batch, runs=tuple(runs), tries=batch.tries + 1), wait)

    def _later(self, batch: Batch, wait: float) -> None:
        """Put a batch back on the queue; not all come back in one moment."""
        self._queue.send(batch, wait + self._jitter() * min(wait, SPREAD))


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


def _lane(batch: Batch) -> str:
    return f"{batch.factory.lower()}|{batch.lane}"


def _owner(text: str, message: str) -> str:
    """
    Who holds the lane of a message: the message itself, so that its next delivery may take it.

    Begins with what can be told from the text alone: on the poison queue a message has another id.
    """
    return f"{digest(text)}-{message}"
