import gzip
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis.strategies import datetimes, from_regex, text
from requests import ConnectionError as Disconnected
from requests import PreparedRequest, ReadTimeout, Response
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ProxyError, SSLError

from lineage import http
from lineage.errors import Cause, LineageError, Rejected, SettingsError, Unavailable
from lineage.http import Limits, request
from tests.answers import Answers, answer, session

OK: dict[str, Any] = {"value": []}
URL = "https://management.example.com/x"
DATE = "Thu, 19 Nov 2026 00:00:00 GMT"
IN_7_S = "Thu, 19 Nov 2026 00:00:07 GMT"
YESTERDAY = "Wed, 18 Nov 2026 00:00:00 GMT"


def exactly(seconds: float) -> float:
    return seconds


def asked(adapter: Answers, **more: Any) -> tuple[Any, list[float]]:
    """The body or the error that a request ends with, and the waits before."""
    slept: list[float] = []
    try:
        found = request(
            session(adapter), "POST", URL, sleep=slept.append, jitter=exactly, **more
        ).body
    except LineageError as error:
        found = error
    return found, slept


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([answer(200, OK)], []),
        ([answer(429, headers={"Retry-After": "7"}), answer(200, OK)], [7.0]),
        ([answer(429, headers={"Retry-After": "30"}), answer(200, OK)], [30.0]),
        ([answer(429), answer(200, OK)], [1.0]),
        ([answer(429, headers={"Retry-After": "-5"}), answer(200, OK)], [1.0]),
        ([answer(429, headers={"Retry-After": "0"}), answer(200, OK)], [1.0]),
        ([answer(429, headers={"Retry-After": "soon"}), answer(200, OK)], [1.0]),
        ([answer(429, headers={"Retry-After": ""}), answer(200, OK)], [1.0]),
        ([answer(503, headers={"Retry-After": IN_7_S, "Date": DATE}), answer(200, OK)], [7.0]),
        ([answer(503, headers={"Retry-After": YESTERDAY, "Date": DATE}), answer(200, OK)], [1.0]),
        ([answer(408), answer(200, OK)], [1.0]),
        ([answer(500), answer(502), answer(504), answer(200, OK)], [1.0, 2.0, 4.0]),
        ([answer(503), Disconnected("reset"), answer(200, OK)], [1.0, 2.0]),
        ([ChunkedEncodingError("cut"), answer(200, OK)], [1.0]),
        ([ReadTimeout("slow"), answer(200, OK)], [1.0]),
        ([answer(200, b"<html>sign in</html>"), answer(200, OK)], [1.0]),
        ([answer(200, b""), answer(200, OK)], [1.0]),
        ([answer(200, b'{"a": NaN}'), answer(200, OK)], [1.0]),
        ([answer(200, b'{"a": -Infinity}'), answer(200, OK)], [1.0]),
        ([answer(200, b'{"a": 1e999}'), answer(200, OK)], [1.0]),
        ([answer(200, b'{"a": "\xff"}'), answer(200, OK)], [1.0]),
        ([answer(200, b"[" * 100_000), answer(200, OK)], [1.0]),
        ([answer(200, b'{"a": ' + b"9" * 5_000 + b"}"), answer(200, OK)], [1.0]),
    ],
    ids=[
        *("first time", "throttled", "throttled for the longest wait", "throttled, no wait"),
        *("a negative wait", "no wait at all", "a wait in words", "an empty wait"),
        *("a wait until a date", "a wait until a past date", "timed out at the service"),
        *("three outages", "outage, then a lost connection", "cut body", "silence"),
        *("a page for people", "an empty body", "NaN", "infinity", "a number beyond all bounds"),
        *("no UTF-8", "nested 100,000 deep", "a number of 5,000 digits"),
    ],
)
def test_an_answer_is_had_after_waits(
    answers: list[Response | Exception], waits: list[float]
) -> None:
    assert asked(Answers(*answers)) == (OK, waits)


