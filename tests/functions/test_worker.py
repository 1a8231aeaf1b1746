"""
The worker library that Azure runs indexes and invokes the app: what it refuses, the cloud refuses.

It needs Python 3.13, so that it runs in a process of its own.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.functions import environment
from demo.process import running
from lineage.batch import encode
from lineage.model import Batch, FactoryId, Reference
from lineage.ticks import Ticks
from tests.functions.trial import APP, ROOT, Notes, ask, hosting, until
from tests.functions.worker_python import NoWorker, worker_python

pytestmark = pytest.mark.slow

Call = tuple[str, str, dict[str, Any]]

FACTORY = (  # the first of the sample estate
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-data-prod"
    "/providers/Microsoft.DataFactory/factories/adf-contoso-sales-prod"
)
RUN = "0f8fad5b-d9cb-469f-a165-70867728950e"  # of which the service knows nothing
BATCH = encode(Batch(FactoryId(FACTORY), 0, (Reference(RUN, "P", Ticks(0)),)))
CALL = json.dumps({"factory": FACTORY, "pipeline": "P", "pipelineRunId": RUN})

# What each function of function_app.py is given, and the status of an HTTP function's answer.
CALLS: dict[str, tuple[str, dict[str, Any], int | None]] = {
    "collect": ("timer", {}, None),
    "report": ("queue", {"body": BATCH}, None),
    "poison": ("queue", {"body": BATCH}, None),
    "webhook": ("http", {"method": "POST", "url": "http://x/api/runs", "body": CALL}, 202),
    "status": ("http", {"url": "http://x/api/status"}, 200),
    "health": ("http", {"url": "http://x/api/health"}, 200),
    "ready": ("http", {"url": "http://x/api/health/ready"}, 200),
}


@pytest.fixture(scope="session")
def python() -> str:
    """A Python 3.13 with the worker library; CI must have one."""
    try:
        return str(worker_python())
    except NoWorker as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def run(python: str, folder: Path, *calls: Call) -> dict[str, Any]:
    """What the worker makes of an app and of calls of its functions."""
    ended = subprocess.run(  # noqa: S603  # our own module
        [python, "-m", "tests.functions.worker_run", str(folder)],
        input=json.dumps(calls),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.fixture
def settled(storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app's settings, for an account of its own and the sample estate."""
    with running() as addresses:
        for name, value in environment(addresses, storage, tmp_path).items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("settled")
def test_the_worker_invokes_every_function_of_the_app(python: str) -> None:
    found = run(python, ROOT, *((name, kind, fields) for name, (kind, fields, _) in CALLS.items()))

    assert "refused" not in found, found
    assert set(found["functions"]) <= set(CALLS), "a function has no row in CALLS"
    ended = dict(zip(CALLS, found["outcomes"], strict=True))
    assert {name: ended[name][:2] for name in found["functions"]} == {
        name: [None, CALLS[name][2]] for name in found["functions"]
    }


def test_the_worker_gives_functions_what_their_triggers_hold(python: str, notes: Notes) -> None:
    notes.send()  # the queue is there
    request = {
        "method": "POST",
        "url": "http://x/api/things/7/a?b=c",
        "headers": {"content-type": "text/x-odd"},
        "query": {"b": "c"},
        "route": {"id": "7", "rest": "a"},
        "body": "é",
    }

    found = run(
        python,
        APP,
        ("tick", "timer", {"past_due": True}),
        ("work", "queue", {"body": "fail-once: é", "dequeue_count": 2, "id": "an id"}),
        ("work", "queue", {"body": "fail"}),
        ("things", "http", request),
        ("opened", "http", {}),
        ("crash", "http", {}),
    )

    [tick, work, failed, things, opened, crash] = found["outcomes"]
    assert (tick, work) == ([None, None, ""], [None, None, ""])
    assert failed[0].startswith("RuntimeError: asked to fail")
    assert things[:2] == [None, 202]
    assert json.loads(things[2]) == {
        "url": "http://x/api/things/7/a?b=c",
        "route": {"id": "7", "rest": "a"},
        "query": {"b": "c"},
        "kind": "text/x-odd",
        "body": "é",
    }
    assert opened == [None, 200, "è"]
    assert "a secret" in crash[0]
    assert [each["past_due"] for each in notes.read("tick")] == [True]
    assert [(each["body"], each["count"], each["id"]) for each in notes.read("work")[:1]] == [
        ("fail-once: é", 2, "an id")
    ]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("@app.route(route='a')\ndef a(request: func.HttpRequest) -> str: ...", "'request'"),
        ("@app.route(route='a')\ndef a(req: int) -> str: ...", "annotation int"),
        ("@app.queue_trigger(arg_name='m', queue_name='q', connection='c')\ndef a(): ...", "'m'"),
    ],
    ids=["another name", "annotation", "no argument"],
)
def test_the_worker_refuses_an_app_that_does_not_fit(
    code: str, problem: str, python: str, tmp_path: Path
) -> None:
    start = "import azure.functions as func\napp = func.FunctionApp()\n"
    (tmp_path / "function_app.py").write_text(f"{start}{code}\n", encoding="utf-8")

    found = run(python, tmp_path)

    assert problem in found["refused"]


def test_the_host_runs_the_worker_over_storage(python: str, notes: Notes, tmp_path: Path) -> None:
    with hosting(
        APP, tmp_path / "announced", "--worker", "runtime", "--now", python=python
    ) as served:
        notes.send("fail: always")
        until(lambda: notes.read("poison") and notes.held("work") == 0)
        key = {"x-functions-key": served.key}
        asked = ask(served.address, "POST", "/api/things/7/a", key, b"text")
        refused = ask(served.address, "POST", "/api/things/7/a", {}, b"text")

    assert (asked.status, refused.status) == (202, 401)
    assert "tick: é" in [each.get("done") for each in notes.read("work")]
    failed = [each["count"] for each in notes.read("work") if each.get("body") == "fail: always"]
    assert failed == [1, 2, 3]
    assert [each["body"] for each in notes.read("poison")] == ["fail: always"]
