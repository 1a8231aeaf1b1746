"""The kill test in short: ten kills, and each planted bug until it is caught. All: `make kills`."""

from collections.abc import Iterator

import pytest

from tests.reliability import kills
from tests.reliability.kills import Caught, Round, arena
from tests.reliability.planted import BUGS

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
    assert sum(each.amid for each in rounds) >= 8


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(figures: Figures, name: str) -> None:
    _, caught = figures

    violation = caught[name].by
    assert violation is not None
    assert violation.broken in BUGS[name].shows
