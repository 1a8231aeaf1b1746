"""What is told of a name's parts: the gaps they leave, and how each came to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage.connectors._parts import Parts
from lineage.model import Endpoint, Gap, Reason, Trace


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


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(labels) or "nothing"
