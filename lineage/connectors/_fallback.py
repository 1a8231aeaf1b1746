"""The assets that stand for what has no name of its own in the catalog, and the gaps they leave."""

from __future__ import annotations

import re
from urllib.parse import quote

from lineage.connectors import _text, _told
from lineage.connectors._normal import Kind, normal
from lineage.connectors._parts import EMPTY, Part, Parts
from lineage.connectors._sqlserver import DEFAULT_INSTANCE
from lineage.model import Asset, Certainty, Endpoint, Gap, Name, Named

TYPE = "DataSet"
_BESIDE = ("port", "instance")  # tell the servers of one host apart; a port counts before
_CONNECTION = frozenset({"base", "database", "share"})  # what a connection string hides together


def named(endpoint: Endpoint, scheme: str, parts: Parts, *gaps: Gap) -> Named:
    """
    `{scheme}://{host}[:{port or instance}]/{object}`, as far down as it is known.

    Where the host is not known the linked service stands for it and for what is hidden with it. So
    it does where port or instance is not: another server may listen there.
    """
    label, host = next(iter(parts.items()))
    parts = {name: part for name, part in parts.items() if not _is_default(name, part)}
    beside = [parts[name] for name in _BESIDE if name in parts]
    below = {name: part for name, part in parts.items() if name not in (label, *_BESIDE)}
    top = host.text
    if not top or any(part.text is None for part in beside):
        top = f"linked-service/{_segment(endpoint.factory)}/{_segment(endpoint.linked_service)}"
        below = {name: part for name, part in below.items() if not _hidden(name, part, host)}
    mark = next((f":{quote(part.text.lower())}" for part in beside if part.text), "")
    path, complete = _path(below)
    qualified = normal(f"{_scheme(scheme)}://{top}{mark}{path}", Kind.OTHER)
    return Named(
        Asset((Name(TYPE, qualified),)),
        Certainty.FALLBACK,
        complete and not endpoint.opaque,
        (*gaps, *_told.unknown(endpoint, parts)),
        _told.steps(parts),
    )


def cut(endpoint: Endpoint, qualified: str, parts: Parts) -> Named:
    """The asset of a store whose object is not known: `qualified` stops where knowledge does."""
    asset = Asset((Name(TYPE, qualified),))
    gaps = _told.unknown(endpoint, parts)
    return Named(asset, Certainty.FALLBACK, whole=False, gaps=gaps, steps=_told.steps(parts))


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


def _is_default(label: str, part: Part) -> bool:
    """Whether a part is the instance that a server has without a name."""
    return label == "instance" and (part.text or "").upper() == DEFAULT_INSTANCE


def _segment(name: str) -> str:
    text = name.strip()
    return "unknown" if not text or _text.template(text) else text.replace("/", "%2F")


def _scheme(text: str) -> str:
    return text if re.fullmatch(r"[a-z][a-z0-9+._-]*", text) else "unknown"
