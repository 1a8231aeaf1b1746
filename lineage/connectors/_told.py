"""What is told of a name's parts: the gaps they leave, and how each came to be."""

from __future__ import annotations

from collections.abc import Iterable

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


def steps(parts: Parts) -> tuple[tuple[str, Trace], ...]:
    """How each part came to be, where it is told."""
    found = (
        (label, part.trace if part.text is not None else ("not known", *part.trace))
        for label, part in parts.items()
    )
    return tuple(each for each in found if each[1])


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(labels) or "nothing"
