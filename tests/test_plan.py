from collections.abc import Iterator
from itertools import chain

import pytest

from lineage.compare import Done, Work, ended
from lineage.model import (
    Asset,
    Certainty,
    Change,
    Gap,
    LastRun,
    Name,
    Process,
    Reason,
    Status,
    Where,
)
from lineage.plan import Operation, plan
from lineage.store.processes import Head, Published
from tests.world import (
    COPY,
    World,
    at,
    data_set,
    edge,
    fallback,
    foreign_operation,
    operation,
    process,
    table,
    table_or_view,
    value,
)

RUN = LastRun(at("02:05:00"), 10, 4096)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def planned(
    world: World, *told: Process, claimed: bool = False
) -> tuple[dict[Name, Operation], list[Done]]:
    work = {
        world.published.key(each): Work(each, RUN, {"told": each}, claimed=claimed) for each in told
    }
    operations, _, settled = plan(work, {COPY: RUN}, world.desk)
    ends = [ended(key, each, done).values() for key, (each, done) in settled.items()]
    return operations, list(chain.from_iterable(ends))


def sent(made: Operation, key: str = "inputs") -> list[str]:
    """The last segments of what an operation is about to have at one side."""
    [entity] = [each for each in made.unit.entities if each["typeName"] == made.name.type]
    return [
        each["uniqueAttributes"]["qualifiedName"].rpartition("/")[2]
        for each in entity["attributes"][key]
    ]


def columns(made: Operation) -> str:
    return str(made.unit.entities[-1]["attributes"]["columnMapping"])


def created(made: Operation) -> list[str]:
    """The assets that an operation brings with it."""
    names = [each["attributes"]["qualifiedName"] for each in made.unit.entities]
    return [name.rpartition("/")[2] for name in names if name.startswith("mssql:")]


def published(world: World, told: Process, name: Name) -> None:
    row = Published(Head(name, Status.SUCCEEDED, world.now), told, "fingerprint")
    assert world.published.put(row, None)


# ---------------------------------------------------------------- names


def test_the_name_of_an_operation_holds_the_name_its_sink_has(world: World) -> None:
    sink = table_or_view("orders")
    view = sink.candidates[1]
    world.have(data_set(Asset((view,))))

    [name] = planned(world, process(sink, "a"))[0]

    assert name == Name(
        "adf_copy_operation",
        f"{COPY.qualified}#mssql://srv/db/dbo/orders#azure_sql_view",
    )


def test_assets_are_located_in_a_look_up_for_each_type(world: World) -> None:
    planned(world, *(process(table_or_view(f"t{n}"), table_or_view(f"s{n}")) for n in range(20)))

    assert [kind for kind, _ in world.catalog.reads] == [
        "azure_sql_table",
        "azure_sql_view",
        "adf_copy_operation",
    ]


def test_a_name_chosen_before_is_not_looked_up(world: World) -> None:
    sink = table_or_view("orders")
    world.published.choose({sink: sink.candidates[1]}, world.now)

    [name] = planned(world, process(sink))[0]

    assert name == operation(sink.candidates[1])
    assert [kind for kind, _ in world.catalog.reads] == ["adf_copy_operation"]


def test_what_exists_is_referred_to_and_what_does_not_is_created(world: World) -> None:
    world.have(data_set(table("a")))

    [made] = planned(world, process("sink", "a", "b"))[0].values()

    assert created(made) == ["b", "sink"]
    assert sent(made) == ["a", "b"]
    assert sent(made, "outputs") == ["sink"]


def test_processes_that_turn_out_to_have_one_name_are_united(world: World) -> None:
    plain, folded = table("Orders"), table("ORDERS", "Orders")
    world.have(data_set(table("Orders")))

    [made] = planned(world, process(plain, "a"), process(folded, "b"))[0].values()

    assert made.name == operation("Orders")
    assert sent(made) == ["a", "b"]
    assert set(made.members) == {
        world.published.key(process(plain)),
        world.published.key(process(folded)),
    }


def test_a_process_is_united_with_every_row_of_its_name(world: World) -> None:
    world.have(data_set(table("Orders")))
    published(world, process(table("ORDERS", "Orders"), "b"), operation("Orders"))

    [made] = planned(world, process(table("Orders"), "a"))[0].values()

    assert sent(made) == ["a", "b"]
    assert made.existed


