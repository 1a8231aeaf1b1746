"""Which item each run of the loops in `scenarios` was for, as their README.md derives it."""

from pathlib import Path

import pytest

from lineage.errors import Untranslatable
from lineage.model import Certainty, Reason
from lineage.sources import folder, scenario
from lineage.translate import translate

SCENARIOS = Path(__file__).parents[1] / "scenarios"
STAGE = "mssql://sql-contoso-sales.database.windows.net/Stage/stage/"
SOURCE = "https://stcontososales.blob.core.windows.net/landing/control/regions.csv"

SURE, GUESSED = Certainty.EXACT, Certainty.INFERRED
COLUMNS, FAILED, OTHER = Reason.COLUMNS_UNKNOWN, Reason.RUN_FAILED, Reason.UNSUPPORTED_ACTIVITY

Ended = tuple[set[str], Certainty | None, Reason]
LOOP: dict[str, Ended] = {"3f99": (set(), None, OTHER)}  # the loop's own run
BY_HAND: dict[str, dict[str, Ended]] = {
    "loop_duplicate_item": {
        "3f01": ({"Orders"}, SURE, COLUMNS),
        "3f02": ({"Orders"}, SURE, COLUMNS),
        **LOOP,
    },
    "loop_empty": LOOP,
    "loop_failed_item": {
        "3f01": ({"Orders"}, SURE, COLUMNS),
        "3f02": (set(), None, FAILED),
        "3f03": ({"Regions"}, SURE, COLUMNS),
        "3f99": (set(), None, FAILED),
    },
    "loop_nested": {
        "3f01": ({"Orders"}, SURE, COLUMNS),
        "3f02": ({"Regions"}, SURE, COLUMNS),
        **LOOP,
    },
    "loop_of_lookup": {
        "3f90": (set(), None, OTHER),
        "3f01": ({"Orders"}, SURE, COLUMNS),
        "3f02": ({"Places"}, SURE, COLUMNS),
        **LOOP,
    },
    "loop_parallel": {
        "3f01": ({"Orders", "Places"}, GUESSED, Reason.AMBIGUOUS),
        "3f02": ({"Orders", "Places"}, GUESSED, Reason.AMBIGUOUS),
        **LOOP,
    },
    "loop_sequential": {
        "3f01": ({"Orders"}, SURE, COLUMNS),
        "3f02": ({"Places"}, SURE, COLUMNS),
        "3f03": ({"Regions"}, SURE, COLUMNS),
        **LOOP,
    },
    "loop_shuffled": {
        "3f02": ({"Orders"}, SURE, COLUMNS),
        "3f03": ({"Places"}, SURE, COLUMNS),
        "3f01": ({"Regions"}, SURE, COLUMNS),
        **LOOP,
    },
}


@pytest.mark.parametrize("name", BY_HAND)
def test_each_run_of_a_loop_is_told_with_the_items_it_may_have_been_for(name: str) -> None:
    definitions = folder.read(SCENARIOS / name)
    runs = scenario.listed(SCENARIOS / name, definitions.factory.id).activities
    found: dict[str, Ended] = {}
    for run in runs:
        try:
            told = translate(run, definitions)
        except Untranslatable as error:
            [gap] = error.gaps
            found[run.id[-4:]] = (set(), None, gap.reason)
            continue
        sinks = {each.sink.asset.candidates[0].qualified for each in told.processes}
        sources = {edge for each in told.processes for edge in each.inputs}
        [certainty] = {edge.certainty for edge in (*sources, *(p.sink for p in told.processes))}
        [gap] = told.gaps
        assert {edge.asset.candidates[0].qualified for edge in sources} == {SOURCE}
        assert not [each.columns for each in told.processes if each.columns]
        found[run.id[-4:]] = ({sink.removeprefix(STAGE) for sink in sinks}, certainty, gap.reason)

    assert found == BY_HAND[name]


def test_every_loop_among_the_scenarios_is_derived() -> None:
    loops = {path.name for path in SCENARIOS.glob("loop_*")}

    assert loops == BY_HAND.keys()
    assert all((SCENARIOS / name / "README.md").is_file() for name in loops)
