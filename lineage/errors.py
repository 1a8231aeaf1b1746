"""
What can go wrong, named by what the caller does about it.

LineageError
  SettingsError    stop: set-up is unfinished (a setting, a role, an endpoint; 401 and 403 end here)
    RoleMissing    … 403: our identity lacks a role
    Firewall       … 403: we come from where the service does not let us in
  Unavailable      try again after `retry_after` seconds: throttled, timed out, 5xx, cut body
    Overloaded     … and send less at once: 408, 429, 504
    NoAddress      … the host's name does not resolve
    TimedOut       … no whole answer in time
  Untranslatable   record NotReported and go on: this run gives no lineage as it stands
  Rejected         record Failed and go on: the catalog refused this entity (`status`, `code`)
  BadInput         answer 400 (exit 2): what a caller gave is not what we take

A message says what, which one and what to do. It never holds a value that could be a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage.model import Gap


class LineageError(Exception):
    """Every error of ours."""


class SettingsError(LineageError):
    """Set-up is unfinished; every problem found is in `problems`, one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems: Sequence[str] = problems


class RoleMissing(SettingsError):
    """Our identity may not do this."""


class Firewall(SettingsError):
    """The service is closed to the network that we are in."""


class Unavailable(LineageError):
    """A service could not answer now. `retry_after` is the wait it asked for, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """It was too much, or too fast."""


class NoAddress(Unavailable):
    """The host's name does not resolve."""


class TimedOut(Unavailable):
    """No whole answer in time; what was asked may have been done."""


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