# ---------------------------------------------------------------- edges of others


def test_edges_that_somebody_else_wrote_are_kept(world: World) -> None:
    mapping = (
        '[{"DatasetMapping":{"Source":"mssql://srv/db/dbo/theirs","Sink":"s"},'
        '"ColumnMapping":[{"Source":"T","Sink":"t"}]}]'
    )
    world.have(data_set(table("theirs")), data_set(table("sink")))
    theirs = foreign_operation(operation("sink"), [table("theirs")], [table("sink")], mapping)
    world.have(theirs)

    [made] = planned(world, process("sink", "a", columns=[value("x", "a")]))[0].values()

    assert sent(made) == ["a", "theirs"]
    assert '"Source":"T"' in columns(made)
    assert '"Source":"x"' in columns(made)
    assert made.existed
    assert made.foreign is not None
    assert made.foreign.inputs == (edge("theirs", "", Certainty.INFERRED),)


def test_columns_of_an_output_that_is_not_ours_are_not_taken_for_the_sinks(world: World) -> None:
    mapping = (
        '[{"DatasetMapping":{"Source":"*","Sink":"mssql://srv/db/dbo/other"},'
        '"ColumnMapping":[{"Source":"T","Sink":"t"}]},'
        '{"DatasetMapping":{"Source":"*","Sink":"*"},'
        '"ColumnMapping":[{"Source":"U","Sink":"u"}]}]'
    )
    theirs, sink, other = table("theirs"), table("sink"), table("other")
    world.have(data_set(theirs), data_set(sink), data_set(other))
    world.have(foreign_operation(operation("sink"), [theirs], [other, sink], mapping))

    [made] = planned(world, process("sink", "a"))[0].values()

    assert sent(made, "outputs") == ["sink", "other"]
    assert '"Sink":"u"' in columns(made)
    assert '"Sink":"t"' not in columns(made)


def test_an_edge_of_ours_that_somebody_wrote_too_is_ours(world: World) -> None:
    mapping = (
        '[{"DatasetMapping":{"Source":"*","Sink":"s"},'
        '"ColumnMapping":[{"Source":"OLD","Sink":"x"}]}]'
    )
    world.have(data_set(table("a")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("a")], [table("sink")], mapping))

    told = process("sink", table("A", "a"), columns=[value("x", table("A", "a"), "NEW")])
    [made] = planned(world, told)[0].values()

    assert made.foreign is not None
    assert (made.foreign.inputs, made.foreign.columns) == ((), ())
    assert "NEW" in columns(made)
    assert "OLD" not in columns(made)


def test_an_edge_of_any_run_that_somebody_wrote_too_is_ours(world: World) -> None:
    plain, folded = table("Orders"), table("ORDERS", "Orders")
    world.have(data_set(table("Orders")), data_set(table("b")))
    world.have(foreign_operation(operation("Orders"), [table("b")], [table("Orders")]))

    [made] = planned(world, process(plain, "a"), process(folded, "b"))[0].values()

    assert made.foreign is not None
    assert made.foreign.inputs == ()
    assert sent(made) == ["a", "b"]


def test_a_sink_that_is_its_own_source_elsewhere_is_kept(world: World) -> None:
    world.have(data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("sink")], [table("sink")]))

    [made] = planned(world, process("sink", "a"))[0].values()

    assert sent(made) == ["a", "sink"]


def test_an_operation_known_to_us_is_not_read(world: World) -> None:
    published(world, process("sink", "b"), operation("sink"))

    planned(world, process("sink", "a"))

    assert {kind for kind, _ in world.catalog.reads} == {"azure_sql_table"}


def test_an_operation_new_to_us_and_to_the_catalog_did_not_exist(world: World) -> None:
    [made] = planned(world, process("sink", "a"))[0].values()

    assert not made.existed
    assert made.foreign is None


# ---------------------------------------------------------------- left alone

LEFT = Gap(Reason.REPORTED_BY_SERVICE, detail="the catalog shows its operation")


