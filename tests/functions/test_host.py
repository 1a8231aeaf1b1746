"""The host over Azurite: what Azure's does to a message, a timer and a request."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import Host, HttpCall, Options, Outcome, QueueCall
from tests.functions.trial import APP, Notes, ask, hosting, until

pytestmark = pytest.mark.slow

IN_PROCESS = Options(worker="inprocess", timers=False, key="the key", grace=5.0)
QUEUES = "AzureFunctionsJobHost__extensions__queues__"


@pytest.fixture
def served(notes: Notes) -> Iterator[Host]:
    with Host(APP, options=IN_PROCESS) as host:
        yield host


# ---------------------------------------------------------------- timers and queues


def test_a_timers_message_reaches_the_function_of_its_queue(served: Host, notes: Notes) -> None:
    assert served.fire("tick", past_due=True) == Outcome()
    served.wait_until_empty()

    assert [each["past_due"] for each in notes.read("tick")] == [True]
    assert [each["body"] for each in notes.read("work") if "body" in each] == ["tick: é"]


def test_a_message_that_always_fails_is_poisoned_after_its_deliveries(
    served: Host, notes: Notes
) -> None:
    notes.send("fail: always", "fine")
    served.wait_until_empty()

    failed = [each for each in notes.read("work") if each.get("body") == "fail: always"]
    assert [each["count"] for each in failed] == [1, 2, 3]
    assert len({each["id"] for each in failed}) == 1
    assert [(each["body"], each["count"]) for each in notes.read("poison")] == [("fail: always", 1)]
    assert [each["done"] for each in notes.read("work") if "done" in each] == ["fine"]


def test_a_message_that_failed_is_hidden_for_the_visibility_timeout(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{QUEUES}visibilityTimeout", "01:00:00")

    with Host(APP, options=IN_PROCESS) as host:
        notes.send("fail-once")
        until(lambda: notes.counts("work") == [1])
        host.wait_until_idle()

    assert notes.counts("work") == [1]
    assert (notes.held("work"), notes.visible("work")) == (1, [])


def test_a_message_that_failed_once_is_done_at_its_second_delivery(
    served: Host, notes: Notes
) -> None:
    notes.send("fail-once")
    served.wait_until_empty()

    assert notes.counts("work") == [1, 2]
    assert [each["done"] for each in notes.read("work") if "done" in each] == ["fail-once"]


def test_what_fails_in_a_poison_queue_stays_there_and_hidden(served: Host, notes: Notes) -> None:
    notes.send("fail: for ever", queue="work-poison")
    until(lambda: notes.counts("poison") == [1])
    served.wait_until_idle()

    assert notes.counts("poison") == [1]
    assert (notes.held("work-poison"), notes.visible("work-poison")) == (1, [])


@pytest.mark.slow
def test_what_failed_too_often_in_a_poison_queue_is_not_handed_over_any_more(notes: Notes) -> None:
    notes.send("fail: for ever", queue="work-poison")

    with Host(APP, options=Options(worker="inprocess", timers=False, hidden=1)) as host:
        until(lambda: notes.counts("poison") == [1, 2, 3])
        time.sleep(3)  # fetched again by now
        host.wait_until_idle()

    assert notes.counts("poison") == [1, 2, 3]
    assert notes.held("work-poison") == 1


def test_a_message_that_is_no_base64_is_poisoned_at_once_as_it_is(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AzureWebJobs.poison.Disabled", "true")

    with Host(APP, options=IN_PROCESS) as host:
        notes.send("{no base64}", raw=True)
        until(lambda: notes.held("work") == 0)
        host.wait_until_empty()

    assert notes.read("work") == []
    assert notes.visible("work-poison") == ["{no base64}"]


@pytest.mark.slow
def test_a_message_is_renewed_for_as_long_as_its_function_runs(notes: Notes) -> None:
    with Host(APP, options=Options(worker="inprocess", timers=False, hidden=2)) as host:
        notes.send("hold")
        until(lambda: notes.counts("work") == [1])
        time.sleep(3.5)  # longer than it was hidden for at first
        notes.open()
        host.wait_until_empty()

    assert notes.counts("work") == [1]


@pytest.mark.parametrize(
    ("batch", "threshold", "order"),
    [("1", "0", ["body", "done", "body", "done"]), ("2", "0", ["body", "body", "done", "done"])],
)
def test_batch_size_bounds_what_runs_at_once(
    batch: str, threshold: str, order: list[str], notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{QUEUES}batchSize", batch)
    monkeypatch.setenv(f"{QUEUES}newBatchThreshold", threshold)
    notes.send("hold", "hold")

    with Host(APP, options=IN_PROCESS) as host:
        until(lambda: len(notes.counts("work")) == int(batch))
        notes.open()
        host.wait_until_empty()

    assert ["done" if "done" in each else "body" for each in notes.read("work")] == order


def test_no_queue_is_made_where_that_is_not_wanted(notes: Notes) -> None:
    options = Options(worker="inprocess", timers=False, create=False)

    with Host(APP, options=options) as host:
        host.wait_until_idle()
        outcome = host.fire("tick")

    assert "QueueNotFound" in str(outcome.error)


def test_a_function_can_be_called_past_queues_and_sockets(served: Host, notes: Notes) -> None:
    failed = served.invoke("work", QueueCall("fail", dequeue_count=7))
    answered = served.invoke("opened", HttpCall("GET", "http://x/api/open", {}, {}, {}, b""))

    assert failed == Outcome("RuntimeError: asked to fail")
    assert answered.answer is not None
    assert answered.answer.status == 200
    assert notes.counts("work") == [7]


# ---------------------------------------------------------------- time-outs and kills


@pytest.mark.slow
def test_a_function_that_takes_too_long_fails_and_every_other_with_it(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AzureFunctionsJobHost__functionTimeout", "00:00:01")
    told: list[bool] = []

    with Host(APP, options=IN_PROCESS, timed_out=lambda: told.append(True)) as host:
        notes.send("hold")
        host.wait_until_empty()
        notes.open()  # or the threads that were left behind would hold up the end of the tests
        until(
            lambda: [each["done"] for each in notes.read("work") if "done" in each] == 3 * ["hold"]
        )

    assert notes.counts("work") == [1, 2, 3]
    assert [each["body"] for each in notes.read("poison")] == ["hold"]
    assert told == [True, True, True]


@pytest.mark.slow
def test_a_host_begins_anew_after_a_time_out_with_the_same_port_and_key(
    notes: Notes, tmp_path: Path
) -> None:
    draft = tmp_path / "announced"
    settings = {"AzureFunctionsJobHost__functionTimeout": "00:00:01"}

    with hosting(APP, draft, "--worker", "inprocess", "--no-timers", **settings) as served:
        notes.send("hold")
        until(lambda: notes.counts("work") == [1])
        draft.unlink()
        until(draft.exists)
        again = json.loads(draft.read_text("utf-8"))
        notes.open()
        until(lambda: notes.held("work") == 0)

        assert (again["address"], again["key"]) == (served.address, served.key)
        assert ask(served.address, "GET", "/api/open").status == 200
    assert [each["done"] for each in notes.read("work") if "done" in each] == ["hold"]


@pytest.mark.slow
def test_the_message_of_a_host_that_was_killed_comes_back_to_another(
    notes: Notes, tmp_path: Path
) -> None:
    options = ("--worker", "inprocess", "--no-timers", "--hidden", "2")

    with hosting(APP, tmp_path / "one", *options) as first:
        notes.send("hold")
        until(lambda: notes.counts("work") == [1])
        first.kill()
    notes.open()
    with hosting(APP, tmp_path / "two", *options):
        until(lambda: notes.held("work") == 0)

    begun = [each for each in notes.read("work") if "count" in each]
    assert [each["count"] for each in begun] == [1, 2]
    assert len({each["pid"] for each in begun}) == 2
    assert [each["done"] for each in notes.read("work") if "done" in each] == ["hold"]


@pytest.mark.slow
def test_a_host_told_to_stop_lets_its_message_end(notes: Notes, tmp_path: Path) -> None:
    with hosting(APP, tmp_path / "one", "--worker", "inprocess", "--now") as served:
        notes.send("hold")
        until(lambda: [each for each in notes.read("work") if each.get("body") == "hold"])
        served.process.terminate()
        notes.open()
        assert served.process.wait() == 0

    assert {"tick: é", "hold"} >= {each["done"] for each in notes.read("work") if "done" in each}
    assert "hold" in [each.get("done") for each in notes.read("work")]
    assert notes.visible("work") == []


# ---------------------------------------------------------------- HTTP

KEY = {"x-functions-key": "the key"}


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "/api/open", {}, 200),
        ("GET", "/API/Open/", {}, 200),
        ("HEAD", "/api/open", {}, 404),
        ("POST", "/api/open", {}, 404),
        ("GET", "/open", {}, 404),
        ("GET", "/api/nothing", {}, 404),
        ("GET", "/api/crash", {}, 500),
        ("POST", "/api/things/7/a/b", KEY, 202),
        ("POST", "/api/things/7", KEY, 202),
        ("POST", "/api/things/7/a?code=the%20key", {}, 202),
        ("POST", "/api/things/7/a", {}, 401),
        ("POST", "/api/things/7/a", {"x-functions-key": "another"}, 401),
        ("POST", "/api/things/7/a?code=", {}, 401),
        ("POST", "/api/things/seven/a", KEY, 404),
        ("GET", "/api/things/7/a", KEY, 404),
        ("POST", "/api/things/7/a", KEY | {"Content-Length": "x"}, 400),
        ("POST", "/api/things/7/a", KEY | {"Content-Length": "104857601"}, 413),
        ("POST", "/api/things/7/a", KEY | {"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_a_request_is_answered_as_azure_does(
    method: str, target: str, headers: dict[str, str], status: int, served: Host
) -> None:
    assert ask(served.address, method, target, headers).status == status


def test_a_function_sees_the_whole_request(served: Host) -> None:
    target = "/api/things/42/some/where%20else?a=1&b="
    headers = KEY | {"Content-Type": "text/x-odd"}

    reply = ask(served.address, "POST", target, headers, "é".encode())

    assert reply.headers["content-type"] == "application/json"
    assert json.loads(reply.body) == {
        "url": f"{served.address}{target}",
        "route": {"id": "42", "rest": "some/where else"},
        "query": {"a": "1", "b": ""},
        "kind": "text/x-odd",
        "body": "é",
    }


def test_a_text_is_told_with_its_charset_and_headers_go_out(served: Host) -> None:
    reply = ask(served.address, "GET", "/api/open")

    assert reply.body == "è".encode()
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["x-seen"] == "yes"


def test_an_error_is_not_told_to_the_caller(served: Host) -> None:
    assert ask(served.address, "GET", "/api/crash").body == b""
