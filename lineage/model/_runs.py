"""Pipeline runs and their activity runs."""

from __future__ import annotations

from dataclasses import dataclass

from lineage.model._factories import FactoryId, Json
from lineage.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Reference:
    """A pipeline run, by what is needed to ask for it: Synapse's URL wants the pipeline's name."""

    id: str
    pipeline: str
    updated: Ticks


@dataclass(frozen=True, slots=True, eq=False)
class PipelineRun:
    """A pipeline run. `parameters` are as the source gives them: strings, whatever their type."""

    factory: FactoryId
    id: str
    pipeline: str
    status: str
    updated: Ticks
    started: Ticks | None
    ended: Ticks | None
    parameters: Json

    @property
    def reference(self) -> Reference:
        """What a message says of it."""
        return Reference(self.id, self.pipeline, self.updated)


@dataclass(frozen=True, slots=True, eq=False)
class ActivityRun:
    """
    An activity run of `of`. `input` and `output` are None where the source shows no JSON object.

    `native` is the built-in connection's own word (`reportLineageToPurview.status`), or None.
    """

    of: PipelineRun
    id: str
    name: str
    type: str
    status: str
    started: Ticks | None
    ended: Ticks | None
    input: Json | None
    output: Json | None
    native: str | None
