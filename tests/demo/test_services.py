"""What the services do on request: tokens, refusals, latency, faults, late runs, a history."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from demo import faults
from demo.services import Options, Services
from demo.shapes import Estate

FACTORY = (
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-data-prod"
    "/providers/Microsoft.DataFactory/factories/adf-contoso-sales-prod"
)
ADF = {"api-version": "2018-06-01"}
EVER = {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "lastUpdatedBefore": "2026-11-30T00:00:00Z"}


def runs(http: requests.Session, services: Services, timeout: float = 10) -> requests.Response:
    url = f"{services.management}{FACTORY}/queryPipelineRuns"
    return http.post(url, params=ADF, json=EVER, timeout=timeout)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer no"}, 401), ({"Authorization": "Bearer yes"}, 200)],
    ids=["none", "wrong", "right"],
)
def test_a_token_is_asked_for(
    http: requests.Session, bundled: Estate, headers: dict[str, str], status: int
) -> None:
    http.headers.update(headers)

    with Services(bundled, Options(token="yes")) as services:
        answer = runs(http, services)

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "AuthenticationFailed"


def test_one_factory_is_forbidden_and_the_others_are_not(
    http: requests.Session, bundled: Estate
) -> None:
    forbidden = frozenset({"adf-contoso-sales-prod"})

    with Services(bundled, Options(forbidden=forbidden)) as services:
        answer = runs(http, services)
        workspace = http.get(
            f"{services.synapse['syn-contoso-dwh']}/workspace?api-version=2020-12-01", timeout=10
        )

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "AuthorizationFailed"
    assert workspace.status_code == 200


def test_one_factory_hangs_and_the_others_do_not(http: requests.Session, bundled: Estate) -> None:
    with Services(bundled, Options(hanging=frozenset({"adf-contoso-sales-prod"}))) as services:
        with pytest.raises(requests.ReadTimeout):
            runs(http, services, timeout=0.2)
        workspace = http.get(
            f"{services.synapse['syn-contoso-dwh']}/workspace?api-version=2020-12-01", timeout=10
        )

    assert workspace.status_code == 200


def test_calls_take_as_long_as_asked_for(http: requests.Session, bundled: Estate) -> None:
    with Services(bundled, Options(latency=0.05)) as services:
        runs(http, services)
        begun = time.monotonic()
        runs(http, services)

        assert 0.05 <= time.monotonic() - begun < 0.5


# ---------------------------------------------------------------- faults


def met(bundled: Estate, http: requests.Session, kind: str) -> requests.Response:
    plan = faults.parse(f"every=1,kinds={kind},retry-after=7,drip=0.2")
    with Services(bundled, Options(plan=plan)) as services:
        return runs(http, services)


@pytest.mark.parametrize(
    ("kind", "status", "retry_after"),
    [
        ("429", 429, "7"),
        ("429-bare", 429, None),
        ("429-absurd", 429, "999999999"),
        ("502", 502, None),
    ],
)
def test_faults_that_answer(
    http: requests.Session, bundled: Estate, kind: str, status: int, retry_after: str | None
) -> None:
    answer = met(bundled, http, kind)

    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == retry_after


def test_an_outage_names_a_date(http: requests.Session, bundled: Estate) -> None:
    answer = met(bundled, http, "503-date")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"].endswith("GMT")


def test_a_connection_is_dropped(http: requests.Session, bundled: Estate) -> None:
    with pytest.raises(requests.ConnectionError):
        met(bundled, http, "dropped")


def test_a_body_is_truncated(http: requests.Session, bundled: Estate) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        met(bundled, http, "truncated")


def test_a_body_drips(http: requests.Session, bundled: Estate) -> None:
    begun = time.monotonic()

    answer = met(bundled, http, "drip")

    assert len(answer.json()["value"]) == 35
    assert time.monotonic() - begun > 0.15


def test_a_plan_meets_every_nth_call_with_each_kind_in_turn() -> None:
    plan = faults.parse("every=5,seed=1,kinds=429+502+dropped")

    assert [plan.next() for _ in range(20)] == [
        *(None, None, "502", None, None),
        *("dropped", None, None, None, None),
        *(None, None, None, "429", None),
        *(None, "502", None, None, None),
    ]


def test_no_plan_is_no_fault() -> None:
    plan = faults.parse("")

    assert [plan.next() for _ in range(3)] == [None, None, None]


@pytest.mark.parametrize("text", ["every=x", "kinds=418", "often=1", "every"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        faults.parse(text)


# ---------------------------------------------------------------- runs that come later


def test_held_runs_appear_when_released(http: requests.Session, bundled: Estate) -> None:
    with Services(bundled, Options(hold=3)) as services:
        before = {row["runId"] for row in runs(http, services).json()["value"]}
        services.release_held()
        after = {row["runId"] for row in runs(http, services).json()["value"]}

    assert len(before) == 32
    assert {run[9:13] for run in after - before} == {"0182", "0222", "0253"}


def test_a_run_is_replaced_by_what_became_of_it(http: requests.Session, bundled: Estate) -> None:
    site = bundled.site("adf-contoso-sales-prod")
    first, second = (run for run in site.runs if run.pipeline == "PL_Stage_Orders")

    with Services(bundled, Options(hold=35)) as services:
        services.release(site.name, first)
        services.release(site.name, first, second)
        found = [row["runId"][9:13] for row in runs(http, services).json()["value"]]

    assert found == ["0103", "0204"]


# ---------------------------------------------------------------- history


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_call_is_in_the_history_while_the_services_run(
    http: requests.Session, bundled: Estate, tmp_path: Path
) -> None:
    history = tmp_path / "history.jsonl"
    run = "ad000000-0102-4000-8000-000000000000"

    with Services(bundled, Options(history=history)) as services:
        base = services.management + FACTORY
        runs(http, services)
        url = f"{base}/pipelineruns/{run}/queryActivityruns"
        http.post(url, params=ADF, json=EVER, timeout=10)
        http.get(f"{base}/datasets/nothing", params=ADF, timeout=10)
        listing, activities, nothing = lines(history)

    assert (listing["n"], listing["site"], listing["status"]) == (1, "adf-contoso-sales-prod", 200)
    assert listing["path"] == f"{FACTORY}/queryPipelineRuns"
    assert len(listing["served"]["runs"]) == 35
    assert (listing["served"]["first"], listing["served"]["last"]) == (True, True)
    assert activities["served"]["pipelineRun"] == run
    assert [each[-2:] for each in activities["served"]["activityRuns"]] == ["01", "02", "03"]
    assert (nothing["status"], nothing["served"], nothing["fault"]) == (404, {}, None)


@pytest.mark.parametrize(
    ("kind", "status", "served"),
    [("dropped", 0, 0), ("truncated", 200, 0), ("429", 429, 0), ("drip", 200, 35)],
)
def test_the_history_says_what_was_given_away_in_full(
    http: requests.Session, bundled: Estate, kind: str, status: int, served: int
) -> None:
    plan = faults.parse(f"every=1,kinds={kind},drip=0.1")

    with Services(bundled, Options(plan=plan)) as services:
        with suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            runs(http, services)
        line = services.history.lines[0]

    assert (line["fault"], line["status"]) == (kind, status)
    assert len(line["served"].get("runs", ())) == served
