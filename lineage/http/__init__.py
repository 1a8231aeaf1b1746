"""One HTTP call: decoded JSON, or one of our errors."""

from __future__ import annotations

import json as jsonlib
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlencode, urlsplit

from requests import PreparedRequest, Response, Session
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_exception

from lineage import __version__
from lineage.errors import Unavailable
from lineage.http._bodies import LIMITS, Limits, TooLarge, decode
from lineage.http._refusals import LONGEST_ASKED, epoch, refusal, retry_after
from lineage.http._transport import Transport
from lineage.settings import is_loopback

__all__ = [
    "LIMITS",
    "LONGEST_ASKED",
    "LONGEST_WAIT",
    "Answer",
    "Limits",
    "Renewable",
    "TooLarge",
    "epoch",
    "request",
    "retry_after",
    "session",
]

LONGEST_WAIT = 30.0  # seconds; a longer Retry-After is left to the queue's own delay
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"purview-lineage/{__version__}",
}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """
    An answer of 2xx or 304. `body` is decoded JSON (None for 204 and 304), `size` its bytes.

    It began `waited` seconds after it was asked for.
    """

    status: int
    body: Any
    headers: Mapping[str, str]
    size: int
    waited: float = 0.0


@runtime_checkable
class Renewable(Protocol):
    """An authentication that may do better after a 401."""

    def renew(self, refused: PreparedRequest, challenge: str) -> None:
        """Forget the token in `refused`; `challenge` is the answer's WWW-Authenticate."""
        ...


def session(url: str) -> Session:
    """
    A session for the host of `url`, with as many connections as calls are under way.

    Proxies and a CA bundle are taken from the environment once, as `requests` understands it; to
    look at it again on each call costs 0.2 ms. Loopback is never reached through a proxy; netrc is
    not read, as it would replace our token.
    """
    made = Session()
    found = made.merge_environment_settings(url, {}, None, None, None)
    made.trust_env = False
    made.verify = found["verify"]
    made.proxies = {} if is_loopback(urlsplit(url).hostname or "") else dict(found["proxies"])
    transport = Transport()
    for scheme in ("https://", "http://"):
        made.mount(scheme, transport)
    return made


def _jitter(seconds: float) -> float:
    """Up to a quarter longer, so that callers who failed together don't return together."""
    return seconds * (1 + random.random() / 4)  # noqa: S311 - spreads load, keeps no secret


def request(
    session: Session,
    method: str,
    url: str,
    *,
    json: Any = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: AuthBase | None = None,
    grant: str = "",
    on_call: Callable[[], None] = lambda: None,
    repeat: Callable[[Unavailable], bool] = lambda error: True,
    limits: Limits = LIMITS,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    jitter: Callable[[float], float] = _jitter,
) -> Answer:
    """
    Send a request and decode its answer. Only for what is safe to repeat: any failure is repeated.

    `url` is absolute and encoded, `grant` says what to do about a 403, `on_call` is called before
    each attempt. Repeated are 408, 429, 5xx, lost connections, cut or slow or malformed answers,
    after `Retry-After` (seconds or a date) or else 1, 2, 4, 8 s, if `repeat` says so too.

    Raises `Unavailable` where that does not help, and at once where a wait above `LONGEST_WAIT` is
    asked for or the answer is too large; `SettingsError` on 401 (after one new token), 403 and a
    redirect, none of which is followed; `Rejected` on any other 4xx.
    """
    call = _Call(session, _prepared(method, url, json, params, headers), auth, grant, limits)
    begun = clock()
    try:
        return _attempt(call, on_call, now)
    except Unavailable as error:
        failed = [error]  # only now the loop, which costs as much as a whole call

    def attempt() -> Answer:
        if failed:
            raise failed.pop()
        return _attempt(call, on_call, now)

    def is_over(state: RetryCallState) -> bool:
        late = clock() - begun > limits.patience
        return late or state.attempt_number >= limits.attempts

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return jitter(asked or 2.0 ** (state.attempt_number - 1))

    def passes(error: BaseException) -> bool:
        return isinstance(error, Unavailable) and _passes(error) and repeat(error)

    retrying = Retrying(
        stop=is_over, wait=pause, retry=retry_if_exception(passes), sleep=sleep, reraise=True
    )
    return retrying(attempt)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    session: Session
    prepared: PreparedRequest
    auth: AuthBase | None
    grant: str
    limits: Limits

    @property
    def what(self) -> str:
        """What messages say of it: no query, which may hold more than names."""
        parts = urlsplit(self.prepared.url or "")
        return f"{self.prepared.method} {parts.hostname}{parts.path}"


def _passes(error: Unavailable) -> bool:
    return not isinstance(error, TooLarge) and (error.retry_after or 0) <= LONGEST_WAIT


def _prepared(
    method: str,
    url: str,
    json: Any,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
) -> PreparedRequest:
    """By hand: `Session.prepare_request` and `Session.send` cost as much again as the call."""
    made = PreparedRequest()
    made.method = method
    made.url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
    made.headers = CaseInsensitiveDict(_HEADERS)
    if json is not None:
        made.body = jsonlib.dumps(json).encode()
        made.headers["Content-Type"] = "application/json"
        made.headers["Content-Length"] = str(len(made.body))
    made.headers.update(headers or {})
    return made


def _attempt(call: _Call, on_call: Callable[[], None], now: Callable[[], float]) -> Answer:
    on_call()
    response = _sent(call)
    if response.status_code == 401 and isinstance(call.auth, Renewable):
        call.auth.renew(call.prepared, response.headers.get("WWW-Authenticate", ""))
        on_call()
        response = _sent(call)
    status, headers, what = response.status_code, response.headers, call.what
    raw = response.raw.read()
    if status == 304 or (status == 204 and not raw):
        return Answer(status, None, headers, 0)
    if 200 <= status < 300:
        return Answer(
            status, decode(raw, what), headers, len(raw), response.elapsed.total_seconds()
        )
    raise refusal(what, status, headers, raw, call.grant, now)


def _sent(call: _Call) -> Response:
    if call.auth is not None:
        call.auth(call.prepared)
    url, limits, session = call.prepared.url or "", call.limits, call.session
    try:
        return session.get_adapter(url).send(
            call.prepared,
            timeout=limits,  # type: ignore[arg-type]  # what our own transport takes
            verify=session.verify is None or session.verify,
            cert=session.cert,
            proxies=session.proxies,
        )
    except Unavailable as error:
        raise type(error)(f"{call.what}: {error}", cause=error.cause) from None
    except OSError as error:  # of another transport; its text may hold a proxy's password
        raise Unavailable(f"{call.what}: {type(error).__name__}") from None
