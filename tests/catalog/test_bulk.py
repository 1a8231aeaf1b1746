import json
from collections.abc import Mapping, Sequence
from math import ceil, log2
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.catalog.bulk import Guids, Unit, assemble, cut, publish
from lineage.catalog.local import LocalCatalog
from lineage.errors import Rejected, Unavailable
from lineage.model import Json, Name


def entity(kind: str, name: str, parent: Json | None = None, **attributes: Any) -> Json:
    made: dict[str, Any] = {
        "typeName": kind,
        "attributes": {"qualifiedName": name, "name": name, **attributes},
    }
    return {**made, "relationshipAttributes": {"parent": parent}} if parent else made


def reference(kind: str, name: str) -> Json:
    return {"typeName": kind, "uniqueAttributes": {"qualifiedName": name}}


def copy(name: str, *inputs: Json, new: tuple[Json, ...] = ()) -> Unit:
    """An operation below activity `A` of pipeline `P`, with the assets it creates."""
    entities = (
        *new,
        entity("adf_copy_operation", name, reference("adf_copy_activity", "A"), inputs=[*inputs]),
        entity("adf_copy_activity", "A", reference("adf_pipeline", "P")),
        entity("adf_pipeline", "P"),
    )
    return Unit(Name("adf_copy_operation", name), entities)


def alone(name: str, **attributes: Any) -> Unit:
    kind = "adf_copy_operation"
    return Unit(Name(kind, name), (entity(kind, name, **attributes),))


def names(entities: Sequence[Json]) -> list[tuple[str, str]]:
    return [(each["guid"], each["attributes"]["qualifiedName"]) for each in entities]


# ---------------------------------------------------------------- assemble


def test_what_is_referred_to_goes_before_what_refers_and_is_numbered_in_that_order() -> None:
    assembled = assemble([copy("o1"), copy("o2")])

    assert names(assembled) == [("-1", "P"), ("-2", "A"), ("-3", "o1"), ("-4", "o2")]


def test_a_reference_inside_the_bulk_becomes_a_guid_and_one_outside_stays() -> None:
    there, new = reference("azure_sql_table", "there"), reference("azure_sql_table", "new")

    *_, operation = assemble([copy("o", there, new, new=(entity("azure_sql_table", "new"),))])

    assert operation == {
        "typeName": "adf_copy_operation",
        "guid": "-4",
        "attributes": {
            "qualifiedName": "o",
            "name": "o",
            "inputs": [
                {"typeName": "azure_sql_table", "uniqueAttributes": {"qualifiedName": "there"}},
                {"guid": "-1", "typeName": "azure_sql_table"},
            ],
        },
        "relationshipAttributes": {"parent": {"guid": "-3", "typeName": "adf_copy_activity"}},
    }


def test_the_same_name_in_another_type_is_not_the_same_entity() -> None:
    view = reference("azure_sql_view", "t")

    table, operation = assemble(
        [Unit(Name("o", "o"), (entity("azure_sql_table", "t"), entity("o", "o", inputs=[view])))]
    )

    assert table["typeName"] == "azure_sql_table"
    assert operation["attributes"]["inputs"] == [view]


def test_of_one_attribute_in_two_units_the_later_value_wins_and_the_others_stay() -> None:
    [merged] = assemble(
        [alone("o", rowCount=1, status="first"), alone("o", rowCount=2, owner=None)]
    )

    assert merged == {
        "typeName": "adf_copy_operation",
        "guid": "-1",
        "attributes": {
            "qualifiedName": "o",
            "name": "o",
            "rowCount": 2,
            "status": "first",
            "owner": None,
        },
    }


def test_entities_that_refer_to_each_other_are_each_there_once() -> None:
    loop = Unit(
        Name("t", "a"),
        (entity("t", "a", reference("t", "b")), entity("t", "b", reference("t", "a"))),
    )

    assembled = assemble([loop])

    assert names(assembled) == [("-1", "b"), ("-2", "a")]
    assert [each["relationshipAttributes"]["parent"]["guid"] for each in assembled] == ["-2", "-1"]


def test_what_the_caller_gave_is_not_changed() -> None:
    unit = copy("o", reference("azure_sql_table", "t"))
    before = json.dumps(unit.entities)

    assemble([unit, unit])

    assert json.dumps(unit.entities) == before


# ---------------------------------------------------------------- cut


@pytest.mark.parametrize(
    ("units", "bulks"), [(0, []), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])]
)
def test_a_bulk_has_at_most_50_units(units: int, bulks: list[int]) -> None:
    assert [len(bulk) for bulk in cut(copy(f"o{i}") for i in range(units))] == bulks


def test_a_unit_larger_than_a_bulk_goes_alone() -> None:
    units = [alone("a"), alone("b", columnMapping="x" * 2000), alone("c"), alone("d")]

    bulks = list(cut(units, size=1000))

    assert [[unit.key.qualified for unit in bulk] for bulk in bulks] == [["a"], ["b"], ["c", "d"]]


