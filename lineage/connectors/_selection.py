"""What an activity selects of a folder: wildcards, prefixes and lists of files name no file."""

from __future__ import annotations

from msgspec.structs import replace

from lineage.connectors._parts import EMPTY, Part, Parts
from lineage.connectors._tree import Tree
from lineage.connectors._wildcards import WILD, literal, shared, shown

_NO_PATTERNS: tuple[object, ...] = (None, "", [], [""])


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
        folder, file = shared(store, several, folder), EMPTY
    elif wild.given:
        folder, file = literal(wild), EMPTY
    elif prefix.given:
        folder, file = _above(prefix), EMPTY
    elif folder.text and WILD.search(folder.text):
        folder, file = literal(folder), EMPTY
    if file.text and WILD.search(file.text):
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


def _above(prefix: Part) -> Part:
    """The folder of a prefix, which may end within a name."""
    if prefix.text is None:
        return prefix
    folder = prefix.text.rpartition("/")[0]
    return replace(prefix, text=folder, trace=shown("prefix", prefix))


def _pattern(selection: Part) -> Part:
    """No file but its folder: which ones were copied is not told."""
    return replace(EMPTY, trace=shown("pattern", selection))
