"""What a refusal means: which of our errors, and how long to wait."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from lineage.errors import Cause, LineageError, Rejected, SettingsError, Unavailable

LONGEST_ASKED = 3_600.0  # seconds; a service that asks for more is taken to mean this
_TOO_MUCH = frozenset({408, 429, 504})  # these, and 500 and above, pass by themselves
_FIREWALL = re.compile(rb"private ?endpoint|public ?network ?access|firewall", re.IGNORECASE)
_REQUEST = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def refusal(
    what: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    grant: str,
    now: Callable[[], float] = time.time,
) -> LineageError:
    """
    The error that an answer other than 2xx and 304 is. `what` was asked.

    `grant` says what to do about a 403. Of the body only the service's code and its id of the
    request are told: its text may repeat what was sent.
    """
    code, request = _told(body)
    told = ", ".join(filter(None, (code, f"request {request}" if request else "")))
    said = f"{what} answered {status}{f' ({told})' if told else ''}"
    if status in _TOO_MUCH:
        return Unavailable(said, retry_after(headers, now), Cause.OVERLOADED)
    if status >= 500:
        return Unavailable(said, retry_after(headers, now))
    if status < 400:
        redirected = f"{said}: redirects are not followed; check the endpoint's address"
        return SettingsError(redirected, cause=Cause.REDIRECT)
    if status == 401:
        unknown = f"{said}: the token is not accepted; check LINEAGE_AUTH"
        return SettingsError(unknown, cause=Cause.TOKEN)
    if status == 403 and _FIREWALL.search(body):
        shut = f"{said}: a firewall or private endpoint keeps this host out"
        return SettingsError(shut, cause=Cause.FIREWALL)
    if status == 403:
        return SettingsError(f"{said}: {grant or 'our identity lacks a role'}", cause=Cause.ROLE)
    return Rejected(said, status, code)


def _told(raw: bytes) -> tuple[str, str]:
    """
    The service's own code, and Purview's `requestId`; empty where there is none.

    The code is at `{"error": {"code"}}`, `{"code"}` or, Atlas's, `{"errorCode"}`.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return "", ""
    outer = body if isinstance(body, dict) else {}
    inner = outer.get("error")
    inner = inner if isinstance(inner, dict) else {}
    code = inner.get("code") or outer.get("code") or outer.get("errorCode")
    return _clean(code, _CODE), _clean(outer.get("requestId"), _REQUEST)


def _clean(value: object, form: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else ""


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """
    The wait a service asks for, in seconds, at most `LONGEST_ASKED`; None if it asks for none.

    A date counts from the answer's own `Date`. What is negative, zero or garbage asks for nothing.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        seconds = float(text)
    elif (until := epoch(text)) is not None:
        begin = epoch(headers.get("Date", ""))
        seconds = until - (now() if begin is None else begin)
    else:
        return None
    return min(seconds, LONGEST_ASKED) if seconds > 0 else None


def epoch(text: str) -> float | None:
    """The moment of an HTTP date in seconds since 1970, or None."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None
