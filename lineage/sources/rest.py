"""Runs over REST, of Data Factory and of Synapse."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from msgspec.structs import replace

from lineage import ticks
from lineage.errors import Rejected, Unavailable
from lineage.model import ActivityRun, Batch, Clock, Json, Listed, PipelineRun, Reading, Reference
from lineage.sources.addresses import segment
from lineage.sources.client import Client, Page, no_such_factory
from lineage.sources.payloads import (
    ACTIVITY_RUNS,
    activity_run,
    is_running,
    pipeline_run,
    together,
)
from lineage.sources.tally import Tally
from lineage.ticks import DAY, SECOND, Ticks

log = logging.getLogger(__name__)

FINISHED = ("Succeeded", "Failed", "Cancelled")
RETENTION = 45 * DAY  # how long the service keeps runs
SETTLING = 3_600 * SECOND  # a younger run that is not found may be only not found yet
_ROWS = 100  # on a page


def utc_now() -> Ticks:
    """The moment, by our clock."""
    return ticks.of(datetime.now(UTC))


class RestRuns:
    """
    The runs of one factory or workspace.

    `wanted` are the activity types whose input and output are kept; nobody looks at the others',
    which make up most of the bytes.
    """

    def __init__(self, client: Client, wanted: Collection[str], clock: Clock = utc_now) -> None:
        self._client = client
        self._wanted = frozenset(wanted)
        self._clock = clock

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        """
        Finished pipeline runs updated in the window, both ends included, in no promised order.

        The bounds are rounded outwards to whole seconds. A run that is updated while the pages are
        read may come once more, with its later `updated`. Raises `Unavailable` where the listing is
        cut short; what came before is good, and the cursor is to stay.

        Source: learn.microsoft.com/rest/api/datafactory/pipeline-runs/query-by-factory
        """
        given: dict[str, Ticks] = {}
        try:
            for page in self._pages(since, until):
                for run in self._ended(page.rows):
                    if given.get(run.id) != run.updated:
                        given[run.id] = run.updated
                        yield run
        except Rejected:
            raise no_such_factory(self._client.factory) from None

    def find(self, reference: Reference) -> PipelineRun | None:
        """
        A pipeline run that is not asked for by when it was updated; None while it is under way.

        Raises `Rejected` where the source has none of this id, and as `read` does.
        """
        run = self._single(reference)
        return None if is_running(run.status) else run

    def read(self, batch: Batch, is_over: Callable[[], bool] = lambda: False) -> Reading:
        """
        Read the activity runs of a batch, each pipeline run whole or not at all.

        The pipeline runs are listed again over the batch's own span, and got singly where that
        does not show them. Then one POST per pipeline run, 100 rows a page, `in_flight` at a time.
        The window asked for is from a day before the pipeline run began until a day from now: the
        service filters activity runs by *their* update time and drops the others without a word.

        A pipeline run of which a page cannot be had, or that runs again, is left in `unread`, and
        so is what would go beyond `tally.LARGEST`, or be begun when it `is_over`. Raises
        `SettingsError` on 401 and 403.

        Source: learn.microsoft.com/rest/api/datafactory/activity-runs/query-by-pipeline-run
        """
        try:
            found = self._found(batch.runs)
        except Unavailable as error:
            return Reading((), batch.runs, error.retry_after, str(error), down=True)
        tally = Tally()

        def tried(each: Reference) -> Listed | _Gone | None:
            if is_over():
                tally.left("there is no time left for this reading")
                return None
            return self._tried(each, found.get(each.id), tally)

        outcomes = list(self._client.each(tried, batch.runs))
        return Reading(
            listed=tuple(outcome for _, outcome in outcomes if isinstance(outcome, Listed)),
            unread=tuple(reference for reference, outcome in outcomes if outcome is None),
            wait=tally.wait,
            problem=tally.problem,
            gone=tuple(reference for reference, outcome in outcomes if isinstance(outcome, _Gone)),
            down=tally.down,
        )

    def _pages(self, since: Ticks, until: Ticks, **filters: Iterable[str]) -> Iterator[Page]:
        wanted = {"Status": FINISHED, **filters}
        body = {
            **window(since, until),
            "filters": [
                {"operand": operand, "operator": "In", "values": list(values)}
                for operand, values in wanted.items()
            ],
            "orderBy": [{"orderBy": "RunEnd", "order": "ASC"}],
        }
        return self._client.query("/queryPipelineRuns", body)

    def _ended(self, rows: Iterable[Json]) -> Iterator[PipelineRun]:
        for row in rows:
            run = pipeline_run(row, self._client.factory)
            if run is None:
                log.warning(
                    "a pipeline run without id, pipeline or time in %s", self._client.factory
                )
            elif not is_running(run.status):
                yield run

    def _found(self, references: Collection[Reference]) -> dict[str, PipelineRun]:
        """The runs that a short listing of their pipelines shows; their other runs may crowd it."""
        missing = {each.id for each in references}
        found: dict[str, PipelineRun] = {}
        if not missing:
            return found
        moments = [each.updated for each in references]
        names = sorted({each.pipeline for each in references})
        pages = self._pages(min(moments), max(moments), PipelineName=names)
        for page in islice(pages, math.ceil(len(missing) / _ROWS) + 2):
            for run in self._ended(row for row in page.rows if row.get("runId") in missing):
                if run.id not in found or found[run.id].updated < run.updated:
                    found[run.id] = run
            if len(found) == len(missing):
                break
        return found

    def _tried(
        self, reference: Reference, run: PipelineRun | None, tally: Tally
    ) -> Listed | _Gone | None:
        """A run whole, `_Gone`, or None where it stays unread."""
        if tally.stopped:
            return None
        try:
            run = run or self._single(reference)
            listed, size = (None, 0) if is_running(run.status) else self._listed(run)
        except Unavailable as error:
            tally.failed(error)
        except Rejected as error:
            if self._clock() - reference.updated > SETTLING:
                return _Gone()
            tally.left(str(error))
        except BaseException:
            tally.stopped = True
            raise
        else:
            if listed is None:
                tally.left(f"pipeline run {run.id} is under way again")
            elif tally.takes(size):
                return listed
        return None

    def _single(self, reference: Reference) -> PipelineRun:
        answer = self._client.call("GET", f"/pipelineruns/{segment(reference.id)}")
        body = answer.body if isinstance(answer.body, dict) else {}
        run = pipeline_run(body, self._client.factory)
        if run is None or run.id.lower() != reference.id.lower():
            raise Unavailable(f"the answer for pipeline run {reference.id} is no pipeline run")
        return run

    def _listed(self, run: PipelineRun) -> tuple[Listed, int]:
        """All activity runs of a run, and the bytes of the pages whose payload is kept."""
        path = self._client.api.activities.format(
            run=segment(run.id), pipeline=segment(run.pipeline)
        )
        begin = run.started if run.started is not None else run.updated - RETENTION
        found: dict[str, ActivityRun] = {}
        size = 0
        for page in self._client.query(
            path, window(begin - DAY, self._clock() + DAY), ACTIVITY_RUNS
        ):
            activities = [activity_run(row, run) for row in page.rows]
            found.update((each.id, self._lightened(each)) for each in activities)
            size += page.size if any(each.type in self._wanted for each in activities) else 0
        if found.pop("", None):
            log.warning("an activity run without an id in pipeline run %s", run.id)
        ended = tuple(each for each in found.values() if not is_running(each.status))
        return Listed(run, together(ended), len(found) - len(ended)), size

    def _lightened(self, activity: ActivityRun) -> ActivityRun:
        return (
            activity
            if activity.type in self._wanted
            else replace(activity, input=None, output=None, error=None, user={})
        )


class _Gone:
    """What the source no longer has."""


def window(since: int, until: int) -> dict[str, str]:
    """Both bounds, rounded outwards; the service takes them to be inclusive."""
    return {
        "lastUpdatedAfter": ticks.text(ticks.floor_second(Ticks(since))),
        "lastUpdatedBefore": ticks.text(ticks.ceil_second(Ticks(until))),
    }
