"""The network replaced at the seam of `requests`: transport adapters with prepared answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse


class Answers(BaseAdapter):
    """Gives one prepared answer per request and keeps what was sent."""

    def __init__(self, *answers: Response | Exception) -> None:
        super().__init__()
        self._answers = iter(answers)
        self.sent: list[PreparedRequest] = []

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        self.sent.append(request.copy())
        found = next(self._answers)
        if isinstance(found, Exception):
            raise found
        found.request, found.url = request, request.url or ""
        return found

    def close(self) -> None:
        pass


class Service(BaseAdapter):
    """
    Answers each request by a function `(method, path, body) -> Response`, from any thread.

    `calls` are what was asked, in order, as `METHOD path` without the query.
    """

    def __init__(self, respond: Callable[[str, str, Any], Response | Exception]) -> None:
        super().__init__()
        self._respond = respond
        self._lock = Lock()
        self.calls: list[str] = []
        self.sent: list[PreparedRequest] = []

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        method, path = request.method or "", unquote(urlsplit(request.url or "").path)
        body = json.loads(request.body) if request.body else None
        with self._lock:
            self.calls.append(f"{method} {path}")
            self.sent.append(request.copy())
            found = self._respond(method, path, body)
        if isinstance(found, Exception):
            raise found
        found.request, found.url = request, request.url or ""
        return found

    def close(self) -> None:
        pass


def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
    """`body` is bytes as they are, or what becomes JSON."""
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response()
    response.status_code = status
    response.headers.update(headers or {})
    response.raw = HTTPResponse(BytesIO(raw), status=status, preload_content=False)
    return response


def session(adapter: BaseAdapter) -> Session:
    """A session that reaches nothing but the adapter."""
    made = Session()
    made.trust_env = False
    for scheme in ("https://", "http://"):
        made.mount(scheme, adapter)
    return made
