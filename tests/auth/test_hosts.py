"""Where a token or a password may go, and that it goes nowhere else."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import from_regex, text
from requests.auth import AuthBase

from lineage import http
from lineage.auth import BasicAuth, BearerAuth, allowed, basic, bearer
from lineage.errors import SettingsError
from lineage.http import Limits, request
from tests.answers import Answers, answer, session
from tests.auth.words import ARM, Token, Tokens, prepared

CASES = json.loads((Path(__file__).parent / "cases" / "hosts.json").read_text(encoding="utf-8"))
HOSTS = {
    "management.azure.com",
    "tests.example.com:8443",
    "127.0.0.1:7071",
    "localhost",
    "[::1]:80",
}
ENDLESS = 1 << 40  # seconds
BASIC = "Basic YWRtaW46c8OpY3JldA=="  # admin:sécret
KINDS: dict[str, Callable[[str], AuthBase | None]] = {
    "token": lambda url: bearer(Tokens(Token("abc", ENDLESS)), ARM, url),
    "password": lambda url: basic("admin", "sécret", url),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_token_or_password_goes_to_its_own_hosts_and_nothing_is_sent_to_others(
    case: dict[str, Any],
) -> None:
    tokens = Tokens(Token("abc", ENDLESS))
    adapter = Answers(answer(200, {}), answer(200, {}))
    sent = []

    for auth in (BearerAuth(tokens, ARM, HOSTS), BasicAuth("admin", "sécret", HOSTS)):
        with suppress(SettingsError):
            request(session(adapter), "GET", case["url"], auth=auth)
            sent.append(adapter.sent[-1].headers["Authorization"])

    assert sent == (["Bearer abc", BASIC] if case["sent"] else [])
    assert len(adapter.sent) == len(sent)
    assert len(tokens.asked) == case["sent"]


def test_there_are_at_least_60_hosts_to_which_nothing_is_sent() -> None:
    assert len([case for case in CASES if not case["sent"]]) >= 60


@given(text() | from_regex(r"https?://[ -~]*"))
def test_any_text_may_or_may_not(url: str) -> None:
    assert allowed(url, HOSTS) in {True, False}


@given(text() | from_regex(r"https?://[ -~]*"))
def test_any_text_is_refused_or_allowed_in_our_words(url: str) -> None:
    with suppress(SettingsError):
        BasicAuth("admin", "x", HOSTS)(prepared(url))


def test_a_user_name_with_a_colon_is_refused() -> None:
    with pytest.raises(SettingsError, match="ATLAS_USERNAME: a user name holds no colon"):
        BasicAuth("ad:min", "x", HOSTS)


def test_without_a_user_name_no_password_is_sent() -> None:
    assert basic("", "x", "https://atlas.example.com") is None


# ---------------------------------------------------------------- over real sockets


@contextmanager
def served(
    respond: Callable[[BaseHTTPRequestHandler], None],
) -> Iterator[tuple[str, list[str | None]]]:
    """A loopback server, and the `Authorization` of each request that reached it."""
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            respond(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


def empty(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_to_another_host_takes_nothing_there(kind: str, status: int) -> None:
    with served(empty) as (evil, there):

        def away(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Location", f"{evil}/x")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with (
            served(away) as (ours, here),
            http.session(ours) as client,
            pytest.raises(SettingsError, match="redirects are not followed"),
        ):
            request(client, "GET", f"{ours}/x", auth=KINDS[kind](ours))

    assert there == []
    assert len(here) == 1


@pytest.mark.parametrize(("kind", "expected"), [("token", "Bearer abc"), ("password", BASIC)])
def test_netrc_neither_replaces_nor_adds_anything(
    kind: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login evil password evil\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(file))

    with served(empty) as (ours, here), http.session(ours) as client:
        request(client, "GET", ours, auth=KINDS[kind](ours))
        request(client, "GET", ours)

    assert here == [expected, None]


@pytest.mark.parametrize("kind", KINDS)
def test_another_port_of_the_same_machine_is_another_host(kind: str) -> None:
    with (
        served(empty) as (ours, _),
        served(empty) as (other, there),
        http.session(other) as client,
        pytest.raises(SettingsError, match="is not sent to"),
    ):
        request(client, "GET", other, auth=KINDS[kind](ours), limits=Limits(attempts=1))

    assert there == []
