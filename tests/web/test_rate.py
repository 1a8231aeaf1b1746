"""How many calls are taken."""

from lineage.web import Rate
from lineage.web._rate import BURST, PER_SECOND


def test_a_burst_is_taken_then_so_many_a_second() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])

    assert sum(rate.may() for _ in range(2 * BURST)) == BURST
    now[0] = 2.0
    assert sum(rate.may() for _ in range(2 * BURST)) == 2 * PER_SECOND
    now[0] = 1e9
    assert sum(rate.may() for _ in range(2 * BURST)) == BURST


def test_a_clock_that_runs_backwards_gives_nothing_away() -> None:
    now = [100.0]
    rate = Rate(lambda: now[0])
    assert sum(rate.may() for _ in range(BURST)) == BURST

    now[0] = 90.0

    assert not rate.may()
