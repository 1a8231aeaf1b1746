"""An answer to an HTTP request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import LineageError, SettingsError, Unavailable

# Nothing of ours is to be kept by a cache, or read as anything but what it says it is.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object with its HTTP `status`."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body, in ASCII: whatever a name holds, no reader stumbles over it."""
        return json.dumps(self.body)

    @property
    def all_headers(self) -> dict[str, str]:
        """Those of every answer, and its own."""
        return HEADERS | dict(self.headers)


class Refusal(LineageError):
    """A request that is not done: HTTP `status`, a `code` for programs, and what to do."""

    def __init__(self, status: int, code: str, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after  # seconds; 0 asks for none

    def answer(self) -> Answer:
        """The error in the shape that every route gives it."""
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return Answer(self.status, {"error": {"code": self.code, "message": str(self)}}, headers)


def answered(act: Callable[[], Answer]) -> Answer:
    """What `act` answers, or the error that it raises as one: nothing of ours ends as a 500."""
    try:
        return act()
    except Refusal as refusal:
        return refusal.answer()
    except SettingsError as error:
        return Refusal(503, "SettingsError", "; ".join(error.problems)).answer()
    except LineageError as error:
        wait = error.retry_after if isinstance(error, Unavailable) else None
        return Refusal(503, "Unavailable", str(error), round(wait or 60)).answer()
