"""Calls to Azure Storage: when one is repeated, and what an error means."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from lineage.errors import (
    Cause,
    LineageError,
    Rejected,
    SettingsError,
    Unavailable,
    of_storage,
)
from lineage.http import retry_after

ATTEMPTS = 6
LONGEST_WAIT = 30.0  # seconds; a longer one is the caller's to wait

T = TypeVar("T")

# Source: learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes and
# …/azure/storage/common/storage-network-security: a firewall says AuthorizationFailure.
_FORBIDDEN: dict[str, tuple[Cause | None, str]] = {
    "AccountIsDisabled": (None, "the account is disabled"),
    "AuthenticationFailed": (Cause.TOKEN, "key or token is not accepted"),
    "AuthorizationFailure": (Cause.FIREWALL, "a firewall or private endpoint keeps this host out"),
    "InvalidAuthenticationInfo": (Cause.TOKEN, "key or token is not accepted"),
    "KeyBasedAuthenticationNotPermitted": (
        Cause.TOKEN,
        "the account takes no keys: name it by AzureWebJobsStorage__accountName",
    ),
}
_ROLE = (Cause.ROLE, "our identity lacks the role Storage {} Data Contributor")
_PASSING = frozenset({408, 429})
_GOING = frozenset({"QueueBeingDeleted", "TableBeingDeleted"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is made, and what is done between; the real things by default."""

    attempts: int = ATTEMPTS
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float], float] = lambda seconds: seconds * (1 + random.random() / 4)  # noqa: S311 - spreads load

    def call(self, what: str, act: Callable[[], T]) -> T:
        """
        What `act` gives, repeated where the service could not answer.

        azure-core repeats neither 429 without `Retry-After` nor 502 nor a lost connection, so its
        own retries are off and these are all there are. A cut answer to a transaction is not even
        an error of its own, but of requests; a page for people is whatever Python says of it.
        Raises errors of ours, but for 404, 409 and 412, which are answers: the SDK's own error
        tells which.
        """

        def attempt() -> T:
            from azure.core.exceptions import AzureError
            from requests import RequestException

            try:
                return act()
            except (AzureError, HTTPException, RequestException) as error:
                if status(error) in (404, 409, 412) and code(error) not in _GOING:
                    raise
                raise of_storage(ours(what, error)) from None
            except (AttributeError, TypeError, ValueError):  # the SDK's, of such a body
                raise of_storage(_malformed(what)) from None

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, Unavailable) else None
            return self.jitter(asked or 0.5 * 2.0 ** (state.attempt_number - 1))

        def is_over(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            far = isinstance(error, Unavailable) and (error.retry_after or 0) > LONGEST_WAIT
            return far or state.attempt_number >= self.attempts

        return Retrying(
            stop=is_over,
            wait=wait,
            retry=retry_if_exception_type(Unavailable),
            sleep=self.sleep,
            reraise=True,
        )(attempt)


def status(error: Exception) -> int | None:
    """The HTTP status of an answer; None where there was none."""
    found: int | None = getattr(error, "status_code", None)
    return found


def code(error: Exception) -> str:
    """The service's own word, such as EntityAlreadyExists."""
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found) or "")


def ours(what: str, error: Exception) -> LineageError:
    """The error of ours that one of the SDK is; its text may repeat the request: not told."""
    from azure.core.exceptions import ClientAuthenticationError

    number, word = status(error), code(error)
    if number is None and isinstance(error, ClientAuthenticationError):
        return SettingsError(f"{what} was not asked: the key cannot sign", cause=Cause.TOKEN)
    if number is None:
        return _unanswered(what, error)
    said = f"{what} answered {number}{f' ({word})' if word.isalnum() else ''}"
    if number < 300:
        return _malformed(what)
    if number in _PASSING or number >= 500 or word in _GOING:
        response = getattr(error, "response", None)
        return Unavailable(said, retry_after(dict(response.headers) if response else {}))
    if number == 401:
        return SettingsError(f"{said}: the token is not accepted", cause=Cause.TOKEN)
    if number == 403:
        kind = "Queue" if what.startswith("the queue") else "Table"
        cause, why = _FORBIDDEN.get(word, _ROLE)
        return SettingsError(f"{said}: {why.format(kind)}", cause=cause)
    if number < 400:
        redirected = f"{said}: redirects are not followed; check the endpoint's address"
        return SettingsError(redirected, cause=Cause.REDIRECT)
    return Rejected(said, number, word)


def _malformed(what: str) -> Unavailable:
    return Unavailable(f"{what} answered with what is no answer of one", cause=Cause.PAGE)


_UNREACHED = (
    ("NameResolutionError", Cause.NAME),
    ("gaierror", Cause.NAME),
    ("SSLCertVerificationError", Cause.CERTIFICATE),
)


def _unanswered(what: str, error: BaseException) -> Unavailable:
    """No answer: why stands somewhere below the SDK's own error."""
    kinds = [type(each).__name__ for each in _below(error)]
    for name, cause in _UNREACHED:
        if name in kinds:
            return Unavailable(f"{what} cannot be reached: {name}", cause=cause)
    return Unavailable(f"{what} did not answer: {kinds[-1]}")


def _below(error: object, depth: int = 8) -> Iterator[BaseException]:
    """An error, and those it was made of, wherever its library keeps them."""
    if not isinstance(error, BaseException) or not depth:
        return
    yield error
    inside = (getattr(error, name, None) for name in ("inner_exception", "reason", "__cause__"))
    for each in (*inside, *error.args, error.__context__):
        if each is not error:
            yield from _below(each, depth - 1)
