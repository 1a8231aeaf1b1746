"""The activities of a pipeline's definition, within containers too, and the datasets they use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lineage.model import Definition, Definitions, Gap, Json, Kind, Value
from lineage.resolve.datasets import look_up

_BRANCHES = ("activities", "ifTrueActivities", "ifFalseActivities")
_SIDES = {"Delete": "output"}  # of `typeProperties.dataset`; others read it
_FLOWS = frozenset({"executedataflow", "executewranglingdataflow"})
_POWER_QUERY = "wranglingdataflow"


class Stream(Struct, frozen=True, eq=False):
    """A source or sink of a data flow: its name, what holds the script, and what that is called."""

    name: str
    properties: Json
    place: str


class Use(Struct, frozen=True, eq=False):
    """
    A dataset reference of an activity; `side` is `input` or `output`.

    A gap in the reference's place stands for all that a data flow uses which is not there.
    `stream` is None where no data flow's script has a say in what is used.
    """

    pipeline: Definition
    activity: Json
    side: str
    reference: Json | Gap
    stream: Stream | None = None


def walk(properties: Json) -> Iterator[Json]:
    """All activities of a pipeline's properties, in the order of the definition."""
    pending = list(reversed(_objects(properties.get("activities"))))
    while pending:
        activity = pending.pop()
        yield activity
        pending += reversed(_within(activity))


def find(properties: Json, name: str) -> Json | None:
    """
    The activity of this name, or None.

    Names are unique in a pipeline, containers included (data-factory §4.1). One that differs
    by case alone is taken where none is equal.
    """
    other = None
    for activity in walk(properties):
        found = activity.get("name")
        if found == name:
            return activity
        if other is None and isinstance(found, str) and found.casefold() == name.casefold():
            other = activity
    return other


def containers(properties: Json, name: str) -> tuple[Json, ...] | None:
    """The activities that an activity of this name is in, the outermost first; None without it."""
    pending: list[tuple[Json, tuple[Json, ...]]] = [
        (each, ()) for each in _objects(properties.get("activities"))
    ]
    while pending:
        activity, above = pending.pop()
        found = activity.get("name")
        if isinstance(found, str) and found.casefold() == name.casefold():
            return above
        pending += [(each, (*above, activity)) for each in _within(activity)]
    return None


def loops(properties: Json, name: str) -> tuple[Json, ...]:
    """The loops that an activity is in, the outermost first."""
    above = containers(properties, name) or ()
    return tuple(each for each in above if each.get("type") in ("ForEach", "Until"))


def sequential(loop: Json) -> bool:
    """Whether a loop runs one iteration after the other; an Until always does."""
    asked = _object(loop.get("typeProperties")).get("isSequential")
    return loop.get("type") == "Until" or asked is True


def dataset_uses(activity: Json) -> Iterator[tuple[str, Json]]:
    """
    The dataset references of an activity, each with its side: `input` or `output`.

    What is no reference is given as an empty one, so that it is not overlooked.
    """
    for side in ("input", "output"):
        found = activity.get(f"{side}s")
        for reference in found if isinstance(found, (list, tuple)) else [found]:
            if reference is not None:
                yield side, _reference(reference)
    properties = _object(activity.get("typeProperties"))
    if properties.get("dataset") is not None:
        side = _SIDES.get(str(activity.get("type")), "input")
        yield side, _reference(properties["dataset"])


@lru_cache(maxsize=4096)
def asking_trigger(pipeline: Definition) -> frozenset[str]:
    """The activities, case-folded, of whose datasets an argument asks when the trigger fired."""
    return frozenset(
        name.casefold()
        for activity in walk(pipeline.properties)
        if isinstance(name := activity.get("name"), str)
        and "triggertime" in str([activity.get("inputs"), activity.get("outputs")]).casefold()
    )


