"""The rules of run queries, by plain requests: bounds, filters, order, pages."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from demo.services import Options, Services
from demo.shapes import Estate

FACTORY = (
    "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-data-prod"
    "/providers/Microsoft.DataFactory/factories/adf-contoso-sales-prod"
)
ADF = {"api-version": "2018-06-01"}
EVER = {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "lastUpdatedBefore": "2026-11-30T00:00:00Z"}
STAGED = "ad000000-0103-4000-8000-000000000000"  # a run of PL_Stage_Orders


@pytest.fixture(scope="module")
def services(bundled: Estate) -> Iterator[Services]:
    with Services(bundled, Options(page=10, listed=8)) as running:
        yield running


@pytest.fixture
def factory(services: Services) -> str:
    return services.management + FACTORY


def asked(http: requests.Session, url: str, **body: Any) -> requests.Response:
    return http.post(url, params=ADF, json=EVER | body, timeout=10)


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["runId"] for row in answer.json()["value"]]


@pytest.mark.parametrize("missing", ["lastUpdatedAfter", "lastUpdatedBefore"])
@pytest.mark.parametrize("path", ["queryPipelineRuns", f"pipelineruns/{STAGED}/queryActivityruns"])
def test_both_bounds_are_required(
    http: requests.Session, factory: str, path: str, missing: str
) -> None:
    bounds = {key: value for key, value in EVER.items() if key != missing}

    answer = http.post(f"{factory}/{path}", params=ADF, json=bounds, timeout=10)

    assert answer.status_code == 400
    assert missing in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"lastUpdatedAfter": "yesterday"},
        {"filters": [{"operand": "Pipeline", "operator": "Equals", "values": ["x"]}]},
        {"filters": [{"operand": "ActivityName", "operator": "Equals", "values": ["x"]}]},
        {"filters": [{"operand": "Status", "operator": "Like", "values": ["x"]}]},
        {"filters": [{"operand": "Status", "operator": "In", "values": []}]},
        {"filters": [{"operand": "LatestOnly", "operator": "Equals", "values": ["True"]}]},
        {"filters": [{"operand": "RunGroupId", "operator": "In", "values": ["a", "b"]}]},
        {"orderBy": [{"orderBy": "RunEnd", "order": "UP"}]},
        {"orderBy": [{"orderBy": "LastUpdated", "order": "ASC"}]},
        {"continuationToken": "bm9uc2Vuc2U="},
        {"continuationToken": "%"},
    ],
    ids=str,
)
def test_a_wrong_query_is_refused(
    http: requests.Session, factory: str, body: dict[str, Any]
) -> None:
    answer = asked(http, f"{factory}/queryPipelineRuns", **body)

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message"}


def test_an_operand_of_pipeline_runs_is_none_of_activity_runs(
    http: requests.Session, factory: str
) -> None:
    filters = [{"operand": "PipelineName", "operator": "Equals", "values": ["x"]}]

    answer = asked(http, f"{factory}/pipelineruns/{STAGED}/queryActivityruns", filters=filters)

    assert answer.status_code == 400


def test_bounds_are_inclusive_and_compare_with_the_update(
    http: requests.Session, factory: str
) -> None:
    run = http.get(f"{factory}/pipelineruns/{STAGED}", params=ADF, timeout=10).json()
    updated = run["lastUpdated"]
    url = f"{factory}/queryPipelineRuns"

    assert run["runStart"] < updated == "2026-11-17T13:03:35.7829901Z"
    assert ids(asked(http, url, lastUpdatedAfter=updated, lastUpdatedBefore=updated)) == [STAGED]
    just_before = "2026-11-17T13:03:35.7829900Z"
    assert (
        ids(asked(http, url, lastUpdatedAfter=run["runStart"], lastUpdatedBefore=just_before)) == []
    )


def test_the_bounds_hide_activity_runs_too(http: requests.Session, factory: str) -> None:
    url = f"{factory}/pipelineruns/{STAGED}/queryActivityruns"

    found = asked(http, url).json()["value"]
    missed = asked(http, url, lastUpdatedBefore="2026-11-17T13:03:00Z")

    assert [row["activityName"] for row in found] == ["Copy orders to staging"]
    assert (missed.status_code, missed.json()) == (200, {"value": []})


def test_pages_end_without_a_token(http: requests.Session, factory: str) -> None:
    seen: list[str] = []
    sizes = []
    token = None
    while True:
        answer = asked(http, f"{factory}/queryPipelineRuns", continuationToken=token)
        seen += ids(answer)
        sizes.append(len(ids(answer)))
        token = answer.json().get("continuationToken")
        if token is None:
            break

    assert sizes == [10, 10, 10, 5]
    assert len(set(seen)) == 35
    assert set(answer.json()) == {"value"}


def test_a_token_belongs_to_its_query(http: requests.Session, factory: str) -> None:
    url = f"{factory}/queryPipelineRuns"
    token = asked(http, url).json()["continuationToken"]

    answer = asked(http, url, continuationToken=token, lastUpdatedBefore="2026-11-29T00:00:00Z")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("operand", "operator", "values", "found"),
    [
        ("Status", "In", ["Failed", "Cancelled"], ["0172", "0201", "0202", "0182"]),
        ("Status", "Equals", ["InProgress"], ["0253"]),
        ("PipelineName", "Equals", ["PL_Stage_Orders"], ["0103", "0204"]),
        (
            "RunGroupId",
            "Equals",
            ["ad000000-0202-4000-8000-000000000000"],
            ["0202", "0203"],
        ),
        ("LatestOnly", "Equals", [False], ["0202"]),
    ],
)
def test_filters(
    http: requests.Session,
    factory: str,
    operand: str,
    operator: str,
    values: list[Any],
    found: list[str],
) -> None:
    filters = [{"operand": operand, "operator": operator, "values": values}]

    answer = asked(http, f"{factory}/queryPipelineRuns", filters=filters)

    assert [each[9:13] for each in ids(answer)] == found


@pytest.mark.parametrize("operator", ["NotIn", "NotEquals"])
def test_filters_that_exclude(http: requests.Session, factory: str, operator: str) -> None:
    filters = [
        {"operand": "Status", "operator": operator, "values": ["Succeeded"]},
        {"operand": "Status", "operator": operator, "values": ["Failed"]},
    ]

    answer = asked(http, f"{factory}/queryPipelineRuns", filters=filters)

    assert [each[9:13] for each in ids(answer)] == ["0172", "0182", "0253"]


def test_runs_come_in_the_order_asked_for(http: requests.Session, factory: str) -> None:
    filters = [{"operand": "Status", "operator": "Equals", "values": ["Failed"]}]
    order = [{"orderBy": "RunStart", "order": "DESC"}]

    answer = asked(http, f"{factory}/queryPipelineRuns", filters=filters, orderBy=order)

    assert [each[9:13] for each in ids(answer)] == ["0202", "0201"]
