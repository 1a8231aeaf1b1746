"""Where files are: a dataset's container, folder and file, and what the activity makes of them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile

from lineage.connectors._parts import EMPTY, Part, Parts, Tree
from lineage.model import Reason, Trace, Value

_WILD = re.compile(r"[*?]")
_UNESCAPED_WILD = re.compile(r"(?:\^.|[^*?^])*[*?]", re.DOTALL)
_GLOB = re.compile(r"[*?\[\]{}^\\]")  # Spark's, and what might escape one
_ESCAPED = re.compile(r"\^(.)", re.DOTALL)
_SLOT = re.compile(r"\{\w+\}")
_NO_PATTERNS: tuple[object, ...] = (None, "", [], [""])
_LONGEST = 80  # characters of a pattern shown in a trace


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


def narrowed(folder: Part, file: Part, store: Tree) -> Parts:
    """
    `folder` and `file` as the activity's `storeSettings` leave them.

    `wildcardFolderPath` and `prefix` count from the container and take the place of the dataset's
    folder. A wildcard, prefix or file list names the folder, cut before the first segment that
    holds a wildcard. So do the `wildcardPaths` of a data flow's source, with what they share.

    Source: learn.microsoft.com/azure/data-factory/connector-azure-blob-storage, "Blob storage as a
    source type": "… with wildcard characters under the given container configured in a dataset";
    "Source transformation": a "wildcard path must … include your folder path from the root folder".
    """
    wild, prefix = store.part("wildcardFolderPath"), store.part("prefix")
    several = store.value("wildcardPaths")
    if several.gap or several.value not in _NO_PATTERNS:
        folder, file = _shared(store, several, folder), EMPTY
    elif wild.given:
        folder, file = _literal(wild), EMPTY
    elif prefix.given:
        folder, file = _above(prefix), EMPTY
    elif folder.text and _WILD.search(folder.text):
        folder, file = _literal(folder), EMPTY
    if file.text and _WILD.search(file.text):
        file = _pattern(file)
    for key in ("wildcardFileName", "fileListPath"):
        selection = store.part(key)
        if selection.given:
            file = _pattern(selection)
    if folder.text is not None:
        folder = replace(folder, text=folder.text.strip("/"))
    if folder.text == "" and file.text == "":
        folder = replace(folder, trace=("no folder given", *folder.trace), assumed=True)
    return {"folder": folder, "file": file}


def _optional(tree: Tree, key: str) -> Part:
    part = tree.part(key)
    return part if part.given else EMPTY


def _cut(path: Part) -> tuple[Part, Part]:
    """The first segment of a path, and the rest; a first one with a wildcard is not known."""
    if path.text is None:
        return path, path if path.given else EMPTY
    top, _, rest = path.text.strip("/").partition("/")
    if not top or _WILD.search(top):
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


def _literal(path: Part) -> Part:
    """The folders of a pattern down to the first one that holds a wildcard."""
    if path.text is None:
        return path
    folders: list[str] = []
    for segment in path.text.split("/"):
        if _UNESCAPED_WILD.match(segment):
            break
        folders.append(_ESCAPED.sub(r"\1", segment))
    return replace(path, text="/".join(folders), trace=_shown("pattern", path))


def _shared(store: Tree, paths: Value, folder: Part) -> Part:
    """
    The folder that all these patterns have in common, each cut before its first wildcard.

    One without wildcards may be a file or a folder: what is above it stands for it, unless it is
    the `folder` of the dataset.
    """
    if paths.gap is not None:
        return Part(None, paths.trace, paths.gap)
    texts = paths.value if isinstance(paths.value, list) else [paths.value]
    if not all(isinstance(text, str) for text in texts):
        return Part()
    parts = [store.checked(Part(text, paths.trace), "wildcardPaths") for text in texts]
    known = (folder.text or "").strip("/")
    folders = [_plain_folders(part.text, known) for part in parts if part.text is not None]
    if len(folders) < len(parts):
        return next(part for part in parts if part.text is None)
    same = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    shared = [names[0] for names in same]
    first = Part(", ".join(texts), paths.trace)
    return replace(first, text="/".join(shared), trace=_shown("pattern", first))


def _plain_folders(pattern: str, known: str) -> list[str]:
    """The folders of a data flow's pattern; its last segment is a file's, or not known."""
    path = pattern.strip().lstrip("/")
    folders = known.split("/") if path == known else path.split("/")[:-1]
    return list(takewhile(lambda folder: not _GLOB.search(folder), folders))


def _above(prefix: Part) -> Part:
    """The folder of a prefix, which may end within a name."""
    if prefix.text is None:
        return prefix
    folder = prefix.text.rpartition("/")[0]
    return replace(prefix, text=folder, trace=_shown("prefix", prefix))


def _pattern(selection: Part) -> Part:
    """No file but its folder: which ones were copied is not told."""
    return replace(EMPTY, trace=_shown("pattern", selection))


def _shown(word: str, part: Part) -> Trace:
    text = part.text or "not known"
    return (f"{word} {text[:_LONGEST]}", *part.trace)
