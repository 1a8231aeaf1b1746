"""The client against the loopback services, which model what the real ones enforce."""

from datetime import UTC, datetime

import pytest

from demo.faults import Fault, Plan
from demo.services import Options, Services
from demo.synthetic import synthetic
from lineage import ticks
from lineage.batch import cut
from lineage.errors import SettingsError, Unavailable
from lineage.http import Limits
from lineage.model import FactoryId, Kind, Reading
from lineage.settings import Settings
from lineage.sources.client import Client
from lineage.sources.definitions import RestDefinitions
from lineage.sources.rest import RestRuns
from lineage.ticks import Ticks

EPOCH = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = ticks.of(EPOCH)
SINCE = ticks.shift(NOW, -7 * 86_400)
ESTATE = synthetic(pipelines=25, runs_per_pipeline=10, wide=101, workspace=True, epoch=EPOCH)
TRUTH = {each.lower() for each in ESTATE.expected()["activityRuns"]}
ALL = (
    *(Fault.THROTTLED_BARE, Fault.BAD_GATEWAY, Fault.DROPPED, Fault.TRUNCATED, Fault.THROTTLED),
    *(Fault.UNAVAILABLE, Fault.DRIP),
)


def connected(services: Services, site: str, limits: Limits | None = None) -> Client:
    factory = FactoryId(next(each.id for each in ESTATE.sites if each.name == site))
    settings = Settings.from_env(
        {
            "LINEAGE_FACTORIES": factory,
            "LINEAGE_AUTH": "none",
            "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
            "LINEAGE_SYNAPSE_ENDPOINT": next(iter(services.synapse.values())),
        }
    )
    return Client(factory, settings, sleep=lambda _: None, limits=limits or Limits())


def read(client: Client) -> tuple[list[Reading], RestDefinitions]:
    """Everything of the last week, in batches."""
    runs = RestRuns(client, {"Copy"}, lambda: NOW)
    definitions = RestDefinitions(client, lambda: Ticks(NOW + 1))
    listed = [each.reference for each in runs.finished(SINCE, NOW)]
    readings = [
        definitions.prefetch(runs.read(batch), {"Copy"})
        for batch in cut(client.factory, listed, lanes=2, most=50)
    ]
    return readings, definitions


def activities(readings: list[Reading]) -> list[str]:
    return [
        each.id for reading in readings for listed in reading.listed for each in listed.activities
    ]


@pytest.mark.slow
@pytest.mark.parametrize("every", [0, 7], ids=["at ease", "with every seventh call answered badly"])
def test_every_activity_run_of_the_estate_is_read_once(every: int) -> None:
    plan = Plan(every=every, kinds=ALL, drip=0.2)
    found: list[str] = []
    with Services(ESTATE, Options(plan=plan)) as services:
        for site in ESTATE.sites:
            client = connected(services, site.name)
            readings, definitions = read(client)
            client.close()
            found += activities(readings)
            assert [reading.unread for reading in readings if reading.unread] == []
            assert definitions.factory.id == site.id
            pipeline = readings[0].listed[0].run.pipeline
            assert definitions.get(Kind.PIPELINE, pipeline) is not None

    assert len(found) == len(set(found))
    assert {each.lower() for each in found} == TRUTH


def test_a_factory_that_is_forbidden_is_a_matter_of_set_up() -> None:
    site = ESTATE.sites[0].name
    with Services(ESTATE, Options(forbidden=frozenset({site}))) as services:
        client = connected(services, site)

        with pytest.raises(SettingsError, match="give our identity Reader on the factory"):
            read(client)

        client.close()


@pytest.mark.slow
def test_a_factory_that_hangs_is_unavailable_after_the_limits() -> None:
    site = ESTATE.sites[0].name
    with Services(ESTATE, Options(hanging=frozenset({site}))) as services:
        client = connected(services, site, Limits(read=0.1, attempts=2))

        with pytest.raises(Unavailable, match="TimeoutError"):
            read(client)

        client.close()
