"""Tables and queues that fail on purpose: the chain goes on, and nobody is told what is not so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from threading import Lock

import pytest

from lineage.batch import cut, encode
from lineage.catalog.local import LocalCatalog
from lineage.errors import Unavailable
from lineage.service import Service
from lineage.settings import Settings
from lineage.ticks import DAY, Ticks
from lineage.web import answered
from tests.azurite.faulty import Proxy, before
from tests.functions.chain import Chain
from tests.functions.trial import ask
from tests.place import FACTORY, Place, place
from tests.reliability.checker import Checker
from tests.reliability.harness import Site, serving_sample
from tests.reliability.undisturbed import differences

pytestmark = pytest.mark.slow

OFF = {"LINEAGE_RUN_ATTRIBUTES": "off", "LINEAGE_BATCH": "10"}
KINDS = ("429", "500", "503", "reset", "done-then-dropped")
RUN = "0a1b2c3d-0000-4000-8000-00000000abcd"
CALL = json.dumps({"factory": FACTORY, "pipeline": "P", "pipelineRunId": RUN}).encode()


@dataclass(slots=True)
class Weather:
    """What calls meet: each of `kinds` in turn, one in `every` calls; `always` meets all."""

    kinds: Iterator[str]
    every: int
    always: str = ""
    calls: int = 0
    _lock: Lock = field(default_factory=Lock)

    def next(self, method: str) -> str | None:
        with self._lock:
            self.calls += 1
            if self.always:
                return self.always
            return next(self.kinds) if self.every and self.calls % self.every == 0 else None


@contextmanager
def behind(storage: str, tables: Weather, queues: Weather) -> Iterator[tuple[str, list[Proxy]]]:
    """The connection string of an account behind proxies."""
    proxies = []
    with ExitStack() as stack:
        for name, weather in (("TableEndpoint", tables), ("QueueEndpoint", queues)):
            upstream = storage.partition(f"{name}=")[2].partition(";")[0].rpartition("/")[0]
            proxies.append(stack.enter_context(before(upstream, weather.next)))
            storage = storage.replace(upstream, proxies[-1].address)
        yield storage, proxies


def calm() -> Weather:
    return Weather(iter(()), 0)


def test_the_chain_ends_as_on_a_calm_day(tmp_path: Path, storage: str) -> None:
    tables, queues = Weather(cycle(KINDS), 9), Weather(cycle(KINDS), 5)
    with (
        serving_sample(tmp_path / "source") as (source, known),
        behind(storage, tables, queues) as (proxied, proxies),
    ):
        file = Site(tmp_path / "file", source, OFF)
        site = Site(
            tmp_path / "chain", source, OFF | {"AzureWebJobsStorage": proxied}, tables=storage
        )
        for each in (file, site):
            with LocalCatalog(each.folder / "catalog.db") as catalog:
                catalog.send(known)

        file.sync()
        chain = Chain(site)
        with chain.host("--hidden", "3", "--no-create"):
            chain.wait(180.0)
        found, calmly = site.evidence(), file.evidence()
        broken = Checker(source.truth).observe(found)

    for proxy in proxies:
        assert set(Counter(proxy.met)) == set(KINDS)
    assert broken == []
    assert differences(found, calmly, daily=False) == []
    assert chain.events() != []
    assert not [each for each in chain.events() if each["event"] in ("poisoned", "quarantined")]


def test_no_call_of_a_pipeline_is_taken_while_the_queue_is_down(
    tmp_path: Path, storage: str
) -> None:
    queues = calm()
    with (
        serving_sample(tmp_path / "source") as (source, _),
        behind(storage, calm(), queues) as (proxied, _),
    ):
        site = Site(tmp_path / "chain", source, {"AzureWebJobsStorage": proxied}, tables=storage)
        body = json.dumps(
            {"factory": source.addresses.sites[0], "pipeline": "P", "pipelineRunId": RUN}
        ).encode()
        chain = Chain(site)
        with chain.host() as served:
            chain.wait()
            key = {"x-functions-key": served.key}
            answers = {}
            for fault in ("429", "500", "503", "reset", "503-long", ""):
                queues.always = fault
                answers[fault] = ask(served.address, "POST", "/api/runs", key, body)

    fine = answers.pop("")
    assert {answer.status for answer in answers.values()} == {503}
    assert {answer.headers["retry-after"] for answer in answers.values()} == {"60"}
    assert fine.status == 202
    assert [each["run"] for each in chain.events() if each["event"] == "called"] == [RUN]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, {"pipelines": 2, "runs_per_pipeline": 2, "activities": 2}) as made:
        yield made


@pytest.fixture
def bad(here: Place, storage: str) -> Iterator[tuple[Service, Weather, Weather]]:
    """A service over storage that may be down; `here` sees what it writes on a calm day."""
    tables, queues = calm(), calm()
    with behind(storage, tables, queues) as (proxied, _):
        settings = Settings.from_env(
            {
                "LINEAGE_FACTORIES": FACTORY,
                "LINEAGE_MANAGEMENT_ENDPOINT": here.settings.management_endpoint,
                "LINEAGE_AUTH": "none",
                "LINEAGE_STORE": "table:",
                "LINEAGE_CATALOG": f"local:{here.settings.catalog.rest}",
                "AzureWebJobsStorage": proxied,
            }
        )
        service = Service(settings)
        try:
            yield service, tables, queues
        finally:
            service.close()


def test_a_tick_in_which_nothing_happens_takes_ten_transactions(
    bad: tuple[Service, Weather, Weather],
) -> None:
    service, tables, queues = bad
    service.collect()
    earlier = tables.calls, queues.calls

    service.collect()

    assert (tables.calls - earlier[0], queues.calls - earlier[1]) == (10, 0)


@pytest.mark.parametrize("fault", ["429", "500", "503", "reset"])
def test_a_timer_run_ends_earlierany_cursor_moves_while_tables_are_down(
    fault: str, bad: tuple[Service, Weather, Weather]
) -> None:
    service, tables, queues = bad
    tables.always = "503-long" if fault != "reset" else fault
    with pytest.raises(Unavailable):
        service.collect()
    tables.always = ""

    assert service.app.ledger.cursor(FACTORY) is None
    assert service.app.ledger.backlog(FACTORY) == 0
    service.collect()
    assert service.app.ledger.backlog(FACTORY) == 4
    assert queues.always == ""


def test_a_timer_run_ends_earlierany_cursor_moves_past_what_no_queue_took(
    here: Place, bad: tuple[Service, Weather, Weather]
) -> None:
    service, _, queues = bad
    queues.always = "503-long"

    service.collect()

    waiting = service.app.ledger.see(FACTORY).waiting
    oldest = min(int(key.split("|")[1]) for key in waiting)
    assert (service.app.ledger.cursor(FACTORY) or 0) < oldest
    assert [each["error"] for each in here.events("collectFailed")]
    assert service.circuits.all() == []


def test_a_batch_is_put_back_while_tables_are_down_and_reported_afterwards(
    here: Place, bad: tuple[Service, Weather, Weather]
) -> None:
    service, tables, _ = bad
    service.collect()
    runs = [run.reference for run in here.runs().finished(Ticks(here.began - 3 * DAY), here.now)]
    texts = [encode(each) for each in cut(FACTORY, runs, 2, 50)]
    tables.always = "503-long"
    for number, text in enumerate(texts):
        service.report(text, f"m{number}", 1)
    tables.always = ""

    told = here.events("storeFailed")
    assert len(told) == len(texts)
    for number, text in enumerate(texts):
        service.report(text, f"n{number}", 1)
    assert service.app.ledger.backlog(FACTORY) == 0


def test_a_status_is_not_known_while_tables_are_down(
    bad: tuple[Service, Weather, Weather],
) -> None:
    service, tables, _ = bad
    tables.always = "503-long"

    answer = answered(lambda: service.status(None))

    assert (answer.status, answer.headers) == (503, {"Retry-After": "120"})
