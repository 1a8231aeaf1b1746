"""Which item of a ForEach an activity run was for: the one, or those that it may have been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from lineage.jsontext import canonical, unpacked
from lineage.model import ActivityRun, Definition, Factory, Gap, Json, Reason, Trace, Value
from lineage.resolve import activities, around
from lineage.resolve.datasets import GLOBAL
from lineage.resolve.expressions import Scope, evaluate, gap

MOST = 200  # items that one run is compared with

_Said = tuple[Any, Any, str]  # a text of the definition, what the run says in its place, the place


def of(run: ActivityRun, pipeline: Definition) -> Json | None:
    """The ForEach whose `item()` an activity means: the innermost around it."""
    found = activities.loops(pipeline.properties, run.name)
    return next((loop for loop in reversed(found) if loop.get("type") == "ForEach"), None)


def items(
    run: ActivityRun, loop: Json, pipeline: Definition, factory: Factory
) -> tuple[Value, ...] | Gap:
    """
    The items that a run may have been for, each once: a single one is certain.

    They are what the loop's own run says, or its `items` evaluated as of its beginning. Of a loop
    that is sequential the order tells; else what the run's input and user properties say must be
    what they say of the item. A text that no item gives is not evaluated as we do: it tells
    nothing.
    """
    run.alone()
    place = f"items of ForEach '{loop.get('name')}'"
    loop_run = _around(run, loop)
    if isinstance(loop_run, Gap):
        return loop_run
    whole = _all(loop_run, loop, pipeline, factory, place)
    if whole.gap:
        return whole.gap
    if not isinstance(whole.value, list) or not whole.value:
        return Gap(Reason.UNRESOLVED, detail=f"{place}: no array of items")
    activity = activities.find(pipeline.properties, run.name) or {}
    said = list(_said(activity, run))
    scope = around.scope(run, pipeline, factory)

    def item(at: int) -> Value:
        trace = (f"item {at + 1} of ForEach '{loop.get('name')}'", *whole.trace)
        return Value(whole.value[at], trace)

    at = _by_order(run, loop_run, loop, activity, pipeline, len(whole.value))
    if at is not None and _agreeing([item(at)], said, scope, certain=True):
        return (item(at),)
    distinct = _distinct(whole.value)
    if len(distinct) > MOST:
        return Gap(Reason.AMBIGUOUS, detail=f"{place}: more than {MOST} could have been meant")
    return tuple(_agreeing(list(map(item, distinct)), said, scope))


def _distinct(values: Sequence[Any]) -> list[int]:
    """Where each value is first."""
    found: dict[bytes, int] = {}
    for at, each in enumerate(values):
        found.setdefault(canonical(each), at)
    return list(found.values())


def _around(run: ActivityRun, loop: Json) -> ActivityRun | Gap:
    """The run of the loop in which an activity run was."""
    name = str(loop.get("name"))
    found = [each for each in run.beside if each.name.casefold() == name.casefold()]
    if len(found) > 1:
        found = [each for each in found if _within(run, each)]
    if len(found) != 1:
        what = "several runs of it" if found else "no run of it"
        return Gap(Reason.UNRESOLVED, detail=f"items of ForEach '{name}': {what}")
    return replace(found[0], of=run.of, beside=run.beside, alone=run.alone)


def _within(run: ActivityRun, loop_run: ActivityRun) -> bool:
    """Whether a run began and ended while another lasted."""
    moments = (loop_run.started, run.started, run.ended, loop_run.ended)
    return None not in moments and list(moments) == sorted(each or 0 for each in moments)


def _all(
    loop_run: ActivityRun, loop: Json, pipeline: Definition, factory: Factory, place: str
) -> Value:
    told = (loop_run.input or {}).get("items")
    if isinstance(told, list):
        return Value(told, (f"input of ForEach '{loop.get('name')}'",))
    properties = loop.get("typeProperties")
    written = properties.get("items") if isinstance(properties, dict) else None
    if written is None:
        return gap(place, "the definition has none")
    return evaluate(written, around.scope(loop_run, pipeline, factory), place)


# ---------------------------------------------------------------- what the run says


def _said(activity: Json, run: ActivityRun) -> Iterator[_Said]:
    """The texts of an activity that ask for the item, beside what the run says in their place."""
    pending = [(activity.get("typeProperties"), unpacked(run.input), "typeProperties")]
    for each in activity.get("userProperties") or ():
        if isinstance(each, dict):
            name = str(each.get("name"))
            pending.append((each.get("value"), run.user.get(name), f"user property {name}"))
    while pending:
        written, told, place = pending.pop()
        expression = isinstance(written, dict) and written.get("type") == "Expression"
        text = written.get("value") if isinstance(written, dict) and expression else written
        if isinstance(text, str) and "item(" in text.lower().replace(" ", ""):
            if isinstance(told, (str, int, float)):
                yield text, told, place
        elif isinstance(written, dict) and isinstance(told, dict):
            pending += [(each, told.get(key), f"{key} of {place}") for key, each in written.items()]
        elif isinstance(written, list) and isinstance(told, list) and len(written) == len(told):
            pending += [(one, other, place) for one, other in zip(written, told, strict=True)]


def _agreeing(
    values: list[Value], said: list[_Said], scope: Scope, *, certain: bool = False
) -> list[Value]:
    """
    The items of which all that was said may be true.

    What is true of none is left out of account; where one is `certain` already, it is not.
    """
    for text, told, place in said:
        found = [(each, evaluate(text, with_item(scope, each), place)) for each in values]
        agreeing = [each for each, said in found if said.gap or said.value == told]
        if len(agreeing) < len(values):  # the text tells them apart, by all that is in it
            shared = dict.fromkeys(line for _, said in found for line in _shared(said.trace))
            agreeing = [replace(each, trace=(*each.trace, *shared)) for each in agreeing]
        if agreeing or certain:
            values = agreeing
    return values


def _shared(trace: Trace) -> Iterator[str]:
    """The global parameters in a trace: what they tell apart hangs on them."""
    for step in trace:
        if not isinstance(step, str):
            yield from _shared(step)
        elif step.startswith(GLOBAL):
            yield step


def with_item(scope: Scope, item: Value) -> Scope:
    """A scope in which `item()` is this."""
    return replace(scope, late={**scope.late, "item": lambda: item})


# ---------------------------------------------------------------- order


def _by_order(
    run: ActivityRun,
    loop_run: ActivityRun,
    loop: Json,
    activity: Json,
    pipeline: Definition,
    count: int,
) -> int | None:
    """
    The position of a run among those of its activity in a sequential loop.

    None unless each iteration shows exactly one: as many runs as items, one after the other, and
    no reason why an iteration should show two (a retry, a loop within the loop).
    """
    if activities.loops(pipeline.properties, run.name)[-1:] != (loop,):
        return None
    if not activities.sequential(loop):
        return None
    name = run.name.casefold()
    found = [
        each
        for each in run.beside
        if each.name.casefold() == name
        and (each.id == run.id or loop_run.started is None or _within(each, loop_run))
    ]
    policy = activity.get("policy")
    retried = isinstance(policy, dict) and policy.get("retry") not in (None, 0)
    if len(found) != count or (retried and any(each.status != "Succeeded" for each in found)):
        return None
    if any(each.started is None or each.ended is None for each in found):
        return None
    found.sort(key=lambda each: each.started or 0)
    if any((one.ended or 0) > (other.started or 0) for one, other in pairwise(found)):
        return None
    return next((at for at, each in enumerate(found) if each.id == run.id), None)
