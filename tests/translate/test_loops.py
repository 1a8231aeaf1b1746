"""Runs inside a ForEach: which item each was for, and what is said where that is not known."""

from __future__ import annotations

import json
import random

import pytest
from msgspec.structs import replace

from lineage.errors import Untranslatable
from lineage.model import ActivityRun, Certainty, Gap, Kind, Reason, Translation, Where
from lineage.translate import translate
from tests.translate.loop_simulator import BLOB, TABLE, Loop, Simulated, draw, simulate
from tests.world import Held, at

LOOPS = 2_000
ORDERS = {"name": "Orders", "folder": "in"}
PLACES = {"name": "Places", "folder": "in"}
PLAIN = Loop(
    items=(ORDERS, PLACES),
    sequential=True,
    tries=(1, 1),
    skipped=frozenset(),
    failed=frozenset(),
    query=False,
    user=False,
    source_varies=False,
    lookup=False,
)


def made(loop: Loop) -> Simulated:
    return simulate(loop, random.Random(7))  # noqa: S311  # no secret


def run(simulated: Simulated, run_id: str) -> ActivityRun:
    [found] = [each for each in simulated.runs if each.id == run_id]
    return found


def told(loop: Loop, run_id: str = "copy-1-0") -> Translation:
    simulated = made(loop)
    return translate(run(simulated, run_id), simulated.definitions)


def sinks(translation: Translation) -> list[tuple[str, str]]:
    return [
        (each.sink.asset.candidates[0].qualified, each.sink.certainty.value)
        for each in translation.processes
    ]


BOTH = [(f"{TABLE}Orders", "inferred"), (f"{TABLE}Places", "inferred")]
PARALLEL = replace(PLAIN, sequential=False)


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        (PLAIN, [(f"{TABLE}Places", "exact")]),
        (replace(PLAIN, lookup=True), [(f"{TABLE}Places", "exact")]),
        (replace(PLAIN, failed=frozenset({0})), [(f"{TABLE}Places", "exact")]),
        (replace(PLAIN, skipped=frozenset({0})), BOTH),
        (replace(PLAIN, tries=(2, 1)), BOTH),
        (replace(PLAIN, tries=(2, 1), skipped=frozenset({0})), BOTH),
        (PARALLEL, BOTH),
        (replace(PARALLEL, lookup=True), BOTH),
        (replace(PARALLEL, query=True), [(f"{TABLE}Places", "exact")]),
        (replace(PARALLEL, user=True), [(f"{TABLE}Places", "exact")]),
        (replace(PARALLEL, items=(PLACES, PLACES)), [(f"{TABLE}Places", "exact")]),
    ],
    ids=[
        *("sequential", "items of a lookup", "a failed item", "a skipped item", "a retry"),
        *("a retry makes up for a skipped item", "parallel", "parallel, of a lookup"),
        *("the query tells", "a user property tells", "the same item twice"),
    ],
)
def test_a_run_in_a_loop_is_told_with_its_item_or_with_all_that_it_may_have_been(
    loop: Loop, expected: list[tuple[str, str]]
) -> None:
    assert sorted(sinks(told(loop))) == expected


def test_an_ambiguous_run_says_so_and_claims_no_columns() -> None:
    found = told(PARALLEL)

    gap = Gap(Reason.AMBIGUOUS, Where.PROCESS, "activity A: 2 items could have been meant")
    assert gap in found.gaps
    assert [each.columns for each in found.processes] == [(), ()]
    assert {edge.certainty for each in found.processes for edge in each.inputs} == {
        Certainty.INFERRED
    }


def test_a_trace_names_the_item_and_where_the_items_are_from() -> None:
    [(_, source), (_, sink)] = told(replace(PLAIN, lookup=True)).traces

    steps = "item().name ← item 2 of ForEach 'Each' ← activity().output.value ← output of activity"
    assert f"{steps} 'List'" in sink[-1]
    assert "ForEach" not in "".join(source)


@pytest.mark.parametrize(
    ("listed", "sure"),
    [
        ("@pipeline().globalParameters.tables", "inferred"),
        ("@pipeline().parameters.items", "exact"),
    ],
)
def test_items_of_a_global_parameter_that_may_be_another_are_inferred(
    listed: str, sure: str
) -> None:
    simulated = made(PLAIN)
    held = simulated.definitions
    old = held.found[Kind.PIPELINE, "P"]
    lookup, loop = old.properties["activities"]
    each = {**loop, "typeProperties": {**loop["typeProperties"], "items": listed}}
    pipeline = replace(old, properties={**old.properties, "activities": [lookup, each]})
    written = replace(held.factory, parameters={"tables": [ORDERS, PLACES]}, written=at("02:00:30"))
    since = Held(written, {**held.found, (Kind.PIPELINE, "P"): pipeline})

    found = translate(run(simulated, "copy-1-0"), since)

    assert sinks(found) == [(f"{TABLE}Places", sure)]
    assert [gap.reason for gap in found.gaps if gap.reason is Reason.DEFINITION_CHANGED] == (
        [Reason.DEFINITION_CHANGED] if sure == "inferred" else []
    )


