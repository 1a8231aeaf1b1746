"""The client's own logic: how much is asked at once, what is proven, when it stops."""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests import PreparedRequest, Response

from lineage.catalog import atlas, bulk
from lineage.catalog.pace import Pace
from lineage.catalog.proof import DELETED
from lineage.catalog.rest import CLOSED, LONGEST_URL, RestCatalog
from lineage.catalog.servers import SERVERS
from lineage.catalog.types import Memory, Types
from lineage.errors import Cause, LineageError, Rejected, SettingsError, Unavailable
from lineage.model import Json, Name
from lineage.store.sqlite import SqliteRows
from lineage.ticks import Ticks
from tests.answers import Answers, Service, answer, session
from tests.catalog.contract import OPERATION, TABLE, by_name, entity

URL = "https://atlas.example.com"


NOW, ROWS = Ticks(0), SqliteRows(":memory:")
GRAPH: Json = {"guidEntityMap": {}, "relations": []}


class Clock:
    """A clock that moves by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def catalog(adapter: Answers | Service, clock: Clock | None = None, **given: Any) -> RestCatalog:
    clock = clock or Clock()
    pace = given.pop("pace", None) or Pace(1e9, 50, 50, clock, clock.sleep)
    return RestCatalog(
        SERVERS["atlas"],
        URL,
        None,
        pace,
        session=session(adapter),
        clock=clock,
        sleep=clock.sleep,
        **given,
    )


def assigned(*guids: str, **more: Any) -> Response:
    return answer(200, {"guidAssignments": {guid: f"guid{guid}" for guid in guids}, **more})


def found(kind: str, name: str, **attributes: Any) -> Json:
    return {
        "typeName": kind,
        "guid": "found",
        "status": "ACTIVE",
        "attributes": {"qualifiedName": name, "name": name, **attributes},
    }


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("length", "calls"), [(10, 1), (60, 2), (400, 6)], ids=["short", "longer", "long"]
)
def test_many_names_are_asked_for_in_urls_of_8_kb(length: int, calls: int) -> None:
    names = [f"mssql://srv/{number:0{length}}" for number in range(100)]
    service = Service(lambda method, path, body: answer(200, {}))

    catalog(service).get(TABLE, names)

    urls = [str(request.url) for request in service.sent]
    assert max(map(len, urls)) <= LONGEST_URL
    assert len(urls) == calls
    assert sum(url.count("qualifiedName=") for url in urls) == 100


def test_twenty_names_of_usual_length_fit_into_one_look_up() -> None:
    names = [
        f"https://contosolake.dfs.core.windows.net/lake/raw/{'folder-name/' * 12}{number}.parquet"
        for number in range(20)
    ]
    service = Service(lambda method, path, body: answer(200, {}))

    catalog(service).get(TABLE, names)

    assert len(service.calls) == 1


@pytest.mark.parametrize("name", ["x" * 4097, "é" * 1300], ids=["4,097 bytes", "7,800 in a URL"])
def test_a_name_longer_than_any_catalog_takes_is_not_asked_for(name: str) -> None:
    service = Service(lambda method, path, body: answer(200, {}))

    assert catalog(service).get(TABLE, [name]) == []
    assert service.calls == []


@pytest.mark.parametrize("code", ["ATLAS-404-00-005", "ATLAS-404-00-009"])
def test_where_one_of_many_is_absent_the_others_are_found_all_the_same(code: str) -> None:
    def respond(method: str, path: str, body: Any) -> Response:
        names = parse_qs(urlsplit(str(service.sent[-1].url)).query)
        asked = [name for found_ in names.values() for name in found_]
        if "c" in asked:
            return answer(404, {"errorCode": code})
        return answer(200, {"entities": [found(TABLE, name) for name in asked]})

    service = Service(respond)

    entities = catalog(service).get(TABLE, list("abcde"))

    assert [each["attributes"]["qualifiedName"] for each in entities] == ["a", "b", "d", "e"]


def test_a_name_that_is_no_text_of_unicode_ends_in_no_error_of_pythons() -> None:
    service = Service(lambda method, path, body: answer(200, GRAPH))
    made, name = catalog(service), Name(TABLE, "a\ud800")

    made.lineage(name, "BOTH", 1)
    made.delete(name)
    made.get(TABLE, [name.qualified])

    assert service.sent
    assert all("qualifiedName=a%3F" in str(each.url) for each in service.sent)


def test_what_is_deleted_or_spelt_otherwise_is_not_what_was_asked_for() -> None:
    entities = [found(TABLE, "a"), found(TABLE, "A"), {**found(TABLE, "b"), "status": "DELETED"}]
    adapter = Answers(answer(200, {"entities": entities}))

    assert catalog(adapter).get(TABLE, ["a", "b"]) == [entities[0]]


@pytest.mark.parametrize("body", [b"[]", b'"x"', b'{"entities": 1}', b'{"entities": [1]}'])
def test_an_answer_of_another_form_is_no_answer(body: bytes) -> None:
    with pytest.raises(Unavailable, match="an answer of another form"):
        catalog(Answers(answer(200, body))).get(TABLE, ["a"])


# ---------------------------------------------------------------- proof


def test_what_the_answer_does_not_name_is_read_back() -> None:
    a, b = entity(TABLE, "a", "-1"), entity(TABLE, "b", "-2")
    adapter = Answers(assigned("-1"), answer(200, {"entities": [found(TABLE, "b")]}))

    assert catalog(adapter).send([a, b]) == {"-1": "guid-1", "-2": "found"}


def test_what_is_read_back_as_something_else_is_not_proven() -> None:
    told = entity(TABLE, "b", "-2", description="new")
    adapter = Answers(assigned(), answer(200, {"entities": [found(TABLE, "b")]}))

    assert catalog(adapter).send([told]) == {}


def test_an_entity_that_stays_deleted_is_refused() -> None:
    header = {"typeName": TABLE, "guid": "guid-1", "status": "DELETED"}
    adapter = Answers(assigned("-1", mutatedEntities={"UPDATE": [header]}))

    with pytest.raises(Rejected) as refused:
        catalog(adapter).send([entity(TABLE, "a")])

    assert (refused.value.status, refused.value.code) == (200, DELETED)


def test_an_operation_that_was_made_just_now_is_not_read_again() -> None:
    process = entity(OPERATION, "p", inputs=[by_name(TABLE, "a")])
    created = {"typeName": OPERATION, "guid": "guid-1"}
    adapter = Answers(assigned("-1", mutatedEntities={"CREATE": [created]}))

    assert catalog(adapter).send([process]) == {"-1": "guid-1"}
    assert len(adapter.sent) == 1


def test_an_edge_that_is_not_there_is_made_and_one_that_is_there_by_now_is_no_error() -> None:
    process = entity(OPERATION, "p", inputs=[by_name(TABLE, "a"), by_name(TABLE, "b")])
    there = {"guid": "b", "typeName": TABLE, "uniqueAttributes": {"qualifiedName": "b"}}
    exists = answer(409, {"errorCode": "ATLAS-409-00-004"})
    adapter = Answers(
        assigned("-1"), answer(200, {"entities": [found(OPERATION, "p", inputs=[there])]}), exists
    )

    assert catalog(adapter).send([process]) == {"-1": "guid-1"}
    assert body(adapter.sent[2]) == {
        "typeName": "dataset_process_inputs",
        "end1": by_name(OPERATION, "p"),
        "end2": by_name(TABLE, "a"),
    }


def body(request: PreparedRequest) -> Any:
    return json.loads(request.body or b"")


# ---------------------------------------------------------------- too much


def processes(number: int) -> list[bulk.Unit]:
    return [
        bulk.Unit(Name(OPERATION, f"p{i}"), ({**entity(OPERATION, f"p{i}"), **outputs(f"p{i}")},))
        for i in range(number)
    ]


def outputs(name: str) -> Json:
    return {"attributes": {"qualifiedName": name, "name": name, "outputs": []}}


@pytest.mark.parametrize("status", [408, 413, 429, 504])
def test_a_bulk_that_is_too_much_is_halved_until_it_passes(status: int) -> None:
    sizes: list[int] = []

    def respond(method: str, path: str, sent: Any) -> Response:
        sizes.append(len(sent["entities"]))
        return answer(status) if sizes[-1] > 2 else assigned(*(e["guid"] for e in sent["entities"]))

    made = catalog(Service(respond))

    answers = dict(bulk.publish(processes(8), made.send))

    assert sizes == [8, 4, 2, 2, 4, 2, 2]
    assert len(answers) == 8
    assert made.pace.size == 6  # 50, halved three times


def test_a_process_that_is_too_much_alone_is_tried_again_and_then_given_up() -> None:
    clock = Clock()
    made = catalog(Service(lambda method, path, sent: answer(504)), clock)

    with pytest.raises(Unavailable) as refused:
        list(bulk.publish(processes(1), made.send))

    assert refused.value.cause is Cause.OVERLOADED
    assert len(clock.slept) == 4


def test_nothing_is_sent_before_the_wait_asked_for_is_over() -> None:
    clock = Clock()
    answers = Answers(answer(429, headers={"Retry-After": "7"}), assigned("-1"), assigned("-1"))

    list(bulk.publish(processes(2), catalog(answers, clock).send))

    assert clock.slept == [7.0]


def test_deletes_and_edges_made_again_are_paid_for_like_entities() -> None:
    clock = Clock()
    process = entity(OPERATION, "p", inputs=[by_name(TABLE, "a"), by_name(TABLE, "b")])
    there = answer(200, {"entities": [found(OPERATION, "p", inputs=[])]})
    adapter = Answers(assigned("-1"), there, *(answer(200, {}) for _ in range(4)))
    made = catalog(adapter, clock, pace=Pace(10.0, 50, 50, clock, clock.sleep))

    made.send([process])
    made.delete(Name(TABLE, "a"))
    made.delete(Name(TABLE, "b"))

    assert clock.slept == [0.1, 0.1, 0.1, 0.1]


# ---------------------------------------------------------------- names


def test_names_that_come_back_are_told_beside_those_sent() -> None:
    told: list[tuple[Name, str]] = []
    made = {"typeName": TABLE, "guid": "guid-1", "attributes": {"qualifiedName": "A"}}
    kept = {"typeName": TABLE, "guid": "guid-2", "attributes": {"qualifiedName": "b"}}
    bare = {"typeName": TABLE, "guid": "guid-3"}
    adapter = Answers(
        assigned("-1", "-2", "-3", mutatedEntities={"CREATE": [made], "UPDATE": [kept, bare]})
    )

    catalog(adapter, on_names=told.extend).send(
        [entity(TABLE, name, guid) for name, guid in [("a", "-1"), ("b", "-2"), ("c", "-3")]]
    )

    assert told == [(Name(TABLE, "a"), "A"), (Name(TABLE, "b"), "b")]


# ---------------------------------------------------------------- closed


def no_name() -> Exception:
    return Unavailable("NameResolutionError", cause=Cause.NAME)


def no_trust() -> Exception:
    return Unavailable("its certificate is not trusted", cause=Cause.CERTIFICATE)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (lambda: answer(401), SettingsError),
        (lambda: answer(403), SettingsError),
        (lambda: answer(302), SettingsError),
        (lambda: answer(429, headers={"Retry-After": "100000"}), Unavailable),
        (no_name, Unavailable),
        (no_trust, Unavailable),
    ],
    ids=["401", "403", "redirect", "an absurd wait", "no such host", "another's certificate"],
)
def test_what_does_not_pass_by_itself_closes_the_catalog_for_a_while(
    reply: Any, kind: type[LineageError]
) -> None:
    clock, service = Clock(), Service(lambda method, path, sent: reply())
    made = catalog(service, clock)
    with pytest.raises(kind):
        made.send([entity(TABLE, "a")])
    asked = len(service.calls)

    with pytest.raises(kind):
        made.get(TABLE, ["a"])

    assert len(service.calls) == asked
    assert isinstance(made.closed, kind)
    clock.now += CLOSED
    assert made.closed is None


def test_an_outage_does_not_close_it() -> None:
    made = catalog(Service(lambda method, path, sent: answer(503)))

    with pytest.raises(Unavailable):
        made.get(TABLE, ["a"])

    assert made.closed is None


# ---------------------------------------------------------------- calls


def test_each_attempt_is_counted_as_what_it_is() -> None:
    counted: list[str] = []
    adapter = Answers(answer(503), answer(200, {}), assigned("-1"), answer(200, {}))
    made = catalog(adapter, on_call=counted.append)

    made.get(TABLE, ["a"])
    made.send([entity(TABLE, "a")])
    made.delete(Name(TABLE, "a"))

    assert counted == ["catalogReads"] * 2 + ["catalogWrites"] * 2


# ---------------------------------------------------------------- whatever comes back

ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 1), st.sampled_from(["a", "-1", "p", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("entities", "attributes", "qualifiedName", "guid", "typeName", "status"),
                    *("mutatedEntities", "CREATE", "UPDATE", "guidAssignments", "-1", "inputs"),
                    *("relationshipAttributes", "relationshipStatus", "uniqueAttributes"),
                    *("guidEntityMap", "relations", "name", "attributeDefs", "superTypes"),
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


CALLS: list[Callable[[RestCatalog], object]] = [
    lambda made: made.get(TABLE, ["a", "p"]),
    lambda made: made.send([entity(OPERATION, "p", inputs=[by_name(TABLE, "a")])]),
    lambda made: list(bulk.publish(processes(2), made.send)),
    lambda made: made.lineage(Name(TABLE, "a"), "BOTH", 1),
    lambda made: Types(made.definition, Memory(ROWS, "x", lambda: NOW, keep=False)).find("p"),
    lambda made: [atlas.ends(each, "inputs") for each in made.get(TABLE, ["a", "p"])],
]


def in_turn(bodies: list[Any]) -> Service:
    turn = cycle(bodies)
    return Service(lambda method, path, sent: answer(200, next(turn)))


@pytest.mark.slow
@given(st.lists(ANY, min_size=1, max_size=4))
@example([{"entities": [{"attributes": ["a"]}]}])
@example([{"entities": [{"typeName": "p", "attributes": {"qualifiedName": ["a"]}}]}])
@example([{"mutatedEntities": {"UPDATE": [{"attributes": 1}]}}])
@example([{"guidAssignments": {"-1": {}}, "mutatedEntities": {"CREATE": None}}])
@example([{}, {"entities": [{"typeName": "p", "attributes": {"qualifiedName": "p", "inputs": 1}}]}])
@settings(deadline=None)
def test_whatever_a_server_answers_ends_in_an_answer_or_an_error_of_ours(bodies: list[Any]) -> None:
    for call in CALLS:
        with suppress(LineageError):
            call(catalog(in_turn(bodies)))
