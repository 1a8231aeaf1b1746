"""The Functions app, in process: what the worker would index, and the answers of its functions."""

import json
from pathlib import Path

import azure.functions as func

import function_app

ROOT = Path(__file__).parent.parent.parent


def test_the_worker_finds_the_health_probe_which_answers_without_a_key_and_without_io() -> None:
    (health,) = function_app.app.get_functions()  # the library lists them once in a process
    trigger = health.get_trigger()
    assert trigger is not None

    answer = health.get_user_function()(func.HttpRequest("GET", "/api/health", body=b""))

    assert health.get_function_name() == "health"
    assert trigger.get_dict_repr()["authLevel"] == func.AuthLevel.ANONYMOUS
    assert (answer.status_code, json.loads(answer.get_body())) == (200, {"status": "ok"})


def test_the_host_file_is_of_version_2() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))

    assert host["version"] == "2.0"
    assert host["extensions"]["http"]["routePrefix"] == "api"
