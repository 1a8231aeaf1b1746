"""Reads JSON files that people wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lineage.errors import BadInput

_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*+")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def read(path: Path) -> Any:
    """
    What a file holds: UTF-8, UTF-16 or UTF-32, with a byte order mark or not; comments are dropped.

    Raises `BadInput`, whose message holds nothing of the file.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode(json.detect_encoding(raw))
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput("is no UTF-8 text") from None
    if not text.strip():
        raise BadInput("is empty")
    try:
        return _loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"is no JSON: line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise BadInput(
            "is no JSON that can be read: nested too deeply or a number too large"
        ) from None


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        bare = _COMMENT.sub(lambda match: match[1] or " ", text)
        if bare == text:
            raise
        return json.loads(bare)
