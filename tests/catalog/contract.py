"""
What every catalog does, as a real Apache Atlas 2.1.0 does it.

A test module imports all of this and has a fixture `catalog`: any `model.Catalog` that knows the
types of lineage/catalog/typedefs.json. Every test has names of its own, so a shared server will do.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, log2
from typing import Any

import pytest

from lineage.catalog import bulk
from lineage.errors import Rejected
from lineage.model import Catalog, Json, Name

At = Callable[[str], str]

TABLE, VIEW, FILE = "azure_sql_table", "azure_sql_view", "azure_blob_path"
OPERATION, ACTIVITY, PIPELINE = "adf_copy_operation", "adf_copy_activity", "adf_pipeline"
FACTORY = "azure_data_factory"
NOBODY = "11111111-1111-1111-1111-111111111111"

MISSING = (404, "ATLAS-404-00-00A")
INVALID = (404, "ATLAS-404-00-007")
NO_TYPE = (400, "ATLAS-400-00-014")
NO_OBJECT = (400, "ATLAS-400-00-021")


def entity(kind: str, name: str, guid: str = "-1", **attributes: Any) -> Json:
    given = {"qualifiedName": name, "name": name.rpartition("/")[2], **attributes}
    return {"typeName": kind, "guid": guid, "attributes": given}


def below(parent: Any, child: Json, key: str = "parent") -> Json:
    return {**child, "relationshipAttributes": {key: parent}}


def by_name(kind: str, name: str) -> Json:
    return {"typeName": kind, "uniqueAttributes": {"qualifiedName": name}}


def by_guid(kind: str, guid: str) -> Json:
    return {"typeName": kind, "guid": guid}


def tables(catalog: Catalog, at: At, *names: str) -> list[Json]:
    """Create tables, and give a reference to each."""
    catalog.send([entity(TABLE, at(name), f"-{i}") for i, name in enumerate(names, 1)])
    return [by_name(TABLE, at(name)) for name in names]


def one(catalog: Catalog, kind: str, name: str) -> Any:
    [found] = catalog.get(kind, [name])
    return found


def related(catalog: Catalog, kind: str, name: str, key: str) -> set[tuple[str, str]]:
    """(name, status of the relationship) of everything an entity is related to by `key`."""
    found = one(catalog, kind, name)["relationshipAttributes"][key]
    return {
        (each["displayText"], each["relationshipStatus"])
        for each in (found if isinstance(found, list) else [found])
    }


def refusal(catalog: Catalog, *entities: Json) -> tuple[int, str]:
    with pytest.raises(Rejected) as refused:
        catalog.send(entities)
    return refused.value.status, refused.value.code


def edges(answer: Json) -> set[str]:
    names = {
        guid: found["attributes"]["qualifiedName"].rpartition("/")[2]
        for guid, found in answer["guidEntityMap"].items()
    }
    return {
        f"{names[each['fromEntityId']]} > {names[each['toEntityId']]}"
        for each in answer["relations"]
    }


# ---------------------------------------------------------------- what comes back


def test_every_negative_guid_sent_has_an_assignment(catalog: Catalog, at: At) -> None:
    assigned = catalog.send(
        [
            entity(TABLE, at("a"), "-1"),
            entity(TABLE, at("b"), "-2"),
            entity(OPERATION, at("p"), "-3", inputs=[by_guid(TABLE, "-1")], outputs=[]),
        ]
    )

    assert set(assigned) == {"-1", "-2", "-3"}
    assert assigned["-1"] == one(catalog, TABLE, at("a"))["guid"]
    assert assigned["-3"] == one(catalog, OPERATION, at("p"))["guid"]
    assert len(set(assigned.values())) == 3


def test_an_answer_lost_after_the_commit_and_sent_again_makes_no_second_entity(
    catalog: Catalog, at: At
) -> None:
    request = [
        entity(TABLE, at("a"), "-1"),
        entity(TABLE, at("b"), "-2"),
        entity(
            OPERATION,
            at("p"),
            "-3",
            inputs=[by_guid(TABLE, "-1")],
            outputs=[by_guid(TABLE, "-2")],
        ),
    ]

    lost = catalog.send(request)
    again = catalog.send(request)

    assert again == lost
    assert edges(catalog.lineage(Name(TABLE, at("a")), "BOTH", 0)) == {"a > p", "p > b"}
    assert related(catalog, OPERATION, at("p"), "inputs") == {("a", "ACTIVE")}


def test_a_real_guid_is_updated_and_not_assigned(catalog: Catalog, at: At) -> None:
    guid = catalog.send([entity(TABLE, at("a"))])["-1"]

    assert catalog.send([entity(TABLE, at("a"), guid, description="told")]) == {}
    assert one(catalog, TABLE, at("a"))["attributes"]["description"] == "told"


def test_200_entities_in_one_call(catalog: Catalog, at: At) -> None:
    request = [entity(TABLE, at(f"t{number}"), f"-{number}") for number in range(1, 201)]

    assigned = catalog.send(request)

    assert len(set(assigned.values())) == 200
    assert one(catalog, TABLE, at("t1"))["guid"] == assigned["-1"]
    assert one(catalog, TABLE, at("t200"))["guid"] == assigned["-200"]


# ---------------------------------------------------------------- identity


def test_a_name_is_exact_to_the_letter(catalog: Catalog, at: At) -> None:
    assigned = catalog.send([entity(TABLE, at("Y"), "-1"), entity(TABLE, at("y"), "-2")])

    assert one(catalog, TABLE, at("Y"))["guid"] == assigned["-1"]
    assert one(catalog, TABLE, at("y"))["guid"] == assigned["-2"]
    assert assigned["-1"] != assigned["-2"]


def test_the_same_name_in_another_type_is_another_entity(catalog: Catalog, at: At) -> None:
    assigned = catalog.send([entity(TABLE, at("a"), "-1"), entity(VIEW, at("a"), "-2")])

    assert assigned["-1"] != assigned["-2"]
    assert one(catalog, VIEW, at("a"))["typeName"] == VIEW


def test_the_same_type_and_name_twice_in_one_bulk_is_one_entity_and_the_later_wins(
    catalog: Catalog, at: At
) -> None:
    assigned = catalog.send(
        [
            entity(TABLE, at("a"), "-1", description="first", owner="only the first"),
            entity(TABLE, at("a"), "-2", description="second"),
        ]
    )

    assert assigned["-1"] == assigned["-2"]
    attributes = one(catalog, TABLE, at("a"))["attributes"]
    assert (attributes["description"], attributes["owner"]) == ("second", "only the first")


def test_of_two_entities_with_one_negative_guid_the_second_is_lost(
    catalog: Catalog, at: At
) -> None:
    assigned = catalog.send([entity(TABLE, at("kept"), "-1"), entity(TABLE, at("lost"), "-1")])

    assert set(assigned) == {"-1"}
    assert catalog.get(TABLE, [at("lost")]) == []


def test_a_supertype_reaches_what_was_there_before(catalog: Catalog, at: At) -> None:
    guid = catalog.send([entity(TABLE, at("a"))])["-1"]

    assigned = catalog.send([entity("DataSet", at("a"), description="by supertype")])
    catalog.send([entity(OPERATION, at("p"), inputs=[by_name("DataSet", at("a"))])])

    assert assigned == {"-1": guid}
    assert one(catalog, TABLE, at("a"))["attributes"]["description"] == "by supertype"
    assert related(catalog, OPERATION, at("p"), "inputs") == {("a", "ACTIVE")}


# ---------------------------------------------------------------- references


def test_a_missing_reference_refuses_the_whole_bulk(catalog: Catalog, at: At) -> None:
    nope = by_name(TABLE, at("nope"))

    refused = refusal(
        catalog, entity(TABLE, at("a"), "-1"), entity(OPERATION, at("p"), "-2", inputs=[nope])
    )

    assert refused == MISSING
    assert catalog.get(TABLE, [at("a")]) == []


def test_a_reference_by_name_does_not_reach_what_the_same_bulk_creates(
    catalog: Catalog, at: At
) -> None:
    process = entity(OPERATION, at("p"), "-2", inputs=[by_name(TABLE, at("a"))])

    assert refusal(catalog, entity(TABLE, at("a"), "-1"), process) == MISSING


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        ([by_guid(TABLE, NOBODY)], MISSING),
        ([by_guid(TABLE, "-77")], MISSING),
        ([{"typeName": TABLE}], NO_OBJECT),
        ([{"uniqueAttributes": {"qualifiedName": "a"}}], NO_OBJECT),
        (["a"], NO_OBJECT),
        ([None], NO_OBJECT),
        ([by_name("nope", "a")], NO_TYPE),
        (by_guid(TABLE, "-1"), INVALID),
        ("a", INVALID),
    ],
    ids=[
        "unknown guid",
        "undeclared negative guid",
        "type alone",
        "no type",
        "text",
        "null",
        "unknown type",
        "object for array",
        "text for array",
    ],
)
def test_a_reference_that_is_none_is_refused(
    catalog: Catalog, at: At, inputs: Any, refused: tuple[int, str]
) -> None:
    assert refusal(catalog, entity(OPERATION, at("p"), inputs=inputs)) == refused


def test_a_reference_by_another_type_is_missing(catalog: Catalog, at: At) -> None:
    tables(catalog, at, "a")

    process = entity(OPERATION, at("p"), inputs=[by_name(VIEW, at("a"))])

    assert refusal(catalog, process) == MISSING


def test_a_process_is_no_input(catalog: Catalog, at: At) -> None:
    catalog.send([entity(OPERATION, at("p"))])

    process = entity(OPERATION, at("q"), inputs=[by_name(OPERATION, at("p"))])

    assert refusal(catalog, process) == (400, "ATLAS-400-00-036")


def test_the_same_reference_twice_is_one_relationship(catalog: Catalog, at: At) -> None:
    [a] = tables(catalog, at, "a")

    catalog.send([entity(OPERATION, at("p"), inputs=[a, a])])

    assert len(one(catalog, OPERATION, at("p"))["relationshipAttributes"]["inputs"]) == 1


def test_parents_are_relationships_seen_from_both_ends(catalog: Catalog, at: At) -> None:
    catalog.send(
        [
            entity(FACTORY, at("f"), "-1"),
            below(by_guid(FACTORY, "-1"), entity(PIPELINE, at("l"), "-2"), "factory"),
            below(by_guid(PIPELINE, "-2"), entity(ACTIVITY, at("a"), "-3")),
            below(by_guid(ACTIVITY, "-3"), entity(OPERATION, at("o"), "-4")),
        ]
    )

    assert related(catalog, FACTORY, at("f"), "pipelines") == {("l", "ACTIVE")}
    assert related(catalog, PIPELINE, at("l"), "factory") == {("f", "ACTIVE")}
    assert related(catalog, PIPELINE, at("l"), "subProcesses") == {("a", "ACTIVE")}
    assert related(catalog, OPERATION, at("o"), "parent") == {("a", "ACTIVE")}


@pytest.mark.parametrize("number", [1, 2, 50, 200])
def test_of_many_processes_one_that_is_bad_is_found_in_few_calls(
    catalog: Catalog, at: At, number: int
) -> None:
    [a] = tables(catalog, at, "a")
    calls: list[int] = []

    def send(entities: Sequence[Json]) -> Mapping[str, str]:
        calls.append(len(entities))
        return catalog.send(entities)

    bad = number * 2 // 3
    ends = [by_name(TABLE, at("nope")) if i == bad else a for i in range(number)]
    units = [
        bulk.Unit(Name(OPERATION, at(f"p{i}")), (entity(OPERATION, at(f"p{i}"), inputs=[end]),))
        for i, end in enumerate(ends)
    ]

    refused = [
        (unit.key.qualified, answer.code)
        for unit, answer in bulk.publish(units, send)
        if isinstance(answer, Rejected)
    ]

    assert refused == [(at(f"p{bad}"), "ATLAS-404-00-00A")]
    assert len(calls) <= 2 * (1 + ceil(log2(number))) + 1
    names = [at(f"p{i}") for i in range(number) if i != bad]
    assert len(catalog.get(OPERATION, names)) == number - 1


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("sent", "refused"),
    [
        ({"typeName": "nope"}, NO_TYPE),
        ({"typeName": None}, NO_TYPE),
        ({"attributes": {"qualifiedName": "a"}}, INVALID),
        ({"attributes": {"name": "a"}}, INVALID),
        ({"attributes": {"qualifiedName": "a", "name": None}}, INVALID),
        ({"attributes": {"qualifiedName": "a", "name": "a", "rowCount": "many"}}, INVALID),
        ({"attributes": {"qualifiedName": "a", "name": "a", "lastRunTime": "2024-01-02"}}, INVALID),
        ({"guid": NOBODY}, MISSING),
    ],
    ids=[
        "unknown type",
        "no type",
        "no name",
        "no qualifiedName",
        "null name",
        "text for number",
        "half a date",
        "unknown guid",
    ],
)
def test_one_bad_entity_refuses_the_whole_bulk(
    catalog: Catalog, at: At, sent: Json, refused: tuple[int, str]
) -> None:
    bad = {**entity(ACTIVITY, at("bad"), "-2"), **sent}

    assert refusal(catalog, entity(TABLE, at("a")), bad) == refused
    assert catalog.get(TABLE, [at("a")]) == []


def test_a_request_without_entities_is_refused(catalog: Catalog) -> None:
    assert refusal(catalog) == (400, "ATLAS-400-00-01A")


def test_a_mandatory_attribute_is_mandatory_on_updates_too(catalog: Catalog, at: At) -> None:
    tables(catalog, at, "a")

    nameless = {"typeName": TABLE, "guid": "-1", "attributes": {"qualifiedName": at("a")}}

    assert refusal(catalog, nameless) == INVALID


def test_an_unknown_attribute_is_dropped(catalog: Catalog, at: At) -> None:
    loose = entity(TABLE, at("a"), nonsense=1, inputs=[by_name(TABLE, at("nope"))])
    catalog.send([{**loose, "relationshipAttributes": {"nonsense": 1}, "nonsense": 1}])

    found = one(catalog, TABLE, at("a"))

    assert "nonsense" not in found
    assert not {"nonsense", "inputs"} & set(found["attributes"])
    assert "nonsense" not in found["relationshipAttributes"]


@pytest.mark.parametrize(
    ("attribute", "sent", "stored"),
    [
        ("rowCount", 12, 12),
        ("rowCount", "12", 12),
        ("rowCount", 1.7, 1),
        ("rowCount", None, 0),
        ("lastRunTime", 1704164645678, 1704164645678),
        ("lastRunTime", "2024-01-02T03:04:05.678Z", 1704164645678),
        ("status", "", ""),
        ("status", None, None),
        ("status", 12, "12"),
        ("status", True, "true"),
        ("status", {"a": 1, "b": {"c": [1, "x"]}}, "{a=1, b={c=[1, x]}}"),
    ],
    ids=lambda value: repr(value),
)
def test_a_value_is_taken_as_its_attributes_type(
    catalog: Catalog, at: At, attribute: str, sent: Any, stored: Any
) -> None:
    catalog.send([entity(ACTIVITY, at("a"), **{attribute: sent})])

    assert one(catalog, ACTIVITY, at("a"))["attributes"][attribute] == stored


def test_what_was_never_set_reads_as_null_and_numbers_and_dates_as_0(
    catalog: Catalog, at: At
) -> None:
    catalog.send([entity(ACTIVITY, at("a"))])

    attributes = one(catalog, ACTIVITY, at("a"))["attributes"]

    read = [attributes[key] for key in ("status", "rowCount", "lastRunTime", "inputs")]
    assert read == [None, 0, 0, []]


# ---------------------------------------------------------------- updates


def test_arrays_are_replaced_and_only_the_relationship_status_tells(
    catalog: Catalog, at: At
) -> None:
    a, b, c = tables(catalog, at, "a", "b", "c")
    catalog.send([entity(OPERATION, at("p"), inputs=[a, b])])

    catalog.send([entity(OPERATION, at("p"), inputs=[c])])

    assert related(catalog, OPERATION, at("p"), "inputs") == {
        ("a", "DELETED"),
        ("b", "DELETED"),
        ("c", "ACTIVE"),
    }
    listed = one(catalog, OPERATION, at("p"))["attributes"]["inputs"]
    names = {each["uniqueAttributes"]["qualifiedName"] for each in listed}
    assert names == {at("a"), at("b"), at("c")}


def test_an_empty_array_empties(catalog: Catalog, at: At) -> None:
    [a] = tables(catalog, at, "a")
    catalog.send([entity(OPERATION, at("p"), inputs=[a])])

    catalog.send([entity(OPERATION, at("p"), inputs=[])])

    assert related(catalog, OPERATION, at("p"), "inputs") == {("a", "DELETED")}


def test_what_was_removed_comes_back_beside_the_deleted_relationship(
    catalog: Catalog, at: At
) -> None:
    a, b = tables(catalog, at, "a", "b")
    for inputs in ([a], [b], [a]):
        catalog.send([entity(OPERATION, at("p"), inputs=inputs)])

    assert related(catalog, OPERATION, at("p"), "inputs") == {
        ("a", "ACTIVE"),
        ("a", "DELETED"),
        ("b", "DELETED"),
    }


@pytest.mark.parametrize(
    "writes",
    [("a", "", "a"), ("ab", "a", "ab"), ("ab", "", "ab"), ("a", "b", "", "ab")],
    ids=lambda writes: " then ".join(each or "nothing" for each in writes),
)
def test_what_was_sent_last_is_there_whatever_was_sent_and_removed_before(
    catalog: Catalog, at: At, writes: tuple[str, ...]
) -> None:
    tables(catalog, at, "a", "b")
    for names in writes:
        ends = [by_name(TABLE, at(name)) for name in names]
        catalog.send([entity(OPERATION, at("p"), inputs=ends, outputs=ends)])

    for key in ("inputs", "outputs"):
        found = related(catalog, OPERATION, at("p"), key)
        assert {name for name, status in found if status == "ACTIVE"} == set(writes[-1])


def test_an_edge_to_what_the_request_itself_names_is_there_again_too(
    catalog: Catalog, at: At
) -> None:
    for inputs in ([by_guid(TABLE, "-1")], [], [by_guid(TABLE, "-1")]):
        catalog.send(
            [entity(TABLE, at("a"), "-1"), entity(OPERATION, at("p"), "-2", inputs=inputs)]
        )

    assert ("a", "ACTIVE") in related(catalog, OPERATION, at("p"), "inputs")


def test_the_order_of_inputs_is_kept_and_a_new_order_keeps_the_relationships(
    catalog: Catalog, at: At
) -> None:
    a, b = tables(catalog, at, "a", "b")
    catalog.send([entity(OPERATION, at("p"), inputs=[a, b])])
    before = one(catalog, OPERATION, at("p"))

    catalog.send([entity(OPERATION, at("p"), inputs=[b, a])])

    after = one(catalog, OPERATION, at("p"))
    listed = [each["uniqueAttributes"]["qualifiedName"] for each in after["attributes"]["inputs"]]
    assert listed == [at("b"), at("a")]
    assert {each["relationshipGuid"] for each in after["relationshipAttributes"]["inputs"]} == {
        each["relationshipGuid"] for each in before["relationshipAttributes"]["inputs"]
    }


def test_absent_and_null_are_kept(catalog: Catalog, at: At) -> None:
    [a] = tables(catalog, at, "a")
    parent = entity(ACTIVITY, at("activity"), "-2")
    process = entity(OPERATION, at("p"), inputs=[a], columnMapping="[]", description="told")
    catalog.send([parent, below(by_guid(ACTIVITY, "-2"), process)])

    catalog.send([entity(OPERATION, at("p"))])
    catalog.send([entity(OPERATION, at("p"), inputs=None, outputs=None, parent=None)])

    found = one(catalog, OPERATION, at("p"))["attributes"]
    assert (found["columnMapping"], found["description"]) == ("[]", "told")
    assert related(catalog, OPERATION, at("p"), "inputs") == {("a", "ACTIVE")}
    assert related(catalog, OPERATION, at("p"), "parent") == {("activity", "ACTIVE")}


def test_null_clears_a_plain_attribute(catalog: Catalog, at: At) -> None:
    catalog.send([entity(TABLE, at("a"), description="told")])

    catalog.send([entity(TABLE, at("a"), description=None)])

    assert one(catalog, TABLE, at("a"))["attributes"]["description"] is None


def test_null_among_the_relationship_attributes_empties(catalog: Catalog, at: At) -> None:
    [a] = tables(catalog, at, "a")
    catalog.send([entity(OPERATION, at("p"), inputs=[a])])

    catalog.send([below(None, entity(OPERATION, at("p")), "inputs")])

    assert related(catalog, OPERATION, at("p"), "inputs") == {("a", "DELETED")}


def test_relationship_attributes_win_over_attributes(catalog: Catalog, at: At) -> None:
    a, b = tables(catalog, at, "a", "b")

    catalog.send([below([b], entity(OPERATION, at("p"), inputs=[a]), "inputs")])

    assert related(catalog, OPERATION, at("p"), "inputs") == {("b", "ACTIVE")}


def test_a_new_parent_takes_the_place_of_the_old_one(catalog: Catalog, at: At) -> None:
    catalog.send([entity(PIPELINE, at("old"), "-1"), entity(PIPELINE, at("new"), "-2")])
    catalog.send([below(by_name(PIPELINE, at("old")), entity(ACTIVITY, at("a")))])

    catalog.send([below(by_name(PIPELINE, at("new")), entity(ACTIVITY, at("a")))])

    assert related(catalog, ACTIVITY, at("a"), "parent") == {("new", "ACTIVE")}
    assert related(catalog, PIPELINE, at("old"), "subProcesses") == {("a", "DELETED")}


# ---------------------------------------------------------------- reading


def test_unknown_names_are_left_out_and_the_order_asked_for_is_kept(
    catalog: Catalog, at: At
) -> None:
    tables(catalog, at, "a", "b")

    found = catalog.get(TABLE, [at("b"), at("nope"), at("a")])

    assert [each["attributes"]["name"] for each in found] == ["b", "a"]
    assert catalog.get(TABLE, [at("nope")]) == []
    assert catalog.get(TABLE, []) == []


def test_a_supertype_finds_its_subtypes_and_no_others(catalog: Catalog, at: At) -> None:
    tables(catalog, at, "a")

    assert [each["typeName"] for each in catalog.get("DataSet", [at("a")])] == [TABLE]
    assert catalog.get(VIEW, [at("a")]) == []


def test_reading_an_unknown_type_is_refused(catalog: Catalog, at: At) -> None:
    with pytest.raises(Rejected) as refused:
        catalog.get("nope", [at("a")])

    assert (refused.value.status, refused.value.code) == NO_TYPE


@pytest.mark.parametrize(
    "name",
    ["#hash", "{N}", "a b", "a%20b", "a&b=c?d", 'it\'s "so"', "ünï 日本 🙂", "back\\slash", "a+b"],
)
def test_a_name_of_odd_characters_is_found(catalog: Catalog, at: At, name: str) -> None:
    catalog.send([entity(TABLE, at(name))])

    found = one(catalog, TABLE, at(name))

    assert found["attributes"]["qualifiedName"] == at(name)
    assert (found["typeName"], found["status"]) == (TABLE, "ACTIVE")


# ---------------------------------------------------------------- lineage


def chain(catalog: Catalog, at: At) -> None:
    """a > p > b > q > c"""
    a, b, c = tables(catalog, at, "a", "b", "c")
    catalog.send([entity(OPERATION, at("p"), inputs=[a], outputs=[b])])
    catalog.send([entity(OPERATION, at("q"), inputs=[b], outputs=[c])])


ALL = {"a > p", "p > b", "b > q", "q > c"}


@pytest.mark.parametrize(
    ("name", "direction", "depth", "expected"),
    [
        ("a", "OUTPUT", 1, {"a > p", "p > b"}),
        ("a", "OUTPUT", 2, ALL),
        ("a", "OUTPUT", 0, ALL),
        ("a", "INPUT", 0, set()),
        ("b", "INPUT", 1, {"a > p", "p > b"}),
        ("b", "OUTPUT", 1, {"b > q", "q > c"}),
        ("b", "BOTH", 1, ALL),
        ("c", "INPUT", 1, {"b > q", "q > c"}),
        ("c", "INPUT", 2, ALL),
        ("c", "BOTH", 0, ALL),
        ("p", "BOTH", 1, {"a > p", "p > b"}),
        ("p", "INPUT", 1, {"a > p"}),
        ("p", "OUTPUT", 2, {"p > b", "b > q", "q > c"}),
        ("p", "BOTH", 0, ALL),
    ],
)
def test_lineage_by_depth_and_direction(
    catalog: Catalog, at: At, name: str, direction: str, depth: int, expected: set[str]
) -> None:
    chain(catalog, at)
    kind = OPERATION if name == "p" else TABLE

    answer = catalog.lineage(Name(kind, at(name)), direction, depth)

    assert edges(answer) == expected
    assert answer["baseEntityGuid"] == one(catalog, kind, at(name))["guid"]


def test_an_asset_without_lineage_is_not_in_the_answer_itself(catalog: Catalog, at: At) -> None:
    tables(catalog, at, "lonely")

    answer = catalog.lineage(Name(TABLE, at("lonely")), "BOTH", 3)

    assert (answer["guidEntityMap"], answer["relations"]) == ({}, [])


def test_lineage_shows_what_its_edges_need(catalog: Catalog, at: At) -> None:
    chain(catalog, at)

    answer = catalog.lineage(Name("DataSet", at("a")), "OUTPUT", 1)

    shown = {
        (each["typeName"], each["attributes"]["qualifiedName"], each["displayText"], each["status"])
        for each in answer["guidEntityMap"].values()
    }
    assert shown == {
        (TABLE, at("a"), "a", "ACTIVE"),
        (TABLE, at("b"), "b", "ACTIVE"),
        (OPERATION, at("p"), "p", "ACTIVE"),
    }


def test_lineage_goes_round_a_loop_once(catalog: Catalog, at: At) -> None:
    a, b = tables(catalog, at, "a", "b")
    catalog.send([entity(OPERATION, at("p"), inputs=[a], outputs=[b])])
    catalog.send([entity(OPERATION, at("q"), inputs=[b], outputs=[a])])
    catalog.send([entity(OPERATION, at("self"), inputs=[a], outputs=[a])])

    around = {"a > p", "p > b", "b > q", "q > a", "a > self", "self > a"}
    assert edges(catalog.lineage(Name(TABLE, at("a")), "BOTH", 0)) == around
    assert edges(catalog.lineage(Name(TABLE, at("a")), "INPUT", 0)) == around


def test_lineage_does_not_pass_a_process_without_data_on_its_far_side(
    catalog: Catalog, at: At
) -> None:
    [a] = tables(catalog, at, "a")
    catalog.send([entity(OPERATION, at("p"), outputs=[a])])

    assert edges(catalog.lineage(Name(TABLE, at("a")), "BOTH", 0)) == set()
    assert edges(catalog.lineage(Name(OPERATION, at("p")), "BOTH", 0)) == {"p > a"}


def test_lineage_shows_a_removed_input_without_a_mark(catalog: Catalog, at: At) -> None:
    a, b, sink = tables(catalog, at, "a", "b", "sink")
    catalog.send([entity(OPERATION, at("p"), inputs=[a], outputs=[sink])])

    catalog.send([entity(OPERATION, at("p"), inputs=[b])])

    answer = catalog.lineage(Name(TABLE, at("sink")), "INPUT", 1)
    assert edges(answer) == {"a > p", "b > p", "p > sink"}
    known = {
        each["relationshipGuid"]: each["relationshipStatus"]
        for each in one(catalog, OPERATION, at("p"))["relationshipAttributes"]["inputs"]
    }
    shown = {each["relationshipId"] for each in answer["relations"]}
    assert sorted(status for guid, status in known.items() if guid in shown) == [
        "ACTIVE",
        "DELETED",
    ]


@pytest.mark.parametrize(
    ("kind", "refused"), [(TABLE, (404, "ATLAS-404-00-009")), ("nope", NO_TYPE)]
)
def test_lineage_of_what_is_not_there_is_refused(
    catalog: Catalog, at: At, kind: str, refused: tuple[int, str]
) -> None:
    with pytest.raises(Rejected) as raised:
        catalog.lineage(Name(kind, at("nope")), "BOTH", 3)

    assert (raised.value.status, raised.value.code) == refused


def test_a_factory_has_no_lineage(catalog: Catalog, at: At) -> None:
    catalog.send([entity(FACTORY, at("f"))])

    with pytest.raises(Rejected) as refused:
        catalog.lineage(Name(FACTORY, at("f")), "BOTH", 3)

    assert (refused.value.status, refused.value.code) == (404, "ATLAS-404-00-011")


# ---------------------------------------------------------------- deleting


def test_a_soft_deleted_entity_is_not_found_and_not_referred_to(catalog: Catalog, at: At) -> None:
    [a] = tables(catalog, at, "a")

    catalog.delete(Name(TABLE, at("a")))

    assert catalog.get(TABLE, [at("a")]) == []
    assert refusal(catalog, entity(OPERATION, at("p"), inputs=[a])) == MISSING


def test_a_soft_deleted_entity_sent_again_is_another_and_lineage_shows_both(
    catalog: Catalog, at: At
) -> None:
    a, b = tables(catalog, at, "a", "b")
    process = entity(OPERATION, at("p"), inputs=[a], outputs=[b])
    first = catalog.send([process])["-1"]

    catalog.delete(Name(OPERATION, at("p")))
    second = catalog.send([process])["-1"]

    assert second != first
    assert one(catalog, OPERATION, at("p"))["guid"] == second
    shown = catalog.lineage(Name(TABLE, at("a")), "OUTPUT", 1)["guidEntityMap"]
    assert (shown[first]["status"], shown[second]["status"]) == ("DELETED", "ACTIVE")


def test_a_deleted_data_set_cuts_its_relationships_and_leaves_its_processes(
    catalog: Catalog, at: At
) -> None:
    [a] = tables(catalog, at, "a")
    catalog.send([entity(OPERATION, at("p"), inputs=[a])])

    catalog.delete(Name(TABLE, at("a")))

    process = one(catalog, OPERATION, at("p"))
    [ended] = process["relationshipAttributes"]["inputs"]
    assert process["status"] == "ACTIVE"
    assert (ended["relationshipStatus"], ended["entityStatus"]) == ("DELETED", "DELETED")


def test_a_data_set_that_was_deleted_and_created_again_is_related_anew(
    catalog: Catalog, at: At
) -> None:
    [a] = tables(catalog, at, "a")
    catalog.send([entity(OPERATION, at("p"), inputs=[a])])
    catalog.delete(Name(TABLE, at("a")))

    catalog.send(
        [
            entity(TABLE, at("a"), "-1"),
            entity(OPERATION, at("p"), "-2", inputs=[by_guid(TABLE, "-1")]),
        ]
    )

    assert related(catalog, OPERATION, at("p"), "inputs") == {("a", "ACTIVE"), ("a", "DELETED")}


def test_a_deleted_parent_leaves_its_children(catalog: Catalog, at: At) -> None:
    catalog.send([entity(PIPELINE, at("l"))])
    catalog.send([below(by_name(PIPELINE, at("l")), entity(ACTIVITY, at("a")))])

    catalog.delete(Name(PIPELINE, at("l")))

    assert one(catalog, ACTIVITY, at("a"))["status"] == "ACTIVE"
    assert related(catalog, ACTIVITY, at("a"), "parent") == {("l", "DELETED")}


def test_deleting_what_is_not_there_is_no_error(catalog: Catalog, at: At) -> None:
    tables(catalog, at, "a")

    catalog.delete(Name(TABLE, at("nope")))
    catalog.delete(Name(TABLE, at("a")))
    catalog.delete(Name(TABLE, at("a")))

    assert catalog.get(TABLE, [at("a")]) == []
