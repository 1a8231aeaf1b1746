"""
The type family and names of process entities: those of the built-in connection.

Source: names in lineage answers of live accounts, 2021 to 2022, and in Microsoft's samples. What
was found for Synapse comes from several programs, none of them Microsoft's own connection.
"""

from __future__ import annotations

from msgspec import Struct

from lineage.model import Factory, Name


class Family(Struct, frozen=True):
    """Entity types of one service: `factory` is None where the catalog has no type for it."""

    factory: str | None
    pipeline: str
    activity: str
    operation: str


ADF_COPY = Family("azure_data_factory", "adf_pipeline", "adf_copy_activity", "adf_copy_operation")
SYNAPSE_COPY = Family(
    None, "azure_synapse_pipeline", "azure_synapse_copy_activity", "azure_synapse_operation"
)


def parents(factory: Factory, family: Family, pipeline: str, activity: str) -> tuple[Name, ...]:
    """The entities above an operation, from the top down."""
    lower = factory.naming.lower
    top = spelt(factory.id, lower=lower)
    pipeline_name = f"{top}/pipelines/{pipeline.lower() if lower else pipeline}"
    activity_name = f"{pipeline_name}/activities/{activity.lower() if lower else activity}"
    above = (Name(kind_of(factory, family.factory), top),) if family.factory else ()
    return (
        *above,
        Name(kind_of(factory, family.pipeline), pipeline_name),
        Name(kind_of(factory, family.activity), activity_name),
    )


def kind_of(factory: Factory, type_name: str) -> str:
    """The type that the catalog has for this one of ours."""
    return dict(factory.naming.instead).get(type_name, type_name)


def spelt(factory: str, *, lower: bool) -> str:
    """
    A factory's own name. In lower case its values are, and the keywords before them stay.

    Source: learn.microsoft.com/purview, "asset normalization", and the rule "Lower case ADF Data".
    """
    if not lower:
        return factory
    parts = factory.split("/")  # '', keyword, value, keyword, value, …
    return "/".join(part if place % 2 else part.lower() for place, part in enumerate(parts))


def operation(activity: Name, kind: str, sink: Name) -> Name:
    """The operation of an activity for one sink."""
    return Name(kind, f"{activity.qualified}#{sink.qualified}#{sink.type}")
