"""JSON of which nothing is known, and texts: all is kept but what a key or a form gives away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lineage.redact import _keys
from lineage.redact._blanks import HIDDEN, blank, kind
from lineage.redact._texts import settled

JSON = re.compile(r"\s*[\[{]")
Text = Callable[[str], str]


def free(value: Any, text: Text) -> Any:
    """JSON of which nothing is known: all is kept but what a key or a form gives away."""
    if isinstance(value, list):
        return [free(each, text) for each in value]
    if not isinstance(value, Mapping):
        return leaf(value, text)
    if kind(value) in HIDDEN:
        return blank(value)
    return {
        key: blank(each) if _keys.secret(key) else free(each, text) for key, each in value.items()
    }


def leaf(value: Any, text: Text) -> Any:
    """A text, be it JSON, without its secrets; what is no text is left."""

    def changed(value: str) -> str:
        read = within(value, lambda inner: free(inner, text))
        return text(value) if read is None else read

    return settled(changed, value) if isinstance(value, str) else value


def within(value: str, change: Callable[[Any], Any]) -> str | None:
    """JSON that stands in a text, changed; None where it is none, or says one thing twice."""
    if not JSON.match(value):
        return None
    try:
        read = json.loads(value, object_pairs_hook=_once)
        changed = change(read)
        if changed == read:
            return value
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found
