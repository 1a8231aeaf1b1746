import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from requests import Response
from requests.adapters import BaseAdapter

from lineage import ticks
from lineage.errors import SettingsError, Unavailable
from lineage.http import Limits
from lineage.model import Batch, FactoryId, PipelineRun, Reading, Reference
from lineage.settings import Settings
from lineage.sources.addresses import scope
from lineage.sources.client import Client
from lineage.sources.rest import RestRuns
from lineage.ticks import Ticks
from tests.answers import Answers, Service, answer, session

ADF = FactoryId("/subscriptions/s/resourceGroups/r/providers/Microsoft.DataFactory/factories/adf")
WORKSPACE = FactoryId("/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/ws")
BASE = f"https://management.azure.com{ADF}"
RECORDED = Path(__file__).parents[3] / "shared" / "data" / "data-factory" / "runs"
MB = 1024 * 1024

Connect = Callable[..., RestRuns]


def at(text: str) -> Ticks:
    found = ticks.parse(text)
    assert found is not None
    return found


NOW = at("2026-11-20T12:00:00Z")


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Runs of a factory behind an adapter, without waits, at noon of 20 November 2026."""
    clients = []

    def made(
        adapter: BaseAdapter, factory: FactoryId = ADF, environ: Mapping[str, str] | None = None
    ) -> RestRuns:
        settings = Settings.from_env(environ or {})
        client = Client(factory, settings, http=session(adapter), sleep=lambda _: None)
        clients.append(client)
        return RestRuns(client, {"Copy"}, lambda: NOW)

    yield made
    for each in clients:
        each.close()


def run(
    name: str = "r1", updated: str = "2026-11-19T02:00:00Z", status: str = "Succeeded", **more: Any
) -> dict[str, Any]:
    return {
        "runId": name,
        "pipelineName": "p 1",
        "status": status,
        "runStart": "2026-11-19T01:00:00.5Z",
        "runEnd": updated,
        "lastUpdated": updated,
        "parameters": {},
        **more,
    }


def activity(name: str = "a1", status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return {
        "activityRunId": name,
        "activityName": "Copy it",
        "activityType": "Copy",
        "status": status,
        "activityRunStart": "2026-11-19T01:00:01Z",
        "activityRunEnd": "2026-11-19T01:59:00Z",
        "input": {"source": {}},
        "output": {"rowsCopied": 1},
        **more,
    }


def page(*rows: Any, token: Any = None) -> Response:
    body = {"value": list(rows)}
    return answer(200, body if token is None else {**body, "continuationToken": token})


def told(text: bytes, where: str = "input") -> Response:
    """A page of one activity run whose input, or output, is written so."""
    row = json.dumps(activity(**{where: "?"})).encode().replace(b'"?"', text)
    return answer(200, b'{"value": [' + row + b"]}")


def sent(adapter: Answers | Service, place: int) -> Any:
    body = adapter.sent[place].body
    assert body is not None
    return json.loads(body)


# ---------------------------------------------------------------- finished

WINDOW = at("2026-11-19T00:00:00.1234567Z"), at("2026-11-20T00:00:00.1Z")


@pytest.mark.parametrize(
    ("factory", "environ", "url"),
    [
        (ADF, {}, f"{BASE}/queryPipelineRuns?api-version=2018-06-01"),
        (
            ADF,
            {"LINEAGE_MANAGEMENT_ENDPOINT": "https://management.usgovcloudapi.net"},
            f"https://management.usgovcloudapi.net{ADF}/queryPipelineRuns?api-version=2018-06-01",
        ),
        (
            FactoryId(ADF.replace("/r/", "/Größe (1)/")),
            {},
            BASE.replace("/r/", "/Gr%C3%B6%C3%9Fe%20%281%29/")
            + "/queryPipelineRuns?api-version=2018-06-01",
        ),
        (
            WORKSPACE,
            {},
            "https://ws.dev.azuresynapse.net/queryPipelineRuns?api-version=2020-12-01",
        ),
        (
            WORKSPACE,
            {"LINEAGE_SYNAPSE_ENDPOINT": "http://127.0.0.1:1/{workspace}"},
            "http://127.0.0.1:1/ws/queryPipelineRuns?api-version=2020-12-01",
        ),
    ],
    ids=["a factory", "another cloud", "a name to encode", "a workspace", "a loopback workspace"],
)
def test_finished_runs_are_asked_for_with_bounds_rounded_outwards(
    factory: FactoryId, environ: dict[str, str], url: str, connect: Connect
) -> None:
    adapter = Answers(page())

    assert list(connect(adapter, factory, environ).finished(*WINDOW)) == []

    assert (adapter.sent[0].method, adapter.sent[0].url) == ("POST", url)
    assert sent(adapter, 0) == {
        "lastUpdatedAfter": "2026-11-19T00:00:00Z",
        "lastUpdatedBefore": "2026-11-20T00:00:01Z",
        "filters": [
            {"operand": "Status", "operator": "In", "values": ["Succeeded", "Failed", "Cancelled"]}
        ],
        "orderBy": [{"orderBy": "RunEnd", "order": "ASC"}],
    }


def test_all_pages_are_read(connect: Connect) -> None:
    adapter = Answers(page(run("r1"), token="t1"), page(run("r2"), token="t2"), page(run("r3")))

    found = list(connect(adapter).finished(*WINDOW))

    assert [each.id for each in found] == ["r1", "r2", "r3"]
    assert [sent(adapter, i).get("continuationToken") for i in range(3)] == [None, "t1", "t2"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([run("r1"), run("r1")], [("r1", "2026-11-19T02:00:00Z")]),
        (
            [run("r1"), run("r1", "2026-11-19T03:00:00Z")],
            [("r1", "2026-11-19T02:00:00Z"), ("r1", "2026-11-19T03:00:00Z")],
        ),
        ([run("r1", status="InProgress"), run("r2")], [("r2", "2026-11-19T02:00:00Z")]),
        ([run("r1", status="NewStatus")], [("r1", "2026-11-19T02:00:00Z")]),
        ([run(runId=None), {}, run("r2")], [("r2", "2026-11-19T02:00:00Z")]),
    ],
    ids=["twice", "updated meanwhile", "under way", "a status of the future", "without an id"],
)
def test_each_finished_run_comes_once_per_update(
    rows: list[Any], expected: list[tuple[str, str]], connect: Connect
) -> None:
    found = list(connect(Answers(page(*rows))).finished(*WINDOW))

    assert [(each.id, ticks.text(each.updated)) for each in found] == expected


@pytest.mark.parametrize(
    "answers",
    [
        [page(run("r1"), token="t"), page(run("r2"), token="t")],
        [page(run("r1"), token="t"), page(token="u")],
        [page(run("r1"), token="t"), page(run("r2"), token={"a": 1})],
        [page(run("r1"), token="t"), answer(200, [])],
        [page(run("r1"), token="t"), answer(200, {"value": None})],
        [page(run("r1"), token="t"), answer(200, {"value": {"r2": run("r2")}})],
        [page(run("r1"), token="t"), page(run("r2"), "r3")],
        [page(run("r1"), token="t"), *[answer(502)] * 5],
        [page(run("r1"), token="t"), answer(400, {"error": {"code": "BadRequest"}})],
    ],
    ids=[
        *("a token twice", "an empty page with a token", "a token that is no text", "a list"),
        *("no rows", "rows by name", "a row that is no object", "an outage", "a refusal"),
    ],
)
def test_a_listing_that_is_cut_short_is_unavailable_after_what_came(
    answers: list[Response], connect: Connect
) -> None:
    found: list[PipelineRun] = []

    with pytest.raises(Unavailable):
        found.extend(connect(Answers(*answers)).finished(*WINDOW))

    assert found[0].id == "r1"


def test_pages_without_end_are_unavailable(connect: Connect) -> None:
    adapter = Answers(*(page({}, token=str(number)) for number in range(10_001)))

    with pytest.raises(Unavailable, match="the pages have no end"):
        list(connect(adapter).finished(*WINDOW))

    assert len(adapter.sent) == 10_000


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (answer(404), f"LINEAGE_FACTORIES: there is no {ADF}, or we may not see it"),
        (
            answer(403),
            f"POST management.azure.com{ADF}/queryPipelineRuns answered 403: give our identity "
            "Reader on the factory, and a role with "
            "Microsoft.DataFactory/factories/querypipelineruns/action and "
            "…/pipelineruns/queryactivityruns/action",
        ),
    ],
)
def test_a_factory_that_may_not_be_read_is_a_matter_of_set_up(
    refusal: Response, message: str, connect: Connect
) -> None:
    with pytest.raises(SettingsError) as caught:
        list(connect(Answers(refusal)).finished(*WINDOW))

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("factory", "environ", "expected"),
    [
        (ADF, {}, "https://management.azure.com/.default"),
        (
            ADF,
            {"LINEAGE_MANAGEMENT_ENDPOINT": "https://management.chinacloudapi.cn"},
            "https://management.chinacloudapi.cn/.default",
        ),
        (
            ADF,
            {"LINEAGE_MANAGEMENT_ENDPOINT": "http://127.0.0.1:1"},
            "https://management.azure.com/.default",
        ),
        (WORKSPACE, {}, "https://dev.azuresynapse.net/.default"),
        (
            WORKSPACE,
            {"LINEAGE_SYNAPSE_ENDPOINT": "https://{workspace}.dev.azuresynapse.usgovcloudapi.net"},
            "https://dev.azuresynapse.usgovcloudapi.net/.default",
        ),
        (
            WORKSPACE,
            {"LINEAGE_SYNAPSE_ENDPOINT": "https://gateway.example.com/{workspace}"},
            "https://dev.azuresynapse.net/.default",
        ),
    ],
)
def test_the_token_asked_for_is_that_of_the_cloud(
    factory: FactoryId, environ: dict[str, str], expected: str
) -> None:
    assert scope(factory, Settings.from_env(environ)) == expected


# ---------------------------------------------------------------- read

UPDATED = at("2026-11-19T02:00:00Z")


def batch(*names: str, updated: Ticks = UPDATED, factory: FactoryId = ADF) -> Batch:
    return Batch(factory, 0, tuple(Reference(name, "p 1", updated) for name in names))


def estate(
    activities: Mapping[str, Response | Exception | Callable[[Any], Response]],
    runs: Mapping[str, Response] | None = None,
) -> Service:
    """
    A service with the runs named in `activities`, and their answers.

    Those in `runs` are not listed: the answer is that to a single GET.
    """
    single = runs or {}

    def respond(method: str, path: str, body: Any) -> Response | Exception:
        if path.endswith("/queryPipelineRuns"):
            return page(*(run(name) for name in activities if name not in single))
        if method == "GET":
            return single[path.rpartition("/")[2]]
        found = activities[path.split("/")[-2]]
        return found(body) if callable(found) else found

    return Service(respond)


def names(reading: Reading) -> tuple[list[str], list[str], list[str]]:
    """Ids of the runs listed, unread and gone."""
    return (
        [each.run.id for each in reading.listed],
        [each.id for each in reading.unread],
        [each.id for each in reading.gone],
    )


@pytest.mark.parametrize(
    ("factory", "path"),
    [
        (ADF, f"{BASE}/pipelineruns/r1/queryActivityruns?api-version=2018-06-01"),
        (
            WORKSPACE,
            "https://ws.dev.azuresynapse.net/pipelines/p%201/pipelineruns/r1/queryActivityruns"
            "?api-version=2020-12-01",
        ),
    ],
)
def test_activity_runs_are_asked_for_from_a_day_before_the_run_until_tomorrow(
    factory: FactoryId, path: str, connect: Connect
) -> None:
    adapter = estate({"r1": page(activity())})

    reading = connect(adapter, factory).read(batch("r1", factory=factory))

    assert names(reading) == (["r1"], [], [])
    assert [each.id for each in reading.listed[0].activities] == ["a1"]
    assert sent(adapter, 0)["lastUpdatedAfter"] == "2026-11-19T02:00:00Z"
    assert sent(adapter, 0)["lastUpdatedBefore"] == "2026-11-19T02:00:00Z"
    assert adapter.sent[1].url == path
    assert sent(adapter, 1) == {
        "lastUpdatedAfter": "2026-11-18T01:00:00Z",
        "lastUpdatedBefore": "2026-11-21T12:00:00Z",
    }


def test_a_run_that_never_started_is_asked_for_over_all_that_is_kept(connect: Connect) -> None:
    adapter = Answers(page(run("r1", status="Cancelled", runStart=None)), page())

    reading = connect(adapter).read(batch("r1"))

    assert names(reading) == (["r1"], [], [])
    assert sent(adapter, 1)["lastUpdatedAfter"] == "2026-10-04T02:00:00Z"


def test_all_pages_of_activity_runs_are_read(connect: Connect) -> None:
    first = page(*(activity(f"a{number}") for number in range(100)), token="t")

    def pages(body: Any) -> Response:
        return page(activity("a100")) if body.get("continuationToken") == "t" else first

    reading = connect(estate({"r1": pages})).read(batch("r1"))

    assert len(reading.listed[0].activities) == 101


@pytest.mark.parametrize(
    ("rows", "ended", "running"),
    [
        ([activity("a1"), activity("a2", "InProgress"), activity("a3", "Queued")], ["a1"], 2),
        ([activity("a1", "Failed"), activity("a2", "Skipped")], ["a1", "a2"], 0),
        ([activity("a1", "Cancelled"), activity("a2", "Inactive")], ["a1", "a2"], 0),
        ([activity("a1", "InProgress"), activity("a1", "Succeeded")], ["a1"], 0),
        ([activity(""), activity("a2")], ["a2"], 0),
        ([], [], 0),
    ],
    ids=["under way", "not succeeded", "open set", "ended meanwhile", "without an id", "none"],
)
def test_terminal_activity_runs_are_kept_and_the_others_counted(
    rows: list[Any], ended: list[str], running: int, connect: Connect
) -> None:
    listed = connect(estate({"r1": page(*rows)})).read(batch("r1")).listed[0]

    assert ([each.id for each in listed.activities], listed.running) == (ended, running)
    assert all([each.id for each in one.beside] == ended for one in listed.activities)


def test_payloads_that_nobody_looks_at_are_dropped_but_for_the_built_ins_word(
    connect: Connect,
) -> None:
    output = {"reportLineageToPurview": {"status": "Succeeded"}}
    rows = [activity("a1", output=output), activity("a2", activityType="Web", output=output)]

    kept, dropped = connect(estate({"r1": page(*rows)})).read(batch("r1")).listed[0].activities

    assert (kept.input, kept.output, kept.native) == ({"source": {}}, output, "Succeeded")
    assert (dropped.input, dropped.output, dropped.native) == (None, None, "Succeeded")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b' {"source": "\xc3\xa4", "b": []}', {"source": "ä", "b": []}),
        (rb'{"source": "\ud800\u0027"}', {"source": "\ufffd'"}),
        (b'{"source": [1e999]}', {"source": ["1e999"]}),
        (b'{"source": "' + b"\xc3\xa4" * 70_000 + b'"}', {"source": "ä" * 70_000}),
        (b'{"source": " ' + b"\xc3\xa4" * 70_000 + b'"}', {"source": " " + "ä" * 70_000}),
        (b"{}", {}),
        (b'"***"', None),
        (b"null", None),
    ],
    ids=[
        *("an object", "a lone surrogate", "beyond all bounds", "long", "long and shifted"),
        *("empty", "a text", "null"),
    ],
)
def test_an_input_is_what_it_says(text: bytes, value: Any, connect: Connect) -> None:
    (listed,) = connect(estate({"r1": told(text)})).read(batch("r1")).listed

    (run,) = listed.activities

    assert run.input == value
    assert bool(run.input) is bool(value)


@pytest.mark.parametrize(
    ("text", "native"),
    [
        (b'{"x": 1, "reportLineageToPurview": {"status": "Succeeded"}}', "Succeeded"),
        (b'{"ReportLineageToPurvew": {"Status": "Failed", "n": 1e999}}', "Failed"),
        (b'{"reportLineageToPurview": "\xc3\xa4"}', "ä"),
        (b'{"reportLineageToPurview": [1]}', None),
        (b'{"reportLineageToPurview": null}', None),
        (b"{}", None),
        (b"[]", None),
    ],
)
def test_the_built_ins_word_is_read(text: bytes, native: str | None, connect: Connect) -> None:
    (listed,) = connect(estate({"r1": told(text, "output")})).read(batch("r1")).listed

    assert listed.activities[0].native == native


def test_a_run_that_the_listing_does_not_show_is_got_singly(connect: Connect) -> None:
    single = answer(200, run("r2", "2026-11-19T05:00:00Z"))
    adapter = estate({"r1": page(), "r2": page(activity())}, {"r2": single})

    reading = connect(adapter).read(batch("r1", "r2"))

    assert names(reading) == (["r1", "r2"], [], [])
    assert ticks.text(reading.listed[1].run.updated) == "2026-11-19T05:00:00Z"
    assert f"GET {ADF}/pipelineruns/r2" in adapter.calls


def test_the_listing_is_left_after_a_few_pages(connect: Connect) -> None:
    pages = iter(range(1_000))

    def respond(method: str, path: str, body: Any) -> Response:
        if path.endswith("/queryPipelineRuns"):
            return page(run("other"), token=str(next(pages)))
        return answer(200, run("r1")) if method == "GET" else page()

    adapter = Service(respond)
    reading = connect(adapter).read(batch("r1"))

    assert names(reading) == (["r1"], [], [])
    assert adapter.calls == [
        f"POST {ADF}/queryPipelineRuns",
        f"POST {ADF}/queryPipelineRuns",
        f"POST {ADF}/queryPipelineRuns",
        f"GET {ADF}/pipelineruns/r1",
        f"POST {ADF}/pipelineruns/r1/queryActivityruns",
    ]


def test_the_listing_ends_when_all_is_found(connect: Connect) -> None:
    adapter = Answers(page(run("r1"), token="t"), page(activity()))

    assert names(connect(adapter).read(batch("r1"))) == (["r1"], [], [])


@pytest.mark.parametrize(
    ("single", "updated", "expected"),
    [
        (answer(404), "2026-11-19T02:00:00Z", ([], [], ["r1"])),
        (answer(410), "2026-11-19T02:00:00Z", ([], [], ["r1"])),
        (answer(404), "2026-11-20T11:30:00Z", ([], ["r1"], [])),
        (answer(200, run("r1", status="InProgress")), "2026-11-19T02:00:00Z", ([], ["r1"], [])),
        (answer(200, run("other")), "2026-11-19T02:00:00Z", ([], ["r1"], [])),
        (answer(200, {}), "2026-11-19T02:00:00Z", ([], ["r1"], [])),
        (answer(200, []), "2026-11-19T02:00:00Z", ([], ["r1"], [])),
        (answer(400), "2026-11-19T02:00:00Z", ([], ["r1"], [])),
    ],
    ids=[
        *("gone", "gone for good", "perhaps not there yet", "under way again", "another run"),
        *("no run", "no object", "refused"),
    ],
)
def test_a_run_that_is_not_there_is_gone_and_one_that_cannot_be_told_is_unread(
    single: Response, updated: str, expected: tuple[list[str], ...], connect: Connect
) -> None:
    adapter = estate({"r1": page()}, {"r1": single})

    reading = connect(adapter).read(batch("r1", updated=at(updated)))

    assert names(reading) == expected
    assert bool(reading.problem) is bool(reading.unread)


def test_a_run_whose_activity_runs_are_gone_is_gone(connect: Connect) -> None:
    assert names(connect(estate({"r1": answer(404)})).read(batch("r1"))) == ([], [], ["r1"])


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (answer(502), None),
        (answer(429, headers={"Retry-After": "7"}), 7.0),
        (answer(429, headers={"Retry-After": "600"}), 600.0),
        (page(token="t"), None),
        (answer(200, {"value": "none"}), None),
        (answer(200, {"value": [activity(), 1]}), None),
        (told(b'{"source": "\xff"}'), None),
        (told(b'{"source": NaN}'), None),
        (told(b'{"source": {}'), None),
        (told(b"[" * 100_000 + b"]" * 100_000), None),
    ],
    ids=[
        *("outage", "throttled", "a long wait", "an endless page", "no page", "no row"),
        *("no UTF-8", "no number", "cut", "deep"),
    ],
)
def test_a_run_of_which_a_page_cannot_be_had_is_left_unread(
    failure: Response, wait: float | None, connect: Connect
) -> None:
    adapter = estate({"r1": page(activity()), "r2": failure})

    reading = connect(adapter, environ={"LINEAGE_IN_FLIGHT": "1"}).read(batch("r1", "r2"))

    assert (names(reading), reading.wait) == ((["r1"], ["r2"], []), wait)
    assert reading.problem.startswith(("POST management.azure.com/", ADF))


def test_one_bad_run_does_not_hold_up_the_others(connect: Connect) -> None:
    adapter = estate({"r1": answer(500), "r2": page(), "r3": answer(500), "r4": page()})

    reading = connect(adapter).read(batch("r1", "r2", "r3", "r4"))

    assert names(reading) == (["r2", "r4"], ["r1", "r3"], [])


def test_a_service_that_is_down_is_left_alone_after_three_runs(connect: Connect) -> None:
    runs = {f"r{number}": answer(503) for number in range(9)}
    adapter = estate(runs)

    reading = connect(adapter, environ={"LINEAGE_IN_FLIGHT": "1"}).read(batch(*runs))

    assert names(reading) == ([], list(runs), [])
    assert len(adapter.calls) == 1 + 3 * 5


def test_a_service_that_asks_for_rest_gets_it(connect: Connect) -> None:
    runs = {f"r{number}": answer(429, headers={"Retry-After": "60"}) for number in range(9)}
    adapter = estate({"r": page(), **runs})

    reading = connect(adapter, environ={"LINEAGE_IN_FLIGHT": "1"}).read(batch("r", *runs))

    assert (names(reading), reading.wait) == ((["r"], list(runs), []), 60.0)
    assert len(adapter.calls) == 3


def test_a_listing_that_cannot_be_had_leaves_all_unread(connect: Connect) -> None:
    adapter = Answers(answer(429, headers={"Retry-After": "99"}))

    reading = connect(adapter).read(batch("r1", "r2"))

    assert (names(reading), reading.wait) == (([], ["r1", "r2"], []), 99.0)


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_role_ends_the_reading(status: int, connect: Connect) -> None:
    adapter = estate({"r1": page(), "r2": answer(status)})

    with pytest.raises(SettingsError):
        connect(adapter).read(batch("r1", "r2"))


def test_a_reading_stops_at_32_mb_but_reads_a_larger_run_alone(connect: Connect) -> None:
    large = activity(output={"text": "x" * (17 * MB)})
    adapter = estate(
        {
            "r1": lambda body: (
                page({**large, "activityRunId": "a2"})
                if "continuationToken" in body
                else page(large, token="t")
            ),
            "r2": page(activity()),
            "r3": page(activity()),
        }
    )

    reading = connect(adapter, environ={"LINEAGE_IN_FLIGHT": "1"}).read(batch("r1", "r2", "r3"))

    assert names(reading) == (["r1"], ["r2", "r3"], [])
    assert reading.problem == "the batch is too large to be read at once"


def test_payload_that_is_dropped_takes_no_room(connect: Connect) -> None:
    large = activity(activityType="Lookup", output={"text": "x" * (17 * MB)})
    runs = {name: page(large) for name in ("r1", "r2")}

    reading = connect(estate(runs), environ={"LINEAGE_IN_FLIGHT": "1"}).read(batch(*runs))

    assert names(reading) == (["r1", "r2"], [], [])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b?c d", "/pipelineruns/a%2Fb%3Fc%20d"),
        ("..", "/pipelineruns/%2E%2E"),
        ("é", "/pipelineruns/%C3%A9"),
    ],
)
def test_a_run_id_is_one_segment_of_a_path(name: str, path: str, connect: Connect) -> None:
    adapter = Answers(page(), answer(404))

    connect(adapter).read(batch(name))

    assert adapter.sent[1].url == f"{BASE}{path}?api-version=2018-06-01"


def test_an_empty_batch_asks_for_nothing(connect: Connect) -> None:
    adapter = Answers()

    assert names(connect(adapter).read(batch())) == ([], [], [])
    assert adapter.sent == []


def test_calls_are_counted_with_their_repetitions() -> None:
    calls: list[int] = []
    adapter = Answers(answer(502), page())
    client = Client(
        ADF,
        Settings.from_env({}),
        http=session(adapter),
        on_call=lambda: calls.append(1),
        sleep=lambda _: None,
    )

    list(RestRuns(client, {"Copy"}).finished(*WINDOW))
    client.close()

    assert calls == [1, 1]


def test_closing_ends_the_waits_and_begins_no_more_calls() -> None:
    waiting = Event()

    def respond(method: str, path: str, body: Any) -> Response:
        waiting.set()
        return answer(429, headers={"Retry-After": "30"})

    adapter = Service(respond)
    client = Client(ADF, Settings.from_env({}), http=session(adapter), limits=Limits(attempts=2))
    asking = Thread(target=lambda: RestRuns(client, {"Copy"}).read(batch("r1")))
    asking.start()
    waiting.wait()
    client.close()
    asking.join()

    assert len(adapter.calls) == 2
    with pytest.raises(Unavailable, match="nothing more is read"):
        client.call("GET", "")
    with pytest.raises(Unavailable, match="nothing more is read"):
        client.each(str, [1])


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded payloads are not at hand")
def test_the_recorded_answers_are_read(connect: Connect) -> None:
    def recorded(name: str) -> Response:
        return answer(200, json.loads((RECORDED / f"{name}.json").read_text()))

    runs = list(
        connect(Answers(recorded("query_pipeline_runs_factory_spec_example"))).finished(*WINDOW)
    )
    reading = connect(
        Answers(
            page(run("2f7fdb90-5df1-4b8e-ac2f-064cfa58202b")),
            recorded("query_activity_runs_factory_spec_example"),
        )
    ).read(batch("2f7fdb90-5df1-4b8e-ac2f-064cfa58202b"))

    assert [(each.id[:8], each.status, each.ended is None) for each in runs] == [
        ("2f7fdb90", "Succeeded", False),
        ("16ac5348", "Cancelled", True),
    ]
    assert [each.type for each in reading.listed[0].activities] == ["ForEach", "Copy"]
