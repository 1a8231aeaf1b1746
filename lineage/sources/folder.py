"""A factory or workspace on disk: a Git checkout's folders, or ARM templates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lineage.errors import BadInput
from lineage.model import Definition, Factory, FactoryId, Json, Kind
from lineage.sources import arm, jsonfile, payloads

_KINDS = {
    "dataflow": Kind.DATA_FLOW,
    "dataset": Kind.DATASET,
    "linkedservice": Kind.LINKED_SERVICE,
    "pipeline": Kind.PIPELINE,
}  # folders in Git; with an `s` where they were exported from a workspace
_OF_A_WORKSPACE = frozenset({"kqlscript", "notebook", "sparkjobdefinition", "sqlscript"})
_LINKED = "linkedtemplates"
_VALUES = ("ARMTemplateParametersForFactory.json", "TemplateParametersForWorkspace.json")
_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_ID = re.compile(r"/subscriptions/[^/]+/.+/providers/Microsoft\.(?:DataFactory|Synapse)/", re.I)

Problem = tuple[str, str]  # where, and what


@dataclass(frozen=True, slots=True, eq=False)
class FolderDefinitions:
    """
    The definitions of one factory: a `model.Definitions`.

    Names are compared without their case, as the service does. `problems` are files and resources
    that could not be used, or look wrong.
    """

    factory: Factory
    definitions: Mapping[tuple[Kind, str], Definition] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def get(self, kind: Kind, name: str) -> Definition | None:
        """The definition, or None if there is none."""
        return self.definitions.get((kind, name.casefold()))

    def of(self, kind: Kind) -> list[Definition]:
        """All definitions of a kind, by name."""
        found = [d for (k, _), d in self.definitions.items() if k is kind]
        return sorted(found, key=lambda definition: definition.name)

    def names(self, kind: Kind) -> list[str]:
        """The names of all definitions of a kind, in order."""
        return [definition.name for definition in self.of(kind)]


def find_factories(path: Path) -> list[Path]:
    """
    Every factory in or below a folder: folders in Git format, templates, folders of templates.

    A folder of templates is one factory. Raises `BadInput` where `path` does not exist.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BadInput(f"{path}: no such file or folder")
    found: list[Path] = []
    for here, folders, _ in os.walk(path):
        folder = Path(here)
        git = _is_git(folder)
        templates = [] if folder.name.lower() == _LINKED else _templates(folder)
        several = len(templates) > 1 or any(name.lower() == _LINKED for name in folders)
        found += [folder] if git or (templates and several) else []
        found += templates if git or not several else []
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (git and _kind(name))
        )
    return found


def read(path: Path) -> FolderDefinitions:
    """
    The factory of a folder in Git format, a template, or a folder of templates.

    Raises `BadInput` where there is none; what is wrong with a part of it is in `problems`.
    """
    if path.is_dir() and _is_git(path):
        return git(path)
    folder = path if path.is_dir() else path.parent
    files = _templates(folder, linked=True) if path.is_dir() else [path]
    found = _from_templates(folder, files)
    if not files or found is None:
        raise BadInput(f"{path}: neither a factory in Git format nor a template of one")
    return found


# ---------------------------------------------------------------- Git


def _is_git(folder: Path) -> bool:
    """Whether there are definitions in folders by kind, or lying about with their type in them."""
    if any(_kind(child.name) and _files(child) for child in _folders(folder)):
        return True
    return any(_typed(_safe(file)) is Kind.PIPELINE for file in _files(folder))


def git(root: Path) -> FolderDefinitions:
    """The factory of a folder in Git format, or what is to be one: it may hold no definition."""
    problems: list[Problem] = []
    found: list[tuple[str, Definition]] = []
    factory: Json = {}
    workspace = False
    for kind, file in _of_git(root):
        where = file.relative_to(root).as_posix()
        try:
            json = jsonfile.read(file)
        except BadInput as error:
            problems.append((where, str(error)))
            continue
        workspace = workspace or _type(json).startswith("microsoft.synapse/")
        kind = kind or _typed(json)
        if kind is None and file.parent != root:
            factory = factory or (json if isinstance(json, Mapping) else {})
        elif kind is not None:
            found += _definition(where, file.stem, json, kind, problems)
    workspace = workspace or any(f.name.lower() in _OF_A_WORKSPACE for f in _folders(root))
    said = payloads.factory(factory)
    name = said.name or root.resolve().name
    return _united(_factory(name, workspace, said.parameters, said.id), found, problems)


