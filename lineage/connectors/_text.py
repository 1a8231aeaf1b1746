"""Text that may never be part of a name: unevaluated expressions, template holes, secrets."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from lineage.model import REMOVED

_CALLS = (
    r"(?:concat|copyindex|format|if|json|listkeys|parameters|reference|replace|resource\w+"
    r"|split|string|subscription|substring|tolower|toupper|uniquestring|variables)\s*\("
)
# Data Factory's expressions and Resource Manager's, wherever they could only be meant as such.
_EXPRESSION = re.compile(
    r"@\{|^\s*@[a-z_]\w*\s*\("
    r"|@(?:activity|concat|dataset|item|linkedservice|parameters|pipeline|trigger\w*|variables)\s*\("
    rf"|\[\s*{_CALLS}|\b(?:parameters|variables)\(\s*'",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\s*(?:\[\s*\w+\s*\(|@\w+\s*\()")
_MASK = re.compile(r"\*{3,}")
_CALL = re.compile(rf"\b{_CALLS}", re.IGNORECASE)
# What release tools fill in: #{name}#, #NAME#, $(name), ${name}, <name>.
_PLACEHOLDER = re.compile(r"#\{|#[A-Za-z_]\w*#|\$\(|\$\{|<[\w .:-]+>")
# A data flow's expression: 'wip/' + $runId
_LITERAL = re.compile(r"^\s*'|'\s*\Z|'\s*\+|\+\s*['$]")
_UNFIT = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"]')
_SECRET = re.compile(
    r"\b(?:password|pwd|account_?key|access_?key|sharedaccess\w+|sig|secret\w*)\s*="
    rf"|{re.escape(REMOVED)}",
    re.IGNORECASE,
)


def expression(text: str) -> bool:
    """Whether this is, or holds, an expression that nobody evaluated."""
    return _EXPRESSION.search(text) is not None


def whole_expression(text: str) -> bool:
    """Whether the whole text is one expression, so that no part of it is to be read as a value."""
    return _WHOLE.match(text) is not None


@lru_cache(maxsize=4096)
def template(text: str) -> bool:
    """Whether a part of a name must be refused as template text, or as no name at all."""
    bare = re.sub(r"[\[\]^]", "", text)  # brackets and escapes may go later: look behind them
    return (
        any(expression(form) or _PLACEHOLDER.search(form) for form in (text, bare))
        or ("[" in text and _CALL.search(bare) is not None)
        or _LITERAL.search(text) is not None
        or _UNFIT.search(text) is not None
    )


def secret(text: str) -> bool:
    """Whether this holds a key or password with its keyword (a pasted URL), or once held one."""
    return _SECRET.search(text) is not None


def masked(text: str) -> bool:
    """Whether asterisks stand where a secure value is, or our own mark where one was."""
    return text == REMOVED or _MASK.fullmatch(text) is not None


def plain(value: object) -> str:
    """Trimmed text of a plain value, numbers included; empty for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    return f"{value:d}" if abs(value) < 10**64 else ""
