"""Where files are: a dataset's container, folder and file, and what the activity makes of them."""

from __future__ import annotations

import re

from msgspec.structs import replace

from lineage.connectors._parts import EMPTY, Part, Parts
from lineage.connectors._selection import narrowed
from lineage.connectors._tree import Tree
from lineage.connectors._wildcards import WILD
from lineage.model import Reason

_SLOT = re.compile(r"\{\w+\}")


def contained(dataset: Tree, store: Tree) -> Parts:
    """
    `container`, `folder` and `file` of a store of containers.

    An empty file stands for the folder, an empty folder besides for the container. A new dataset
    keeps them in `location`; a retired one has the container in front of its `folderPath`.
    """
    at = dataset.at("location")
    if dataset.has("location"):
        container, above = _cut(at.first("container", "fileSystem", "bucketName"))
        folder, file = _joined(above, _optional(at, "folderPath")), _optional(at, "fileName")
    else:
        container, folder = _cut(dataset.part("folderPath"))
        file = _optional(dataset, "fileName")
    if dataset.has("partitionedBy"):
        container, folder, file = (_slotless(dataset, part) for part in (container, folder, file))
    return {"container": container, **narrowed(folder, file, store)}


def uncontained(dataset: Tree, store: Tree) -> Parts:
    """`folder` and `file` of a store that has no containers."""
    at = dataset.at("location") if dataset.has("location") else dataset
    folder, file = _optional(at, "folderPath"), _optional(at, "fileName")
    if dataset.has("partitionedBy"):
        folder, file = _slotless(dataset, folder), _slotless(dataset, file)
    return narrowed(folder, file, store)


def _optional(tree: Tree, key: str) -> Part:
    part = tree.part(key)
    return part if part.given else EMPTY


def _cut(path: Part) -> tuple[Part, Part]:
    """The first segment of a path, and the rest; a first one with a wildcard is not known."""
    if path.text is None:
        return path, path if path.given else EMPTY
    top, _, rest = path.text.strip("/").partition("/")
    if not top or WILD.search(top):
        return Part(), EMPTY
    return replace(path, text=top), replace(path, text=rest)


def _joined(above: Part, folder: Part) -> Part:
    if not above.text or folder.text is None:
        return folder
    return replace(folder, text=f"{above.text}/{folder.text}", trace=folder.trace or above.trace)


def _slotless(dataset: Tree, part: Part) -> Part:
    """A part of a retired dataset's path, unless `partitionedBy` is to fill a slot in it."""
    if part.text and _SLOT.search(part.text):
        gap = dataset.gap(Reason.UNRESOLVED, "partitionedBy: template text")
        return Part(None, part.trace, gap)
    return part
