from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from msgspec.structs import replace

from lineage import ticks
from lineage.catalog import bulk
from lineage.compare import fingerprint
from lineage.errors import Rejected, SettingsError, Unavailable
from lineage.model import (
    Certainty,
    Edge,
    Gap,
    Json,
    Name,
    Outcome,
    Process,
    Reason,
    Status,
    Translation,
)
from lineage.store.processes import Head, Published
from tests.world import (
    COPY,
    FACTORY,
    Killed,
    World,
    activity_run,
    at,
    data_set,
    edge,
    fallback,
    foreign_operation,
    operation,
    pipeline_run,
    process,
    table,
    table_or_view,
    telling,
    told,
    value,
)

DAY = 86_400.0
GONE = "ATLAS-404-00-00A"
VAGUE = Gap(Reason.UNRESOLVED)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def tell(
    world: World, *processes: Process, ended: str = "02:05:00", native: str | None = None
) -> Outcome:
    """One more run that tells this."""
    number = sum(1 for _ in world.ledger.activity_rows(FACTORY))
    run = activity_run(
        pipeline_run(f"run-{number}"), f"activity-{number}", ended=ended, native=native
    )
    [outcome] = world.report(telling(*processes), run)
    return outcome


def changes(outcome: Outcome) -> list[str]:
    return [each.change.value for each in outcome.processes]


def row(world: World, of: Process) -> Published:
    key = world.published.key(of)
    return world.published.get(of.factory, of.pipeline, [key])[key]


def mentions(entities: Sequence[Json], name: Name) -> bool:
    return any(each["attributes"]["qualifiedName"] == name.qualified for each in entities)


def refuse(*names: Name, code: str = "ATLAS-400-00-021", times: int = 100) -> Any:
    """A catalog that refuses these operations so many times."""
    left = [times]

    def answer(entities: Sequence[Json]) -> None:
        if left[0] and any(mentions(entities, name) for name in names):
            left[0] -= 1
            raise Rejected("no", 400, code)

    return answer


# ---------------------------------------------------------------- creating


def test_everything_is_sent_under_the_one_lease_of_those_who_create(world: World) -> None:
    held: list[int] = []
    world.catalog.answer = lambda entities: held.append(world.held)

    tell(world, *(process(f"sink-{n}", "a") for n in range(bulk.COUNT + 1)))

    assert held == [1, 1]
    assert world.held == 0


def test_the_lease_is_not_taken_where_there_is_nothing_to_send(world: World) -> None:
    taken: list[str] = []

    @contextmanager
    def creating() -> Iterator[None]:
        taken.append("taken")
        yield

    world.set(creating=creating)

    tell(world, process("sink", "a"))
    tell(world, process("sink", "a"))

    assert taken == ["taken"]


def test_the_lease_is_let_go_of_where_the_catalog_does_not_answer(world: World) -> None:
    def down(entities: Sequence[Json]) -> None:
        raise Unavailable("503")

    world.catalog.answer = down

    with pytest.raises(Unavailable):
        tell(world, process("sink", "a"))

    assert world.held == 0


def test_nothing_is_sent_where_the_lease_of_the_lane_is_lost(world: World) -> None:
    def lost() -> None:
        raise Unavailable("the lease was lost")

    world.set(renew=lost)

    with pytest.raises(Unavailable, match="the lease was lost"):
        tell(world, process("sink", "a"))

    assert world.catalog.sent == []


def test_the_lease_of_the_lane_is_renewed_for_each_bulk(world: World) -> None:
    renewed: list[int] = []
    world.set(renew=lambda: renewed.append(len(world.catalog.sent)))

    tell(world, *(process(f"sink-{n}", "a") for n in range(bulk.COUNT + 1)))

    assert renewed == [0, 1]


def test_a_process_that_was_created_is_updated_from_then_on(world: World) -> None:
    assert changes(tell(world, process("sink", "a"))) == ["created"]
    assert changes(tell(world, process("sink", "b"))) == ["updated"]
    assert changes(tell(world, process("sink", "a"))) == ["unchanged"]


def test_a_run_claimed_by_the_built_in_that_it_did_not_report_is_created(world: World) -> None:
    assert changes(tell(world, process("sink", "a"), native="Succeeded")) == ["created"]


# ---------------------------------------------------------------- refusals


