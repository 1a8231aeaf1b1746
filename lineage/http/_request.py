"""One HTTP call, made again where it fails and that may help."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from requests import Session
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception

from lineage.errors import Unavailable
from lineage.http._attempt import Answer, attempt
from lineage.http._bodies import ANY, LIMITS, Limits, Shape, TooLarge
from lineage.http._call import Call, prepared

LONGEST_WAIT = 30.0  # seconds; a longer Retry-After is left to the queue's own delay


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
    shape: Shape = ANY,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    jitter: Callable[[float], float] = _jitter,
) -> Answer:
    """
    Send a request and decode its answer. Only for what is safe to repeat: any failure is repeated.

    `url` is absolute and encoded, `grant` says what to do about a 403, `on_call` is called before
    each attempt, `shape` decodes the answer. Repeated are 408, 429, 5xx, lost connections, cut or
    slow or malformed answers, after `Retry-After` (seconds or a date) or else 1, 2, 4, 8 s, if
    `repeat` says so too.

    Raises `Unavailable` where that does not help, and at once where a wait above `LONGEST_WAIT` is
    asked for or the answer is too large; `SettingsError` on 401 (after one new token), 403 and a
    redirect, none of which is followed; `Rejected` on any other 4xx.
    """
    call = Call(session, prepared(method, url, json, params, headers), auth, grant, limits, shape)
    begun = clock()
    try:
        return attempt(call, on_call, now)
    except Unavailable as error:
        failed = [error]  # only now the loop: most calls need none

    def again() -> Answer:
        if failed:
            raise failed.pop()
        return attempt(call, on_call, now)

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
    return retrying(again)


def _passes(error: Unavailable) -> bool:
    return not isinstance(error, TooLarge) and (error.retry_after or 0) <= LONGEST_WAIT
