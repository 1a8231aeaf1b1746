"""The Functions app, in process: what the worker would index, and what it does unset."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

import function_app
from lineage.batch import encode
from lineage.model import Batch, FactoryId
from tests.functions.trial import Notes


@pytest.fixture(scope="module")
def functions() -> dict[str, Any]:
    """The functions by name; the library lists them once in a process."""
    return {str(each.get_function_name()): each for each in function_app.app.get_functions()}


def test_the_worker_finds_every_function_and_what_triggers_it(functions: dict[str, Any]) -> None:
    triggers = {name: each.get_trigger().get_dict_repr() for name, each in functions.items()}

    assert {name: trigger["type"] for name, trigger in triggers.items()} == {
        "collect": "timerTrigger",
        "report": "queueTrigger",
        "poison": "queueTrigger",
        "webhook": "httpTrigger",
        "status": "httpTrigger",
        "health": "httpTrigger",
        "ready": "httpTrigger",
    }
    assert triggers["poison"]["queueName"] == f"{triggers['report']['queueName']}-poison"
    assert triggers["collect"]["runOnStartup"] is False


def test_only_the_health_probe_is_open_to_everybody(functions: dict[str, Any]) -> None:
    levels = {
        name: each.get_trigger().get_dict_repr().get("authLevel")
        for name, each in functions.items()
    }

    assert {name for name, level in levels.items() if level == func.AuthLevel.ANONYMOUS} == {
        "health"
    }
    assert {levels[name] for name in ("webhook", "status", "ready")} == {func.AuthLevel.FUNCTION}


def test_the_health_probe_answers_without_io(functions: dict[str, Any]) -> None:
    answer = functions["health"].get_user_function()(
        func.HttpRequest("GET", "/api/health", body=b"")
    )

    assert (answer.status_code, json.loads(answer.get_body())) == (200, {"status": "ok"})
    assert function_app._made.cache_info().currsize == 0


@pytest.fixture
def unset(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An app whose settings are wrong, but for those that lead to its queue."""
    monkeypatch.setenv("AzureWebJobsStorage", storage)
    monkeypatch.setenv("LINEAGE_QUEUE", "work")
    monkeypatch.setenv("LINEAGE_LANES", "none")
    function_app._made.cache_clear()
    yield storage
    function_app._made.cache_clear()


@pytest.mark.slow
def test_a_message_that_comes_while_settings_are_wrong_goes_back_and_is_not_held_against_its_runs(
    unset: str, functions: dict[str, Any], tmp_path: Path
) -> None:
    text = encode(Batch(FactoryId("f"), 0, ()))
    message = func.QueueMessage(id="1", body=text.encode())

    functions["report"].get_user_function()(message)
    functions["poison"].get_user_function()(message)

    notes = Notes(tmp_path / "none", unset)
    assert [notes.held(queue) for queue in ("work", "work-poison")] == [1, 1]
    assert notes.visible("work") == []


@pytest.mark.slow
def test_over_http_wrong_settings_are_named(unset: str, functions: dict[str, Any]) -> None:
    answer = functions["status"].get_user_function()(
        func.HttpRequest("GET", "/api/status", body=b"")
    )

    error = json.loads(answer.get_body())["error"]
    assert (answer.status_code, error["code"]) == (503, "SettingsError")
    assert "LINEAGE_LANES" in error["message"]