def test_a_refusal_settles_only_what_is_bad(world: World) -> None:
    bad = [operation(f"sink-{n}") for n in (3, 17)]
    world.catalog.answer = refuse(*bad)
    many = [process(f"sink-{n}", "a") for n in range(40)]

    outcome = tell(world, *many)

    assert changes(outcome) == ["refused" if n in (3, 17) else "created" for n in range(40)]
    assert [world.entity(operation(f"sink-{n}")) is None for n in (2, 3, 17)] == [False, True, True]
    assert row(world, process("sink-3")).head.status is Status.FAILED
    assert row(world, process("sink-2")).head.status is Status.SUCCEEDED


def test_what_was_refused_is_not_sent_again_that_day_unless_it_changes(world: World) -> None:
    world.catalog.answer = refuse(operation("sink"))

    outcomes = [tell(world, process("sink", "a")), tell(world, process("sink", "a"))]
    unchanged = len(world.catalog.sent)
    tell(world, process("sink", "b"))

    assert [outcome.status for outcome in outcomes] == [Status.FAILED, Status.FAILED]
    assert [changes(outcome) for outcome in outcomes] == [["refused"], ["unchanged"]]
    assert (unchanged, len(world.catalog.sent)) == (1, 2)


def test_what_was_refused_is_sent_again_the_next_day(world: World) -> None:
    world.catalog.answer = refuse(operation("sink"), times=1)
    tell(world, process("sink", "a"))

    world.now = ticks.shift(world.now, DAY)
    outcome = tell(world, process("sink", "a"))

    assert (outcome.status, changes(outcome)) == (Status.SUCCEEDED, ["created"])


def test_what_an_answer_does_not_name_is_not_proven(world: World) -> None:
    class Forgetful:
        """A catalog whose answers name no operation."""

        address = world.catalog.address
        get = world.catalog.get
        delete = world.catalog.delete
        lineage = world.catalog.lineage

        def send(self, entities: Sequence[Json]) -> dict[str, str]:
            assigned = world.catalog.send(entities)
            operations = {e["guid"] for e in entities if e["typeName"] == "adf_copy_operation"}
            return {guid: to for guid, to in assigned.items() if guid not in operations}

    world.set(catalog=Forgetful())

    outcome = tell(world, process("sink", "a"))

    assert outcome.status is Status.FAILED
    assert outcome.gaps == (Gap(Reason.REJECTED, detail="the catalog refused it: 200"),)


# ---------------------------------------------------------------- a name that is gone


def test_a_name_that_is_gone_is_located_once_more(world: World) -> None:
    source = table_or_view("orders")
    view = source.candidates[1]
    world.have(data_set(table("sink")), data_set(replace(source, candidates=(view,))))
    tell(world, process("sink", source))
    world.local.delete(view)
    world.have(data_set(source))

    outcome = tell(world, process("sink", source, "b"))

    assert (outcome.status, changes(outcome)) == (Status.SUCCEEDED, ["updated"])
    assert world.published.choices([source]) == {source: source.candidates[0]}
    assert world.ends(operation("sink")) == ["b", "orders"]


def test_a_sink_that_is_gone_moves_its_operation(world: World) -> None:
    sink = table_or_view("orders")
    table_, view = sink.candidates
    world.have(data_set(replace(sink, candidates=(view,))))
    tell(world, process(sink, "a"))
    world.local.delete(view)
    world.have(data_set(sink))

    outcome = tell(world, process(sink, "b"))

    assert [each.name for each in outcome.processes] == [operation(table_)]
    assert world.entity(operation(view)) is None
    assert world.ends(operation(table_)) == ["a", "b"]


def test_a_name_that_is_gone_and_stays_gone_is_refused(world: World) -> None:
    world.catalog.answer = refuse(operation("sink"), code=GONE)

    outcome = tell(world, process("sink", "a"))

    assert outcome.gaps == (Gap(Reason.REJECTED, detail=f"the catalog refused it: {GONE}"),)
    assert len(world.catalog.sent) == 2


def test_where_a_type_is_gone_what_stands_in_for_it_is_sent(world: World) -> None:
    sink, plain = table("sink"), Name("DataSet", "mssql://srv/db/dbo/sink")
    refused = refuse(operation("sink"), code="ATLAS-400-00-014", times=1)

    possible = [sink.candidates, (plain,)]  # before the refusal and after it
    world.set(possible=lambda asset: possible.pop(0) if asset == sink else asset.candidates)
    world.catalog.answer = refused

    outcome = tell(world, process("sink", "a"))

    assert [each.name for each in outcome.processes] == [operation(plain)]
    assert world.ends(operation(plain)) == ["a"]


