"""A live run as the files of a scenario folder: made, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lineage.errors import BadInput
from lineage.model import ActivityRun, Definition, Factory, Kind, Listed
from lineage.sources import payloads
from lineage.sources.answers import activity_run, factory_body, pipeline_run, trigger_run
from lineage.sources.filenames import file_name
from lineage.sources.ondisk import FolderDefinitions
from lineage.sources.scenario import ACTIVITIES, BESIDE, RUN, TRIGGERS

FOLDERS = {
    Kind.DATA_FLOW: "dataflow",
    Kind.DATASET: "dataset",
    Kind.LINKED_SERVICE: "linkedService",
    Kind.PIPELINE: "pipeline",
}  # as Data Factory's studio saves to Git


def files(listed: Listed, factory: Factory, definitions: Iterable[Definition]) -> dict[str, Any]:
    """
    What is known of a pipeline run, by path within the folder; what else was told is left.

    Activity runs that are not listed themselves are kept for those that look at them.
    """
    made: dict[str, Any] = {
        RUN: pipeline_run(listed.run),
        ACTIVITIES: [activity_run(run) for run in listed.activities],
        f"factory/{file_name(factory.name)}": factory_body(factory),
    }
    shown = {run.id for run in listed.activities}
    every = {each.id: each for run in listed.activities for each in run.beside}
    if beside := [activity_run(run) for run in every.values() if run.id not in shown]:
        made[BESIDE] = beside
    if trigger := listed.run.trigger:
        made[TRIGGERS] = [trigger_run(listed.run, trigger)] if trigger.id else []
    for each in definitions:
        body = {"name": each.name, "properties": dict(each.properties)}
        made[f"{FOLDERS[each.kind]}/{file_name(each.name)}"] = (
            {**body, "etag": each.etag} if each.etag else body
        )
    return made


def runs(content: Mapping[str, Any]) -> tuple[tuple[ActivityRun, ...], FolderDefinitions]:
    """The activity runs and definitions in such files, as if their folder had been read."""
    [factory] = [payloads.factory(each) for path, each in content.items() if _in(path, "factory")]
    run = payloads.pipeline_run(content[RUN], factory.id, content.get(TRIGGERS))
    if run is None:
        raise BadInput(f"{RUN}: holds no pipeline run")
    found = [
        payloads.definition(each, kind)
        for kind, folder in FOLDERS.items()
        for path, each in content.items()
        if _in(path, folder)
    ]
    definitions = {(each.kind, each.name.casefold()): each for each in found}
    listed = payloads.listed(run, content[ACTIVITIES], content.get(BESIDE, ()))
    return listed.activities, FolderDefinitions(factory, definitions)


def _in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
