"""The assets that stand for what has no name of its own in the catalog, and the gaps they leave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lineage.connectors import _text
from lineage.connectors._normal import Kind, normal
from lineage.connectors._parts import EMPTY, Part, Parts
from lineage.model import Asset, Certainty, Endpoint, Gap, Name, Named, Reason, Trace

TYPE = "DataSet"
_CONNECTION = frozenset({"base", "database", "share"})  # what a connection string hides together


def named(endpoint: Endpoint, scheme: str, parts: Parts, *gaps: Gap) -> Named:
    """
    `{scheme}://{host}/{object}`, as far down as it is known.

    Where the host is not known the linked service stands for it and for what is hidden with it.
    """
    label, host = next(iter(parts.items()))
    parts = {name: part for name, part in parts.items() if name != "instance"}
    below = {name: part for name, part in parts.items() if name != label}
    top = host.text
    if not top:
        top = f"linked-service/{_segment(endpoint.factory)}/{_segment(endpoint.linked_service)}"
        below = {name: part for name, part in below.items() if not _hidden(name, part, host)}
    path, complete = _path(below)
    qualified = normal(f"{_scheme(scheme)}://{top}{path}", Kind.OTHER)
    return Named(
        Asset((Name(TYPE, qualified),)),
        Certainty.FALLBACK,
        complete and not endpoint.opaque,
        (*gaps, *unknown(endpoint, parts)),
        trace(parts),
    )


def cut(endpoint: Endpoint, qualified: str, parts: Parts) -> Named:
    """The asset of a store whose object is not known: `qualified` stops where knowledge does."""
    asset = Asset((Name(TYPE, qualified),))
    gaps = unknown(endpoint, parts)
    return Named(asset, Certainty.FALLBACK, whole=False, gaps=gaps, trace=trace(parts))


def no_row(endpoint: Endpoint) -> Gap:
    """The gap of a store that no row is for."""
    detail = f"linked service {endpoint.linked_service} ({endpoint.linked_service_type})"
    return Gap(Reason.UNKNOWN_CONNECTOR, detail=detail)


def unknown(endpoint: Endpoint, parts: Parts) -> tuple[Gap, ...]:
    """The gaps of the parts that are not known; those the definition leaves out share one."""
    gaps = [part.gap for part in parts.values() if part.text is None and part.gap is not None]
    missing = [label for label, part in parts.items() if part.text is None and part.gap is None]
    if missing:
        known = [label for label, part in parts.items() if part.text]
        detail = f"known: {_listed(known)}; missing: {_listed(missing)}"
        gaps.append(Gap(Reason.UNKNOWN_OBJECT, detail=f"dataset {endpoint.dataset_name}: {detail}"))
    return tuple(dict.fromkeys(gaps))


def trace(parts: Parts) -> tuple[str, ...]:
    """How each part came to be, never what it is: a tree of lines, of which the first names it."""
    return tuple(
        line
        for label, part in parts.items()
        if (steps := part.trace if part.text is not None else ("not known", *part.trace))
        for line in _tree(f"{label}: ", steps)
    )


def _tree(head: str, steps: Trace, indent: str = "") -> Iterator[str]:
    """One step after the other on a line; where a value is made of several, each on its own."""
    chain = [step for step in steps if isinstance(step, str)]
    yield f"{indent}{head}{' ← '.join(chain)}".rstrip()
    for branch in steps:
        if isinstance(branch, tuple):
            yield from _tree("← ", branch, f"{indent}  ")


def _path(parts: Parts) -> tuple[str, bool]:
    """The known parts down to the first that is not, and whether that is all of them."""
    path = ""
    for part in parts.values():
        if part.text is None:
            return path, False
        if part.text:
            path += f"/{part.text}"
    folder, file = parts.get("folder", EMPTY), parts.get("file", EMPTY)
    return path + ("/" if folder.text and not file.text else ""), True


def _hidden(label: str, part: Part, host: Part) -> bool:
    """Whether a part belongs to the connection of which the linked service is the name."""
    return label in _CONNECTION and part.text is None and part.gap in (None, host.gap)


def _segment(name: str) -> str:
    text = name.strip()
    return "unknown" if not text or _text.template(text) else text.replace("/", "%2F")


def _scheme(text: str) -> str:
    return text if re.fullmatch(r"[a-z][a-z0-9+._-]*", text) else "unknown"


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(labels) or "nothing"
