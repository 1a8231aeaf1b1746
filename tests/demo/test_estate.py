"""The bundled estate holds what it is meant to hold, and its truth is about it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from demo import estate, times
from demo.estate import FOLDER
from demo.shapes import Estate

EPOCH = datetime(2026, 11, 19, 12, tzinfo=UTC)
ADF, SYNAPSE = "adf-contoso-sales-prod", "syn-contoso-dwh"


def pipeline_runs(bundled: Estate) -> Iterator[dict[str, Any]]:
    for site in bundled.sites:
        for run in site.runs:
            yield json.loads(run.row.body())


def activity_runs(bundled: Estate) -> Iterator[dict[str, Any]]:
    for site in bundled.sites:
        for run in site.runs:
            for row in run.activities():
                yield json.loads(row.body())


def definitions(kind: str) -> dict[str, Any]:
    paths = FOLDER.glob(f"*/{kind}/*.json")
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


# ---------------------------------------------------------------- the truth


def test_the_truth_has_every_activity_run_that_ended(bundled: Estate) -> None:
    ended = [run for run in activity_runs(bundled) if run["status"] != "InProgress"]

    assert sorted(bundled.expected()["activityRuns"]) == sorted(
        run["activityRunId"] for run in ended
    )


def test_the_truth_names_each_activity_it_is_about(bundled: Estate) -> None:
    expected = bundled.expected()["activityRuns"]

    for run in activity_runs(bundled):
        if run["status"] != "InProgress":
            what = expected[run["activityRunId"]]["what"]
            assert what.split(":")[0] == f"{run['pipelineName']} / {run['activityName']}"


def test_what_did_not_succeed_is_not_reported(bundled: Estate) -> None:
    expected = bundled.expected()["activityRuns"]

    for run in activity_runs(bundled):
        truth = expected.get(run["activityRunId"], {"reasons": ["RunFailed"]})
        assert (run["status"] != "Succeeded") == (truth["reasons"] == ["RunFailed"])


def test_each_edge_belongs_to_a_copy_that_is_defined(bundled: Estate) -> None:
    pipelines = definitions("pipeline")

    for _, _, operation, sink, sink_type in bundled.expected()["edges"]:
        path, name, kind = operation.split("#")
        site, _, rest = path.partition("/pipelines/")
        pipeline, _, activity = rest.partition("/activities/")
        assert site in {each.id for each in bundled.sites}
        assert (name, kind) == (sink, sink_type)
        assert f'"name": "{activity}"' in json.dumps(pipelines[pipeline])


def test_each_reported_copy_has_an_edge(bundled: Estate) -> None:
    expected = bundled.expected()
    operations = {operation.split("#")[0] for _, _, operation, _, _ in expected["edges"]}

    for run in activity_runs(bundled):
        truth = expected["activityRuns"].get(run["activityRunId"], {})
        if truth.get("status") in ("Succeeded", "Partial"):
            path = f"/pipelines/{run['pipelineName']}/activities/{run['activityName']}"
            assert any(operation.endswith(path) for operation in operations)


def test_the_columns_follow_the_edges_up_from_the_report(bundled: Estate) -> None:
    expected = bundled.expected()
    edges = {(source, operation, sink) for source, _, operation, sink, _ in expected["edges"]}
    above: set[tuple[str, str, str]] = set()
    todo = [expected["report"]]
    while todo:
        sink = todo.pop()
        found = {edge for edge in edges if edge[2] == sink}
        todo += [source for source, _, _ in found - above]
        above |= found

    assert {
        (source, operation, sink) for operation, source, _, sink, _ in expected["columns"]
    } == above
    assert depth(edges, expected["report"]) == 4


def depth(edges: set[tuple[str, str, str]], sink: str) -> int:
    return max((1 + depth(edges, above) for above, _, below in edges if below == sink), default=0)


def test_no_name_holds_an_expression(bundled: Estate) -> None:
    for text in strings(bundled.expected()["edges"]):
        assert not re.search(r"@\{|@dataset|@pipeline|linkedService\(|['\"]", text)


def test_the_catalog_knows_the_edge_of_the_built_in_connection(bundled: Estate) -> None:
    known = {entity["guid"]: entity for entity in bundled.catalog}
    operation = known["-8"]["attributes"]
    source, sink = (known[operation[end][0]["guid"]] for end in ("inputs", "outputs"))

    assert [
        source["attributes"]["qualifiedName"],
        source["typeName"],
        operation["qualifiedName"],
        sink["attributes"]["qualifiedName"],
        sink["typeName"],
    ] in bundled.expected()["edges"]


# ---------------------------------------------------------------- what it holds


def test_one_factory_and_one_workspace(bundled: Estate) -> None:
    assert [(site.name, site.synapse) for site in bundled.sites] == [(ADF, False), (SYNAPSE, True)]


def test_at_least_twelve_pipelines_of_which_six_take_parameters() -> None:
    pipelines = definitions("pipeline")
    parameterised = [each for each in pipelines.values() if each["properties"].get("parameters")]

    assert len(pipelines) >= 12
    assert len(parameterised) >= 6
    assert all(re.fullmatch(r"PL_[A-Za-z_]+", name) for name in pipelines)


@pytest.mark.parametrize("kind", ["pipeline", "dataset", "linkedService"])
def test_parameters_at_each_level(kind: str) -> None:
    assert any(each["properties"].get("parameters") for each in definitions(kind).values())


def test_two_days_of_runs_that_ended_before_the_lag(bundled: Estate) -> None:
    moments = [times.parse(run["lastUpdated"]) for run in pipeline_runs(bundled)]
    epoch = times.of(EPOCH)

    assert epoch - 2 * 86_400 * times.SECOND < min(moments)
    assert max(moments) < epoch - 120 * times.SECOND


def test_the_same_epoch_gives_the_same_bytes_and_another_epoch_other_dates() -> None:
    first, again = (estate.load(EPOCH) for _ in range(2))
    later = estate.load(EPOCH.replace(day=20))

    def bodies(each: Estate) -> list[bytes]:
        return [run.row.body() for site in each.sites for run in site.runs]

    assert bodies(first) == bodies(again)
    assert not set(bodies(first)) & set(bodies(later))


@pytest.mark.parametrize(
    ("key", "value", "runs"),
    [
        ("status", "Failed", {"0201/01", "0202/02", "0115/01", "0341/01"}),
        ("status", "Skipped", {"0201/02", "0201/03", "0202/03", "0341/02"}),
        ("status", "Cancelled", {"0182/01"}),
        ("status", "InProgress", {"0253/01"}),
        ("retryAttempt", 1, {"0115/02"}),
        ("iterationHash", "7d793037", {"0131/04", "0131/05", "0141/04"}),
        ("activityType", "ForEach", {"0131/01", "0132/01", "0141/03"}),
        ("activityType", "IfCondition", {"0131/02", "0131/04", "0132/02"}),
        ("activityType", "SqlPoolStoredProcedure", {"0331/01"}),
        ("activityRunEnd", None, {"0182/01", "0253/01"}),
    ],
)
def test_kinds_of_activity_runs(bundled: Estate, key: str, value: Any, runs: set[str]) -> None:
    found = {
        f"{run['activityRunId'][9:13]}/{run['activityRunId'][-2:]}"
        for run in activity_runs(bundled)
        if run[key] == value
    }

    assert found == runs


def test_kinds_of_pipeline_runs(bundled: Estate) -> None:
    runs = list(pipeline_runs(bundled))
    reruns = {run["runId"][9:13] for run in runs if run["runId"] != run["runGroupId"]}
    endless = {run["runId"][9:13] for run in runs if run["runEnd"] is None}
    called = {run["runId"][9:13] for run in runs if "pipelineRunId" in run["invokedBy"]}
    idle = {
        run.id[9:13] for site in bundled.sites for run in site.runs if not list(run.activities())
    }

    assert reruns == {"0203"}
    assert endless == {"0172", "0182", "0253"}
    assert called == {"0102", "0103", "0202"}
    assert idle == {"0172"}


def test_two_runs_carry_the_word_of_the_built_in_connection(bundled: Estate) -> None:
    words = [
        (run["activityName"], word["status"])
        for run in activity_runs(bundled)
        if (word := (run["output"] or {}).get("reportLineageToPurview"))
    ]

    assert [name for name, word in words if word == "Succeeded"] == [
        "Publish stores",
        "Publish products",
    ]
    assert {word for _, word in words} == {"Succeeded", "NotReported"}


def test_what_is_gone_is_not_defined() -> None:
    assert "PL_Retired_Export" not in definitions("pipeline")
    assert not {"DS_Blob_Landing_Old", "DS_Lake_Archive_Old"} & definitions("dataset").keys()


def test_every_other_reference_is_defined() -> None:
    known = {*definitions("dataset"), *definitions("linkedService"), *definitions("pipeline")}
    for kind in ("pipeline", "dataset", "linkedService"):
        for body in definitions(kind).values():
            for name in re.findall(r'"referenceName": "([^"]+)"', json.dumps(body)):
                gone = name in ("DS_Blob_Landing_Old", "DS_Lake_Archive_Old")
                assert name in known or gone or name in ("IR-Contoso-OnPrem", "dwh"), name


def test_a_file_is_named_like_what_it_defines() -> None:
    for kind in ("factory", "pipeline", "dataset", "linkedService"):
        for name, body in definitions(kind).items():
            assert body["name"] == name


def test_inputs_are_evaluated(bundled: Estate) -> None:
    for run in activity_runs(bundled):
        assert '"Expression"' not in json.dumps(run["input"])
        assert not any("@{" in text or text.startswith("@") for text in strings(run["input"]))


def test_one_run_is_older_than_a_definition_it_used(bundled: Estate) -> None:
    seconds = {
        each.name: int(each.etag.split("-")[4][:8], 16)
        for site in bundled.sites
        for each in site.definitions
    }
    newest = times.SECOND * seconds.pop("DS_Stg_Loyalty")
    runs = [
        run for run in pipeline_runs(bundled) if run["pipelineName"] == "PL_Import_Loyalty_Members"
    ]

    assert [times.parse(run["runStart"]) < newest for run in runs] == [True, False]
    assert times.SECOND * max(seconds.values()) < min(
        times.parse(run["runStart"]) for run in pipeline_runs(bundled)
    )


def test_hosts_and_accounts_belong_to_contoso() -> None:
    text = json.dumps([*definitions("linkedService").values()])
    hosts = re.findall(r"[a-z0-9-]+(?=\.(?:blob|dfs|database|sql|vault|example))", text)

    assert set(hosts) >= {"contosolake", "contoso-sql-stg"}
    assert all("contoso" in host for host in hosts)


def test_at_most_one_dated_folder(bundled: Estate) -> None:
    dated = {
        text for text in strings(bundled.expected()["edges"]) if re.search(r"\d{4}/\d\d", text)
    }

    assert {text.split("#")[-2] if "#" in text else text for text in dated} == {
        "https://contosolake.dfs.core.windows.net/lake/archive/2025/12/31/"
    }