def _of_git(root: Path) -> Iterator[tuple[Kind | None, Path]]:
    """The files of a checkout; without a kind those of `factory` and of the root itself."""
    for folder in _folders(root):
        kind = _kind(folder.name)
        if kind or folder.name.lower() == "factory":
            yield from ((kind, file) for file in _files(folder))
    yield from ((None, file) for file in _files(root))


def _definition(
    where: str, stem: str, json: Any, kind: Kind, problems: list[Problem]
) -> list[tuple[str, Definition]]:
    if not isinstance(json, Mapping) or not isinstance(json.get("properties"), Mapping):
        problems.append((where, "is no definition: it has no properties"))
        return []
    found = payloads.definition(json, kind)
    if not found.name:
        problems.append((where, "has no name; the file's is taken"))
        found = Definition(kind, stem, found.properties, found.etag, found.written)
    elif found.name not in (stem, unquote(stem)):
        problems.append((where, f"is named {found.name!r}"))
    return [(where, found)]


def _kind(folder: str) -> Kind | None:
    return _KINDS.get(folder.lower().removesuffix("s"))


def _type(json: Any) -> str:
    kind = json.get("type") if isinstance(json, Mapping) else None
    return kind.lower() if isinstance(kind, str) else ""


def _typed(json: Any) -> Kind | None:
    """The kind of a definition that says it itself: `Microsoft.Synapse/workspaces/datasets`."""
    owner, _, kind = _type(json).rpartition("/")
    return _kind(kind) if owner.startswith("microsoft.") else None


# ---------------------------------------------------------------- templates


def _from_templates(folder: Path, files: Iterable[Path]) -> FolderDefinitions | None:
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
        template = arm.read(json, _values(file), folder.resolve().name)
        told = told or template
        shared = {**template.parameters, **shared}
        found += ((f"{where}: {d.kind}/{d.name}", d) for d in template.definitions)
        problems += ((where, problem) for problem in template.problems)
    if told is None:
        return None
    factory = _factory(told.factory or folder.resolve().name, told.synapse, shared)
    return _united(factory, found, problems)


def _templates(folder: Path, linked: bool = False) -> list[Path]:
    """The templates in a folder; with those of `linkedTemplates` after them, if `linked`."""
    found = [file for file in _files(folder) if arm.is_template(_safe(file))]
    for child in _folders(folder) if linked else []:
        found += _templates(child) if child.name.lower() == _LINKED else []
    return found


def _values(template: Path) -> Json:
    """What the parameter files beside a template give: `{parameter: value}`."""
    folders = [template.parent]
    if template.parent.name.lower() == _LINKED:
        folders.append(template.parent.parent)
    names = (f"{template.stem}.parameters.json", *_VALUES)
    for file in (folder / name for folder in folders for name in names):
        json = _safe(file) if file.is_file() else None
        parameters = json.get("parameters") if isinstance(json, Mapping) else None
        if isinstance(parameters, Mapping):
            return payloads.global_parameters(parameters)  # they have the same shape
    return {}


# ---------------------------------------------------------------- both


def _united(
    factory: Factory, found: Iterable[tuple[str, Definition]], problems: list[Problem]
) -> FolderDefinitions:
    """Of definitions with one name the first; linked templates repeat what the whole one says."""
    kept: dict[tuple[Kind, str], Definition] = {}
    for where, definition in found:
        first = kept.setdefault((definition.kind, definition.name.casefold()), definition)
        if first is not definition and first.properties != definition.properties:
            problems.append((where, f"{definition.name!r} is defined more than once; left out"))
    return FolderDefinitions(factory, kept, tuple(problems))


def _factory(name: str, workspace: bool, parameters: Json, said: str = "") -> Factory:
    """With the id that its file has, where it was captured from a live one."""
    if _ID.match(said):
        return Factory(FactoryId(said), name, parameters)
    provider = "Microsoft.Synapse/workspaces" if workspace else "Microsoft.DataFactory/factories"
    group = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/folder"
    return Factory(FactoryId(f"{group}/providers/{provider}/{name}"), name, parameters)


def _folders(folder: Path) -> list[Path]:
    return [child for child in _children(folder) if child.is_dir()]


def _files(folder: Path) -> list[Path]:
    found = (child for child in _children(folder) if child.suffix.lower() == ".json")
    return [child for child in found if child.is_file()]


def _children(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where we may not look."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _safe(file: Path) -> Any:
    """What a file holds, or None: only to see what it is."""
    try:
        return jsonfile.read(file)
    except BadInput:
        return None