def test_only_what_met_a_name_that_is_gone_is_sent_once_more(world: World) -> None:
    world.catalog.answer = refuse(operation("one"), code=GONE, times=2)

    outcome = tell(world, process("one", "a"), process("two", "b"))

    assert set(changes(outcome)) <= {"created", "updated"}
    assert outcome.status is Status.SUCCEEDED
    assert [mentions(each, operation("two")) for each in world.catalog.sent] == [
        True,  # both, refused
        False,  # one, refused
        True,  # two
        False,  # one, located again
    ]


# ---------------------------------------------------------------- somebody else was faster


def meanwhile(world: World, event: str, action: Callable[[], object]) -> None:
    """Do something before the first event of this kind, once something was sent."""
    waiting = [action]

    def before(happening: str) -> None:
        if waiting and happening == event and world.catalog.sent:
            waiting.pop()()

    world.tape.before = before


def test_a_row_that_somebody_else_wrote_meanwhile_is_read_united_and_sent_again(
    world: World,
) -> None:
    tell(world, process("sink", "a"))
    world.catalog.sent.clear()

    def another() -> None:
        mine = row(world, process("sink"))
        known = replace(mine, process=process("sink", "a", "theirs"), fingerprint="theirs")
        assert world.published.put(known, mine)

    meanwhile(world, "published", another)
    outcome = tell(world, process("sink", "b"))

    assert outcome.status is Status.SUCCEEDED
    assert len(world.catalog.sent) == 2
    assert world.ends(operation("sink")) == ["a", "b", "theirs"]
    assert row(world, process("sink")).process == process("sink", "a", "b", "theirs")


def test_a_row_that_somebody_else_wrote_just_so_is_not_sent_again(world: World) -> None:
    def another() -> None:
        intended = row(world, process("sink"))
        head = replace(intended.head, status=Status.SUCCEEDED)
        print_ = fingerprint(process("sink", "a"), world.desk)
        arrived = replace(intended, head=head, process=process("sink", "a"), fingerprint=print_)
        assert world.published.put(replace(arrived, intended=None), intended)

    meanwhile(world, "published", another)
    outcome = tell(world, process("sink", "a"))

    assert (outcome.status, changes(outcome)) == (Status.SUCCEEDED, ["unchanged"])
    assert len(world.catalog.sent) == 1


def test_a_row_that_others_write_all_the_time_is_tried_again_later(world: World) -> None:
    tell(world, process("sink", "a"))
    world.catalog.sent.clear()
    busy = [False]

    def before(event: str) -> None:
        if event == "published" and world.catalog.sent and not busy[0]:
            busy[0] = True
            mine = row(world, process("sink"))
            known = replace(mine, fingerprint=mine.fingerprint + "x")
            assert world.published.put(known, mine)
            busy[0] = False

    world.tape.before = before

    with pytest.raises(Unavailable, match="change faster than can be followed"):
        tell(world, process("sink", "b"))

    assert len(world.catalog.sent) == 4


def test_a_refusal_of_a_row_that_somebody_else_wrote_is_tried_again_later(world: World) -> None:
    tell(world, process("sink", "a"))
    world.catalog.sent.clear()
    world.catalog.answer = refuse(operation("sink"))

    def another() -> None:
        mine = row(world, process("sink"))
        assert world.published.put(replace(mine, fingerprint="theirs"), mine)

    meanwhile(world, "published", another)

    with pytest.raises(Unavailable, match="somebody else"):
        tell(world, process("sink", "b"))


# ---------------------------------------------------------------- killed in the middle


@pytest.mark.parametrize("native", [None, "Succeeded"])
def test_a_kill_between_push_and_memory_pushes_the_same_again(
    world: World, native: str | None
) -> None:
    run = activity_run(native=native)
    sent = process("sink", "a", columns=[value("x", "a")])

    with killed_after(world, "send"):
        world.report(telling(sent), run)
    [outcome] = world.report(telling(sent), run)

    assert outcome.status is Status.SUCCEEDED
    assert len(world.catalog.sent) == 2
    assert world.ends(operation("sink")) == ["a"]


