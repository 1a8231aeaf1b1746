"""What libcurl received, as a response of `requests`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

from requests import Response
from requests.structures import CaseInsensitiveDict


class Body(BytesIO):
    """Takes the pieces of a body up to a size; beyond it, libcurl gives up."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.full = False

    def write(self, piece: Any) -> int:
        self.full = self.full or self.tell() + len(piece) > self._most
        return -1 if self.full else super().write(piece)


class Received(Response):
    """What of a response is read here: its own making fills a cookie jar for each answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: BytesIO) -> None:
        self.status_code = status
        self.headers = CaseInsensitiveDict(headers)
        self.raw = body
        self.elapsed = timedelta()


def response_of(status: int, lines: list[bytes], body: BytesIO) -> Response:
    """The status, the last block of header lines (a proxy has one of its own), and the body."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            key, text = name.lower(), value.strip()
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        elif name.startswith("HTTP/"):
            headers.clear()
    body.seek(0)
    return Received(status, headers, body)
