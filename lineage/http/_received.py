"""What libcurl received, as a response of `requests`."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from requests import Response


class Body(BytesIO):
    """Takes the pieces of a body up to a size; beyond it, libcurl gives up."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.full = False

    def write(self, piece: Any) -> int:
        self.full = self.full or self.tell() + len(piece) > self._most
        return -1 if self.full else super().write(piece)


def response_of(status: int, lines: list[bytes], body: BytesIO) -> Response:
    """The status, the last block of header lines (a proxy has one of its own), and the body."""
    response = Response()
    response.status_code = status
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            key, text = name.decode("latin-1"), value.strip().decode("latin-1")
            before = response.headers.get(key)
            response.headers[key] = text if before is None else f"{before}, {text}"
        elif line.startswith(b"HTTP/"):
            response.headers.clear()
    body.seek(0)
    response.raw = body
    return response
