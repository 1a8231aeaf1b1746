"""What lies in a folder on disk; nothing where we may not look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lineage.errors import BadInput
from lineage.sources import jsonfile


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name."""
    return [child for child in _children(folder) if child.is_dir()]


def files_in(folder: Path) -> list[Path]:
    """The files of JSON in a folder, by name."""
    found = (child for child in _children(folder) if child.suffix.lower() == ".json")
    return [child for child in found if child.is_file()]


def _children(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where we may not look."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def content(file: Path) -> Any:
    """What a file holds, or None: only to see what it is."""
    try:
        return jsonfile.read(file)
    except BadInput:
        return None
