"""Runs come in any order and any batches: what the catalog holds in the end is the same."""

from collections.abc import Sequence
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import ticks
from lineage.model import Certainty, Edge, Process
from tests.world import (
    World,
    activity_run,
    edge,
    fallback,
    operation,
    pipeline_run,
    process,
    table,
    told,
)

DAY = 86_400.0

TWO_DATASETS = (
    process(edge("sink", "ds_b"), "a"),
    process(edge("sink", "ds_a"), "b"),
    process(edge(fallback("ls"), "ds_b"), "c"),
)


@pytest.mark.parametrize("order", list(permutations(TWO_DATASETS)))
def test_a_fall_back_gives_way_to_each_dataset_of_a_sink_in_any_order(
    order: tuple[Process, ...],
) -> None:
    assert catalog_after(order, range(3), [1, 2]) == [["a", "b"], None, None]


FALL_BACKS = [edge(fallback("ls"), "ds_a"), edge(fallback("ls"), "ds_b")]
SINKS = [*FALL_BACKS, edge("sink", "ds_a"), edge("sink", "ds_b"), edge("other", "ds_a")]
sinks = st.sampled_from([*SINKS, Edge(table("sink"), "ds_a", Certainty.INFERRED)])
told_of_sinks = st.lists(st.builds(process, sinks, st.sampled_from("abc")), min_size=2, max_size=5)


@pytest.mark.slow
@given(told_of_sinks, st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_runs_and_batches_does_not_matter(
    runs: list[Process], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(runs))))
    cuts = data.draw(st.sets(st.sampled_from(range(1, len(runs)))))

    assert catalog_after(runs, order, sorted(cuts)) == catalog_after(runs, range(len(runs)), [])


def catalog_after(
    runs: Sequence[Process], order: Sequence[int], cuts: list[int]
) -> list[list[str] | None]:
    """The inputs of each operation after these runs, in batches, and once more a day later."""
    world = World()
    for round_ in ("first", "again"):
        for begin, end in pairwise([0, *cuts, len(order)]):
            batch = {f"{round_}_{number}": runs[number] for number in order[begin:end]}
            names = [name.replace("_", "-") for name in batch]
            world.report(told(**batch), *(activity_run(pipeline_run(n), n) for n in names))
        world.now = ticks.shift(world.now, DAY)
    found = [operation(sink) for sink in ("sink", "other")]
    names_ = [*found, operation(fallback("ls"))]
    ends = [world.ends(name) if world.entity(name) else None for name in names_]
    world.close()
    return ends
