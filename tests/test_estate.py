"""The sample estate, synced over REST: what comes out is what was written by hand beforehand."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo import estate
from demo.services import Services
from demo.shapes import Estate
from lineage.app import App
from lineage.catalog import atlas
from lineage.catalog.local import LocalCatalog
from lineage.model import Name, Outcome
from lineage.settings import Settings
from lineage.summary import Summary


class Synced:
    """The estate, synced twice into one catalog."""

    def __init__(self, estate: Estate, services: Services, folder: Path) -> None:
        self.expected: Mapping[str, Any] = estate.expected()
        self.catalog = LocalCatalog(folder / "catalog.db")
        self.catalog.send(estate.catalog)
        settings = Settings.from_env(
            {
                "LINEAGE_FACTORIES": ",".join(site.id for site in estate.sites),
                "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
                "LINEAGE_SYNAPSE_ENDPOINT": services.synapse["syn-contoso-dwh"],
                "LINEAGE_AUTH": "none",
                "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
                "LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}",
            }
        )
        self.outcomes: list[Outcome] = []
        self.first = self._sync(settings)
        self.second = self._sync(settings)

    def _sync(self, settings: Settings) -> Summary:
        with App(settings) as app:
            return app.sync(None, self.outcomes.append)

    def ends(self, operation: str, side: str) -> set[tuple[str, str]]:
        """Qualified names and types of what an operation reads or writes."""
        entities = self.catalog.get("Process", [operation])
        return {(n.qualified, n.type) for e in entities for n in atlas.ends(e, side)}


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    sample = estate.load(datetime.now(UTC) - timedelta(minutes=10))
    with Services(sample) as services:
        made = Synced(sample, services, tmp_path_factory.mktemp("estate"))
        with closing(made.catalog):
            yield made


def test_every_activity_run_ends_with_the_status_and_reasons_written_by_hand(
    synced: Synced,
) -> None:
    found = {
        outcome.run.id: (str(outcome.status), sorted({str(gap.reason) for gap in outcome.gaps}))
        for outcome in synced.outcomes
    }

    assert found == {
        run: (expected["status"], expected["reasons"])
        for run, expected in synced.expected["activityRuns"].items()
    }


def test_the_catalog_has_the_edges_written_by_hand_and_no_other(synced: Synced) -> None:
    expected: dict[str, tuple[set[tuple[str, str]], set[tuple[str, str]]]] = {}
    for source, source_type, operation, sink, sink_type in synced.expected["edges"]:
        inputs, outputs = expected.setdefault(operation, (set(), set()))
        outputs.add((sink, sink_type))
        if source is not None:
            inputs.add((source, source_type))

    assert {
        name: (synced.ends(name, "inputs"), synced.ends(name, "outputs"))
        for name in operations(synced)
    } == expected


def test_the_columns_of_the_report_are_those_written_by_hand(synced: Synced) -> None:
    expected = {tuple(each) for each in synced.expected["columns"]}
    found = {
        (operation, source, column, sink, output)
        for operation in {each[0] for each in expected}
        for entity in synced.catalog.get("Process", [operation])
        for (sink, _) in synced.ends(operation, "outputs")
        for source, column, output in atlas.pairs(entity)
    }

    assert found == expected


def test_the_report_is_reached_from_where_its_data_came_from(synced: Synced) -> None:
    report = Name("azure_synapse_dedicated_sql_table", synced.expected["report"])

    answer = synced.catalog.lineage(report, "INPUT", 0)

    names = {each["attributes"]["qualifiedName"] for each in answer["guidEntityMap"].values()}
    assert "https://contosolanding.blob.core.windows.net/landing/orders/orders.csv" in names


def test_a_second_sync_asks_each_source_once_and_sends_nothing(synced: Synced) -> None:
    counts = synced.second.counts

    assert (counts["sourceCalls"], counts["catalogReads"], counts["catalogWrites"]) == (2, 0, 0)
    assert synced.first.complete
    assert synced.second.complete


def operations(synced: Synced) -> set[str]:
    """Every operation that the edges written by hand, or a data set of theirs, lead to."""
    found = set()
    for _, _, operation, sink, sink_type in synced.expected["edges"]:
        found.add(operation)
        answer = synced.catalog.lineage(Name(sink_type, sink), "BOTH", 0)
        found |= {
            each["attributes"]["qualifiedName"]
            for each in answer["guidEntityMap"].values()
            if each["typeName"].endswith("_operation")
        }
    return found
