"""One attempt at a call: its answer decoded, or one of our errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from requests import PreparedRequest, Response

from lineage.errors import Unavailable
from lineage.http._bodies import decode
from lineage.http._call import Call
from lineage.http._refusals import refusal


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """
    An answer of 2xx or 304. `body` is decoded JSON (None for 204 and 304), `size` its bytes.

    It began `waited` seconds after it was asked for. The body of `response` is gone.
    """

    status: int
    body: Any
    response: Response
    size: int
    waited: float = 0.0

    @property
    def headers(self) -> Mapping[str, str]:
        """By names in any case."""
        return self.response.headers


@runtime_checkable
class Renewable(Protocol):
    """An authentication that may do better after a 401."""

    def renew(self, refused: PreparedRequest, challenge: str) -> None:
        """Forget the token in `refused`; `challenge` is the answer's WWW-Authenticate."""
        ...


def attempt(call: Call, on_call: Callable[[], None], now: Callable[[], float]) -> Answer:
    """Send once, and after a 401 once more where the authentication can be renewed."""
    on_call()
    response = _sent(call)
    if response.status_code == 401 and isinstance(call.auth, Renewable):
        call.auth.renew(call.prepared, response.headers.get("WWW-Authenticate", ""))
        on_call()
        response = _sent(call)
    status, raw = response.status_code, response.raw.read()
    response.raw.close()
    if status == 304 or (status == 204 and not raw):
        return Answer(status, None, response, 0)
    if 200 <= status < 300:
        return Answer(
            status,
            decode(raw, lambda: call.what, call.shape),
            response,
            len(raw),
            response.elapsed.total_seconds(),
        )
    raise refusal(call.what, status, response.headers, raw, call.grant, now)


def _sent(call: Call) -> Response:
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
