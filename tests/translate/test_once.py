from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from lineage.errors import Untranslatable
from lineage.model import ActivityRun, Definition, Definitions, Factory, Kind, Reason
from lineage.translate.once import Once
from tests.translate.test_copy import BLOB_DATASET, LATER, copied, factory, zoned
from tests.world import FACTORY, Held, at, pipeline_run


@dataclass(eq=False)
class Counting:
    """Definitions that count how often a pipeline is asked for."""

    of: Held
    asked: int = 0

    @property
    def factory(self) -> Factory:
        return self.of.factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        self.asked += kind is Kind.PIPELINE
        return self.of.get(kind, name)


@dataclass(eq=False)
class Changing:
    """Definitions that can be replaced."""

    now: Definitions

    @property
    def factory(self) -> Factory:
        return self.now.factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        return self.now.get(kind, name)


def test_equal_runs_are_translated_once() -> None:
    once, definitions = Once(), factory()
    one = copied()
    other = replace(copied(), id="activity-2", of=pipeline_run("run-2", "02:30:00"))

    assert once(one, definitions) is once(other, definitions)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"status": "Failed"},
        {"type": "Lookup"},
        {"output": None},
        {"input": None},
        {"of": pipeline_run(pipeline="other")},
    ],
    ids=["activity", "status", "type", "evidence", "input", "pipeline"],
)
def test_runs_that_differ_are_translated_each(change: Mapping[str, object]) -> None:
    once, definitions = Once(), factory()
    first = once(copied(), definitions)
    other: ActivityRun = replace(copied(), **change)

    try:
        second = once(other, definitions)
    except Untranslatable:
        return
    assert second is not first


def daily(**parameters: str) -> ActivityRun:
    return replace(copied(), of=pipeline_run(**parameters))


def arguments(expression: str) -> Held:
    """A factory whose activity passes an expression as the folder of its source."""
    reference = {"referenceName": "ds_blob", "parameters": {"folder": expression}}
    location = {"container": "landing", "folderPath": "@dataset().folder"}
    dataset = {
        **BLOB_DATASET,
        "parameters": {"folder": {"type": "string"}},
        "typeProperties": {"location": {"type": "AzureBlobStorageLocation", **location}},
    }
    return factory({"inputs": [reference]}, ds_blob=dataset)


def test_a_parameter_that_a_name_depends_on_makes_runs_differ() -> None:
    once, definitions = Once(), arguments("@pipeline().parameters.day")

    first = once(daily(day="19", run="a"), definitions)

    assert once(daily(day="20", run="a"), definitions) is not first
    assert once(daily(day="19", run="b"), definitions) is first


def test_a_parameter_that_nothing_depends_on_makes_no_difference() -> None:
    once, definitions = Once(), factory()

    assert once(daily(day="19"), definitions) is once(daily(day="20"), definitions)


def test_a_parameter_that_is_passed_to_one_run_only_makes_runs_differ() -> None:
    once, definitions = Once(), arguments("@pipeline().parameters.day")

    found = [once(daily(**passed), definitions) for passed in ({}, {"day": "19"}, {"Day": "20"})]

    assert len({id(each) for each in found}) == 3


@pytest.mark.parametrize("expression", ["@{pipeline().parameters}", "@pipeline().parameters.all"])
def test_all_parameters_count_where_all_are_looked_through(expression: str) -> None:
    once, definitions = Once(), arguments(expression)

    first = once(daily(day="19", hour="01"), definitions)

    assert once(daily(day="19", hour="02"), definitions) is not first
    assert once(daily(day="19", hour="01"), definitions) is first


def test_a_run_is_translated_anew_where_a_definition_it_read_is_another() -> None:
    once, before, after = Once(), factory(), factory()
    definitions = Changing(before)
    first = once(copied(), definitions)

    definitions.now = Held(before.factory, {**before.found, **only(after, Kind.DATASET, "ds_blob")})
    second = once(copied(), definitions)
    third = once(copied(), definitions)

    assert second is not first
    assert third is second


def test_a_definition_that_a_run_did_not_read_may_change() -> None:
    once, before = Once(), factory()
    definitions = Changing(before)
    first = once(copied(), definitions)

    definitions.now = Held(
        before.factory, {**before.found, **only(factory(), Kind.LINKED_SERVICE, "ls_sftp")}
    )

    assert once(copied(), definitions) is first


