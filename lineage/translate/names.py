"""
The type family and names of process entities: those of the built-in connection.

Source: names in lineage answers of live accounts, 2021 to 2022, and in Microsoft's samples. What
was found for Synapse comes from several programs, none of them Microsoft's own connection.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineage.model import Factory, Name


@dataclass(frozen=True, slots=True)
class Family:
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
    pipeline_name = f"{factory.id}/pipelines/{pipeline}"
    above = (Name(family.factory, factory.id),) if family.factory else ()
    return (
        *above,
        Name(family.pipeline, pipeline_name),
        Name(family.activity, f"{pipeline_name}/activities/{activity}"),
    )


def operation(activity: Name, kind: str, sink: Name) -> Name:
    """The operation of an activity for one sink."""
    return Name(kind, f"{activity.qualified}#{sink.qualified}#{sink.type}")
