"""What the expressions of one run may refer to beside parameters: what its pipeline run tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from lineage.jsontext import unpacked
from lineage.model import ActivityRun, Definition, Factory, Json, Value
from lineage.resolve import activities
from lineage.resolve.datasets import pipeline_scope
from lineage.resolve.expressions import NOTHING, Scope, evaluate, gap
from lineage.resolve.parameters import typed
from lineage.ticks import SECOND, Ticks, floor_second, text

# Types whose input or output another activity may ask for: kept when runs are read.
SPEAKING = frozenset(
    {
        *("AppendVariable", "AzureFunctionActivity", "DatabricksNotebook", "ExecutePipeline"),
        *("Filter", "ForEach", "GetMetadata", "Lookup", "Script", "SetVariable"),
        *("SynapseNotebook", "Until", "WebActivity", "WebHook"),
    }
)
TRIGGER_TIME = "TriggerTime"
_SETTERS = frozenset({"AppendVariable", "SetVariable"})


class Lazily(Mapping[str, Any]):
    """Values that are made when they are asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Any:
        return self._makers[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def but(self, name: str, maker: Callable[[], Any]) -> Lazily:
        """The same, with another value under this name."""
        return Lazily({**self._makers, name: maker})


def scope(run: ActivityRun, pipeline: Definition, factory: Factory) -> Scope:
    """
    What the expressions of an activity in this run may refer to, `item()` not among it.

    `run.alone` is called for what is read of this run alone.
    """
    base = pipeline_scope(run.of.parameters, pipeline, factory)
    late = {
        "activity": lambda: Lazily(
            {name: partial(_activity, run, pipeline, name) for name in _names(pipeline)}
        ),
        "variables": lambda: Lazily(
            {name: partial(_variable, run, pipeline, name) for name in _declared(pipeline)}
        ),
    }
    system = {name: partial(_system, run, name, value) for name, value in _of_run(run).items()}
    known: dict[str, Callable[[], Any]] = {
        "DataFactory": lambda: Value(factory.name, ("name of the factory",)),
        "Pipeline": lambda: Value(run.of.pipeline, ("name of the pipeline",)),
        TRIGGER_TIME: partial(trigger_time, run),
    }
    roots = {name: partial(_same, value) for name, value in base.roots["pipeline"].items()}
    return replace(base.within({"pipeline": Lazily({**roots, **known, **system})}), late=late)


def with_trigger_time(scope: Scope, time: Callable[[], Value]) -> Scope:
    """The same, with this as `pipeline().TriggerTime`."""
    pipeline = scope.roots["pipeline"].but(TRIGGER_TIME, time)
    return scope.within({**scope.roots, "pipeline": pipeline})


def trigger_time(run: ActivityRun, moment: Ticks | None = None) -> Value:
    """The time at which a run's trigger fired, if it was at this moment; else why it is unknown."""
    run.alone()
    place = f"{TRIGGER_TIME} of the pipeline run"
    trigger = run.of.trigger
    if moment is not None and trigger is not None:
        found = f"{text(floor_second(moment))[:-1]}.{moment % SECOND:07d}Z"
        return Value(found, (place, f"run of trigger {trigger.name}"))
    if run.of.triggered is False:
        return gap(place, "no trigger started it")
    if trigger is None:
        return gap(place, "the run of its trigger was not asked for")
    known = "it depends on less than a second" if trigger.moments else "its trigger's run is gone"
    return gap(place, known)


def _names(pipeline: Definition) -> frozenset[str]:
    names = (each.get("name") for each in activities.walk(pipeline.properties))
    return frozenset(name for name in names if isinstance(name, str))


def _same(value: Any) -> Any:
    return value


# ---------------------------------------------------------------- system variables


def _of_run(run: ActivityRun) -> dict[str, Any]:
    """
    The system variables that a pipeline run tells; the time of its trigger is not among them, nor
    the trigger's id: whether that is the trigger's run is undocumented.

    Source: learn.microsoft.com/azure/data-factory/control-flow-system-variables
    """
    found: dict[str, Any] = {"RunId": run.of.id}
    if run.of.group:
        found["GroupId"] = run.of.group
    invoker = run.of.invoker
    kind, name = invoker.get("invokedByType"), invoker.get("name")
    parent = {
        "TriggeredByPipelineName": invoker.get("pipelineName"),
        "TriggeredByPipelineRunId": invoker.get("pipelineRunId"),
    }
    triggered = isinstance(kind, str) and kind.endswith("Trigger")
    if kind == "Manual" or triggered or all(isinstance(each, str) for each in parent.values()):
        found |= parent
    if kind == "Manual" or triggered:
        found["TriggerType"] = kind
    if triggered and isinstance(name, str):
        found["TriggerName"] = name
    return found


def _system(run: ActivityRun, name: str, value: Any) -> Value:
    run.alone()
    return Value(value, (f"{name} of the pipeline run",))


# ---------------------------------------------------------------- other activities


def _activity(run: ActivityRun, pipeline: Definition, name: str) -> Mapping[str, Any]:
    parts: dict[str, Callable[[ActivityRun], Any]] = {
        "error": lambda other: other.error,
        "output": lambda other: unpacked(other.output),
        "status": lambda other: other.status,
    }
    return Lazily(
        {part: partial(_told, run, pipeline, name, part, of) for part, of in parts.items()}
    )


def _told(
    run: ActivityRun,
    pipeline: Definition,
    name: str,
    part: str,
    of: Callable[[ActivityRun], Any],
) -> Value:
    """What an activity that ended before says; of several runs the last, if they are retries."""
    run.alone()
    place = f"{part} of activity '{name}'"
    found = _earlier(run, name)
    if isinstance(found, str):
        return gap(place, found)
    values = [of(other) for other in found]
    if not _last_counts(run, pipeline, name, found) and values.count(values[0]) < len(values):
        return gap(place, "it ran several times")
    if not values[-1]:
        return gap(place, "the run does not show it")
    return Value(values[-1], (place,))


def _last_counts(
    run: ActivityRun, pipeline: Definition, name: str, found: list[ActivityRun]
) -> bool:
    """
    Whether the last of several runs is meant.

    It is where the others are tries that failed, and where both are in one loop whose iterations
    come one after the other.
    """
    loops = activities.loops(pipeline.properties, name)
    if not loops:
        return all(other.status != "Succeeded" for other in found[:-1])
    around = activities.loops(pipeline.properties, run.name)
    return loops == around[: len(loops)] and all(map(activities.sequential, loops))


def _earlier(run: ActivityRun, name: str) -> list[ActivityRun] | str:
    """The runs of an activity that ended before this one began, in order; or why not to say."""
    found = []
    for other in run.beside:
        if other.name.casefold() != name.casefold() or other.id == run.id:
            continue
        when = _when(other, run)
        if when is None:
            return "it ran at the same time"
        if when:
            found.append(other)
    return sorted(found, key=lambda other: other.ended or 0) or "it did not run before"


def _when(other: ActivityRun, run: ActivityRun) -> bool | None:
    """Whether a run ended before another began; False if it began after, None if neither."""
    if run.started is None or other.ended is None:
        return None
    if other.ended <= run.started:
        return True
    if other.started is not None and run.ended is not None and other.started >= run.ended:
        return False
    return None


# ---------------------------------------------------------------- variables


def _declared(pipeline: Definition) -> Mapping[str, Any]:
    found = pipeline.properties.get("variables")
    return found if isinstance(found, dict) else {}


def _variable(run: ActivityRun, pipeline: Definition, name: str) -> Value:
    """
    A variable as it was when the run began: its default, and what was set and appended until then.

    What sets it at the same time, or more than once in a loop whose iterations may run side by
    side, leaves it unknown.
    """
    run.alone()
    place = f"variable {name}"
    value = _default(_declared(pipeline)[name], place)
    steps: list[tuple[ActivityRun, str]] = []
    for activity in activities.walk(pipeline.properties):
        if activity.get("type") in _SETTERS and _sets(activity, name):
            setter = str(activity.get("name"))
            found = _earlier(run, setter)
            if found == "it did not run before":
                continue
            if isinstance(found, str):
                return gap(place, f"activity '{setter}' sets it at the same time")
            done = [other for other in found if other.status == "Succeeded"]
            loops = activities.loops(pipeline.properties, setter)
            if len(done) > 1 and not all(map(activities.sequential, loops)):
                return gap(place, f"activity '{setter}' sets it in iterations side by side")
            steps += [(other, str(activity.get("type"))) for other in done]
    steps.sort(key=lambda step: step[0].ended or 0)
    for (one, _), (other, _) in pairwise(steps):
        if other.started is None or one.ended is None or other.started < one.ended:
            return gap(place, "it is set twice at the same time")
    for other, kind in steps:
        value = _after(value, other, kind, place)
        if value.gap:
            return value
    return value


def _default(declaration: Any, place: str) -> Value:
    """A variable before anything is set; what it holds without a default is not documented."""
    held = declaration if isinstance(declaration, dict) else {}
    if held.get("defaultValue") is None:
        return gap(place, "it is not set")
    found = evaluate(held["defaultValue"], NOTHING, f"default of {place}")
    read = typed(found.value, str(held.get("type")), place)
    return found if found.gap else Value(read.value, found.trace, read.gap)


def _sets(activity: Json, name: str) -> bool:
    properties = activity.get("typeProperties")
    held = properties if isinstance(properties, dict) else {}
    found = held.get("variableName")
    return (
        isinstance(found, str)
        and found.casefold() == name.casefold()
        and held.get("setSystemVariable") is not True
    )


def _after(before: Value, other: ActivityRun, kind: str, place: str) -> Value:
    """A variable after a run that set it, or appended to it."""
    told = other.input or {}
    if "value" not in told:
        return gap(place, f"activity '{other.name}' does not show what it sets")
    where = (place, f"input of activity '{other.name}'")
    if kind == "SetVariable":
        return Value(told["value"], where)
    held = [] if before.gap and before.gap.detail == f"{place}: it is not set" else before.value
    if before.gap and held is None:
        return before
    if not isinstance(held, list):
        return gap(place, "it is no array")
    return Value([*held, told["value"]], where)
