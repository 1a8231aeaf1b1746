"""Every dataset use in a factory's pipelines, named as far as definitions alone can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from lineage import connectors
from lineage.model import Certainty, Definition, Definitions, Gap, Json, Kind, Named, Where
from lineage.resolve import activities, datasets
from lineage.resolve.activities import Use
from lineage.resolve.evaluator import member
from lineage.resolve.expressions import Scope
from lineage.translate import sides, streams


class NamedUse(Struct, frozen=True, eq=False):
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
            if isinstance(use.reference, Gap):
                gap = replace(use.reference, where=Where(use.side))
                yield NamedUse(use, sides.name(use.activity), None, None, None, (gap,))
            else:
                yield _named(use, use.reference, definitions, scope)


def _named(use: Use, reference: Json, definitions: Definitions, scope: Scope) -> NamedUse:
    where = Where(use.side)
    if use.stream:
        side = streams.streamed(where, use.stream)
    else:
        side = sides.written(where, use.activity, scope)
    activity = sides.name(use.activity)
    endpoint = datasets.resolve(
        reference,
        definitions,
        scope,
        activity=activity,
        store=side.store,
        opaque=side.opaque is not None,
    )
    if isinstance(endpoint, Gap):
        gap = replace(endpoint, where=where)
        return NamedUse(use, activity, *_references(reference, definitions), None, (gap,))
    named = connectors.name(endpoint)
    gaps = [gap for gap in (side.opaque, side.unsure) if gap]
    gaps += [replace(gap, where=where) for gap in named.gaps]
    if side.unsure and named.certainty is Certainty.EXACT:
        named = replace(named, certainty=Certainty.INFERRED)
    dataset, service = endpoint.dataset_name, endpoint.linked_service
    return NamedUse(use, activity, dataset, service, named, tuple(gaps))


def _references(reference: Json, definitions: Definitions) -> tuple[str | None, str | None]:
    """
    The names of a dataset and its linked service, as far as references tell them.

    Spelled as their definitions spell them, where those are there: a reference may differ by case.
    """
    name = reference.get("referenceName")
    if not isinstance(name, str):
        return None, None
    dataset = definitions.get(Kind.DATASET, name)
    if dataset is None:
        return name, None
    link = datasets.linked_service_of(dataset)
    service = definitions.get(Kind.LINKED_SERVICE, link) if link else None
    return dataset.name, service.name if service else link
