"""Calls to Data Factory or Synapse, and the pages of their answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct
from requests import Session

from lineage.auth import Credential, bearer
from lineage.errors import Cause, Rejected, SettingsError, Unavailable
from lineage.http import ANY, LIMITS, Answer, Limits, Shape, request, session
from lineage.model import FactoryId, Json
from lineage.settings import Settings
from lineage.sources.addresses import address, api, scope

PAGES = 10_000  # more is a loop
FEW = 2  # calls under way at once, to begin with
SLOW = 0.05  # seconds until an answer begins; where it takes longer, more are asked for at once
GONE = frozenset({404, 410})
_T = TypeVar("_T")
_R = TypeVar("_R")


class Page(Struct, frozen=True, eq=False):
    """Rows of an answer, and the bytes it took."""

    rows: list[Json]
    size: int


class Client:
    """
    Calls to one factory or workspace, at most `in_flight` at once; `close` ends its threads.

    `on_call` is called before each request, from any thread. `sleep` is by default a wait that
    `close` ends.
    """

    def __init__(
        self,
        factory: FactoryId,
        settings: Settings,
        credential: Credential | None = None,
        *,
        http: Session | None = None,
        on_call: Callable[[], None] = lambda: None,
        limits: Limits = LIMITS,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.factory = factory
        self.api = api(factory)
        self._base = address(factory, settings)
        self._auth = bearer(credential, scope(factory, settings), self._base)
        self._session = http or session(self._base)
        self._on_call = on_call
        self._limits = limits
        self._closed = Event()
        self._sleep = sleep or self._rest
        self._in_flight = settings.in_flight
        self._at_once = min(FEW, settings.in_flight)
        self._threads = ThreadPoolExecutor(settings.in_flight, thread_name_prefix="source")

    def close(self) -> None:
        """Begin no more calls, wait for those under way, let go of threads and connections."""
        self._closed.set()
        self._threads.shutdown()
        self._session.close()

    def each(self, task: Callable[[_T], _R], items: Sequence[_T]) -> list[tuple[_T, _R]]:
        """
        Each item with what its task gave, in order, at most `in_flight` tasks at a time.

        It begins with few and doubles them as long as the service is slow to answer: what is quick
        gains nothing from more threads, which then only wait for one another. An error of a task is
        raised when all have ended. A task that calls this waits for ever.
        """
        left = iter(enumerate(items))  # `next` of it is atomic
        found: list[Any] = [None] * len(items)

        def work() -> None:  # knows nothing of its future: a cycle would keep all that was read
            for place, item in left:
                found[place] = task(item)

        tasks: set[Future[None]] = set()
        try:
            while items and (not tasks or wait(tasks, SLOW).not_done):
                while len(tasks) < min(self._at_once, len(items)):
                    tasks.add(self._threads.submit(work))
        except RuntimeError:  # closed meanwhile
            raise Unavailable(f"{self.factory}: nothing more is read") from None
        for ended in tasks:
            ended.result()
        return list(zip(items, found, strict=True))

    def call(
        self, method: str, path: str, json: Any = None, etag: str = "", shape: Shape = ANY
    ) -> Answer:
        """
        Call a path of the factory. `etag` gives 304 where nothing has changed.

        Raises `Rejected` for what is not there; another refusal is `Unavailable`: what cannot be
        had stays open. `SettingsError` on 401 and 403.
        """
        return self._requested(
            method,
            f"{self._base}{path}?api-version={self.api.version}",
            json=json,
            shape=shape,
            headers={"If-None-Match": etag} if re.fullmatch(r"[!-~]{1,256}", etag) else None,
        )

    def query(self, path: str, body: Json, shape: Shape = ANY) -> Iterator[Page]:
        """
        The pages of a run query, one POST each, in a shape that has rows and token.

        Raises `Unavailable` on a token that comes twice, an empty page with a token and the
        10,000th page: nothing is known of what would have followed.
        """
        seen: set[str] = set()
        token = None
        for _ in range(PAGES):
            asked = body if token is None else {**body, "continuationToken": token}
            answer = self.call("POST", path, asked, shape=shape)
            page, token = self._page(path, answer, "continuationToken")
            yield page
            if token is None:
                return
            if token in seen or not page.rows:
                break
            seen.add(token)
        raise Unavailable(f"{self.factory}{path}: the pages have no end")

    def list(self, path: str) -> Iterator[Page]:
        """The pages of a list, one GET each; `nextLink` is followed on the same host only."""
        seen: set[str] = set()
        answer = self.call("GET", path)
        for _ in range(PAGES):
            page, link = self._page(path, answer, "nextLink")
            yield page
            if link is None:
                return
            if link in seen or not _same_host(link, self._base):
                break
            seen.add(link)
            answer = self._requested("GET", link)
        raise Unavailable(f"{self.factory}{path}: the pages have no end, or lead elsewhere")

    def _rest(self, seconds: float) -> None:
        self._closed.wait(seconds)

    def _requested(self, method: str, url: str, **more: Any) -> Answer:
        if self._closed.is_set():
            raise Unavailable(f"{self.factory}: nothing more is read")
        try:
            answer = request(
                self._session,
                method,
                url,
                auth=self._auth,
                grant=self.api.grant,
                on_call=self._on_call,
                limits=self._limits,
                sleep=self._sleep,
                **more,
            )
        except Rejected as error:
            if error.status in GONE:
                raise
            raise Unavailable(str(error)) from None
        if answer.waited > SLOW:
            self._at_once = min(2 * self._at_once, self._in_flight)
        return answer

    def _page(self, path: str, answer: Answer, key: str) -> tuple[Page, str | None]:
        body = answer.body if isinstance(answer.body, dict) else {}
        rows, following = body.get("value"), body.get(key)
        whole = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        if isinstance(rows, list) and whole and isinstance(following, str | None):
            return Page(rows, answer.size), following or None
        raise Unavailable(f"{self.factory}{path}: the answer is no page of rows")


def _same_host(link: str, base: str) -> bool:
    """Whether a link leads to scheme, host and port of `base`, and is written as a URL is."""
    try:
        there, here = urlsplit(link), urlsplit(base)
        same = (there.scheme, there.hostname) == (here.scheme, here.hostname)
        ports = {"https": 443, "http": 80}
        usual = ports.get(here.scheme)
        return bool(
            same
            and "@" not in there.netloc
            and (there.port or usual) == (here.port or usual)
            and re.fullmatch(r"[!-~]+", link)
        )
    except ValueError:
        return False


def no_such_factory(factory: FactoryId) -> SettingsError:
    """What a 404 for a factory or workspace itself is."""
    said = f"LINEAGE_FACTORIES: there is no {factory}, or we may not see it"
    return SettingsError(said, cause=Cause.GONE)