def test_a_run_is_translated_anew_where_a_definition_is_gone() -> None:
    once, before = Once(), factory()
    definitions = Changing(before)
    once(copied(), definitions)

    definitions.now = factory(ds_table=None)

    with pytest.raises(Untranslatable):
        once(copied(), definitions)


def test_a_run_is_translated_anew_where_a_global_parameter_has_changed() -> None:
    once, before = Once(), factory()
    definitions = Changing(before)
    first = once(copied(), definitions)

    definitions.now = Held(Factory(FACTORY, "adf-contoso", {"env": "prod"}), before.found)

    assert once(copied(), definitions) is not first


def test_a_factory_that_was_fetched_again_and_is_the_same_changes_nothing() -> None:
    once, before = Once(), factory()
    definitions = Changing(before)
    first = once(copied(), definitions)

    definitions.now = Held(Factory(FACTORY, "adf-contoso", {}), before.found)

    assert once(copied(), definitions) is first


def test_runs_before_and_after_a_definition_was_written_are_not_equal() -> None:
    once, definitions = Once(), factory(written={"ds_blob": LATER})

    early = once(copied(), definitions)
    after = replace(pipeline_run(), started=at("03:00:01"))
    late = once(replace(copied(), of=after, started=at("03:00:01")), definitions)

    assert [gap.reason for gap in early.gaps] == [Reason.DEFINITION_CHANGED]
    assert late.gaps == ()


def test_runs_before_and_after_the_factory_was_written_are_not_equal() -> None:
    once, definitions = Once(), zoned("@pipeline().globalParameters.zone", LATER)
    after = replace(copied(), of=replace(pipeline_run(), started=LATER), started=LATER)

    early, late = once(copied(), definitions), once(after, definitions)

    assert [gap.reason for gap in early.gaps] == [Reason.DEFINITION_CHANGED]
    assert late.gaps == ()


def test_runs_on_both_sides_of_a_write_by_their_pipeline_run_are_not_equal() -> None:
    once, definitions = Once(), factory(written={"P": at("02:00:30")})
    after = replace(copied(), of=replace(pipeline_run(), started=at("02:00:45")))

    early, late = once(copied(), definitions), once(after, definitions)

    assert {gap.reason for gap in early.gaps} == {Reason.DEFINITION_CHANGED}
    assert late.gaps == ()


def test_a_run_that_tells_nothing_is_looked_at_once_too() -> None:
    once, definitions = Once(), Counting(factory(ds_table=None))

    asked = []
    for _ in range(3):
        with pytest.raises(Untranslatable, match="dataset ds_table"):
            once(copied(), definitions)
        asked.append(definitions.asked)

    assert asked == [asked[0], asked[0] + 1, asked[0] + 2]  # a look whether it still holds


def test_what_was_used_least_lately_is_forgotten_first() -> None:
    once, definitions = Once(most=2), arguments("@pipeline().parameters.day")
    runs = [daily(day=str(day)) for day in range(3)]
    first, second = once(runs[0], definitions), once(runs[1], definitions)

    assert once(runs[0], definitions) is first
    once(runs[2], definitions)

    assert once(runs[0], definitions) is first
    assert once(runs[1], definitions) is not second


def test_an_error_in_a_translator_is_not_remembered() -> None:
    once, definitions = Once(), Broken()

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once(copied(), definitions)

    assert definitions.asked == 2


@dataclass(eq=False)
class Broken:
    factory: Factory = field(default_factory=lambda: Factory(FACTORY, "adf-contoso"))
    asked: int = 0

    def get(self, kind: Kind, name: str) -> Definition | None:
        self.asked += 1
        raise ZeroDivisionError


def only(held: Held, kind: Kind, name: str) -> dict[tuple[Kind, str], Definition]:
    return {(kind, name): held.found[kind, name]}


@pytest.mark.parametrize(
    "expression",
    ["@utcNow('yyyy')", "@pipeline().RunId", "@variables('day')", "@activity('A').output.day"],
)
def test_nothing_is_kept_of_a_run_that_is_told_from_what_is_its_own(expression: str) -> None:
    once, definitions = Once(), arguments(expression)
    properties = {**definitions.found[Kind.PIPELINE, "P"].properties}
    properties["variables"] = {"day": {"type": "String", "defaultValue": "19"}}
    pipeline = Definition(Kind.PIPELINE, "P", properties)
    held = Held(definitions.factory, {**definitions.found, (Kind.PIPELINE, "P"): pipeline})

    assert once(copied(), held) is not once(copied(), held)
