"""A factory or workspace in Git format: folders of JSON by kind, as the studio saves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lineage.errors import BadInput
from lineage.model import Definition, Json, Kind
from lineage.sources import jsonfile, payloads
from lineage.sources.children import content, files_in, folders_in
from lineage.sources.ondisk import FolderDefinitions, Problem, factory_of, united

_KINDS = {
    "dataflow": Kind.DATA_FLOW,
    "dataset": Kind.DATASET,
    "linkedservice": Kind.LINKED_SERVICE,
    "pipeline": Kind.PIPELINE,
}  # folders in Git; with an `s` where they were exported from a workspace
_OF_A_WORKSPACE = frozenset({"kqlscript", "notebook", "sparkjobdefinition", "sqlscript"})


def is_git(folder: Path) -> bool:
    """Whether there are definitions in folders by kind, or lying about with their type in them."""
    if any(kind_of(child.name) and files_in(child) for child in folders_in(folder)):
        return True
    return any(_typed(content(file)) is Kind.PIPELINE for file in files_in(folder))


def read_git(root: Path) -> FolderDefinitions:
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
    workspace = workspace or any(f.name.lower() in _OF_A_WORKSPACE for f in folders_in(root))
    said = payloads.factory(factory)
    name = said.name or root.resolve().name
    return united(factory_of(name, workspace, said.parameters, said.id), found, problems)


def _of_git(root: Path) -> Iterator[tuple[Kind | None, Path]]:
    """The files of a checkout; without a kind those of `factory` and of the root itself."""
    for folder in folders_in(root):
        kind = kind_of(folder.name)
        if kind or folder.name.lower() == "factory":
            yield from ((kind, file) for file in files_in(folder))
    yield from ((None, file) for file in files_in(root))


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


def kind_of(folder: str) -> Kind | None:
    """The kind of definition that a folder of this name holds."""
    return _KINDS.get(folder.lower().removesuffix("s"))


def _type(json: Any) -> str:
    kind = json.get("type") if isinstance(json, Mapping) else None
    return kind.lower() if isinstance(kind, str) else ""


def _typed(json: Any) -> Kind | None:
    """The kind of a definition that says it itself: `Microsoft.Synapse/workspaces/datasets`."""
    owner, _, kind = _type(json).rpartition("/")
    return kind_of(kind) if owner.startswith("microsoft.") else None