@pytest.mark.parametrize("event", ["published", "send"])
def test_a_kill_loses_no_edge_of_somebody_else(world: World, event: str) -> None:
    world.set(native="always")
    world.have(data_set(table("theirs")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("theirs")], [table("sink")]))
    run = activity_run(native="Succeeded")

    with killed_after(world, event):
        world.report(telling(process("sink", "a")), run)
    world.report(telling(process("sink", "a")), run)

    assert world.ends(operation("sink")) == ["a", "theirs"]
    assert row(world, process("sink")).process.inputs == (
        edge("a", "ds_in"),
        edge("theirs", "", Certainty.INFERRED),
    )


@contextmanager
def killed_after(world: World, event: str) -> Iterator[None]:
    """Kill at whatever follows the first event of this kind."""

    def before(_: str) -> None:
        if event in world.tape.events:
            raise Killed

    world.tape.before = before
    with suppress(Killed):
        yield
        raise AssertionError("was not killed")
    world.tape.before = None


# ---------------------------------------------------------------- fall-backs give way


def test_a_fall_back_gives_way_to_an_exact_input_of_its_end(world: World) -> None:
    vague = process("sink", edge(fallback("ls"), "ds"), columns=[value("x", fallback("ls"))])

    tell(world, vague)
    tell(world, process("sink", edge("a", "ds"), columns=[value("x", "a")]))
    tell(world, vague)

    assert world.ends(operation("sink")) == ["a"]
    assert "linked-service" not in world.mapping(operation("sink"))


VAGUE_SINK = process(edge(fallback("ls"), "ds"), "a")
SURE_SINK = process(edge("sink", "ds"), "a")


def superseded(world: World) -> bool:
    """Whether the exact operation is there and the fall-back's is not."""
    gone = world.entity(operation(fallback("ls"))) is None
    return gone and world.entity(operation("sink")) is not None


def test_a_fall_back_sink_gives_way_to_an_exact_one_of_its_end(world: World) -> None:
    tell(world, VAGUE_SINK)

    outcome = tell(world, SURE_SINK)

    assert changes(outcome) == ["created"]
    assert superseded(world)
    assert world.tape.events.index("send") < world.tape.events.index("delete")


def test_a_fall_back_sink_that_comes_later_is_not_sent(world: World) -> None:
    tell(world, SURE_SINK)
    world.catalog.sent.clear()

    outcomes = [tell(world, VAGUE_SINK), tell(world, VAGUE_SINK)]

    assert [outcome.status for outcome in outcomes] == [Status.SUCCEEDED, Status.SUCCEEDED]
    assert [each.name for outcome in outcomes for each in outcome.processes] == [None, None]
    assert world.catalog.sent == []
    assert superseded(world)


def test_a_fall_back_that_gave_way_and_changes_is_not_sent(world: World) -> None:
    tell(world, VAGUE_SINK)
    tell(world, SURE_SINK)
    world.catalog.sent.clear()

    tell(world, process(edge(fallback("ls"), "ds"), "b"))

    assert world.catalog.sent == []
    assert superseded(world)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("order", [[VAGUE_SINK, SURE_SINK], [SURE_SINK, VAGUE_SINK]])
def test_a_fall_back_sink_of_the_same_batch_waits_for_the_exact_one(
    world: World, order: list[Process], known: bool
) -> None:
    if known:
        tell(world, process(edge(fallback("ls"), "ds"), "earlier"))
    runs = [activity_run(run_id=name) for name in ("one", "two")]

    outcomes = world.report(told(one=order[0], two=order[1]), *runs)

    assert {outcome.status for outcome in outcomes} == {Status.SUCCEEDED}
    assert superseded(world)
    assert [mentions(each, operation("sink")) for each in world.catalog.sent[known:]] == [True]
    assert not mentions(world.catalog.sent[-1], operation(fallback("ls")))


@pytest.mark.parametrize("known", [False, True])
def test_a_fall_back_sink_stays_where_the_exact_one_is_refused(world: World, known: bool) -> None:
    if known:
        tell(world, VAGUE_SINK)
    world.catalog.answer = refuse(operation("sink"))
    runs = [activity_run(run_id=name) for name in ("vague", "sure")]
    more = process(edge(fallback("ls"), "ds"), "a", "b")

    outcomes = world.report(told(vague=more, sure=SURE_SINK), *runs)

    assert {outcome.run.id: outcome.status.value for outcome in outcomes} == {
        "vague": "Succeeded",
        "sure": "Failed",
    }
    assert world.ends(operation(fallback("ls"))) == ["a", "b"]


