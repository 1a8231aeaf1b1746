"""
Copy: one operation for each sink, the source as its input, columns from the translator.

A Copy run names no dataset. It holds the evaluated `source`, `sink` and `translator`; `inputs` and
`outputs` stand in the definition beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lineage import connectors
from lineage.errors import Untranslatable
from lineage.model import (
    ActivityRun,
    Certainty,
    ColumnLink,
    Definition,
    Definitions,
    Edge,
    Endpoint,
    Gap,
    Json,
    Kind,
    Named,
    Process,
    Reason,
    Translation,
    Where,
)
from lineage.resolve import activities, around, datasets
from lineage.resolve.expressions import Scope
from lineage.translate import columns, sides, ways
from lineage.translate.names import ADF_COPY, SYNAPSE_COPY, kind_of, parents
from lineage.translate.sides import Side, member


class End(Struct, frozen=True, eq=False):
    """One end of a Copy: its edge and how it was named."""

    edge: Edge
    named: Named
    endpoint: Endpoint
    changed: bool


class Way(Struct, frozen=True, eq=False):
    """One way in which the run may be meant: its ends, and what is not known of them."""

    source: Side
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    gaps: tuple[Gap, ...]

    @property
    def edges(self) -> tuple[frozenset[Edge], frozenset[Edge]]:
        """What tells it from another."""
        return frozenset(e.edge for e in self.inputs), frozenset(e.edge for e in self.outputs)


_Found = tuple[End | None, list[Gap]]


def translate(run: ActivityRun, definitions: Definitions) -> Translation:
    """
    One process for each output that can be named; see `translate.translate` for the errors.

    Where several items of a loop may have been meant there is one for each possible output, all
    of them inferred and without columns.
    """
    pipeline, activity = _definition(run, definitions)
    gaps = _evidence(run, member(activity, "policy"))
    changed = run.before(pipeline.written)
    scope = around.scope(run, pipeline, definitions.factory)

    def tell(scope: Scope) -> Way:
        source = _side(Where.INPUT, run, activity, scope)
        sink = _side(Where.OUTPUT, run, activity, scope)
        inputs, problems = _ends(source, activity, definitions, scope, run, changed)
        outputs, more = _ends(sink, activity, definitions, scope, run, changed)
        return Way(source, tuple(inputs), tuple(outputs), (*problems, *more))

    told = ways.by_item(tell, run, pipeline, definitions.factory, scope)
    distinct = list({way.edges: way for way in told}.values())
    gaps += [gap for way in distinct for gap in way.gaps]
    if not any(way.outputs for way in distinct):
        problems = [gap for gap in gaps if gap.where is Where.OUTPUT]
        raise Untranslatable(*(problems or [Gap(Reason.UNKNOWN_OBJECT, Where.OUTPUT, "no output")]))
    if len(distinct) > 1:
        detail = f"activity {run.name}: {len(distinct)} items could have been meant"
        gaps.append(Gap(Reason.AMBIGUOUS, Where.PROCESS, detail))
    processes: list[Process] = []
    for way in distinct:
        made, problems = _processes(run, activity, definitions, way, sure=len(distinct) == 1)
        processes += made
        gaps += problems
    ends = [end for way in distinct for end in (*way.inputs, *way.outputs)]
    named = tuple(end.named for end in ends)
    return Translation(tuple(processes), tuple(sorted(set(gaps))), named)


def _processes(
    run: ActivityRun, activity: Json, definitions: Definitions, way: Way, *, sure: bool
) -> tuple[list[Process], list[Gap]]:
    """A process for each output of a way; `sure` if it is the only one."""
    family = SYNAPSE_COPY if definitions.factory.synapse else ADF_COPY
    above = parents(definitions.factory, family, run.of.pipeline, run.name)
    inputs = {end.edge if sure else inferred(end.edge) for end in way.inputs}
    processes, gaps = [], []
    for output in way.outputs:
        links: tuple[ColumnLink, ...] = ()
        if sure:
            links, problems = _columns(run, activity, list(way.inputs), output, way.source)
            gaps += problems
        processes.append(
            Process(
                definitions.factory.id,
                run.of.pipeline,
                run.name,
                kind_of(definitions.factory, family.operation),
                above,
                output.edge if sure else inferred(output.edge),
                tuple(sorted(inputs)),
                links,
            )
        )
    return processes, gaps


def inferred(edge: Edge) -> Edge:
    """An edge that is no more than inferred."""
    return (
        replace(edge, certainty=Certainty.INFERRED) if edge.certainty is Certainty.EXACT else edge
    )


def _definition(run: ActivityRun, definitions: Definitions) -> tuple[Definition, Json]:
    pipeline = definitions.get(Kind.PIPELINE, run.of.pipeline)
    if pipeline is None:
        raise Untranslatable(
            Gap(Reason.DEFINITION_MISSING, detail=f"pipeline {run.of.pipeline} no longer exists")
        )
    activity = activities.find(pipeline.properties, run.name)
    if activity is None:
        detail = f"pipeline {run.of.pipeline} has no activity {run.name} any more"
        raise Untranslatable(Gap(Reason.DEFINITION_MISSING, detail=detail))
    return pipeline, activity


def _evidence(run: ActivityRun, policy: Json) -> list[Gap]:
    """Gaps of secure payloads. Raises where a run that says Succeeded shows no sign of work."""
    secure_output = policy.get("secureOutput") is True
    if not run.output and not secure_output:
        raise Untranslatable(Gap(Reason.NO_EVIDENCE, detail="the run has no output"))
    gaps = []
    if secure_output and not run.output:
        gaps.append(Gap(Reason.MASKED, Where.OUTPUT, "secureOutput hides what the run wrote"))
    if policy.get("secureInput") is True and not run.input:
        gaps.append(Gap(Reason.MASKED, Where.INPUT, "secureInput: the definition was used instead"))
    return gaps


def _side(where: Where, run: ActivityRun, activity: Json, scope: Scope) -> Side:
    """What the run says of a side; else what the definition says."""
    told = (run.input or {}).get(sides.KEYS[where])
    if isinstance(told, dict):
        return sides.told(where, told)
    return sides.written(where, activity, scope)


def _ends(
    side: Side,
    activity: Json,
    definitions: Definitions,
    scope: Scope,
    run: ActivityRun,
    changed: bool,
) -> tuple[list[End], list[Gap]]:
    """The ends of one side that can be named, and what could not or only in part."""
    key = "inputs" if side.where is Where.INPUT else "outputs"
    references = activity.get(key)
    if not isinstance(references, list) or not references:
        detail = f"activity {run.name} has no {key}"
        return [], [Gap(Reason.UNKNOWN_OBJECT, side.where, detail)]
    ends: list[End] = []
    gaps: list[Gap] = [side.opaque] if side.opaque else []
    for reference in references:

        def tell(scope: Scope, reference: Any = reference) -> _Found:
            return _end(side, reference, definitions, scope, run, changed)

        end, problems = ways.by_moment(tell, run, scope, partial(_timed, side.where))
        ends += [end] if end else []
        gaps += problems
    return ends, gaps


def _end(
    side: Side,
    reference: Any,
    definitions: Definitions,
    scope: Scope,
    run: ActivityRun,
    changed: bool,
) -> _Found:
    """The end that a reference names, if it can be named, and what is not known of it."""
    endpoint = datasets.resolve(
        reference if isinstance(reference, dict) else {},
        definitions,
        scope,
        activity=run.name,
        store=side.store,
        opaque=side.opaque is not None,
    )
    if isinstance(endpoint, Gap):
        return None, [Gap(endpoint.reason, side.where, endpoint.detail)]
    named = connectors.name(endpoint)
    gaps = [Gap(gap.reason, side.where, gap.detail) for gap in named.gaps]
    stale = _stale(endpoint, named, definitions, run, changed)
    gaps += [Gap(Reason.DEFINITION_CHANGED, side.where, what) for what in stale]
    edge = Edge(named.asset, endpoint.dataset_name, named.certainty)
    return End(inferred(edge) if stale else edge, named, endpoint, bool(stale)), gaps


def _timed(where: Where, told: list[_Found], what: str) -> _Found | None:
    """What is told at several moments, if it is the same; it is inferred then, `what` says why."""
    end, gaps = told[0]
    if end is None or any(other is None or other.edge != end.edge for other, _ in told):
        return None
    gap = Gap(Reason.INFERRED, where, what)
    return replace(end, edge=inferred(end.edge)), [*gaps, gap]


def _stale(
    endpoint: Endpoint, named: Named, definitions: Definitions, run: ActivityRun, changed: bool
) -> list[str]:
    """What the name depends on that was written after the run began, as its ETag tells."""
    stale = [f"pipeline {run.of.pipeline} was written after the run"] if changed else []
    for kind, noun, name in (
        (Kind.DATASET, "dataset", endpoint.dataset_name),
        (Kind.LINKED_SERVICE, "linked service", endpoint.linked_service),
    ):
        definition = definitions.get(kind, name)
        if definition is not None and run.before(definition.written):
            stale.append(f"{noun} {name} was written after the run")
    factory = definitions.factory
    if run.before(factory.written) and any(datasets.GLOBAL in line for line in named.trace):
        stale.append(f"factory {factory.name} with its global parameters was written after the run")
    return stale


def _columns(
    run: ActivityRun, activity: Json, inputs: list[End], output: End, source: Side
) -> tuple[tuple[ColumnLink, ...], list[Gap]]:
    """Columns are claimed only between two objects: not from a query, a database, a store."""
    if len(inputs) != 1 or not inputs[0].named.whole or not output.named.whole:
        return (), []
    source_end = inputs[0]
    told = run.input if isinstance((run.input or {}).get("source"), Mapping) else None
    translator: Any = (told if told is not None else member(activity, "typeProperties")).get(
        "translator"
    )
    stale = source_end.changed or output.changed
    return columns.link(
        translator,
        columns.Columns(source_end.edge.asset, () if stale else source_end.endpoint.columns),
        columns.Columns(output.edge.asset, () if stale else output.endpoint.columns),
        additional=source.properties.get("additionalColumns"),
        binary=source_end.endpoint.dataset_type == output.endpoint.dataset_type == "Binary",
        from_definition=told is None and stale,
    )
