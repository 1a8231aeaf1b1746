"""
A loopback Data Factory and Synapse that serve an estate over REST.

They model what the real services enforce on the calls that lineage needs (run queries, one run,
runs of triggers, definitions, the factory or workspace itself): api-versions; required, inclusive
bounds that compare with the run event's update, for activity runs too; pages of 100 with a token
in the body and none on the last page; paths in any case; upper-case ids in runs; string parameters;
ETags that tell when a definition was written, and 304; `nextLink`; Synapse's path with the
pipeline's name; ARM's errors, request ids and counters of remaining reads. On request: a bearer
token, a forbidden factory, one that hangs, latency, faults, runs that appear late, and a history of
every call.

Not modelled: writes, triggers themselves, debug runs, Log Analytics, retention, real budgets,
the delay between a run and its appearance (but for `hold`), TLS. Assumed where no recording shows
it: the order of rows (by start), the codes of refusals, 404 for an unknown run.

    python -m demo.services --epoch 2026-11-19T12:00:00Z --port-file ports.json
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import count
from pathlib import Path
from time import time
from types import TracebackType
from typing import Self

from demo.book import Book
from demo.faults import Fault, Plan
from demo.history import History
from demo.queries import Refusal
from demo.routes import Answer, Host, Request, error
from demo.shapes import Estate, Run, Site
from demo.wire import Connection, Reply, head

_LOOPBACK = "127.0.0.1"
_DRIPS = 20  # pieces of a dripped answer
_READS = 11_999  # reads left when a count begins; real ones begin at this and at other numbers


@dataclass(frozen=True, slots=True)
class Options:
    """
    How the services behave. `token` None asks for none; `latency` is seconds a call.

    `forbidden` and `hanging` are names of factories or workspaces that answer 403 and never. The
    newest `hold` runs of each site appear only on `release`. No history is kept without `remember`.
    """

    token: str | None = None
    latency: float = 0.0
    plan: Plan = field(default_factory=Plan)
    forbidden: frozenset[str] = frozenset()
    hanging: frozenset[str] = frozenset()
    history: Path | None = None
    remember: bool = True
    page: int = 100
    listed: int = 50
    hold: int = 0


class Services:
    """
    The running services: `management` and `synapse[workspace]` are their base addresses.

    Use as a context manager, or `start` and `stop`.
    """

    def __init__(self, estate: Estate, options: Options | None = None) -> None:
        self._options = options or Options()
        self._held: list[tuple[Site, tuple[Run, ...]]] = []
        self._books = {
            site.name: Book(self._without_held(site), self._options.page) for site in estate.sites
        }
        self.history = History(self._options.history, kept=self._options.remember)
        self.management = ""
        self.synapse: dict[str, str] = {}
        self._reads = count(_READS, -1)
        self._ids = count(1)
        self._connections: set[asyncio.BaseTransport] = set()
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> Self:
        """Listen, on ports that the system chooses."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def stop(self) -> None:
        """Close every connection and forget the port."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.history.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def release(self, site: str, *runs: Run) -> None:
        """Show further runs of a site; a run of a known id takes the old one's place."""
        book = self._books[site]
        self._on_loop(lambda: book.add(runs))

    def release_held(self) -> None:
        """Show the runs that were held back."""

        def show() -> None:
            for site, runs in self._held:
                self._books[site.name].add(runs)
            self._held.clear()

        self._on_loop(show)

    def _without_held(self, site: Site) -> Site:
        runs = sorted(site.runs, key=lambda run: run.row.updated)
        shown = len(runs) - min(self._options.hold, len(runs))
        self._held.append((site, tuple(runs[shown:])))
        return replace(site, runs=tuple(runs[:shown]))

    def _on_loop(self, action: Callable[[], None]) -> None:
        """Run where the requests are answered, so that no answer sees half of it."""
        done = threading.Event()

        def run() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait()

    async def _listen(self) -> None:
        factories = [book for book in self._books.values() if not book.site.synapse]
        self.management = await self._host(factories, synapse=False)
        for name, book in self._books.items():
            if book.site.synapse:
                self.synapse[name] = await self._host([book], synapse=True)

    async def _host(self, books: Iterable[Book], *, synapse: bool) -> str:
        host = Host(tuple(books), synapse, self._options.listed)
        server = await self._loop.create_server(
            lambda: Connection(
                lambda request: self._respond(host, request),
                self._options.latency,
                self._connections,
            ),
            _LOOPBACK,
            0,
            backlog=1024,
        )
        self._servers.append(server)
        return f"http://{_LOOPBACK}:{server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for transport in list(self._connections):
            transport.close()
        while self._connections:
            await asyncio.sleep(0)

    # ------------------------------------------------------------ one request

    def _respond(self, host: Host, request: Request) -> Reply | None:
        found = host.site(request.path)
        site = found[0].site.name if found else None
        if site in self._options.hanging:
            self.history.write(site, request, 0, "hang", {})
            return None
        fault = self._options.plan.next()
        answer = self._faulty(fault) or self._refused(site, request) or host.answer(request)
        return self._reply(site, request, answer, fault, self._common(host))

    def _refused(self, site: str | None, request: Request) -> Answer | None:
        token = self._options.token
        if token is not None and request.headers.get("authorization") != f"Bearer {token}":
            refusal = Refusal(401, "AuthenticationFailed", "Authentication failed.")
            return error(refusal, (("WWW-Authenticate", "Bearer"),))
        if site in self._options.forbidden:
            message = f"The client does not have authorization to perform action over '{site}'."
            return error(Refusal(403, "AuthorizationFailed", message))
        return None

    def _faulty(self, fault: Fault | None) -> Answer | None:
        """The answer in place of the right one, where the fault is one."""
        busy = Refusal(429, "TooManyPipelineRunQueryRequests", "The request rate is too high.")
        match fault:
            case Fault.THROTTLED:
                return error(busy, (("Retry-After", str(self._options.plan.retry_after)),))
            case Fault.THROTTLED_ABSURDLY:
                return error(busy, (("Retry-After", "999999999"),))
            case Fault.THROTTLED_BARE:
                return error(busy)
            case Fault.BAD_GATEWAY:
                return Answer(502, b"<html><body>502 Bad Gateway</body></html>")
            case Fault.UNAVAILABLE:
                when = formatdate(time() + self._options.plan.retry_after, usegmt=True)
                refusal = Refusal(503, "ServiceUnavailable", "The service is unavailable.")
                return error(refusal, (("Retry-After", when),))
        return None

    def _common(self, host: Host) -> tuple[tuple[str, str], ...]:
        made = f"00000000-0000-4000-8000-{next(self._ids):012x}"
        headers = (("x-ms-request-id", made), ("x-ms-correlation-request-id", made))
        if host.synapse:
            return headers
        return (*headers, ("x-ms-ratelimit-remaining-subscription-reads", str(next(self._reads))))

    def _reply(
        self,
        site: str | None,
        request: Request,
        answer: Answer,
        fault: Fault | None,
        common: tuple[tuple[str, str], ...],
    ) -> Reply:
        kind = "text/html" if answer.body[:1] == b"<" else "application/json; charset=utf-8"
        headers = (("Content-Type", kind), *common, *answer.headers)
        start, body = head(answer.status, headers, len(answer.body)), answer.body

        def write(status: int = answer.status, whole: bool = True) -> None:
            served = answer.served if whole else {}
            self.history.write(site, request, status, fault or "", served)

        if fault is Fault.DROPPED:
            return Reply((), close=True, sent=lambda: write(0, whole=False))
        if fault is Fault.TRUNCATED:
            half = (start + body[: len(body) // 2],)
            return Reply(half, close=True, sent=lambda: write(whole=False))
        if fault is Fault.DRIP:
            size = len(body) // _DRIPS + 1
            pieces = tuple(body[place : place + size] for place in range(0, len(body), size))
            return Reply((start, *pieces), pause=self._options.plan.drip / _DRIPS, sent=write)
        return Reply((start + body,), sent=write)


if __name__ == "__main__":
    from demo.process import main

    main()
