"""The rules of paths, versions, runs and definitions, by plain requests."""

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
        FACTORY + "/queryTriggers",
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


FIRED = "2026-11-18T01:00:00Z"


@pytest.mark.parametrize("site", ["factory", "workspace"])
def test_runs_of_triggers_are_found_by_name_and_tell_the_runs_they_started(
    site: str, request: pytest.FixtureRequest, http: requests.Session
) -> None:
    root, params = request.getfixturevalue(site), ADF if site == "factory" else SYNAPSE
    name = "TR_Nightly_0100" if site == "factory" else "TR_Dwh_0130"
    named = {"operand": "TriggerName", "operator": "In", "values": [name]}

    answer = http.post(
        f"{root}/queryTriggerRuns", params=params, json=EVER | {"filters": [named]}, timeout=10
    )

    rows = answer.json()["value"]
    assert rows
    for row in rows:
        [run] = row["triggeredPipelines"].values()
        started = http.get(f"{root}/pipelineruns/{run}", params=params, timeout=10).json()
        assert row["triggerRunId"] == started["invokedBy"]["id"]
        assert row["triggerRunTimestamp"] < started["runStart"]
        assert row["properties"]["TriggerTime"].endswith(("AM", "PM"))


def test_runs_of_triggers_take_operands_of_their_own(http: requests.Session, factory: str) -> None:
    url = f"{factory}/queryTriggerRuns"
    started = {"operand": "RunStart", "operator": "Equals", "values": [FIRED]}
    order = {"orderBy": "TriggerRunTimestamp", "order": "DESC"}

    rows = asked(http, url, orderBy=[order]).json()["value"]
    refused = asked(http, url, filters=[started])

    fired = [row["triggerRunTimestamp"] for row in rows]
    assert len(fired) == 10
    assert fired == sorted(fired, reverse=True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadRequest")