@pytest.mark.parametrize(("written", "sure"), [("02:00:30", "inferred"), ("01:00:00", "exact")])
def test_an_item_told_apart_by_a_global_parameter_that_may_be_another_is_inferred(
    written: str, sure: str
) -> None:
    simulated = made(replace(PARALLEL, user=True))
    held = simulated.definitions
    old = held.found[Kind.PIPELINE, "P"]
    text = json.dumps(old.properties).replace(
        '"@item().name"}]', '"@{pipeline().globalParameters.zone}/@{item().name}"}]'
    )
    pipeline = replace(old, properties=json.loads(text))
    factory = replace(held.factory, parameters={"zone": "eu"}, written=at(written))
    since = Held(factory, {**held.found, (Kind.PIPELINE, "P"): pipeline})

    found = translate(replace(run(simulated, "copy-1-0"), user={"to": "eu/Places"}), since)

    assert sinks(found) == [(f"{TABLE}Places", sure)]
    assert [gap.reason for gap in found.gaps if gap.reason is Reason.DEFINITION_CHANGED] == (
        [Reason.DEFINITION_CHANGED] if sure == "inferred" else []
    )


def test_what_the_run_says_against_the_order_counts_more_than_the_order() -> None:
    simulated = made(replace(PLAIN, user=True))
    second = replace(run(simulated, "copy-1-0"), user={"to": "Orders"})

    found = translate(second, simulated.definitions)

    assert sinks(found) == [(f"{TABLE}Orders", "exact")]


def test_a_text_that_no_item_gives_tells_nothing() -> None:
    simulated = made(replace(PARALLEL, user=True))
    odd = replace(run(simulated, "copy-1-0"), user={"to": "Elsewhere"})

    assert sorted(sinks(translate(odd, simulated.definitions))) == BOTH


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"items": ()}, "items of ForEach 'Each': no array of items"),
        (
            {"items": tuple({"name": f"T{n}", "folder": "in"} for n in range(201))},
            "items of ForEach 'Each': more than 200 could have been meant",
        ),
    ],
    ids=["none", "too many"],
)
def test_a_loop_without_items_or_with_too_many_leaves_the_name_open(
    change: dict[str, tuple[dict[str, str], ...]], detail: str
) -> None:
    items = change["items"]
    simulated = made(replace(PARALLEL, items=items, tries=(1,) * len(items)))
    runs = [each for each in simulated.runs if each.name == "A"] or made(PARALLEL).runs
    [one] = [each for each in runs if each.id == "copy-0-0"]
    child = replace(one, beside=simulated.runs)

    found = translate(child, simulated.definitions)

    assert detail in {gap.detail for gap in found.gaps}
    assert all(each.sink.certainty is Certainty.FALLBACK for each in found.processes)


def test_a_loop_whose_own_run_is_not_there_leaves_the_name_open() -> None:
    simulated = made(PLAIN)
    alone = [each for each in simulated.runs if each.type != "ForEach"]

    found = translate(replace(run(simulated, "copy-0-0"), beside=alone), simulated.definitions)

    assert "items of ForEach 'Each': no run of it" in {gap.detail for gap in found.gaps}


@pytest.mark.slow
def test_no_edge_that_is_called_exact_is_wrong_in_any_simulated_loop() -> None:
    chance = random.Random(20261119)  # noqa: S311  # no secret
    exact = ambiguous = runs = 0
    for _ in range(LOOPS):
        simulated = simulate(draw(chance), chance)
        for child in simulated.runs:
            if child.name != "A" or child.status != "Succeeded":
                continue
            runs += 1
            source, sink = simulated.truth[child.id]
            try:
                found = translate(child, simulated.definitions)
            except Untranslatable:
                continue
            told_sinks = dict(sinks(found))
            assert sink in told_sinks
            if told_sinks[sink] == "exact":
                exact += 1
                assert list(told_sinks) == [sink]
                check_inputs(found, source)
            else:
                ambiguous += 1
                assert Reason.AMBIGUOUS in {gap.reason for gap in found.gaps}
                assert "exact" not in told_sinks.values()
    print(f"{LOOPS} loops, {runs} runs: {exact} exact, {ambiguous} ambiguous")
    assert exact > runs / 2
    assert ambiguous


def check_inputs(found: Translation, source: str) -> None:
    """Where the sink is certain an input may still be one of several; an exact one is the true."""
    for process in found.processes:
        names = {edge.asset.candidates[0].qualified: edge.certainty for edge in process.inputs}
        exact = {name for name, certainty in names.items() if certainty is Certainty.EXACT}
        assert exact <= {source}


def test_a_source_by_query_stays_opaque_in_a_loop() -> None:
    found = told(replace(PARALLEL, query=True))

    assert Reason.OPAQUE_QUERY in {gap.reason for gap in found.gaps}
    [process] = found.processes
    assert [edge.asset.candidates[0].qualified for edge in process.inputs] != [
        f"{BLOB}in/orders.csv"
    ]