@pytest.mark.parametrize(
    ("answers", "wait", "waits"),
    [
        ([answer(503)] * 5, None, [1.0, 2.0, 4.0, 8.0]),
        ([answer(429, headers={"Retry-After": "3"})] * 5, 3.0, [3.0, 3.0, 3.0, 3.0]),
        ([Disconnected("reset")] * 5, None, [1.0, 2.0, 4.0, 8.0]),
        ([answer(429, headers={"Retry-After": "31"})], 31.0, []),
        ([answer(429, headers={"Retry-After": "999999999999"})], 3600.0, []),
        ([answer(503, headers={"Retry-After": "9" * 5_000})], 3600.0, []),
        ([answer(503, headers={"Retry-After": DATE, "Date": YESTERDAY})], 3600.0, []),
    ],
    ids=[
        *("outage", "throttled", "lost connections", "a wait for the queue", "an absurd wait"),
        *("a wait without end", "a wait of a day, by date"),
    ],
)
def test_what_does_not_pass_is_unavailable_with_the_wait_asked_for(
    answers: list[Response | Exception], wait: float | None, waits: list[float]
) -> None:
    found, slept = asked(Answers(*answers))

    assert isinstance(found, Unavailable)
    assert (found.retry_after, slept) == (wait, waits)


@pytest.mark.parametrize(
    ("refusal", "kind", "message"),
    [
        (
            answer(401),
            SettingsError,
            "POST management.example.com/x answered 401: the token is not accepted; "
            "check LINEAGE_AUTH",
        ),
        (
            answer(403, {"error": {"code": "AuthorizationFailed", "message": "client 'secret'"}}),
            SettingsError,
            "POST management.example.com/x answered 403 (AuthorizationFailed): grant Reader",
        ),
        (
            answer(403, {"error": {"code": "Forbidden", "message": "Use a private endpoint."}}),
            SettingsError,
            "POST management.example.com/x answered 403 (Forbidden): "
            "a firewall or private endpoint keeps this host out",
        ),
        (
            answer(302, headers={"Location": "https://evil.example.com/"}),
            SettingsError,
            "POST management.example.com/x answered 302: "
            "redirects are not followed; check the endpoint's address",
        ),
        (
            answer(404, {"error": {"code": "ResourceNotFound", "message": "secret"}}),
            Rejected,
            "POST management.example.com/x answered 404 (ResourceNotFound)",
        ),
        (
            answer(400, {"code": "two words: secret"}),
            Rejected,
            "POST management.example.com/x answered 400",
        ),
        (
            answer(409, {"errorCode": "ATLAS-409-00-001", "requestId": "0f1e-2d"}),
            Rejected,
            "POST management.example.com/x answered 409 (ATLAS-409-00-001, request 0f1e-2d)",
        ),
        (answer(413, b"<html>"), Rejected, "POST management.example.com/x answered 413"),
    ],
    ids=[
        *("no token", "no role", "firewall", "redirect", "not there", "a code with blanks"),
        *("Atlas's code", "a page"),
    ],
)
def test_a_refusal_is_told_at_once_in_our_words(
    refusal: Response, kind: type[LineageError], message: str
) -> None:
    found, slept = asked(Answers(refusal), params={"q": "hidden"}, grant="grant Reader")

    assert (type(found), str(found), slept) == (kind, message, [])


def test_a_rejection_carries_status_and_code() -> None:
    found, _ = asked(Answers(answer(404, {"error": {"code": "PipelineRunNotFound"}})))

    assert (found.status, found.code) == (404, "PipelineRunNotFound")


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none(status: int) -> None:
    found = request(session(Answers(answer(status, headers={"ETag": "e"}))), "GET", URL)

    assert (found.status, found.body, found.headers["etag"]) == (status, None, "e")


def test_lone_surrogates_are_replaced_and_pairs_kept() -> None:
    body = rb'{"a\ud800": ["\uD83D\uDE00", "\udc00x", "\\ud800"]}'

    found, _ = asked(Answers(answer(200, body)))

    assert found == {"a�": ["😀", "�x", "\\ud800"]}


def test_a_byte_order_mark_is_dropped() -> None:
    assert asked(Answers(answer(200, b"\xef\xbb\xbf{}"))) == ({}, [])


def test_what_is_sent_is_json_with_the_parameters_encoded() -> None:
    adapter = Answers(answer(200, OK))

    asked(adapter, json={"a": "é"}, params={"p": "a b&c"}, headers={"If-None-Match": "e"})

    sent = adapter.sent[0]
    assert (sent.method, sent.url, sent.body) == ("POST", f"{URL}?p=a+b%26c", b'{"a": "\\u00e9"}')
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Content-Length"] == "15"
    assert sent.headers["If-None-Match"] == "e"
    assert sent.headers["Accept-Encoding"] == "gzip"


