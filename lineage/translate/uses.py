"""Every dataset use in a factory's pipelines, named as far as definitions alone can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lineage import connectors
from lineage.model import Definition, Definitions, Endpoint, Gap, Json, Kind, Named, Where
from lineage.resolve import activities, datasets
from lineage.resolve.activities import Use
from lineage.resolve.evaluator import member
from lineage.translate import sides


@dataclass(frozen=True, slots=True, eq=False)
class NamedUse:
    """
    A use of a dataset. `named` is None where not even its linked service is known.

    `dataset` and `linked_service` are names, None where the definitions do not tell them;
    `activity` is empty there.
    """

    use: Use
    activity: str
    dataset: str | None
    linked_service: str | None
    named: Named | None
    gaps: tuple[Gap, ...]


def name_uses(
    pipelines: Iterable[Definition], definitions: Definitions, parameters: Mapping[str, Json]
) -> Iterator[NamedUse]:
    """
    The uses of these pipelines, in their order.

    `parameters` are `{pipeline: {parameter: value}}`; the others take their defaults.
    """
    for pipeline in pipelines:
        passed = member(parameters, pipeline.name, {})
        scope = datasets.pipeline_scope(passed, pipeline, definitions.factory)
        for use in activities.uses([pipeline], definitions):
            side = sides.written(Where(use.side), use.activity, scope)
            endpoint = datasets.resolve(
                use.reference,
                definitions,
                scope,
                activity=sides.name(use.activity),
                store=side.store,
                opaque=side.opaque is not None,
            )
            yield _named(use, endpoint, side, definitions)


def _named(
    use: Use, endpoint: Endpoint | Gap, side: sides.Side, definitions: Definitions
) -> NamedUse:
    activity = sides.name(use.activity)
    if isinstance(endpoint, Gap):
        gap = replace(endpoint, where=side.where)
        return NamedUse(use, activity, *_references(use, definitions), None, (gap,))
    named = connectors.name(endpoint)
    gaps = [side.opaque] if side.opaque else []
    gaps += [replace(gap, where=side.where) for gap in named.gaps]
    return NamedUse(
        use, activity, endpoint.dataset_name, endpoint.linked_service, named, tuple(gaps)
    )


def _references(use: Use, definitions: Definitions) -> tuple[str | None, str | None]:
    """The names of a dataset and its linked service, as far as references tell them."""
    name = use.reference.get("referenceName")
    if not isinstance(name, str):
        return None, None
    dataset = definitions.get(Kind.DATASET, name)
    return name, datasets.linked_service_of(dataset) if dataset else None
