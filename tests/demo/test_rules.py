"""Each rule that the real services enforce, by plain requests."""

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
SYNAPSE = {"api-version": "2020-12-01"}
EVER = {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "lastUpdatedBefore": "2026-11-30T00:00:00Z"}
STAGED = "ad000000-0103-4000-8000-000000000000"  # a run of PL_Stage_Orders
LOADED = "5a000000-0301-4000-8000-000000000000"  # a run of PL_Load_Dwh_Orders


@pytest.fixture(scope="module")
def services(bundled: Estate) -> Iterator[Services]:
    with Services(bundled, Options(page=10, listed=8)) as running:
        yield running


@pytest.fixture
def factory(services: Services) -> str:
    return services.management + FACTORY


@pytest.fixture
def workspace(services: Services) -> str:
    return services.synapse["syn-contoso-dwh"]


def asked(http: requests.Session, url: str, **body: Any) -> requests.Response:
    return http.post(url, params=ADF, json=EVER | body, timeout=10)


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["runId"] for row in answer.json()["value"]]


def test_a_path_is_found_in_any_case(http: requests.Session, factory: str) -> None:
    answer = asked(http, f"{factory.upper().replace('HTTP', 'http')}/QUERYPIPELINERUNS")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "MissingApiVersionParameter"),
        ({"api-version": "2020-12-01"}, "InvalidApiVersionParameter"),
    ],
)
def test_the_api_version_must_be_the_right_one(
    http: requests.Session, factory: str, params: dict[str, str], code: str
) -> None:
    answer = http.get(factory, params=params, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


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


def test_a_run_is_spelled_as_the_service_spells_it(http: requests.Session, factory: str) -> None:
    run = "ad000000-0131-4000-8000-000000000000"

    body = http.get(f"{factory}/pipelineruns/{run.upper()}", params=ADF, timeout=10).json()

    assert body["id"] == f"{FACTORY.upper()}/pipelineruns/{run}"
    assert body["parameters"] == {"region": "emea", "batches": '["morning","evening"]'}


def test_a_cancelled_run_has_no_end(http: requests.Session, factory: str) -> None:
    run = "ad000000-0182-4000-8000-000000000000"

    body = http.get(f"{factory}/pipelineruns/{run}", params=ADF, timeout=10).json()
    url = f"{factory}/pipelineruns/{run}/queryActivityruns"
    activity = asked(http, url).json()["value"][0]

    assert (body["status"], body["runEnd"], body["durationInMs"]) == ("Cancelled", None, None)
    assert (activity["status"], activity["activityRunEnd"]) == ("Cancelled", None)


def test_an_unknown_run_is_not_found(http: requests.Session, factory: str) -> None:
    answer = asked(http, f"{factory}/pipelineruns/{LOADED}/queryActivityruns")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "PipelineRunNotFound"


@pytest.mark.parametrize(
    "path",
    [
        FACTORY + "x",
        FACTORY + "/queryTriggerRuns",
        FACTORY + "/datasets/DS_Lake_Archive_Old",
        "/subscriptions/x",
    ],
)
def test_what_is_not_there_is_not_found(
    http: requests.Session, services: Services, path: str
) -> None:
    answer = http.get(services.management + path, params=ADF, timeout=10)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "ResourceNotFound"


def test_a_definition_tells_when_it_was_written(http: requests.Session, factory: str) -> None:
    plain = http.get(f"{factory}/datasets/ds_lake_orders", params=ADF, timeout=10).json()
    later = http.get(f"{factory}/datasets/DS_Stg_Loyalty", params=ADF, timeout=10).json()

    assert plain["name"] == "DS_Lake_Orders"
    assert plain["etag"].split("-")[4] == "6ad757c00000"  # 2026-10-20T12:00:00Z
    assert later["etag"].split("-")[4] == "6afeac800000"  # 2026-11-19T08:00:00Z


@pytest.mark.parametrize("form", ["{}", '"{}"'])
def test_a_definition_that_is_known_is_not_sent_again(
    http: requests.Session, factory: str, form: str
) -> None:
    url = f"{factory}/pipelines/PL_Stage_Orders"
    etag = http.get(url, params=ADF, timeout=10).json()["etag"]

    same = http.get(url, params=ADF, headers={"If-None-Match": form.format(etag)}, timeout=10)
    other = http.get(url, params=ADF, headers={"If-None-Match": "x"}, timeout=10)

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("pipelines", [8, 8, 1]),
        ("datasets", [8, 8, 4]),
        ("linkedservices", [8, 1]),
        ("dataflows", [0]),
        ("triggers", [0]),
    ],
)
def test_lists_are_paged_by_links(
    http: requests.Session, factory: str, kind: str, sizes: list[int]
) -> None:
    found = []
    url: str | None = f"{factory}/{kind}?api-version=2018-06-01"
    while url is not None:
        page = http.get(url, timeout=10).json()
        found.append([each["name"] for each in page["value"]])
        url = page.get("nextLink")

    assert [len(names) for names in found] == sizes
    assert len({name for names in found for name in names}) == sum(sizes)


