"""The kill test in short: ten kills, and each planted bug until it is caught. All: `make kills`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from signal import SIGKILL

import pytest

from demo.shapes import Json
from lineage.catalog.local import LocalCatalog
from tests.reliability import kills
from tests.reliability.checker import Checker
from tests.reliability.harness import ROOT, Site, Source, serving_sample
from tests.reliability.kills import Caught, Round, arena
from tests.reliability.nemesis import Nemesis
from tests.reliability.planted import BUGS, plant
from tests.reliability.undisturbed import differences

pytestmark = pytest.mark.slow

Figures = tuple[list[Round], dict[str, Caught]]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    """Kills and bugs at once: most of the time they wait."""
    with arena(seed=1) as made:
        yield kills.run(made, 10, BUGS)


def test_nothing_is_lost_doubled_or_invented_by_kills(figures: Figures) -> None:
    rounds, _ = figures

    assert [str(violation) for each in rounds for violation in each.broken] == []
    assert sum(each.kills for each in rounds) >= 10
    assert sum(each.amid for each in rounds) >= 5


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(figures: Figures, name: str) -> None:
    _, caught = figures

    violation = caught[name].by
    assert violation is not None
    assert violation.broken in BUGS[name].shows


# ---------------------------------------------------------------- the sample estate
# Small, but with what the generated one lacks: fall-backs, views, operations of the built-in.

ONE_BY_ONE = {"LINEAGE_BATCH": "1", "LINEAGE_RUN_ATTRIBUTES": "off"}


def test_the_sample_estate_is_reported_the_same_after_kills(tmp_path: Path) -> None:
    tree = plant((), ROOT, tmp_path / "tree")
    with serving_sample(tmp_path / "source", "--latency", "0.01") as (source, known):
        calm = seeded(tmp_path / "calm", source, known, tree)
        codes = [calm.sync().code]
        work = source.told() - calm.begin
        left = calm.evidence()
        struck = 0
        broken = []
        for number in range(3):
            site = seeded(tmp_path / f"struck-{number}", source, known, tree)
            checker = Checker(source.truth)
            nemesis = Nemesis(Random(number), work * 0.6)  # noqa: S311 - moments, no secrets
            for _ in range(3):
                struck += nemesis.strike(site.start(), 1.0).code == -SIGKILL
                broken += checker.observe(site.evidence())
            codes.append(site.sync().code)
            broken += checker.observe(site.evidence())
            broken += differences(site.evidence(), left, daily=False)

    assert codes == [0, 0, 0, 0]
    assert [str(violation) for violation in broken] == []
    assert struck >= 6


def seeded(folder: Path, source: Source, known: Sequence[Json], tree: Path) -> Site:
    """A site whose catalog has what it knows beforehand."""
    site = Site(folder, source, ONE_BY_ONE, tree)
    with LocalCatalog(folder / "catalog.db") as catalog:
        catalog.send(known)
    return site