def test_each_attempt_is_counted() -> None:
    calls: list[int] = []

    asked(Answers(answer(500), answer(200, OK)), on_call=lambda: calls.append(1))

    assert calls == [1, 1]


def test_no_attempt_begins_after_the_patience() -> None:
    moments = iter([0.0, 10.0, 181.0])  # begun, over?, over?

    found, slept = asked(Answers(*[answer(503)] * 5), clock=lambda: next(moments))

    assert isinstance(found, Unavailable)
    assert slept == [1.0]


def test_jitter_lengthens_a_wait_by_a_quarter_at_most() -> None:
    slept: list[float] = []
    adapter = Answers(answer(429, headers={"Retry-After": "20"}), answer(200, OK))

    request(session(adapter), "POST", URL, sleep=slept.append)

    assert 20.0 <= slept[0] <= 25.0


@given(text() | from_regex(r"[0-9.+-]{1,40}") | datetimes().map(str))
def test_any_retry_after_is_a_bounded_wait_or_none(value: str) -> None:
    found = http.retry_after({"Retry-After": value, "Date": value})

    assert found is None or 0 < found <= 3600


class Tokens(AuthBase):
    """Gives tokens one after the other; the next on `renew`."""

    def __init__(self) -> None:
        self.number = 1
        self.refused: list[tuple[str, str]] = []

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.number}"
        return request

    def renew(self, refused: PreparedRequest, challenge: str) -> None:
        self.refused.append((str(refused.headers["Authorization"]), challenge))
        self.number += 1


def test_a_token_that_is_refused_is_renewed_once() -> None:
    auth = Tokens()
    adapter = Answers(answer(401, headers={"WWW-Authenticate": "Bearer x"}), answer(200, OK))

    assert asked(adapter, auth=auth) == (OK, [])
    assert [each.headers["Authorization"] for each in adapter.sent] == ["Bearer 1", "Bearer 2"]
    assert auth.refused == [("Bearer 1", "Bearer x")]


def test_a_second_refusal_of_the_token_ends_it() -> None:
    found, slept = asked(Answers(answer(401), answer(401)), auth=Tokens())

    assert isinstance(found, SettingsError)
    assert slept == []


def test_a_token_that_cannot_be_had_now_is_asked_for_again() -> None:
    class Late(AuthBase):
        late = True

        def __call__(self, request: PreparedRequest) -> PreparedRequest:
            if self.late:
                self.late = False
                raise Unavailable("no token yet")
            return request

    assert asked(Answers(answer(200, OK)), auth=Late()) == (OK, [1.0])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SSLError("https://user:secret@proxy"), "SSLError"),
        (ProxyError(OSError("https://user:secret@proxy")), "ProxyError"),
        (Disconnected(ConnectionResetError(104, "reset")), "ConnectionError"),
    ],
)
def test_a_lost_connection_is_told_by_its_kind_alone(error: Exception, message: str) -> None:
    found, _ = asked(Answers(*[error] * 5))

    assert str(found) == f"POST management.example.com/x: {message}"


# ---------------------------------------------------------------- real sockets

QUICK = Limits(connect=2, read=0.5, total=1.0, attempts=2)
Script = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(*scripts: Script) -> Iterator[str]:
    """A loopback server that runs one script per request, the last one for all that follow."""
    left = list(scripts)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            script = left.pop(0) if len(left) > 1 else left[0]
            try:
                script(self)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/x"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def head(handler: BaseHTTPRequestHandler, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def whole(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Content_Length="13")
    handler.wfile.write(b'{"value": []}')


def cut(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Content_Length="1000")
    handler.wfile.write(b'{"value": [')
    handler.close_connection = True


def cut_chunk(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Transfer_Encoding="chunked")
    handler.wfile.write(b'40\r\n{"value": []}')
    handler.close_connection = True


def no_last_chunk(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Transfer_Encoding="chunked")
    handler.wfile.write(b'd\r\n{"value": []}\r\n')
    handler.close_connection = True


def cut_gzip(handler: BaseHTTPRequestHandler) -> None:
    body = gzip.compress(json.dumps({"value": list(range(1000))}).encode())[:500]
    head(handler, Content_Length=str(len(body)), Content_Encoding="gzip")
    handler.wfile.write(body)


def no_gzip(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Content_Length="13", Content_Encoding="gzip")
    handler.wfile.write(b'{"value": []}')