def test_the_factory_shows_its_global_parameters(http: requests.Session, factory: str) -> None:
    body = http.get(factory, params=ADF, timeout=10).json()

    assert body["id"] == FACTORY
    assert body["properties"]["globalParameters"]["zone"] == {"type": "string", "value": "raw"}


def test_factories_of_a_subscription(http: requests.Session, services: Services) -> None:
    path = "/subscriptions/00000000-0000-4000-8000-00000000c0de/providers"

    url = f"{services.management}{path}/Microsoft.DataFactory/factories"
    body = http.get(url, params=ADF, timeout=10).json()

    assert [each["name"] for each in body["value"]] == ["adf-contoso-sales-prod"]


def test_the_rest_that_is_left_is_counted_down(http: requests.Session, factory: str) -> None:
    header = "x-ms-ratelimit-remaining-subscription-reads"

    first, second = (http.get(factory, params=ADF, timeout=10).headers for _ in range(2))

    assert int(first[header]) - int(second[header]) == 1
    assert first["x-ms-request-id"] != second["x-ms-request-id"]


# ---------------------------------------------------------------- Synapse


def test_a_workspace_has_paths_of_its_own(http: requests.Session, workspace: str) -> None:
    body = http.get(f"{workspace}/workspace", params=SYNAPSE, timeout=10).json()
    runs = http.post(f"{workspace}/queryPipelineRuns", params=SYNAPSE, json=EVER, timeout=10)
    dataset = http.get(f"{workspace}/datasets/DS_Dwh_Table", params=SYNAPSE, timeout=10).json()

    assert body["name"] == "syn-contoso-dwh"
    assert "globalParameters" not in body["properties"]
    assert LOADED in ids(runs)
    assert dataset["type"] == "Microsoft.Synapse/workspaces/datasets"
    assert dataset["id"].endswith(
        "Microsoft.Synapse/workspaces/syn-contoso-dwh/datasets/DS_Dwh_Table"
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"pipelines/PL_Load_Dwh_Orders/pipelineruns/{LOADED}/queryActivityruns", 200),
        (f"pipelines/pl_load_dwh_orders/pipelineruns/{LOADED}/queryActivityruns", 200),
        (f"pipelines/PL_Load_Dim_Customer/pipelineruns/{LOADED}/queryActivityruns", 404),
        (f"pipelineruns/{LOADED}/queryActivityruns", 404),
    ],
)
def test_activity_runs_of_a_workspace_need_the_right_pipeline(
    http: requests.Session, workspace: str, path: str, status: int
) -> None:
    answer = http.post(f"{workspace}/{path}", params=SYNAPSE, json=EVER, timeout=10)

    assert answer.status_code == status


def test_a_factory_does_not_take_the_path_of_a_workspace(
    http: requests.Session, factory: str
) -> None:
    answer = asked(
        http, f"{factory}/pipelines/PL_Stage_Orders/pipelineruns/{STAGED}/queryActivityruns"
    )

    assert answer.status_code == 404


def test_a_workspace_has_an_api_version_of_its_own(http: requests.Session, workspace: str) -> None:
    assert http.get(f"{workspace}/workspace", params=ADF, timeout=10).status_code == 400