def test_what_units_share_counts_once() -> None:
    shared = entity("azure_sql_table", "t", description="x" * 900)
    units = [Unit(Name("o", f"o{i}"), (shared, entity("o", f"o{i}"))) for i in range(5)]

    assert len(list(cut(units, size=2000))) == 1


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 400)), max_size=40),
    st.integers(300, 3000),
    st.integers(1, 9),
)
def test_bulks_hold_every_unit_in_order_and_keep_to_the_limits(
    sizes: list[tuple[int, int]], size: int, count: int
) -> None:
    units = [
        copy(f"o{name}", new=(entity("t", f"t{name}", owner="é" * length),))
        for name, length in sizes
    ]

    bulks = list(cut(units, lambda: count, size))

    assert [unit for bulk in bulks for unit in bulk] == units
    for bulk in bulks:
        assert 1 <= len(bulk) <= count
        sent = json.dumps({"entities": assemble(bulk)})
        assert len(bulk) == 1 or len(sent.encode()) <= size


# ---------------------------------------------------------------- publish


class Door:
    """A catalog that refuses every request with something bad in it, and counts the requests."""

    def __init__(self, *bad: str, forgets: str = "") -> None:
        self.calls = 0
        self._bad = set(bad)
        self._forgets = forgets

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        self.calls += 1
        guids = {each["attributes"]["qualifiedName"]: each["guid"] for each in entities}
        if self._bad & guids.keys():
            raise Rejected("bad", 404, "ATLAS-404-00-007")
        return {guid: f"real {name}" for name, guid in guids.items() if name != self._forgets}


def refused(results: list[tuple[Unit, Guids | Rejected]]) -> list[str]:
    return [unit.key.qualified for unit, result in results if isinstance(result, Rejected)]


def test_every_entity_of_an_accepted_unit_has_its_guid() -> None:
    [(unit, guids)] = publish([copy("o")], Door().send)

    assert unit.key == Name("adf_copy_operation", "o")
    assert guids == {
        Name("adf_pipeline", "P"): "real P",
        Name("adf_copy_activity", "A"): "real A",
        Name("adf_copy_operation", "o"): "real o",
    }


def test_no_unit_is_no_call() -> None:
    door = Door()

    assert list(publish([], door.send)) == []
    assert door.calls == 0


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 50, 200, 1000])
@pytest.mark.parametrize("k", [0, 1, 3, -1], ids=["none bad", "1 bad", "3 bad", "all bad"])
@settings(max_examples=15)
@given(chance=st.randoms(use_true_random=False))
def test_only_what_is_wrong_is_refused_in_few_calls(n: int, k: int, chance: Any) -> None:
    units = [alone(f"o{i}") for i in range(n)]
    bad = sorted(chance.sample(range(n), n if k < 0 else min(k, n)))
    door = Door(*(f"o{i}" for i in bad))

    results = list(publish(units, door.send))

    assert sorted(unit.key.qualified for unit, _ in results) == sorted(f"o{i}" for i in range(n))
    assert refused(results) == [f"o{i}" for i in bad]
    assert door.calls <= 2 * len(bad) * (1 + ceil(log2(n))) + 1


def test_the_refusal_of_a_unit_is_the_catalogs_own() -> None:
    results = dict(publish([alone("good"), alone("bad")], Door("bad").send))

    refusals = [each for each in results.values() if isinstance(each, Rejected)]
    assert [(each.status, each.code) for each in refusals] == [(404, "ATLAS-404-00-007")]


def test_what_all_units_share_and_is_wrong_refuses_them_all() -> None:
    results = list(publish([copy("a"), copy("b"), alone("c")], Door("P").send))

    assert refused(results) == ["a", "b"]


def test_what_the_answer_does_not_name_is_not_proven() -> None:
    results = list(publish([copy("a"), alone("b")], Door(forgets="A").send))

    assert refused(results) == ["a"]
    answer = results[0][1]
    assert isinstance(answer, Rejected)
    assert answer.status == 200
    assert str(answer) == "the catalog's answer names no guid for adf_copy_activity A"


def test_what_arrived_before_the_catalog_went_away_is_told_first() -> None:
    door = Door("o0")

    def send(entities: Sequence[Json]) -> Mapping[str, str]:
        if door.calls == 3:
            raise Unavailable("gone")
        return door.send(entities)

    results = publish([alone(f"o{i}") for i in range(4)], send)

    assert next(results)[0].key.qualified == "o0"
    with pytest.raises(Unavailable):
        next(results)


def test_a_bulk_that_creates_its_assets_is_accepted_by_a_catalog() -> None:
    new = reference("azure_sql_table", "new")
    asset = entity("azure_sql_table", "new")
    lost = copy("lost", reference("azure_sql_table", "nope"))
    units = [copy("o1", new, new=(asset,)), lost, copy("o2", new, new=(asset,))]

    with LocalCatalog(":memory:") as catalog:
        results = list(publish(units, catalog.send))
        [table] = catalog.get("azure_sql_table", ["new"])

    assert refused(results) == ["lost"]
    read = table["relationshipAttributes"]["inputToProcesses"]
    assert [each["displayText"] for each in read] == ["o1", "o2"]
