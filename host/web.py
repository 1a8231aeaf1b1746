"""HTTP functions on a loopback port, a thread for each connection."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from host.activity import Activity
from host.calls import Answer, HttpCall, Outcome
from host.functions import Function, Http
from host.routes import Route

LONGEST_BODY = 104_857_600  # bytes; Azure's FUNCTIONS_REQUEST_BODY_SIZE_LIMIT

_LOG = logging.getLogger(__name__)
_IDLE = 60.0  # seconds until a silent connection is closed


class Web(ThreadingHTTPServer):
    """
    Serves the functions at 127.0.0.1; port 0 lets the system choose one.

    Not modelled: chunked requests (411), HTTP/2, TLS.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        functions: Sequence[Function],
        prefix: str,
        port: int,
        key: str,
        longest: int,
        activity: Activity,
        run: Callable[[Function, HttpCall], Outcome],
    ) -> None:
        routes = [
            (Route(each.trigger.route, prefix, each.name), each, each.trigger)
            for each in functions
            if isinstance(each.trigger, Http)
        ]
        self.routes = sorted(routes, key=lambda each: (each[0].ranks, each[1].name))
        self.key = key
        self.longest = longest
        self.activity = activity
        self.run = run
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no more."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller hung up: nobody is left to tell."""
        _LOG.debug("a connection failed", exc_info=True)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """
        The answer to a request.

        404 says that there is no such function, or that it does not take this method: Azure's host
        makes no difference (azure-functions-host issue 10098).
        """
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        for route, function, trigger in self.routes:
            taken = route.match(parts.path) if method in trigger.methods else None
            if taken is None:
                continue
            given = headers.get("x-functions-key") or query.get("code", "")
            if trigger.level != "anonymous" and not hmac.compare_digest(
                given.encode(), self.key.encode()
            ):
                return Answer(401, (), b"")
            call = HttpCall(method, f"{self.address}{target}", headers, query, taken, body)
            outcome = self.run(function, call)
            return outcome.answer or Answer(500 if outcome.error else 204, (), b"")
        return Answer(404, (), b"")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    server: Web

    def handle_any(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self._refuse(411)
        elif not (length.isascii() and length.isdigit() and len(length) < 19):
            self._refuse(400)
        elif int(length) > self.server.longest:
            self._refuse(413)
        else:
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                self.close_connection = True  # it hung up in the middle
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            with self.server.activity.work():  # until it is sent
                self._send(self.server.answer(self.command, self.path, headers, body))

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = handle_any

    def _refuse(self, status: int) -> None:
        self.close_connection = True  # the body is not read
        self._send(Answer(status, (("Connection", "close"),), b""))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def version_string(self) -> str:
        return "host"

    def log_message(self, format: str, *arguments: object) -> None:
        _LOG.debug(format, *arguments)
