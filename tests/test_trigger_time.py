"""A name that depends on when a trigger fired: from the loopback Data Factory to the catalog."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from demo import payloads, times
from demo.services import Options, Services
from demo.shapes import Estate, Run, Site
from lineage import ticks
from lineage.app import App
from lineage.model import Outcome
from lineage.settings import Settings
from lineage.summary import Summary
from lineage.sync import sync

SCENARIO = Path(__file__).parent / "scenarios/copy_trigger_time"
SITE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/folder"
    "/providers/Microsoft.DataFactory/factories/adf-contoso-sales"
)
NOW = ticks.of(datetime(2026, 11, 19, 12, tzinfo=UTC))
FOLDERS = {
    "dataset": "datasets",
    "linkedService": "linkedservices",
    "pipeline": "pipelines",
}


def read(path: str) -> Any:
    return json.loads((SCENARIO / path).read_text("utf-8"))


def site(*, triggered: bool) -> Site:
    """The factory of the scenario; `triggered` is whether it still has the trigger's run."""
    run = read("pipelineRun.json")
    rows = tuple(map(payloads.activity_row, read("activityRuns.json")["value"]))
    definitions = tuple(
        payloads.definition(SITE, kind, path.stem, json.loads(path.read_text())["properties"], 1)
        for folder, kind in FOLDERS.items()
        for path in sorted((SCENARIO / folder).iterdir())
    )
    return Site(
        SITE,
        payloads.factory(SITE, {}, times.parse("2026-01-01T00:00:00Z")),
        definitions,
        (Run(payloads.pipeline_row(run), lambda: rows),),
        (payloads.trigger_row(SITE, run),) if triggered else (),
    )


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {
        "LINEAGE_FACTORIES": SITE,
        "LINEAGE_AUTH": "none",
        "LINEAGE_STORE": f"sqlite:{tmp_path / 'store.db'}",
        "LINEAGE_CATALOG": f"local:{tmp_path / 'catalog.db'}",
    }


def synced(services: Services, environ: Mapping[str, str]) -> tuple[Summary, list[Outcome]]:
    outcomes: list[Outcome] = []
    settings = Settings.from_env({**environ, "LINEAGE_MANAGEMENT_ENDPOINT": services.management})
    with App(settings, clock=lambda: NOW) as app:
        return sync(app, None, outcomes.append), outcomes


def asked(services: Services) -> Iterator[str]:
    return (str(each["path"]).rpartition("/")[2] for each in services.history.lines)


def test_the_trigger_is_asked_once_and_its_day_is_in_the_name(environ: Mapping[str, str]) -> None:
    with Services(Estate((site(triggered=True),)), Options()) as services:
        summary, [run] = synced(services, environ)
        calls = list(asked(services))
        again, more = synced(services, environ)

    [told] = run.processes
    [source] = told.process.inputs
    assert source.asset.candidates[0].qualified == (
        "https://stcontososales.blob.core.windows.net/landing/orders/2026/11/19/orders.csv"
    )
    assert [(str(gap.reason), gap.detail) for gap in run.gaps] == [
        ("Inferred", "the time of the trigger, from its run")
    ]
    assert calls.count("queryTriggerRuns") == 1
    assert summary.complete
    assert (again.counts["sourceCalls"], more) == (1, [])


def test_a_trigger_whose_run_is_gone_leaves_a_reason_and_no_edge(
    environ: Mapping[str, str],
) -> None:
    with Services(Estate((site(triggered=False),)), Options()) as services:
        summary, [run] = synced(services, environ)

    assert [(str(gap.reason), gap.detail) for gap in run.gaps if gap.reason == "Unresolved"] == [
        ("Unresolved", "TriggerTime of the pipeline run: its trigger's run is gone")
    ]
    assert "2026" not in str([told.process.inputs for told in run.processes])
    assert summary.complete
