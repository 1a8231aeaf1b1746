"""
The sample estate, synced over REST: what comes out is what was written by hand beforehand.

Into the embedded catalog, a real Apache Atlas, and a double of Purview in front of that.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
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
from lineage.catalog.rest import RestCatalog
from lineage.model import Catalog, Name, Outcome
from lineage.settings import Settings
from lineage.summary import Summary
from lineage.sync import sync
from tests.catalog.atlas_server import Atlas, fresh


class Synced:
    """The estate, synced twice into one catalog; `environ` names that and who we are there."""

    def __init__(
        self,
        estate: Estate,
        services: Services,
        folder: Path,
        catalog: Catalog,
        environ: Mapping[str, str],
    ) -> None:
        self.expected: Mapping[str, Any] = estate.expected()
        self.catalog = catalog
        self.catalog.send(estate.catalog)
        settings = Settings.from_env(
            {
                "LINEAGE_FACTORIES": ",".join(site.id for site in estate.sites),
                "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
                "LINEAGE_SYNAPSE_ENDPOINT": next(iter(services.synapse.values())),
                "LINEAGE_AUTH": "none",
                "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
                "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
                **environ,
            }
        )
        self.outcomes: list[Outcome] = []
        self.first = self._sync(settings)
        self.second = self._sync(settings)

    def _sync(self, settings: Settings) -> Summary:
        with App(settings) as app:
            return sync(app, None, self.outcomes.append)

    def ends(self, operation: str, side: str) -> set[tuple[str, str]]:
        """Qualified names and types of what an operation reads or writes."""
        entities = self.catalog.get("Process", [operation])
        return {(n.qualified, n.type) for e in entities for n in atlas.ends(e, side)}


@pytest.fixture(scope="module", params=["embedded", pytest.param("atlas", marks=pytest.mark.slow)])
def synced(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Synced]:
    folder = tmp_path_factory.mktemp("estate")
    sample = estate.load(datetime.now(UTC) - timedelta(minutes=10), fresh(folder / "estate"))
    with ExitStack() as stack:
        services = stack.enter_context(Services(sample))
        catalog: LocalCatalog | RestCatalog
        if request.param == "embedded":
            catalog = stack.enter_context(LocalCatalog(folder / "catalog.db"))
            environ = {"LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}"}
        else:
            server: Atlas = request.getfixturevalue("atlas")
            catalog = stack.enter_context(server.catalog())
            environ = server.environ()
        yield Synced(sample, services, folder, catalog, environ)


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
    assert any(
        name.endswith("landing.blob.core.windows.net/landing/orders/orders.csv") for name in names
    )


def test_lineage_leads_from_source_to_operation_to_sink_for_every_copy(synced: Synced) -> None:
    for source, _, operation, sink, sink_type in synced.expected["edges"]:
        answer = synced.catalog.lineage(Name(sink_type, sink), "INPUT", 1)
        names = {
            guid: each["attributes"]["qualifiedName"]
            for guid, each in answer["guidEntityMap"].items()
        }
        found = {
            (names[each["fromEntityId"]], names[each["toEntityId"]]) for each in answer["relations"]
        }
        if source is not None:
            assert {(source, operation), (operation, sink)} <= found


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
