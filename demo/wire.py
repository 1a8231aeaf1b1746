"""
HTTP/1.1 on sockets: requests in, replies out, connections kept.

One event loop serves all connections, which is several times faster in Python than a thread for
each, and lets an answer wait, drip or never come at no cost. Not modelled: TLS, compression,
chunked requests, pipelining beyond one answer after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from demo.routes import Request

_LONGEST_HEAD = 65_536  # bytes
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Reply:
    """
    Bytes to send, `pause` seconds apart, and whether the connection is closed after them.

    `sent` is called before the last part leaves.
    """

    parts: tuple[bytes, ...]
    close: bool = False
    pause: float = 0.0
    sent: Callable[[], None] | None = None


def head(status: int, headers: tuple[tuple[str, str], ...], length: int) -> bytes:
    """The status line and the headers of a reply."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode("latin-1")


@lru_cache(maxsize=256)  # a client sends much the same with each request
def _headers(block: bytes) -> Mapping[str, str]:
    headers = {}
    for line in block.decode("latin-1").split("\r\n") if block else ():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return headers


class Connection(asyncio.Protocol):
    """
    One connection. `respond` gives the reply to a request, or None to leave it hanging.

    `latency` is how many seconds each request waits before it is looked at.
    """

    def __init__(
        self,
        respond: Callable[[Request], Reply | None],
        latency: float,
        connections: set[asyncio.BaseTransport],
    ) -> None:
        self._respond = respond
        self._latency = latency
        self._connections = connections
        self._received = bytearray()
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio, which has set TCP_NODELAY."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._received += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        request = self._parsed()
        if request is None:
            return
        self._busy = True
        if self._latency:
            self._loop.call_later(self._latency, self._answer, request)
        else:
            self._answer(request)

    def _parsed(self) -> Request | None:
        """The first request received, or None as long as it is not whole."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _LONGEST_HEAD:
                self._refuse(431)
            return None
        first, _, block = bytes(self._received[:end]).partition(b"\r\n")
        words, headers = first.decode("latin-1").split(" "), _headers(block)
        length = headers.get("content-length", "0")
        if len(words) != 3 or not length.isdigit() or "transfer-encoding" in headers:
            self._refuse(400)
            return None
        begin = end + 4
        if len(self._received) < begin + int(length):
            return None
        body = bytes(self._received[begin : begin + int(length)])
        del self._received[: begin + int(length)]
        path, _, search = words[1].partition("?")
        return Request(words[0], path, search, headers, body)

    def _refuse(self, status: int) -> None:
        self._transport.write(head(status, (("Connection", "close"),), 0))
        self._transport.close()

    def _answer(self, request: Request) -> None:
        if self._transport.is_closing():
            return
        reply = self._respond(request)
        if reply is None:
            return  # busy for ever: nothing more is read from this connection
        close = reply.close or request.headers.get("connection", "").lower() == "close"
        self._send(reply, 0, close)

    def _send(self, reply: Reply, index: int, close: bool) -> None:
        if self._transport.is_closing():
            return
        last = index + 1 >= len(reply.parts)
        if last and reply.sent is not None:
            reply.sent()
        if index < len(reply.parts):
            self._transport.write(reply.parts[index])
        if not last:
            self._loop.call_later(reply.pause, self._send, reply, index + 1, close)
            return
        if close:
            self._transport.close()
            return
        self._busy = False
        self._next()