def reset(handler: BaseHTTPRequestHandler) -> None:
    linger = struct.pack("ii", 1, 0)  # close with RST
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def dropped(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    handler.close_connection = True


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Content_Length="1000")
    for _ in range(20):
        handler.wfile.write(b" ")
        time.sleep(0.1)
    handler.close_connection = True


@pytest.mark.parametrize(
    "fault",
    [cut, cut_chunk, no_last_chunk, cut_gzip, no_gzip, reset, dropped, garbage, silent, drip],
)
def test_an_answer_is_had_after_a_fault_on_the_wire(fault: Script) -> None:
    with served(fault, whole) as url, http.session(url) as there:
        found = request(there, "GET", url, limits=QUICK, sleep=lambda _: None)

    assert found.body == {"value": []}


@pytest.mark.slow
def test_a_slow_drip_ends_by_our_own_clock() -> None:
    begun = time.monotonic()

    with served(drip) as url, http.session(url) as there:
        with pytest.raises(Unavailable, match="no whole answer within 1 s"):
            request(there, "GET", url, limits=QUICK, sleep=lambda _: None)
        took = time.monotonic() - begun

    assert 2.0 <= took < 3.5


def test_gzip_is_inflated_and_the_size_told() -> None:
    def packed(handler: BaseHTTPRequestHandler) -> None:
        body = gzip.compress(b'{"value": []}')
        head(handler, Content_Length=str(len(body)), Content_Encoding="gzip")
        handler.wfile.write(body)

    with served(packed) as url, http.session(url) as there:
        found = request(there, "GET", url)

    assert (found.body, found.size) == ({"value": []}, 13)


def bomb(handler: BaseHTTPRequestHandler) -> None:
    body = gzip.compress(b" " * 80_000_000, 9)
    head(handler, Content_Length=str(len(body)), Content_Encoding="gzip")
    handler.wfile.write(body)


def endless(handler: BaseHTTPRequestHandler) -> None:
    head(handler, Transfer_Encoding="chunked")
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")


@pytest.mark.parametrize("body", [bomb, endless])
def test_a_body_above_the_limits_is_refused_and_not_asked_for_again(body: Script) -> None:
    calls: list[int] = []

    with (
        served(body) as url,
        http.session(url) as there,
        pytest.raises(Unavailable, match="the answer is above 32 MB"),
    ):
        request(there, "GET", url, on_call=lambda: calls.append(1))

    assert calls == [1]


def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        head(handler, 307, Location="/elsewhere", Content_Length="0")

    with (
        served(elsewhere) as url,
        http.session(url) as there,
        pytest.raises(SettingsError, match="redirects are not followed"),
    ):
        request(there, "GET", url)

    assert seen == ["/x"]


def test_connections_are_kept_and_cookies_are_not() -> None:
    seen: list[tuple[Any, str | None]] = []

    def remembering(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.client_address, handler.headers.get("Cookie")))
        head(handler, Content_Length="2", Set_Cookie="a=b")
        handler.wfile.write(b"{}")

    def not_changed(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.client_address, handler.headers.get("Cookie")))
        head(handler, 304)

    with served(remembering, not_changed, remembering) as url, http.session(url) as there:
        for _ in range(3):
            request(there, "GET", url)

    assert len({address for address, _ in seen}) == 1
    assert [cookie for _, cookie in seen] == [None, None, None]


def test_a_refusal_counts_though_its_body_is_cut() -> None:
    def refusing(handler: BaseHTTPRequestHandler) -> None:
        head(handler, 409, Content_Length="1000")
        handler.wfile.write(b'{"error"')
        handler.close_connection = True

    with served(refusing) as url, http.session(url) as there, pytest.raises(Rejected) as refused:
        request(there, "GET", url)

    assert (refused.value.status, refused.value.code) == (409, "")


