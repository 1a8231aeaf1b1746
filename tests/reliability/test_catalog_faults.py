"""A catalog that fails on purpose: every run is accounted for, none lost, doubled or invented."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from itertools import chain
from pathlib import Path
from time import time
from typing import Any

import pytest

from lineage.catalog.local import LocalCatalog
from tests.catalog.front import (
    Asked,
    Choose,
    Fault,
    Front,
    Said,
    at_rate,
    bomb,
    cut,
    embedded,
    every,
    failing,
    lose,
    page,
    refuse,
    serving,
)
from tests.reliability.checker import Checker
from tests.reliability.harness import Ended, Site, Source
from tests.reliability.harness import serving as source_serving
from tests.reliability.violations import Broken, Violation

pytestmark = pytest.mark.slow

SMALL = {"pipelines": 4, "runs_per_pipeline": 5, "activities": 3, "columns": 2}

LARGEST = 6_000  # bytes of a bulk: that of two operations


def in_a_second(asked: Asked, _: object) -> Said:
    """Throttled, until a moment that is given as a date."""
    return Said(429, headers={"Retry-After": formatdate(time() + 2, usegmt=True)})


PASSING: dict[str, Choose] = {
    "429 and seconds": every(3, refuse(429, Retry_After="1")),
    "429 and a date": every(4, in_a_second),
    "429 without a word": every(3, refuse(429)),
    "500, 502, 503 and 504 at 30 %": at_rate(0.3, *map(refuse, (500, 502, 503, 504))),
    "408": every(3, refuse(408), writes=True),
    "413 above 6,000 bytes": lambda asked: refuse(413) if len(asked.body) > LARGEST else None,
    "cut in mid-body": every(3, cut),
    "committed, then dropped": every(2, lose, writes=True),
    "a page on 200": every(3, page),
    "all of them": every(3, lose, cut, page, refuse(503), refuse(429, Retry_After="1")),
}
ROLE = refuse(403, b'{"errorCode": "ATLAS-403-00-001", "errorMessage": "not authorized"}')
FIREWALL = refuse(403, b'{"errorMessage": "This account is behind a private endpoint."}')
LASTING: dict[str, tuple[Fault, str, str]] = {  # in the middle of a run, and how its runs stand
    "401": (refuse(401), "Pending", "Unavailable"),
    "403, a role": (ROLE, "Pending", "RoleMissing"),
    "403, a firewall": (FIREWALL, "Pending", "Firewall"),
    "an absurd wait": (refuse(429, Retry_After="1000000000"), "Retrying", "Throttled"),
    "a gzip bomb": (bomb, "Retrying", "Unavailable"),
}


@contextmanager
def faulty(folder: Path, source: Source, choose: Choose) -> Iterator[tuple[Site, Front]]:
    """
    A site whose catalog is the embedded one behind HTTP, which fails as `choose` says.

    Its types are told without trouble: there are many of them, and every wait takes a second.
    """
    site = Site(folder, source)

    def troubled(asked: Asked) -> Fault | None:
        return None if "/types/" in asked.path else choose(asked)

    with (
        LocalCatalog(folder / "catalog.db") as local,
        serving(failing(embedded(local), troubled)) as front,
    ):
        settings = {"LINEAGE_CATALOG": f"atlas:{front.url}", "LINEAGE_BATCH": "10"}
        site.settings = {**settings, "LINEAGE_CATALOG_OPS_PER_SECOND": "100000"}
        yield site, front


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    epoch = datetime.now(UTC).replace(microsecond=0)
    with source_serving(tmp_path_factory.mktemp("source"), epoch, SMALL) as source:
        yield source


# ---------------------------------------------------------------- faults that pass


@dataclass(frozen=True, slots=True)
class Weathered:
    """What came of a sync over faults, and of the one after it."""

    ended: Ended
    second: Ended
    broken: list[Violation]


@pytest.fixture(scope="module")
def through(source: Source, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Weathered]:
    """All at once: most of the time they wait."""
    folder = tmp_path_factory.mktemp("faults")

    def weathered(number: int, choose: Choose) -> Weathered:
        with faulty(folder / str(number), source, choose) as (site, _):
            ended = site.sync()
            broken = Checker(source.truth).finish(site.evidence())
            return Weathered(ended, site.sync(), broken)

    with ThreadPoolExecutor(len(PASSING)) as threads:
        found = threads.map(weathered, range(len(PASSING)), PASSING.values())
        return dict(zip(PASSING, found, strict=True))


@pytest.mark.parametrize("profile", PASSING)
def test_what_passes_is_waited_for(through: dict[str, Weathered], profile: str) -> None:
    found = through[profile]

    assert found.broken == []
    assert (found.ended.code, found.ended.errors) == (0, "")
    assert writes(found.ended) > 0
    assert (found.second.code, writes(found.second)) == (0, 0)


def writes(ended: Ended) -> int:
    assert ended.summary is not None
    return int(ended.summary["catalogWrites"])


# ---------------------------------------------------------------- faults that last


@pytest.mark.parametrize("profile", LASTING)
def test_what_lasts_leaves_runs_open_and_says_why_until_it_is_over(
    source: Source, tmp_path: Path, profile: str
) -> None:
    fault, status, reason = LASTING[profile]
    sent: Counter[str] = Counter()
    trouble: list[Fault] = [fault]

    def choose(asked: Asked) -> Fault | None:
        if asked.method == "POST":
            sent["bulk"] += 1
        return trouble[0] if trouble and sent["bulk"] > 1 else None

    with faulty(tmp_path / "site", source, choose) as (site, front):
        checker = Checker(source.truth)
        first = site.sync()
        bulks = len(front.calls("/entity/bulk"))
        broken = checker.observe(site.evidence())
        trouble.clear()
        second = site.sync()
        broken += checker.finish(site.evidence())

    assert broken == []
    assert (first.code, second.code) == (3, 0)
    held = [line for line in runs(first) if line["status"] in ("Pending", "Retrying", "TimedOut")]
    assert {line["status"] for line in held} == {status}
    assert {each["code"] for line in held for each in line["reasons"]} == {reason}
    assert any(line["status"] == "Succeeded" for line in runs(first))
    if profile != "a gzip bomb":  # the only one after which others are tried
        assert bulks == 2


def runs(ended: Ended) -> list[Mapping[str, Any]]:
    return [line for line in ended.lines if line["event"] == "run"]


# ---------------------------------------------------------------- one that is refused


@pytest.mark.parametrize("number", [1, 2, 12])
def test_of_many_one_that_is_refused_fails_alone(
    source: Source, tmp_path: Path, number: int
) -> None:
    bad: list[str] = []

    def choose(asked: Asked) -> Fault | None:
        if asked.method != "POST":
            return None
        text = asked.body.decode()
        names = [part.partition('"')[0] for part in text.split("/activities/")[1:]]
        bad[:] = bad or [name for name in names if "#" in name][:1]
        refused = refuse(404, b'{"errorCode": "ATLAS-404-00-007"}')
        return refused if bad and bad[0] in text else None

    with faulty(tmp_path / "site", source, choose) as (site, _):
        site.settings = {**site.settings, "LINEAGE_CATALOG_BATCH": str(number)}
        ended = site.sync()
        broken = Checker(source.truth).observe(site.evidence())

    failed = [line for line in runs(ended) if line["status"] == "Failed"]
    codes = chain.from_iterable(line["reasons"] for line in failed)
    assert ended.code == 1
    assert 0 < len(failed) < len(runs(ended))
    assert {each["code"] for each in codes} == {"Rejected"}
    assert len({(line["pipeline"], line["activity"]) for line in failed}) == 1
    assert {each.broken for each in broken} == {Broken.WRONG}  # the checker knows of no refusals
    assert len(broken) == len(failed)