def flow_uses(
    activity: Json, definitions: Definitions
) -> Iterator[tuple[str, Json | Gap, Stream | None]]:
    """
    The dataset references of the data flow an activity runs: its sources, then its sinks.

    The arguments are the activity's own (`datasetParameters.<stream>`). Streams without a dataset
    (inline, cache) have none. A flow that is not there is one gap, said of the output. Power Query
    has its sinks in the activity: by query in `queries`, or as it was before in `sinks`.
    """
    call = _flow_call(activity)
    if call is None:
        return
    name = _text(activity.get("name"))
    flow = look_up(definitions, Kind.DATA_FLOW, call, f"activity '{name}'")
    passed = _object(_object(call).get("datasetParameters"))
    if isinstance(flow, Gap):
        yield "output", flow, None
    else:
        yield from _streams(flow, passed)
    for sink in _power_query_sinks(_object(activity.get("typeProperties"))):
        script = Stream(_text(sink.get("name")), sink, f"activity {name}")
        for reference in _used(sink, passed):
            yield "output", reference, script if sink.get("script") else None


def _streams(flow: Definition, passed: Json) -> Iterator[tuple[str, Json | Gap, Stream | None]]:
    whole = flow.properties.get("typeProperties")
    properties = _object(whole)
    place = f"data flow {flow.name}"
    scripted = str(flow.properties.get("type")).lower() != _POWER_QUERY
    for side, key in (("input", "sources"), ("output", "sinks")):
        told = whole if isinstance(whole, Value) else properties.get(key)
        if isinstance(told, Value) and told.gap:  # a template's hole
            yield side, replace(told.gap, detail=f"{key} of {place}: {told.gap.detail}"), None
        for stream in _objects(told):
            script = Stream(_text(stream.get("name")), properties, place)
            for reference in _used(stream, passed):
                yield side, reference, script if scripted else None


def _power_query_sinks(properties: Json) -> Iterator[Json]:
    for query in _objects(properties.get("queries")):
        yield from _objects(query.get("dataflowSinks"))
    yield from _objects(list(_object(properties.get("sinks")).values()))


def _used(stream: Json, passed: Json) -> Iterator[Json]:
    """The dataset reference of a source or sink, if it has one."""
    if stream.get("dataset") is not None:
        reference = _reference(stream["dataset"])
        given = passed.get(str(stream.get("name")))
        yield reference if given is None else {**reference, "parameters": given}


def uses(pipelines: Iterable[Definition], definitions: Definitions) -> Iterator[Use]:
    """Every dataset use of these pipelines, those of data flows included."""
    for pipeline in pipelines:
        for activity in walk(pipeline.properties):
            for side, reference in dataset_uses(activity):
                yield Use(pipeline, activity, side, reference)
            for side, used, stream in flow_uses(activity, definitions):
                yield Use(pipeline, activity, side, used, stream)


def references(
    properties: Json, activity_names: Collection[str] | None = None
) -> frozenset[tuple[Kind, str]]:
    """The datasets that these activities of a pipeline (all, if None) need, to be fetched."""
    activities = walk(properties) if activity_names is None else _found(properties, activity_names)
    names = (
        reference.get("referenceName")
        for activity in activities
        for _, reference in dataset_uses(activity)
    )
    return frozenset((Kind.DATASET, name) for name in names if isinstance(name, str) and name)


def _found(properties: Json, names: Collection[str]) -> list[Json]:
    wanted = {name.casefold() for name in names}
    return [a for a in walk(properties) if str(a.get("name")).casefold() in wanted]


def _within(activity: Json) -> list[Json]:
    """The activities directly in a container: If, Switch, ForEach, Until."""
    properties = _object(activity.get("typeProperties"))
    found = [child for key in _BRANCHES for child in _objects(properties.get(key))]
    for case in _objects(properties.get("cases")):
        found += _objects(case.get("activities"))
    return found + _objects(properties.get("defaultActivities"))


def _flow_call(activity: Json) -> Json | Value | None:
    """
    The reference to the data flow that an activity runs; None where it runs none.

    `dataflow` in definitions; the management SDK writes `dataFlow` (data-factory §1.7).
    """
    properties = activity.get("typeProperties")
    if isinstance(properties, dict):
        call = properties.get("dataflow", properties.get("dataFlow"))
        if call is not None:
            return call if isinstance(call, Value) else _object(call)
    if str(activity.get("type")).lower() not in _FLOWS:
        return None
    return properties if isinstance(properties, Value) else {}


def _reference(value: Any) -> Json:
    if isinstance(value, Value):
        return {"referenceName": value}  # a template's parameter in place of the whole
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Json]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, (list, tuple)) else []