def test_a_fall_back_sink_stays_until_the_exact_one_has_arrived(world: World) -> None:
    tell(world, VAGUE_SINK)
    run = activity_run(pipeline_run("run-2"), "sure")

    with killed_after(world, "listed"):
        world.report(telling(SURE_SINK), run)
    before = world.entity(operation(fallback("ls")))
    world.report(telling(SURE_SINK), run)

    assert before is not None
    assert superseded(world)


def test_a_fall_back_gives_way_after_a_kill_between_push_and_memory(world: World) -> None:
    tell(world, VAGUE_SINK)
    run = activity_run(pipeline_run("run-2"), "sure")

    with killed_after(world, "send"):
        world.report(telling(SURE_SINK), run)
    world.report(telling(SURE_SINK), run)

    assert superseded(world)


@pytest.mark.parametrize("native", [None, "Succeeded"])
def test_a_fall_back_of_the_built_in_is_not_taken_out(world: World, native: str | None) -> None:
    """It was left to the built-in, or came after the exact one and was never ours."""
    theirs = foreign_operation(operation(fallback("ls")), [table("a")], [fallback("ls")])
    world.have(data_set(table("a")), data_set(fallback("ls")))
    world.have(theirs)
    if native:
        tell(world, VAGUE_SINK, native=native)
    tell(world, SURE_SINK)

    tell(world, VAGUE_SINK, native=native)

    assert world.ends(operation(fallback("ls"))) == ["a"]
    assert world.ends(operation("sink")) == ["a"]


def test_a_fall_back_of_another_end_stays(world: World) -> None:
    tell(world, process(edge(fallback("ls"), "ds2"), "a"))

    tell(world, SURE_SINK)

    assert world.ends(operation(fallback("ls"))) == ["a"]


def test_a_guess_does_not_drive_out_a_fall_back(world: World) -> None:
    tell(world, VAGUE_SINK)

    tell(world, process(Edge(table("sink"), "ds", Certainty.INFERRED), "a"))

    assert not superseded(world)


# ---------------------------------------------------------------- renaming


def test_an_operation_whose_name_changes_takes_its_edges_along(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "lineage")
    sink = table_or_view("orders")
    as_table, as_view = sink.candidates
    world.have(data_set(replace(sink, candidates=(as_view,))))
    tell(world, process(sink, "a"))
    world.published.choose({sink: as_table}, world.now)
    world.have(data_set(sink))

    outcome = tell(world, process(sink, "b"))

    assert [each.name for each in outcome.processes] == [operation(as_table)]
    assert world.entity(operation(as_view)) is None
    assert world.ends(operation(as_table)) == ["a", "b"]
    assert world.tape.events.index("send") < world.tape.events.index("delete")
    assert [record.getMessage() for record in caplog.records] == [
        f"{operation(as_view).qualified} was renamed {operation(as_table).qualified}"
    ]


def test_a_former_name_that_another_process_goes_by_is_kept(world: World) -> None:
    plain, folded = table("Orders"), table("ORDERS", "Orders")
    world.have(data_set(table("Orders")))
    tell(world, process(plain, "a"), process(folded, "b"))
    world.have(data_set(table("ORDERS")))
    world.published.choose({folded: folded.candidates[0]}, world.now)

    tell(world, process(folded, "b", "c"))

    assert world.entity(operation("Orders")) is not None
    assert world.ends(operation("ORDERS")) == ["b", "c"]


def test_an_operation_left_to_the_built_in_is_never_deleted(world: World) -> None:
    sink = table_or_view("orders")
    as_table, as_view = sink.candidates
    only_view = replace(sink, candidates=(as_view,))
    world.have(data_set(only_view), data_set(table("a")))
    world.have(foreign_operation(operation(as_view), [table("a")], [only_view]))
    left = tell(world, process(sink, "a"), native="Succeeded")
    world.have(data_set(sink))
    world.published.choose({sink: as_table}, world.now)

    reported = tell(world, process(sink, "b"))

    assert left.status is Status.NOT_REPORTED
    assert reported.status is Status.SUCCEEDED
    assert world.ends(operation(as_view)) == ["a"]
    assert world.ends(operation(as_table)) == ["a", "b"]


# ---------------------------------------------------------------- edges of others


