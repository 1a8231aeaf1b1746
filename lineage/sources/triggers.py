"""The runs of triggers over REST, asked only for those runs whose names depend on their time."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Lock

from msgspec.structs import replace

from lineage.errors import Rejected, SettingsError, Unavailable
from lineage.model import Clock, Definition, Json, Listed, Reading, TriggerRun
from lineage.resolve.activities import asking_trigger
from lineage.sources import payloads
from lineage.sources.client import Client
from lineage.sources.needs import Problems, names_needed, without
from lineage.sources.rest import SETTLING, window
from lineage.ticks import DAY, SECOND, Ticks, shift

log = logging.getLogger(__name__)

MOST = 8192  # trigger runs kept; the least recently used goes first
PAUSE = 60.0  # seconds until a query that failed is sent again
NEAR = 900 * SECOND  # around pipeline runs, in which their triggers' runs mostly were updated


class RestTriggers:
    """
    The runs of one factory's or workspace's triggers, kept by the pipeline runs they started.

    Safe for several threads.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = Lock()
        self._kept: OrderedDict[str, TriggerRun] = OrderedDict()  # by pipeline run id
        self._failed: tuple[Unavailable, Ticks] | None = None

    def told(
        self,
        reading: Reading,
        pipeline: Callable[[str], Definition | None],
        wanted: Collection[str],
    ) -> Reading:
        """
        The reading, with the trigger's run in each pipeline run that asks for its time.

        Nothing is asked for the others: that is all but few. Where a trigger's run cannot be had,
        or is not shown yet, the pipeline run is moved to `unread`; one that is older than
        `SETTLING` has none any more. A missing role holds up these runs only.
        """
        needing = _needing(reading.listed, pipeline, wanted)
        if not needing:
            return reading
        with self._lock:
            found, problem = self._found(needing)
        problems: Problems = {}
        asking = {each.run.id for each in needing}
        listed = []
        for each in reading.listed:
            trigger = found.get(each.run.id)
            if trigger is None and each.run.id in asking:
                if problem is None and self._clock() - each.run.updated > SETTLING:
                    trigger = TriggerRun()
                else:
                    late = f"the run of the trigger of pipeline run {each.run.id} is not shown yet"
                    problems[each.run.id] = problem or Unavailable(late)
            listed.append(each if trigger is None else _with(each, trigger))
        return without(replace(reading, listed=tuple(listed)), problems)

    def _found(self, needing: Sequence[Listed]) -> tuple[dict[str, TriggerRun], Unavailable | None]:
        """By pipeline run id; and why the rest could not be asked for."""
        found: dict[str, TriggerRun] = {}
        missing = {each.run.id.lower(): each for each in needing}
        for run, each in list(missing.items()):
            if run in self._kept:
                self._kept.move_to_end(run)
                found[each.run.id] = self._kept[run]
                del missing[run]
        if not missing:
            return found, None
        if self._failed and self._failed[1] > shift(self._clock(), -PAUSE):
            return found, self._failed[0]
        try:
            self._ask(missing, found)
        except Rejected as error:
            problem = Unavailable(str(error))
        except SettingsError as error:
            log.warning("%s", error)
            problem = Unavailable(
                f"{error}; for the trigger's time it takes factories/querytriggerruns/action"
            )
        except Unavailable as error:
            problem = error
        else:
            self._failed = None
            return found, None
        self._failed = (problem, self._clock())
        return found, problem

    def _ask(self, missing: dict[str, Listed], found: dict[str, TriggerRun]) -> None:
        """
        Query near the pipeline runs, then until now; what is found leaves `missing`.

        A trigger's run is updated as it fires, and that of a tumbling window when the pipeline run
        has ended, or is tried again.

        Source: learn.microsoft.com/rest/api/datafactory/trigger-runs/query-by-factory; Synapse's
        specification has the same under its own path.
        """
        for before, after in ((NEAR, NEAR), (DAY, None)):
            runs = [each.run for each in missing.values()]
            begin = min(min(run.updated, run.started or run.updated) for run in runs) - before
            end = self._clock() + DAY if after is None else max(r.updated for r in runs) + after
            body = {**window(begin, end), **_filters(missing.values())}
            for page in self._client.query("/queryTriggerRuns", body):
                for row in page.rows:
                    self._take(row, missing, found)
                if not missing:
                    return

    def _take(self, row: Json, missing: dict[str, Listed], found: dict[str, TriggerRun]) -> None:
        trigger, runs = payloads.trigger_run(row)
        if not trigger.id:
            return
        for run in runs:
            self._kept[run] = trigger
            if each := missing.pop(run, None):
                found[each.run.id] = trigger
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)


def _needing(
    listed: Iterable[Listed],
    pipeline: Callable[[str], Definition | None],
    wanted: Collection[str],
) -> list[Listed]:
    """The runs of which an activity asks for the time of a trigger, unless there was none."""
    asking: dict[str, frozenset[str]] = {}
    needing = []
    for each in listed:
        name = each.run.pipeline
        if name not in asking:
            definition = pipeline(name)
            asking[name] = asking_trigger(definition) if definition else frozenset()
        if asking[name] and each.run.triggered is not False:
            names = {name.casefold() for name in names_needed(each, wanted)}
            needing += [each] if names & asking[name] else []
    return needing


def _filters(listed: Iterable[Listed]) -> Json:
    """By the triggers' names, where all of them are told; the latest first."""
    names = {each.run.invoker.get("name") if each.run.triggered else None for each in listed}
    told = sorted(name for name in names if isinstance(name, str) and name)
    named = {"operand": "TriggerName", "operator": "In", "values": told}
    order = {"orderBy": "TriggerRunTimestamp", "order": "DESC"}
    return {"filters": [named] if len(told) == len(names) else [], "orderBy": [order]}


def _with(listed: Listed, trigger: TriggerRun) -> Listed:
    run = replace(listed.run, trigger=trigger)
    activities = payloads.together(replace(each, of=run) for each in listed.activities)
    return replace(listed, run=run, activities=activities)
