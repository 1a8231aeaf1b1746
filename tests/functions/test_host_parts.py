"""The parts of the host that need no storage: bindings, host.json, schedules, routes, refusals."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from host import Host, HostError, Options, functions, hostfile, schedule, storage
from host.__main__ import main
from host.functions import Found
from host.hostfile import HostFile, Queues
from host.routes import Route
from tests.functions.trial import APP, ROOT

IN_PROCESS = Options(worker="inprocess")

# ---------------------------------------------------------------- host.json


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:05:00", 300.0), ("1.02:03:04", 93_784.0), ("00:00:00.25", 0.25), ("10:00:00", 36_000.0)],
)
def test_a_time_span_is_so_many_seconds(text: str, seconds: float) -> None:
    assert hostfile.span(text) == seconds


def test_an_empty_host_file_has_the_defaults_of_azure(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")

    assert hostfile.read(tmp_path, {}) == HostFile("api", 1800.0, Queues(16, 8, 5, 0.0, 60.0, True))


def test_the_environment_overrides_the_host_file_in_any_case(tmp_path: Path) -> None:
    text = '{"version": "2.0", "extensions": {"queues": {"batchSize": 4, "maxDequeueCount": 2}}}'
    (tmp_path / "host.json").write_text(text, encoding="utf-8")
    environ = {
        "AzureFunctionsJobHost__functionTimeout": "-1",
        "AzureFunctionsJobHost__Extensions__queues__BATCHSIZE": "1",
        "AzureFunctionsJobHost__extensions__http__routePrefix": "",
        "AzureFunctionsJobHost__extensions__queues__messageEncoding": "none",
    }

    found = hostfile.read(tmp_path, environ)

    assert found == HostFile("", None, Queues(1, 0, 2, 0.0, 60.0, False))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"version": "2.0", "functionTimeout": "soon"}',
        '{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}',
    ],
)
def test_a_host_file_that_makes_no_sense_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text(text, encoding="utf-8")

    with pytest.raises(HostError, match="makes no sense"):
        hostfile.read(tmp_path, {})


# ---------------------------------------------------------------- bindings


@pytest.mark.parametrize(
    ("bindings", "problem"),
    [
        ([{"type": "queueTrigger", "name": "m", "queueName": "%Q%-poison"}], "%Q%.* is not set"),
        ([{"type": "blobTrigger", "name": "b"}], "a blobTrigger is not modelled"),
        ([], "has 0 triggers"),
        (
            [
                {"type": "timerTrigger", "name": "t", "schedule": "0 * * * * *"},
                {"type": "queue", "name": "out"},
            ],
            "a binding of type queue is not modelled",
        ),
        ([{"type": "httpTrigger", "name": "r", "authLevel": "ADMIN"}], "authLevel admin"),
    ],
)
def test_a_binding_that_cannot_be_served_is_refused(
    bindings: list[dict[str, str]], problem: str
) -> None:
    found = Found("one", "1", [json.dumps(each) for each in bindings])

    with pytest.raises(HostError, match=f"one.*{problem}"):
        functions.read(found, {})


def test_a_connection_is_a_text_or_an_identitys_account() -> None:
    by_text = storage.service("Store", {"Store": "UseDevelopmentStorage=true"})
    by_account = storage.service("Store", {"Store__accountName": "lake"})

    assert by_text.url.startswith("http://127.0.0.1:10001/devstoreaccount1")
    assert by_account.url.startswith("https://lake.queue.core.windows.net")


@pytest.mark.parametrize("environ", [{}, {"Store": "nonsense"}])
def test_a_connection_that_is_not_set_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(HostError, match="Store is"):
        storage.service("Store", environ)


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("0 */5 * * * *", "2026-01-01T00:05:00"),
        ("*/15 * * * * *", "2026-01-01T00:00:15"),
        ("0 30 9 * * 1-5", "2026-01-01T09:30:00"),
        ("0 0 0 13 * 5", "2026-02-13T00:00:00"),
        ("0 0 0 1 JAN *", "2027-01-01T00:00:00"),
    ],
)
def test_a_schedule_names_the_moment_that_follows(text: str, following: str) -> None:
    found = schedule.following(text, datetime(2026, 1, 1, tzinfo=UTC))

    assert found == datetime.fromisoformat(f"{following}+00:00")


@pytest.mark.parametrize("text", ["*/5 * * * *", "@hourly", "0 0 0 L * *", "61 * * * * *", ""])
def test_what_is_no_schedule_of_six_fields_is_refused(text: str) -> None:
    with pytest.raises(HostError, match="is no schedule"):
        schedule.check(text, "tick")


# ---------------------------------------------------------------- routes

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("template", "path", "taken"),
    [
        ("health", "/api/Health", {}),
        ("health", "/api/health/ready", None),
        ("runs/{id}", "/api/runs/a%2Fb", {"id": "a/b"}),
        ("runs/{id}", "/api/runs", None),
        ("runs/{id?}", "/api/runs", {}),
        ("runs/{id:int?}", "/api/runs/7", {"id": "7"}),
        ("runs/{id:int}", "/api/runs/x", None),
        ("runs/{id:guid}", f"/api/runs/{GUID}", {"id": GUID}),
        ("{*all}", "/api", {"all": ""}),
        ("{*all}", "/api/a/b", {"all": "a/b"}),
    ],
)
def test_a_route_takes_what_its_template_says(
    template: str, path: str, taken: dict[str, str] | None
) -> None:
    assert Route(template, "api", "one").match(path) == taken


@pytest.mark.parametrize("template", ["{a}-{b}", "{id:even}", "{*all}/more", "{id=7}"])
def test_a_template_that_is_not_modelled_is_refused(template: str) -> None:
    with pytest.raises(HostError, match="one: "):
        Route(template, "api", "one")


# ---------------------------------------------------------------- apps and the command line

IMPORTS = "import azure.functions as func\n"
TIMER = '@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")\ndef tick({}): pass\n'
NEW = "app = func.FunctionApp()\n"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (None, "there is no function_app.py"),
        ("import nothing_of_the_kind", "ModuleNotFoundError"),
        (IMPORTS, "has no FunctionApp, or several"),
        (IMPORTS + NEW + NEW.replace("app", "other", 1), "has no FunctionApp, or several"),
        (IMPORTS + NEW + TIMER.format("another"), "tick takes .*another.* bound is .*timer"),
        (IMPORTS + NEW + TIMER.format("timer") * 2, "tick"),
    ],
    ids=["no file", "import", "no app", "two apps", "argument", "same name"],
)
def test_an_app_that_azure_would_refuse_is_refused(
    code: str | None, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    if code is not None:
        (tmp_path / "function_app.py").write_text(code, encoding="utf-8")

    with pytest.raises(HostError, match=problem):
        Host(tmp_path, {}, IN_PROCESS)


def test_the_command_line_says_what_is_not_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APP_SCHEDULE", "APP_QUEUE"):
        monkeypatch.delenv(name, raising=False)

    assert main([str(APP), "--worker", "inprocess"]) == 2
    assert "tick: %APP_SCHEDULE%" in capsys.readouterr().err


def test_the_command_line_says_what_is_modelled(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    assert "What only Azure's host does:" in capsys.readouterr().out


def test_the_worker_has_the_pins_of_the_app() -> None:
    pins, worker = (
        set(re.findall(r"^([a-z0-9-]+==[^ ]+) (?!; python_full_version < '3.13')", text, re.M))
        for text in (
            (ROOT / name).read_text("utf-8")
            for name in ("requirements.txt", "requirements-worker.txt")
        )
    )

    assert pins - worker == set(), "make pins"


def test_the_apps_own_host_file_makes_sense() -> None:
    assert hostfile.read(ROOT, {}).route_prefix == "api"
