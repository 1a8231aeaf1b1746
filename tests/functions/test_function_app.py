"""The Functions app, in process: what the worker would index, and the answers of its functions."""

import json
from typing import Any

import azure.functions as func
import pytest

import function_app


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
    assert function_app.service.cache_info().currsize == 0
