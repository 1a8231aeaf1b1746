import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lineage.coalesce import unite
from lineage.model import ANYTHING, Asset, Certainty, Column, ColumnKind, ColumnLink, Edge, Process
from tests.world import edge, fallback, process, table, value

EXACT, INFERRED, FALLBACK = Certainty.EXACT, Certainty.INFERRED, Certainty.FALLBACK

# A column's kind goes by its name, and a fall-back stands for one end: as translators make them.
ends = st.sampled_from(["ds1", "ds2"])
edges = st.one_of(
    st.builds(Edge, st.sampled_from([table("a"), table("b"), table("c")]), ends, st.just(EXACT)),
    st.builds(Edge, st.sampled_from([table("a"), table("b")]), ends, st.just(INFERRED)),
    ends.map(lambda end: Edge(fallback(end), end, FALLBACK)),
)


def _columns(inputs: list[Edge]) -> st.SearchStrategy[list[ColumnLink]]:
    assets = [*{each.asset for each in inputs}, ANYTHING]
    sources = st.builds(Column, st.sampled_from(sorted(assets)), st.sampled_from("xyz"))
    return st.lists(
        st.builds(
            lambda output, found: ColumnLink(output, ColumnKind.VALUE, tuple(sorted(found))),
            st.sampled_from("pqr"),
            st.sets(sources, min_size=1, max_size=3),
        )
        | st.just(ColumnLink("loaded_at", ColumnKind.GENERATED)),
        max_size=4,
    )


def _process(inputs: list[Edge], columns: list[ColumnLink], sink: Certainty) -> Process:
    made = process(Edge(table("sink"), "ds_out", sink), *inputs, columns=columns)
    return unite(made, replace(made, inputs=(), columns=()))


processes = st.lists(edges, max_size=4).flatmap(
    lambda inputs: st.builds(
        _process, st.just(inputs), _columns(inputs), st.sampled_from([EXACT, INFERRED])
    )
)


@pytest.mark.slow
@given(processes, processes)
def test_the_order_of_two_runs_does_not_matter(one: Process, other: Process) -> None:
    assert unite(one, other) == unite(other, one)


@pytest.mark.slow
@given(processes, processes, processes)
def test_the_grouping_of_runs_does_not_matter(one: Process, two: Process, three: Process) -> None:
    assert unite(unite(one, two), three) == unite(one, unite(two, three))


@pytest.mark.slow
@given(processes, processes)
def test_the_same_run_again_changes_nothing(one: Process, other: Process) -> None:
    united = unite(one, other)

    assert unite(united, one) == unite(united, united) == united


@pytest.mark.slow
@given(processes, processes)
def test_knowing_less_never_removes_an_edge(one: Process, other: Process) -> None:
    united = unite(one, other)

    exact = {each.end for each in united.inputs if each.certainty is EXACT}
    kept = {(each.asset, each.end) for each in united.inputs}
    for each in (*one.inputs, *other.inputs):
        assert (each.asset, each.end) in kept or (each.certainty is FALLBACK and each.end in exact)


def test_inputs_of_two_runs_are_united() -> None:
    united = unite(process("sink", "a"), process("sink", "b"))

    assert united.inputs == (edge("a", "ds_in"), edge("b", "ds_in"))


def test_the_surer_word_about_an_edge_counts() -> None:
    one = process("sink", edge("a", "ds", INFERRED))
    other = process("sink", edge("a", "ds", EXACT))

    assert unite(one, other).inputs == (edge("a", "ds", EXACT),)


def test_an_exact_edge_drops_the_fall_back_of_its_end_and_its_columns() -> None:
    vague = process("sink", edge(fallback("ls"), "ds"), columns=[value("x", fallback("ls"), "X")])
    sure = process("sink", edge("a", "ds"), columns=[value("y", "a", "Y")])

    united = unite(vague, sure)

    assert united.inputs == (edge("a", "ds"),)
    assert united.columns == (value("y", "a", "Y"),)


def test_a_fall_back_stays_for_an_end_that_has_no_exact_edge() -> None:
    shared = fallback("ls")
    known = process("sink", edge(shared, "ds1"), edge(shared, "ds2"))

    united = unite(known, process("sink", edge("a", "ds1")))

    assert set(united.inputs) == {edge("a", "ds1"), edge(shared, "ds2")}


def test_an_inferred_edge_drops_no_fall_back() -> None:
    known = process("sink", edge(fallback("ls"), "ds"))

    united = unite(known, process("sink", edge("a", "ds", INFERRED)))

    assert set(united.inputs) == {edge(fallback("ls"), "ds"), edge("a", "ds", INFERRED)}


def test_sources_of_one_column_are_united() -> None:
    one = process("sink", "a", columns=[value("total", "a", "net")])
    other = process("sink", "a", "b", columns=[value("total", "b", "tax")])

    assert unite(one, other).columns == (
        ColumnLink(
            "total",
            ColumnKind.VALUE,
            (Column(table("a"), "net"), Column(table("b"), "tax")),
        ),
    )


def test_a_column_that_is_a_value_in_one_run_is_no_constant() -> None:
    one = process("sink", "a", columns=[ColumnLink("x", ColumnKind.CONSTANT)])
    other = process("sink", "a", columns=[value("x", "a")])

    assert unite(one, other).columns == (value("x", "a"),)


def test_a_column_mapping_of_somebody_else_that_names_no_data_set_is_kept() -> None:
    foreign = ColumnLink("x", ColumnKind.VALUE, (Column(ANYTHING, "X"),))
    known = process("sink", "a", columns=[foreign])

    assert foreign in unite(known, process("sink", "b")).columns


def test_the_surest_sink_counts_whatever_the_order() -> None:
    sinks = [edge("sink", "ds", EXACT), edge("sink", "ds", INFERRED)]

    for one, other in itertools.permutations(sinks):
        assert unite(process(one), process(other)).sink == edge("sink", "ds", EXACT)


def test_assets_with_other_candidates_are_other_assets() -> None:
    one, other = table("a"), Asset((*table("a").candidates, *table("A").candidates))

    united = unite(process("sink", one), process("sink", other))

    assert {each.asset for each in united.inputs} == {one, other}
