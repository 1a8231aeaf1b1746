"""XML of JSON, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from lineage.resolve.functions._function import Markup, Refused, fits, scalar
from lineage.resolve.functions._xpath import parsed

_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def xml(value: Any) -> str | Markup:
    """
    The elements of an object with one root property, which is no array; plain ones, no attributes.

    What is XML already can be read by `xpath` alone.
    """
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return parsed(value.strip())
    if not isinstance(value, dict) or len(value) != 1:
        raise Refused("takes an object with one root property")
    [(name, content)] = value.items()
    if isinstance(content, (list, tuple)):
        raise Refused("takes no array as root")
    return fits("".join(_element(name, content)))


def _element(name: str, content: Any) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        raise Refused("takes plain names of elements")
    if isinstance(content, (list, tuple)):
        for each in content:
            yield from _element(name, each)
        return
    yield f"<{name}>"
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _element(key, value)
    elif isinstance(content, bool):
        yield "true" if content else "false"
    else:
        yield escape(scalar(content))
    yield f"</{name}>"
