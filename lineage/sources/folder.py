"""A factory or workspace on disk: a Git checkout's folders, or ARM templates."""

from __future__ import annotations

import os
from pathlib import Path

from lineage.errors import BadInput
from lineage.model import Json
from lineage.sources.gitfolder import is_git, kind_of, read_git
from lineage.sources.ondisk import FolderDefinitions
from lineage.sources.templates import LINKED, read_templates, templates_in


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
        git = is_git(folder)
        templates = [] if folder.name.lower() == LINKED else templates_in(folder)
        several = len(templates) > 1 or any(name.lower() == LINKED for name in folders)
        found += [folder] if git or (templates and several) else []
        found += templates if git or not several else []
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (git and kind_of(name))
        )
    return found


def read(path: Path, given: Json | None = None) -> FolderDefinitions:
    """
    The factory of a folder in Git format, a template, or a folder of templates.

    `given` is `{parameter: value}` of templates, before what files beside them give. Raises
    `BadInput` where there is none; what is wrong with a part of it is in `problems`.
    """
    if path.is_dir() and is_git(path):
        return read_git(path)
    folder = path if path.is_dir() else path.parent
    files = templates_in(folder, linked=True) if path.is_dir() else [path]
    found = read_templates(folder, files, given or {})
    if not files or found is None:
        raise BadInput(f"{path}: neither a factory in Git format nor a template of one")
    return found
