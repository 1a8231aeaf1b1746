"""Services that fail on purpose: every run is accounted for, none lost, doubled or invented."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL

import pytest

from demo.faults import parse
from demo.process import Addresses
from demo.queries import Refusal
from demo.services import Options, Services
from demo.shapes import Estate, Row, Run
from demo.shapes import Site as Served
from demo.synthetic import FACTORY, WORKSPACE, synthetic
from tests.reliability.checker import Checker
from tests.reliability.harness import ROOT, Ended, Site, Source, serving
from tests.reliability.planted import HASTY, Patch, plant
from tests.reliability.truth import truth_of
from tests.reliability.violations import Violation

pytestmark = pytest.mark.slow

SMALL = {"pipelines": 8, "runs_per_pipeline": 40, "activities": 3, "columns": 2, "wide": 110}
PROFILES = {
    "throttled": "every=50,kinds=429",
    "throttled without a word": "every=50,kinds=429-bare",
    "bad gateway": "every=50,kinds=502",
    "dropped": "every=50,kinds=dropped",
    "truncated": "every=50,kinds=truncated",
    "dripping": "every=50,kinds=drip,drip=2",
    "all of them": "every=50,kinds=429+429-bare+502+dropped+truncated+503-date+drip,drip=1",
}


@dataclass(frozen=True, slots=True)
class Weathered:
    """What came of a sync over faults; `faults` by kind, as the services met them."""

    ended: Ended
    broken: list[Violation]
    faults: Counter[str]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def weathered(folder: Path, profile: str) -> Weathered:
    epoch = now()
    with serving(folder / "source", epoch, SMALL, "--faults", profile) as source:
        site = Site(folder / "site", source, {"LINEAGE_BATCH": "20"})
        ended = site.sync()
        broken = Checker(source.truth).finish(site.evidence())
    return Weathered(ended, broken, Counter(filter(None, faults_and_calls(source))))


def faults_and_calls(source: Source) -> list[str | None]:
    """Of every call so far the fault it met, or None."""
    lines = source.history.read_text("utf-8").splitlines()
    return [json.loads(line)["fault"] for line in lines]


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Weathered]:
    """All profiles at once: most of the time they wait."""
    folder = tmp_path_factory.mktemp("faults")
    places = [folder / str(number) for number in range(len(PROFILES))]
    with ThreadPoolExecutor(4) as threads:
        return dict(zip(PROFILES, threads.map(weathered, places, PROFILES.values()), strict=True))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_run_is_accounted_for(through: dict[str, Weathered], profile: str) -> None:
    found = through[profile]

    assert found.broken == []
    assert (found.ended.code, found.ended.summary is not None) == (0, True)
    assert found.faults.total() >= 7
    assert found.faults.keys() == set(parse(PROFILES[profile]).kinds)


# ---------------------------------------------------------------- faults that don't pass


class Stubborn:
    """An estate of which one pipeline run cannot be read until it is healed."""

    def __init__(self, estate: Estate, run: str) -> None:
        self.healed = False
        self._run = run
        self.estate = Estate(tuple(map(self._site, estate.sites)), (), estate.expected)

    def _site(self, site: Served) -> Served:
        runs = tuple(self._broken(run) if run.id == self._run else run for run in site.runs)
        return Served(site.id, site.body, site.definitions, runs)

    def _broken(self, run: Run) -> Run:
        def activities() -> list[Row]:
            if not self.healed:
                raise Refusal(502, "BadGateway", "The upstream service is unavailable.")
            return list(run.activities())

        return Run(run.row, activities)


def test_faults_that_outlast_the_retries_leave_one_run_open(tmp_path: Path) -> None:
    epoch = now()
    estate = synthetic(4, 10, columns=2, epoch=epoch)
    stubborn = Stubborn(estate, estate.sites[0].runs[17].id)
    with Services(stubborn.estate, Options(history=tmp_path / "history.jsonl")) as services:
        addresses = Addresses(services.management, {}, (FACTORY,), 0)
        source = Source(addresses, tmp_path / "history.jsonl", truth_of(estate))
        site = Site(tmp_path / "site", source, tree=plant(HASTY, ROOT, tmp_path / "tree"))
        checker = Checker(source.truth)

        first = site.sync()
        between = site.evidence()
        broken = checker.observe(between)
        stubborn.healed = True
        second = site.sync()
        broken += checker.finish(site.evidence())

    states = [row.kind for row in between.table("runs") if row.kind in ("q", "o", "p", "x")]
    assert broken == []
    assert (first.code, second.code) == (3, 0)
    assert sorted(states) == ["p"] * 39 + ["q"]
    assert first.summary is not None
    assert first.summary["complete"] is False
    assert first.summary["factories"][FACTORY]["backlog"] == 1


def test_waits_that_are_too_long_leave_runs_open_for_the_next_sync(tmp_path: Path) -> None:
    epoch = now()
    absurd = ("--faults", "every=50,kinds=429-absurd")
    with serving(tmp_path / "source", epoch, SMALL, *absurd) as source:
        site = Site(tmp_path / "site", source)
        checker = Checker(source.truth)

        codes = [site.sync().code]
        broken = checker.observe(site.evidence())
        calls = len(faults_and_calls(source))
        while codes[-1] == 3 and len(codes) < 30:
            codes.append(site.sync().code)
        broken += checker.finish(site.evidence())

    assert broken == []
    assert codes[0] == 3
    assert codes[-1] == 0
    assert calls < 100  # the first wait was asked for within fifty calls


def test_a_batch_too_large_to_be_read_at_once_is_read_in_parts(tmp_path: Path) -> None:
    small = Patch("sources/tally.py", "LARGEST = 32 * 1024 * 1024", "LARGEST = 20_000")
    with serving(tmp_path / "source", now(), {**SMALL, "wide": 0}) as source:
        site = Site(tmp_path / "site", source, tree=plant((small,), ROOT, tmp_path / "tree"))

        ended = site.sync()

        broken = Checker(source.truth).finish(site.evidence())
    assert broken == []
    assert ended.code == 0


# ---------------------------------------------------------------- one factory of two


@contextmanager
def two(folder: Path, epoch: datetime, *options: str) -> Iterator[Source]:
    estate = {**SMALL, "workspace": True, "wide": 0}
    with serving(folder / "source", epoch, estate, *options) as source:
        yield source


@pytest.mark.parametrize("trouble", ["--forbid", "--hang"])
@pytest.mark.parametrize("dead", [FACTORY, WORKSPACE], ids=["the factory", "the workspace"])
def test_a_dead_factory_does_not_hold_up_the_other(tmp_path: Path, trouble: str, dead: str) -> None:
    tree = plant(HASTY, ROOT, tmp_path / "tree")
    with two(tmp_path, now(), trouble, dead.rpartition("/")[2]) as source:
        site = Site(tmp_path / "site", source, tree=tree)

        ended = site.sync()

        broken = Checker(source.truth).observe(site.evidence())
    assert broken == []
    assert_settled_alone(ended, WORKSPACE if dead == FACTORY else FACTORY)


def test_queued_runs_of_a_factory_that_hangs_leave_room_for_the_other(tmp_path: Path) -> None:
    epoch, tree = now(), plant(HASTY, ROOT, tmp_path / "tree")
    with two(tmp_path, epoch, "--latency", "0.02") as source:
        site = Site(tmp_path / "site", source, {"LINEAGE_BATCH": "5"}, tree)
        checker = Checker(source.truth)
        running = site.start()
        running.wait(lambda: len(queued(site)) > 600)
        killed = running.kill()
        waiting = queued(site)
    with two(tmp_path, epoch, "--hang", FACTORY.rpartition("/")[2]) as site.source:
        ended = site.sync()
        broken = checker.observe(site.evidence())

    assert killed.code == -SIGKILL
    assert len(waiting) > 600
    assert broken == []
    assert ended.code == 3
    assert ended.summary is not None
    assert ended.summary["factories"][WORKSPACE]["backlog"] == 0
    assert ended.summary["factories"][FACTORY]["backlog"] > 250
    assert ended.summary["seconds"] < 30.0


def queued(site: Site) -> list[str]:
    return [row.key for row in site.evidence().table("runs") if row.kind == "q"]


def assert_settled_alone(ended: Ended, alive: str) -> None:
    assert ended.code == 3
    assert ended.summary is not None
    assert ended.summary["factories"][alive]["backlog"] == 0
    runs = [line for line in ended.lines if line["event"] == "run"]
    assert {line["factory"] for line in runs} == {alive}
    assert len(runs) == 8 * 40 * 3
    assert ended.summary["seconds"] < 20.0