@pytest.mark.parametrize(
    ("inputs", "outputs", "left"),
    [(["a"], ["sink"], True), ([], ["sink"], False), (["a"], [], False)],
    ids=["both ends", "no input", "no output"],
)
def test_what_the_built_in_claims_is_left_alone_if_the_catalog_shows_both_ends(
    world: World, inputs: list[str], outputs: list[str], left: bool
) -> None:
    world.have(data_set(table("a")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), map(table, inputs), map(table, outputs)))

    operations, settled = planned(world, process("sink", "a"), claimed=True)

    done = Done(operation("sink"), Change.UNCHANGED, Status.NOT_REPORTED, (LEFT,))
    assert settled == ([done] if left else [])
    assert bool(operations) is not left


@pytest.mark.parametrize("native", ["always", "trust"])
def test_only_verify_leaves_alone_what_the_catalog_shows(world: World, native: str) -> None:
    world.have(data_set(table("a")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("a")], [table("sink")]))
    world.set(native=native)

    assert planned(world, process("sink", "a"), claimed=True)[1] == []


def test_what_we_left_alone_is_somebody_elses_when_it_is_read_again(world: World) -> None:
    world.have(data_set(table("theirs")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("theirs")], [table("sink")]))
    head = Head(operation("sink"), Status.NOT_REPORTED, world.now, (LEFT,))
    world.published.put(Published(head, process("sink", "a"), "fingerprint"), None)

    [made] = planned(world, process("sink", "a"))[0].values()

    assert sent(made) == ["a", "theirs"]


# ---------------------------------------------------------------- assets that are not to be created


def test_a_sink_that_is_not_there_and_not_to_be_created_is_not_reported(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("a")))

    operations, settled = planned(world, process("sink", "a"))

    gap = Gap(Reason.MISSING_ASSET, Where.OUTPUT, "the sink is not in the catalog")
    assert operations == {}
    assert settled == [Done(None, Change.UNCHANGED, Status.NOT_REPORTED, (gap,))]


def test_an_input_that_is_not_there_and_not_to_be_created_is_left_out(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("a")), data_set(table("sink")))
    told = process("sink", "a", "b", columns=[value("x", "a"), value("y", "b")])

    [made] = planned(world, told)[0].values()

    assert sent(made) == ["a"]
    assert '"Sink":"x"' in columns(made)
    assert '"Sink":"y"' not in columns(made)
    assert made.gaps == (Gap(Reason.MISSING_ASSET, Where.INPUT, "1 inputs are not in the catalog"),)
    assert made.assets == {table("a"), table("sink")}


def test_columns_of_the_only_input_go_with_it(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("sink")))

    [made] = planned(world, process("sink", "a", columns=[value("x", "a")]))[0].values()

    assert sent(made) == []
    assert columns(made) == "[]"


def test_nothing_is_created_that_is_not_to_be(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("sink")))

    [made] = planned(world, process("sink", "a"))[0].values()

    assert created(made) == []


# ---------------------------------------------------------------- names too long


@pytest.mark.parametrize(("more", "fits"), [("", True), ("é", False)])
def test_a_name_too_long_for_the_catalog_is_never_cut(world: World, more: str, fits: bool) -> None:
    longest = "x" * (4096 - len(operation("").qualified))

    operations, settled = planned(world, process(longest + more))

    gap = Gap(Reason.TOO_LONG, detail="a qualified name of 4098 bytes")
    assert bool(operations) is fits
    assert settled == ([] if fits else [Done(None, Change.REFUSED, Status.FAILED, (gap,))])


def test_a_name_that_no_url_holds_for_a_look_up_is_not_sent(world: World) -> None:
    operations, [done] = planned(world, process("\N{CJK UNIFIED IDEOGRAPH-65E5}" * 900))

    assert operations == {}
    assert done.gaps == (Gap(Reason.TOO_LONG, detail="a qualified name of 2890 bytes"),)


def test_an_input_with_a_name_too_long_fails_its_process(world: World) -> None:
    operations, [done] = planned(world, process("sink", "x" * 5000))

    assert operations == {}
    assert done.gaps[0].reason is Reason.TOO_LONG


def test_a_name_too_long_fails_its_own_process_only(world: World) -> None:
    operations, settled = planned(world, process("sink", "a"), process("x" * 5000, "a"))

    assert list(operations) == [operation("sink")]
    assert len(settled) == 1


def test_a_fall_back_is_created_like_any_asset(world: World) -> None:
    [made] = planned(world, process("sink", edge(fallback("ls"), "ds")))[0].values()

    assert created(made) == ["ls", "sink"]
