"""
What can go wrong, named by what the caller does about it.

LineageError
  SettingsError    stop: set-up is unfinished (a setting, a role, an endpoint; 401 and 403 end here)
  Unavailable      try again after `retry_after` seconds: throttled, timed out, 5xx, cut body
  Untranslatable   record NotReported and go on: this run gives no lineage as it stands
  Rejected         record Failed and go on: the catalog refused this entity (`status`, `code`)
  BadInput         answer 400 (exit 2): what a caller gave is not what we take

A message says what, which one and what to do. It never holds a value that could be a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from lineage.model import Gap


class Cause(StrEnum):
    """What kept a call from being answered, where what is done about it hangs on that."""

    BUSY = "busy"  # another worker of ours has it, or it is time for this one to end
    CERTIFICATE = "certificate"  # the service's is not trusted here
    FIREWALL = "firewall"  # 403, and the body speaks of a firewall or private endpoint
    GONE = "gone"  # the factory or workspace itself is not there
    IDENTITY = "identity"  # there is no token to be had
    NAME = "name"  # the host's name does not resolve
    OVERLOADED = "overloaded"  # 408, 429, 504: it was too much, or too fast
    PAGE = "page"  # an answer that is no JSON: a page for people
    REDIRECT = "redirect"  # the service is elsewhere
    REPLACED = "replaced"  # a definition, by another lane, since it was fetched
    ROLE = "role"  # any other 403
    TIME = "time"  # no whole answer in time; what was asked may have been done
    TOKEN = "token"  # noqa: S105 - 401: the token, or the password, is not accepted
    TYPE = "type"  # the catalog lacks one that nothing stands in for


class LineageError(Exception):
    """
    Every error of ours. `cause` is known of some that a call ends with.

    `of_storage` is true where our own store or queue failed, and no source or catalog did.
    """

    cause: Cause | None = None
    of_storage: bool = False


E = TypeVar("E", bound=LineageError)


def of_storage(error: E) -> E:
    """The same error, as one of our own store or queue."""
    error.of_storage = True
    return error


class SettingsError(LineageError):
    """Set-up is unfinished; every problem found is in `problems`, one sentence each."""

    def __init__(self, *problems: str, cause: Cause | None = None) -> None:
        super().__init__("; ".join(problems))
        self.problems: Sequence[str] = problems
        self.cause = cause


class Unavailable(LineageError):
    """A service could not answer now. `retry_after` is the wait it asked for, in seconds."""

    def __init__(
        self, message: str, retry_after: float | None = None, cause: Cause | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.cause = cause


class Untranslatable(LineageError):
    """This run gives no lineage as it stands; `gaps` say why."""

    def __init__(self, *gaps: Gap) -> None:
        super().__init__("; ".join(f"{gap.reason}: {gap.detail}" for gap in gaps))
        self.gaps = gaps


class Rejected(LineageError):
    """A service refused what a request holds: HTTP `status` and the service's own `code`."""

    def __init__(self, message: str, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class BadInput(LineageError):
    """What a caller gave is not what we take."""
