"""What is remembered of the catalog, on every store."""

from dataclasses import replace

from lineage import ticks
from lineage.model import (
    ANYTHING,
    Certainty,
    Column,
    ColumnKind,
    ColumnLink,
    Gap,
    LastRun,
    Name,
    Reason,
    Rows,
    Status,
    Where,
)
from lineage.store.processes import Head, Published, Refusal
from lineage.store.published import PublishedRows
from tests.store.words import (
    NOW,
    published_row,
    read,
)
from tests.world import (
    FACTORY,
    at,
    edge,
    fallback,
    operation,
    process,
    table,
)


def test_a_published_row_is_read_as_it_was_written(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    both = table("a", "A")
    told = process(
        edge(fallback("ls"), "ds_out"),
        edge(both, "ds1", Certainty.INFERRED),
        edge("b", "ds2"),
        columns=[
            ColumnLink("x", ColumnKind.VALUE, (Column(both, "X"), Column(ANYTHING, "*"))),
            ColumnLink("y", ColumnKind.GENERATED),
        ],
    )
    told = replace(told, outputs=(edge("c", "", Certainty.INFERRED),))
    head = Head(
        operation(fallback("ls")),
        Status.PARTIAL,
        NOW,
        (Gap(Reason.COLUMN_MAPPING_TOO_LARGE, Where.COLUMNS, "detail"),),
        superseded=True,
        told={"fingerprint of what was told": at("02:00:00")},
        refused={"of another": Refusal(at("01:00:00"), Gap(Reason.REJECTED, detail="why"))},
    )
    seen = {told.sink: at("02:00:00"), told.inputs[0]: at("01:00:00")}
    row = Published(head, told, "fingerprint", seen, intended=process("sink", "a", "b"))

    assert published.put(row, None)

    key = published.key(told)
    found = published.get(FACTORY, "P", [key, "nope"])
    assert list(found) == [key]
    assert replace(found[key], version=0) == row
    assert found[key].version != 0
    assert published.heads([told, process("nope")]) == {key: head}


def test_of_many_variants_told_the_latest_are_kept(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    row = published_row(process("sink"))
    told = {f"{n:03d}": ticks.shift(NOW, n % 150) for n in range(200)}

    published.put(replace(row, head=replace(row.head, told=told)), None)

    kept = read(published, process("sink")).head.told
    assert len(kept) == 100
    assert min(kept.values()) == ticks.shift(NOW, 50)


def test_of_many_variants_refused_the_latest_are_kept(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    row = published_row(process("sink"))
    gap = Gap(Reason.REJECTED)
    refused = {f"{n:03d}": Refusal(ticks.shift(NOW, n % 150), gap) for n in range(200)}

    published.put(replace(row, head=replace(row.head, refused=refused)), None)

    kept = read(published, process("sink")).head.refused
    assert len(kept) == 100
    assert min(each.when for each in kept.values()) == ticks.shift(NOW, 50)


def test_a_row_is_not_written_over_what_somebody_else_wrote_meanwhile(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    published.put(published_row(process("sink", "a")), None)
    mine = read(published, process("sink"))
    published.put(replace(mine, process=process("sink", "a", "b")), mine)

    assert not published.put(replace(mine, process=process("sink", "c")), mine)
    assert not published.put(published_row(process("sink", "d")), None)
    assert read(published, process("sink")).process == process("sink", "a", "b")


def test_a_row_is_keyed_by_catalog_activity_type_and_the_candidates_and_end_of_the_sink(
    rows: Rows,
) -> None:
    published = PublishedRows(rows, "catalog")
    base = process("sink", "a")
    others = [
        process("other", "a"),
        process(table("sink", "SINK"), "a"),
        process("sink", "a", activity="B"),
        replace(base, type="adf_dataflow_operation"),
        process(edge("sink", "elsewhere"), "a"),
    ]

    same = published.key(process(edge("sink", "ds_out", Certainty.INFERRED), "b"))

    assert same == published.key(base)
    assert len({published.key(each) for each in [base, *others]}) == 6
    assert PublishedRows(rows, "another").key(base) != published.key(base)


def test_rows_are_found_by_the_name_of_their_operation(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    one, two = process(table("sink")), process(table("sink", "SINK"))
    for told in (one, two):
        published.put(published_row(told, operation("sink")), None)

    assert set(published.named(one, operation("sink"))) == {
        published.key(one),
        published.key(two),
    }
    assert PublishedRows(rows, "another").named(one, operation("sink")) == {}


def test_a_row_is_no_longer_found_by_its_former_name(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    told = process("sink")
    published.put(published_row(told, operation("sink")), None)
    known = read(published, told)

    renamed = replace(known.head, name=operation("renamed"))
    published.put(replace(known, head=renamed), known)

    assert published.named(told, operation("sink")) == {}
    assert list(published.named(told, operation("renamed"))) == [published.key(told)]


def test_rows_of_one_end_are_found_by_their_certainty(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    sure, vague = process(edge("sink", "ds")), process(edge(fallback("ls"), "ds"))
    elsewhere = process(edge("sink2", "ds2"))
    guessed = process(edge("sink3", "ds", Certainty.INFERRED))
    another = process(edge("sink", "ds"), activity="B")
    for told in (sure, vague, elsewhere, guessed, another):
        published.put(published_row(told), None)

    assert list(published.same_end(vague, exact=True)) == [published.key(sure)]
    assert list(published.same_end(sure, exact=False)) == [published.key(vague)]
    assert published.same_end(sure, exact=True) == {}
    assert published.same_end(vague, exact=False) == {}


def test_a_fall_back_that_was_superseded_is_found_no_longer(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    sure, vague = process(edge("sink", "ds")), process(edge(fallback("ls"), "ds"))
    published.put(published_row(vague, operation(fallback("ls"))), None)
    known = read(published, vague)

    published.put(replace(known, head=replace(known.head, superseded=True)), known)

    assert published.same_end(sure, exact=False) == {}
    assert published.named(vague, operation(fallback("ls"))) == {}


def test_the_last_run_of_an_activity_is_remembered_with_a_row(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    last = LastRun(at("02:00:00"), 10, None)

    published.put(published_row(process("sink")), None, last)
    published.put(published_row(process("other sink")), None)

    elsewhere = process("sink", pipeline="Q")
    asked = [process("other sink"), process("sink", activity="B"), elsewhere]
    assert published.last_runs(asked) == {asked[0].parents[-1]: last}


def test_rows_of_several_pipelines_are_read_together(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    told = [process("sink"), process("other sink"), process("sink", pipeline="Q")]
    for each in told:
        published.put(published_row(each), None)

    found = published.whole([*told, process("sink", pipeline="R")])

    assert {key: row.process for key, row in found.items()} == {published.key(p): p for p in told}
    assert published.versions(told) == {key: row.version for key, row in found.items()}
    assert published.heads(told) == {key: row.head for key, row in found.items()}


def test_the_last_run_of_a_row_that_was_not_written_is_not_remembered(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    published.put(published_row(process("sink")), None)

    published.put(published_row(process("sink")), None, LastRun(at("02:00:00")))

    assert published.last_runs([process("sink")]) == {}


def test_a_row_written_in_a_block_is_seen_there(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")

    with published.together():
        assert published.put(published_row(process("sink")), None)
        assert not published.put(published_row(process("sink")), None)

    assert len(published.heads([process("sink")])) == 1


def test_the_name_an_asset_goes_by_is_shared_by_all_processes(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    one, other = table("a", "A"), table("b")

    published.choose({one: one.candidates[1]}, NOW)

    assert published.choices([one, other]) == {one: one.candidates[1]}
    assert published.choices([table("A")]) == {}
    assert PublishedRows(rows, "another").choices([one]) == {}


def test_a_name_that_is_gone_is_forgotten(rows: Rows) -> None:
    published = PublishedRows(rows, "catalog")
    published.choose({table("a"): Name("t", "a"), table("b"): Name("t", "b")}, NOW)

    published.forget([table("a"), table("c")])

    assert published.choices([table("a"), table("b")]) == {table("b"): Name("t", "b")}
