"""ARM templates in a folder, together one factory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lineage.errors import BadInput
from lineage.model import Definition, Json
from lineage.sources import arm, jsonfile, payloads
from lineage.sources.children import content, files_in, folders_in
from lineage.sources.ondisk import FolderDefinitions, Problem, factory_of, united

LINKED = "linkedtemplates"
_VALUES = ("ARMTemplateParametersForFactory.json", "TemplateParametersForWorkspace.json")


def read_templates(folder: Path, files: Iterable[Path], given: Json) -> FolderDefinitions | None:
    """The factory that these templates tell of; None where none of them does."""
    problems: list[Problem] = []
    found: list[tuple[str, Definition]] = []
    shared: dict[str, Any] = {}
    told: arm.Template | None = None
    for file in files:
        where = file.relative_to(folder).as_posix()
        try:
            json = jsonfile.read(file)
        except BadInput as error:
            problems.append((where, str(error)))
            continue
        if not arm.is_template(json):
            continue
        template = arm.read(json, _before(given, _values(file)), folder.resolve().name)
        told = told or template
        shared = {**template.parameters, **shared}
        found += ((f"{where}: {d.kind}/{d.name}", d) for d in template.definitions)
        problems += ((where, problem) for problem in template.problems)
    if told is None:
        return None
    factory = factory_of(told.factory or folder.resolve().name, told.synapse, shared)
    return united(factory, found, problems)


def _before(given: Json, beside: Json) -> Json:
    """What is given, and what the files beside a template give of the rest: names in any case."""
    told = {name.casefold() for name in given}
    rest = {name: value for name, value in beside.items() if name.casefold() not in told}
    return {**given, **rest}


def templates_in(folder: Path, linked: bool = False) -> list[Path]:
    """The templates in a folder; with those of `linkedTemplates` after them, if `linked`."""
    found = [file for file in files_in(folder) if arm.is_template(content(file))]
    for child in folders_in(folder) if linked else []:
        found += templates_in(child) if child.name.lower() == LINKED else []
    return found


def _values(template: Path) -> Json:
    """What the parameter files beside a template give: `{parameter: value}`."""
    folders = [template.parent]
    if template.parent.name.lower() == LINKED:
        folders.append(template.parent.parent)
    names = (f"{template.stem}.parameters.json", *_VALUES)
    for file in (folder / name for folder in folders for name in names):
        json = content(file) if file.is_file() else None
        parameters = json.get("parameters") if isinstance(json, Mapping) else None
        if isinstance(parameters, Mapping):
            return payloads.global_parameters(parameters)  # they have the same shape
    return {}