def test_edges_of_somebody_else_are_remembered(world: World) -> None:
    world.have(data_set(table("theirs")), data_set(table("sink")))
    world.have(foreign_operation(operation("sink"), [table("theirs")], [table("sink")]))

    tell(world, process("sink", "a"))
    tell(world, process("sink", "b"))

    assert world.ends(operation("sink")) == ["a", "b", "theirs"]
    assert edge("theirs", "", Certainty.INFERRED) in row(world, process("sink")).process.inputs


def test_outputs_of_somebody_else_are_kept_and_remembered(world: World) -> None:
    sink, other = table("sink"), table("other")
    world.have(data_set(table("theirs")), data_set(sink), data_set(other))
    world.have(foreign_operation(operation("sink"), [table("theirs")], [sink, other]))

    tell(world, process("sink", "a"))
    first = world.ends(operation("sink"), "outputs")
    tell(world, process("sink", "b"))

    assert first == ["sink", "other"]
    assert world.ends(operation("sink"), "outputs") == ["sink", "other"]
    assert world.ends(operation("sink")) == ["a", "b", "theirs"]
    assert row(world, process("sink")).process.outputs == (edge("other", "", Certainty.INFERRED),)


def test_an_output_of_somebody_else_that_is_gone_is_not_made_up(world: World) -> None:
    sink, other = table("sink"), table("other")
    world.have(data_set(table("a")), data_set(sink), data_set(other))
    world.have(foreign_operation(operation("sink"), [table("a")], [sink, other]))
    tell(world, process("sink", "a"))
    world.set(create=False)
    world.local.delete(other.candidates[0])
    world.published.forget([other])

    outcome = tell(world, process("sink", "a"))

    assert outcome.status is Status.SUCCEEDED
    assert world.ends(operation("sink"), "outputs") == ["sink"]


# ---------------------------------------------------------------- attributes of the last run


def last_run(world: World) -> int:
    entity = world.entity(COPY)
    assert entity is not None
    return int(entity["attributes"]["lastRunTime"])


def at_millis(text: str) -> int:
    return ticks.epoch_milliseconds(at(text))


def test_run_attributes_of_an_unchanged_process_are_sent_once_a_day(world: World) -> None:
    tell(world, process("sink", "a"), ended="2026-11-19T02:05:00Z")

    world.now = at("2026-11-20T02:59:59Z")
    tell(world, process("sink", "a"), ended="2026-11-20T02:05:00Z")
    same_day = last_run(world)
    world.now = at("2026-11-20T03:00:00Z")
    tell(world, process("sink", "a"), ended="2026-11-20T02:06:00Z")

    assert same_day == at_millis("2026-11-19T02:05:00Z")
    assert last_run(world) == at_millis("2026-11-20T02:06:00Z")


def test_run_attributes_go_with_any_other_change(world: World) -> None:
    tell(world, process("sink", "a"), ended="02:05:00")

    tell(world, process("sink", "b"), ended="02:06:00")

    assert last_run(world) == at_millis("02:06:00")


def test_run_attributes_only_move_forwards(world: World) -> None:
    tell(world, process("sink", "a"), ended="02:05:00")

    tell(world, process("sink", "b"), ended="02:04:00")
    tell(world, process("other", "b"), ended="02:03:00")

    assert last_run(world) == at_millis("02:05:00")


def test_run_attributes_are_of_the_latest_run_of_all_sinks(world: World) -> None:
    runs = [
        activity_run(run_id="late", ended="02:07:00"),
        activity_run(run_id="early", ended="02:06:00"),
    ]

    world.report(told(late=process("one", "a"), early=process("two", "a")), *runs)

    assert last_run(world) == at_millis("02:07:00")


@pytest.mark.parametrize("ended", ["02:07:00", "02:08:00"])
def test_run_attributes_that_did_not_arrive_are_sent_with_the_next(
    world: World, ended: str
) -> None:
    world.catalog.answer = refuse(operation("sink"), times=1)
    tell(world, process("sink", "a"), ended="02:07:00")

    tell(world, process("sink", "b"), ended=ended)

    assert last_run(world) == at_millis(ended)


def test_run_attributes_of_a_pipeline_told_in_two_cases_only_move_forwards(world: World) -> None:
    def runs(number: int, ended: str, other: str) -> None:
        upper = activity_run(pipeline_run(f"upper-{number}"), "upper", ended=ended)
        of = pipeline_run(f"lower-{number}", pipeline="p")
        lower = activity_run(of, "lower", ended=other)
        one = process(f"sink-{number}", "a")
        two = process(f"other-{number}", "b", pipeline="p")
        world.report(told(upper=one, lower=two), upper, lower)

    runs(1, "02:09:00", "02:08:00")
    runs(2, "02:08:30", "02:07:00")

    assert last_run(world) == at_millis("02:09:00")


