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

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = {each.get_function_name(): each for each in function_app.app.get_functions()}


@pytest.fixture
def unset(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An app whose settings are wrong, but for those that lead to its queue."""
    monkeypatch.setenv("AzureWebJobsStorage", storage)
    monkeypatch.setenv("LINEAGE_QUEUE", "work")
    monkeypatch.setenv("LINEAGE_LANES", "none")
    function_app._made.cache_clear()
    yield storage
    function_app._made.cache_clear()


def call(name: str, request: Any) -> Any:
    return FUNCTIONS[name].get_user_function()(request)


def test_every_function_is_there() -> None:
    assert set(FUNCTIONS) == {
        *("collect", "report", "poison", "webhook", "status", "health", "ready"),
    }


def test_the_health_probe_answers_without_a_key_and_without_io() -> None:
    trigger = FUNCTIONS["health"].get_trigger()
    assert trigger is not None

    answer = call("health", func.HttpRequest("GET", "/api/health", body=b""))

    assert trigger.get_dict_repr()["authLevel"] == func.AuthLevel.ANONYMOUS
    assert (answer.status_code, json.loads(answer.get_body())) == (200, {"status": "ok"})


@pytest.mark.slow
def test_a_message_that_comes_while_settings_are_wrong_goes_back_and_is_not_held_against_its_runs(
    unset: str, tmp_path: Path
) -> None:
    text = encode(Batch(FactoryId("f"), 0, ()))
    message = func.QueueMessage(id="1", body=text.encode())

    call("report", message)
    call("poison", message)

    notes = Notes(tmp_path / "none", unset)
    assert [notes.held(queue) for queue in ("work", "work-poison")] == [1, 1]
    assert notes.visible("work") == []


@pytest.mark.slow
def test_over_http_wrong_settings_are_named(unset: str) -> None:
    answer = call("status", func.HttpRequest("GET", "/api/status", body=b""))

    error = json.loads(answer.get_body())["error"]
    assert (answer.status_code, error["code"]) == (503, "SettingsError")
    assert "LINEAGE_LANES" in error["message"]


def test_the_host_file_is_of_version_2() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))

    assert host["version"] == "2.0"
    assert host["extensions"]["http"]["routePrefix"] == "api"
