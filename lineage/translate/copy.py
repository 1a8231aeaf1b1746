"""
Copy: one operation for each sink, the source as its input, columns from the translator.

A Copy run names no dataset. It holds the evaluated `source`, `sink` and `translator`; `inputs` and
`outputs` stand in the definition beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from lineage.resolve import activities, datasets
from lineage.resolve.expressions import Scope
from lineage.translate import columns, sides
from lineage.translate.names import ADF_COPY, SYNAPSE_COPY, kind_of, parents
from lineage.translate.sides import Side, member


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end of a Copy: its edge and how it was named."""

    edge: Edge
    named: Named
    endpoint: Endpoint
    changed: bool


def translate(run: ActivityRun, definitions: Definitions) -> Translation:
    """One process for each output that can be named; see `translate.translate` for the errors."""
    pipeline, activity = _definition(run, definitions)
    gaps = _evidence(run, member(activity, "policy"))
    scope = datasets.pipeline_scope(run.of.parameters, pipeline, definitions.factory)
    changed = _later(pipeline.written, run)
    source = _side(Where.INPUT, run, activity, scope)
    sink = _side(Where.OUTPUT, run, activity, scope)
    inputs, problems = _ends(source, activity, definitions, scope, run, changed)
    gaps += problems
    outputs, problems = _ends(sink, activity, definitions, scope, run, changed)
    gaps += problems
    if not outputs:
        raise Untranslatable(*(problems or [Gap(Reason.UNKNOWN_OBJECT, Where.OUTPUT, "no output")]))
    family = SYNAPSE_COPY if definitions.factory.synapse else ADF_COPY
    above = parents(definitions.factory, family, run.of.pipeline, run.name)
    processes = []
    for output in outputs:
        links, problems = _columns(run, activity, inputs, output, source)
        gaps += problems
        processes.append(
            Process(
                definitions.factory.id,
                run.of.pipeline,
                run.name,
                kind_of(definitions.factory, family.operation),
                above,
                output.edge,
                tuple(sorted({end.edge for end in inputs})),
                links,
            )
        )
    traces = tuple((end.edge.asset.candidates[0], end.named.trace) for end in (*inputs, *outputs))
    return Translation(tuple(processes), tuple(sorted(set(gaps))), traces)


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
        endpoint = datasets.resolve(
            reference if isinstance(reference, dict) else {},
            definitions,
            scope,
            activity=run.name,
            store=side.store,
            opaque=side.opaque is not None,
        )
        if isinstance(endpoint, Gap):
            gaps.append(Gap(endpoint.reason, side.where, endpoint.detail))
            continue
        named = connectors.name(endpoint)
        gaps += [Gap(gap.reason, side.where, gap.detail) for gap in named.gaps]
        stale = _stale(endpoint, definitions, run, changed)
        gaps += [Gap(Reason.DEFINITION_CHANGED, side.where, what) for what in stale]
        certainty = named.certainty
        if stale and certainty is Certainty.EXACT:
            certainty = Certainty.INFERRED
        edge = Edge(named.asset, endpoint.dataset_name, certainty)
        ends.append(End(edge, named, endpoint, bool(stale)))
    return ends, gaps


def _stale(
    endpoint: Endpoint, definitions: Definitions, run: ActivityRun, changed: bool
) -> list[str]:
    """What the name depends on that was written after the run began, as its ETag tells."""
    stale = [f"pipeline {run.of.pipeline} was written after the run"] if changed else []
    for kind, noun, name in (
        (Kind.DATASET, "dataset", endpoint.dataset_name),
        (Kind.LINKED_SERVICE, "linked service", endpoint.linked_service),
    ):
        definition = definitions.get(kind, name)
        if definition is not None and _later(definition.written, run):
            stale.append(f"{noun} {name} was written after the run")
    return stale


def _later(written: int | None, run: ActivityRun) -> bool:
    return written is not None and run.started is not None and written > run.started


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