def test_run_attributes_can_be_turned_off(world: World) -> None:
    world.set(daily=False)

    tell(world, process("sink", "a"))
    world.now = ticks.shift(world.now, 10 * DAY)
    outcome = tell(world, process("sink", "a"))

    assert last_run(world) == 0
    assert changes(outcome) == ["unchanged"]


# ---------------------------------------------------------------- what is left out


def test_a_missing_sink_is_looked_for_again_the_next_day(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("a")))

    first = tell(world, process("sink", "a"))
    world.have(data_set(table("sink")))
    second = tell(world, process("sink", "a"))
    world.now = ticks.shift(world.now, DAY)
    third = tell(world, process("sink", "a"))

    assert [outcome.status.value for outcome in (first, second, third)] == [
        "NotReported",
        "NotReported",
        "Succeeded",
    ]


def test_a_missing_input_is_known_all_the_same(world: World) -> None:
    world.set(create=False)
    world.have(data_set(table("sink")))

    outcome = tell(world, process("sink", "a"))
    world.have(data_set(table("a")))
    world.now = ticks.shift(world.now, DAY)
    tell(world, process("sink", "a"))

    assert outcome.status is Status.PARTIAL
    assert outcome.gaps[0].reason is Reason.MISSING_ASSET
    assert world.ends(operation("sink")) == ["a"]


def test_a_missing_input_is_looked_for_daily_without_run_attributes_too(world: World) -> None:
    world.set(create=False, daily=False)
    world.have(data_set(table("sink")), data_set(table("a")))
    tell(world, process("sink", "a", "b"))
    world.have(data_set(table("b")))

    world.now = ticks.shift(world.now, DAY)
    outcome = tell(world, process("sink", "a", "b"))

    assert outcome.status is Status.SUCCEEDED
    assert world.ends(operation("sink")) == ["a", "b"]


def test_a_name_too_long_is_recorded_and_sent_no_more(world: World) -> None:
    outcomes = [tell(world, process("x" * 5000, "a")) for _ in range(2)]

    assert [outcome.status for outcome in outcomes] == [Status.FAILED, Status.FAILED]
    assert world.catalog.sent == []
    assert row(world, process("x" * 5000)).head.gaps[0].reason is Reason.TOO_LONG


def test_what_is_left_out_is_settled_before_anything_is_sent(world: World) -> None:
    def down(entities: Sequence[Json]) -> None:
        raise Unavailable("503")

    world.catalog.answer = down
    runs = [activity_run(run_id=name) for name in ("long", "plain")]

    with pytest.raises(Unavailable):
        world.report(told(long=process("x" * 5000), plain=process("sink", "a")), *runs)

    assert [world.status(run) for run in runs] == ["Failed", "Pending"]


def test_a_settings_error_is_let_through_and_leaves_the_run_open(world: World) -> None:
    def forbidden(entities: Sequence[Json]) -> None:
        raise SettingsError("the role is missing")

    world.catalog.answer = forbidden
    run = activity_run()

    with pytest.raises(SettingsError):
        world.report(telling(process("sink", "a")), run)

    assert world.status(run) == "Pending"


def test_an_answer_lost_after_the_commit_changes_nothing(world: World) -> None:
    def cut() -> None:
        world.catalog.lose = None
        raise Unavailable("the answer was cut")

    world.catalog.lose = cut
    run = activity_run()
    with pytest.raises(Unavailable):
        world.report(telling(process("sink", "a")), run)

    [outcome] = world.report(telling(process("sink", "a")), run)

    assert outcome.status is Status.SUCCEEDED
    assert world.ends(operation("sink")) == ["a"]


def test_what_is_pending_in_memory_is_not_proven(world: World) -> None:
    head = Head(operation("sink"), Status.PENDING, world.now)
    world.published.put(Published(head, process("sink", "a"), ""), None)

    outcome = tell(world, process("sink", "a"))

    assert len(world.catalog.sent) == 1
    assert outcome.status is Status.SUCCEEDED


def test_translations_with_several_sinks_are_sent_in_one_bulk(world: World) -> None:
    run = activity_run()
    both = Translation((process("one", "a"), process("two", "a")))

    world.report(told(activity_1=both), run)

    assert len(world.catalog.sent) == 1