def test_a_proxy_is_asked_for_the_whole_address_and_no_netrc_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[tuple[str, str | None]] = []

    def between(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.path, handler.headers.get("Authorization")))
        whole(handler)

    (tmp_path / "netrc").write_text("machine catalog.example.com login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with served(between) as proxy, http.session("http://catalog.example.com") as there:
        there.proxies = {"http": proxy.removesuffix("/x")}
        found = request(there, "GET", "http://catalog.example.com/y")

    assert found.body == {"value": []}
    assert seen == [("http://catalog.example.com/y", None)]


def test_a_path_is_sent_as_it_is() -> None:
    seen: list[str] = []

    def noting(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        whole(handler)

    with served(noting) as url, http.session(url) as there:
        for path in ("/%2E%2E/y", "/a/%2E?b=1"):
            request(there, "GET", url + path)

    assert seen == ["/x/%2E%2E/y", "/x/a/%2E?b=1"]


def test_a_header_that_comes_twice_counts_whole() -> None:
    auth = Tokens()

    def challenging(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(401)
        for challenge in ('Bearer claims="x"', "Basic realm=y"):
            handler.send_header("WWW-Authenticate", challenge)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with served(challenging, whole) as url, http.session(url) as there:
        request(there, "GET", url, auth=auth)

    assert auth.refused == [("Bearer 1", 'Bearer claims="x", Basic realm=y')]


def test_a_body_that_is_no_whole_gzip_is_cut_and_not_too_large() -> None:
    def twice(handler: BaseHTTPRequestHandler) -> None:
        body = gzip.compress(b'{"value"') + b"more"
        head(handler, Content_Length=str(len(body)), Content_Encoding="gzip")
        handler.wfile.write(body)

    with served(twice, whole) as url, http.session(url) as there:
        found = request(there, "GET", url, sleep=lambda _: None)

    assert found.body == {"value": []}


def test_no_test_reaches_another_machine() -> None:
    with http.session("http://192.0.2.1") as there, pytest.raises(Unavailable) as lost:
        request(there, "GET", "http://192.0.2.1/x", limits=Limits(total=2, attempts=1))

    assert str(lost.value) == "GET 192.0.2.1/x: NewConnectionError"


def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x"
        with http.session(url) as there, pytest.raises(Unavailable, match="Error"):
            request(there, "GET", url, sleep=lambda _: None)


# ---------------------------------------------------------------- TLS


@contextmanager
def encrypted(authority: trustme.CA) -> Iterator[str]:
    """The address of a loopback server with a certificate of this authority."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)

        def answer_once() -> None:
            with (
                suppress(OSError),
                listening.accept()[0] as plain,
                context.wrap_socket(plain, server_side=True) as secure,
            ):
                secure.recv(65_536)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=answer_once)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}/x"
        finally:
            thread.join(5)


@pytest.mark.parametrize("kept_in", ["file", "folder"])
def test_a_certificate_is_trusted_by_the_bundle_that_is_named(
    kept_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    if kept_in == "folder" and shutil.which("openssl") is None and os.environ.get("CI") != "true":
        pytest.skip("openssl, which names the certificates of a folder, is not installed")
    if kept_in == "folder":
        subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)  # noqa: S603, S607  # ours
    trusted = bundle if kept_in == "file" else tmp_path
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))

    with encrypted(authority) as url, http.session(url) as there:
        found = request(there, "GET", url, limits=QUICK)

    assert found.body == {}


@pytest.mark.slow
def test_a_certificate_of_an_unknown_authority_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    with (
        encrypted(trustme.CA()) as url,
        http.session(url) as there,
        pytest.raises(Unavailable) as lost,
    ):
        request(there, "GET", url, limits=Limits(connect=2, read=1, total=2, attempts=1))

    assert lost.value.cause is Cause.CERTIFICATE


# ---------------------------------------------------------------- the environment


@pytest.mark.parametrize(
    ("url", "environ", "verify", "proxies"),
    [
        ("https://a.example.com", {}, True, {}),
        ("https://a.example.com", {"HTTPS_PROXY": "http://p"}, True, {"https": "http://p"}),
        ("https://a.example.com", {"HTTPS_PROXY": "http://p", "NO_PROXY": "example.com"}, True, {}),
        ("http://127.0.0.1:80", {"HTTP_PROXY": "http://p", "ALL_PROXY": "http://p"}, True, {}),
        ("http://localhost:80", {"HTTP_PROXY": "http://p"}, True, {}),
        ("https://a.example.com", {"REQUESTS_CA_BUNDLE": "ca.pem"}, "ca.pem", {}),
    ],
    ids=["bare", "a proxy", "an exception", "loopback", "loopback by name", "a CA bundle"],
)
def test_proxies_and_ca_bundle_are_those_of_the_environment(
    url: str,
    environ: dict[str, str],
    verify: bool | str,
    proxies: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in os.environ:
        if name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    with http.session(url) as made:
        assert (made.trust_env, made.verify, made.proxies) == (False, verify, proxies)
