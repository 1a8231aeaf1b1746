"""What libcurl received, as a response of `requests`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
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

    def __init__(self, status: int, lines: Sequence[bytes], body: BytesIO) -> None:
        self.status_code = status
        self.raw = body
        self.elapsed = timedelta()
        self._lines = lines
        body.seek(0)

    @cached_property
    def headers(self) -> CaseInsensitiveDict[str]:  # type: ignore[override]  # of most nobody asks
        """Those of the last block of lines: a proxy has one of its own."""
        headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        for line in self._lines:
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                text = value.strip()
                headers[name] = f"{headers[name]}, {text}" if name in headers else text
            elif name.startswith("HTTP/"):
                headers.clear()
        return headers
