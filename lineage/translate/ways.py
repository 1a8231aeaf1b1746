"""
The ways in which an activity run may have been evaluated: one for each item it may have been for.

A way is tried for one moment after the other, too, where it depends on when it was evaluated, or
on when a trigger fired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec.structs import replace

from lineage.model import ActivityRun, Definition, Factory, Value
from lineage.resolve import around, loops
from lineage.resolve.expressions import Scope
from lineage.ticks import Ticks

Told = TypeVar("Told")

_CLOCK = "the moment of evaluation, from the activity's run"
_TRIGGER = "the time of the trigger, from its run"


def by_item(
    tell: Callable[[Scope], Told],
    run: ActivityRun,
    pipeline: Definition,
    factory: Factory,
    scope: Scope,
) -> Iterator[Told]:
    """
    What is told with each item that the run may have been for; once, where no item is asked for.

    Where the items are not known `item()` is a gap that says why.
    """
    loop = loops.of(run, pipeline)
    if loop is None:
        yield tell(scope)
        return
    asked: list[Value] = []
    first = tell(replace(scope, late={**scope.late, "item": lambda: _noted(asked)}))
    if not asked:
        yield first
        return
    found = loops.items(run, loop, pipeline, factory)
    items = found if isinstance(found, tuple) else (Value(None, (), found),)
    for item in items:
        yield tell(loops.with_item(scope, item))


def _noted(asked: list[Value]) -> Value:
    asked.append(Value())
    return asked[-1]


def by_moment(
    tell: Callable[[Scope], Told],
    run: ActivityRun,
    scope: Scope,
    same: Callable[[list[Told], str], Told | None],
) -> Told:
    """
    What is told at any moment of the run, if `same` gives one answer for all; else without a clock.

    The service evaluates an activity as it begins. Three moments are tried, so that a run of
    exactly one day does not pass for one of no time: its beginning, its end, and one between. Of
    a trigger that is asked when it fired those are tried at which it may have (`TriggerRun`).
    `same` is told where the moments are from.
    """
    asked: set[str] = set()
    trigger = run.of.trigger.moments if run.of.trigger else ()

    def no_time() -> Ticks | None:
        asked.add(_CLOCK)
        return None

    def unknown() -> Value:
        asked.add(_TRIGGER)
        return around.trigger_time(run)

    noting = replace(scope, now=no_time)
    found = tell(around.with_trigger_time(noting, unknown) if trigger else noting)
    if not asked:
        return found
    run.alone()
    scopes = [scope]
    if _TRIGGER in asked:
        scopes = [around.with_trigger_time(scope, _fired(run, moment)) for moment in trigger]
    if _CLOCK in asked:
        if run.started is None or run.ended is None or run.ended < run.started:
            return found
        between = Ticks(run.started + (run.ended - run.started) * 38 // 100)
        moments = (run.started, between, run.ended)
        scopes = [replace(each, now=_clock(at)) for each in scopes for at in moments]
    agreed = same([tell(each) for each in scopes], " and ".join(sorted(asked)))
    return found if agreed is None else agreed


def _fired(run: ActivityRun, moment: Ticks) -> Callable[[], Value]:
    return lambda: around.trigger_time(run, moment)


def _clock(moment: Ticks) -> Callable[[], Ticks]:
    return lambda: moment
