"""A proxy before Azurite that fails on purpose: what tables and queues do on a bad day."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

FAULTS = ("429", "429-later", "500", "502", "503", "reset", "cut", "done-then-dropped")
CODES = {"429": "ServerBusy", "500": "InternalError", "503": "ServerBusy"}
WAITS = {"429-later": "1", "503-long": "120"}  # seconds, in Retry-After
CUT = 40  # bytes of an answer that are sent of one that is cut


class Proxy(ThreadingHTTPServer):
    """Asks `fault` about each request: the name of a fault, or None. `met` are those it gave."""

    daemon_threads = True

    def __init__(self, upstream: str, fault: Callable[[str], str | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream)
        self._fault = fault
        self._lock = Lock()
        self.met: list[str] = []
        self.calls = 0

    def next(self, method: str) -> str | None:
        with self._lock:
            self.calls += 1
            found = self._fault(method)
            self.met += [found] if found else []
            return found

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was dropped drops us."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.next(self.command)
        if fault == "reset":
            linger = struct.pack("ii", 1, 0)  # close at once, with RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
        elif fault and fault[:3].isdigit():
            self._refuse(fault)
        else:
            self._forward(body, fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_MERGE = _answer

    def _refuse(self, fault: str) -> None:
        code = CODES.get(fault[:3], "BadGateway")
        kind = "xml" if "xml" in self.headers.get("Accept", "") else "json"
        text = json.dumps({"odata.error": {"code": code, "message": {"value": "On purpose."}}})
        if kind == "xml":
            text = f"<Error><Code>{code}</Code><Message>On purpose.</Message></Error>"
        self.send_response(int(fault[:3]))
        self.send_header("x-ms-error-code", code)  # where queues tell it
        if fault in WAITS:
            self.send_header("Retry-After", WAITS[fault])
        self.send_header("Content-Type", f"application/{kind}")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _forward(self, body: bytes, fault: str | None) -> None:
        host = self.server.upstream
        connection = HTTPConnection(host.hostname or "", host.port, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if fault != "done-then-dropped":
            self._pass_on(answer, text, cut=fault == "cut")
        self.close_connection = fault is not None

    def _pass_on(self, answer: HTTPResponse, text: bytes, *, cut: bool) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[:CUT] if cut else text)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""


@contextmanager
def before(upstream: str, fault: Callable[[str], str | None]) -> Iterator[Proxy]:
    """A proxy in threads of this process."""
    with Proxy(upstream, fault) as made:
        thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


def once(*faults: str) -> Callable[[str], str | None]:
    """These faults, one for each of the first requests that write, and then none."""
    waiting = list(faults)
    return lambda method: waiting.pop(0) if method == "POST" and waiting else None
