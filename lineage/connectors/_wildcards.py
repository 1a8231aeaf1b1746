"""Patterns of paths: the folders that they name without a doubt."""

from __future__ import annotations

import re
from itertools import takewhile

from msgspec.structs import replace

from lineage.connectors._parts import Part
from lineage.connectors._tree import Tree
from lineage.model import Trace, Value

WILD = re.compile(r"[*?]")
_UNESCAPED_WILD = re.compile(r"(?:\^.|[^*?^])*[*?]", re.DOTALL)
_GLOB = re.compile(r"[*?\[\]{}^\\]")  # Spark's, and what might escape one
_ESCAPED = re.compile(r"\^(.)", re.DOTALL)
_LONGEST = 80  # characters of a pattern shown in a trace


def literal(path: Part) -> Part:
    """The folders of a pattern down to the first one that holds a wildcard."""
    if path.text is None:
        return path
    folders: list[str] = []
    for segment in path.text.split("/"):
        if _UNESCAPED_WILD.match(segment):
            break
        folders.append(_ESCAPED.sub(r"\1", segment))
    return replace(path, text="/".join(folders), trace=shown("pattern", path))


def shared(store: Tree, paths: Value, folder: Part) -> Part:
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
    common = [names[0] for names in same]
    first = Part(", ".join(texts), paths.trace)
    return replace(first, text="/".join(common), trace=shown("pattern", first))


def _plain_folders(pattern: str, known: str) -> list[str]:
    """The folders of a data flow's pattern; its last segment is a file's, or not known."""
    path = pattern.strip().lstrip("/")
    folders = known.split("/") if path == known else path.split("/")[:-1]
    return list(takewhile(lambda folder: not _GLOB.search(folder), folders))


def shown(word: str, part: Part) -> Trace:
    """The trace of a part that was read out of a pattern or prefix, with the beginning of it."""
    text = part.text or "not known"
    return (f"{word} {text[:_LONGEST]}", *part.trace)
