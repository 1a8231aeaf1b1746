"""The whole chain with its store in tables: the same as on a file, once and again."""

from collections import Counter
from itertools import count, cycle
from pathlib import Path

import pytest

from lineage.catalog.local import LocalCatalog
from tests.azurite.faulty import FAULTS, before
from tests.reliability.checker import Checker
from tests.reliability.harness import Site, serving_sample
from tests.reliability.undisturbed import differences

pytestmark = pytest.mark.slow

OFF = {"LINEAGE_RUN_ATTRIBUTES": "off"}


def test_a_sync_leaves_in_tables_what_it_leaves_in_a_file(tmp_path: Path, tables: str) -> None:
    with serving_sample(tmp_path / "source") as (source, known):
        sites = [
            Site(tmp_path / "file", source, OFF),
            Site(tmp_path / "tables", source, OFF, tables=tables),
        ]
        for site in sites:
            with LocalCatalog(site.folder / "catalog.db") as catalog:
                catalog.send(known)

        ended = [site.sync() for site in sites]
        file, table = (site.evidence() for site in sites)
        again = sites[1].sync()

        broken = Checker(source.truth).observe(table)
    assert [each.code for each in (*ended, again)] == [0, 0, 0]
    assert ended[0].summary is not None
    assert ended[1].summary is not None
    assert ended[1].summary["runs"] == ended[0].summary["runs"]
    assert differences(table, file, daily=False) == []
    assert broken == []
    assert again.summary is not None
    assert again.summary["runs"] == {}
    assert again.summary["catalogWrites"] == 0


def test_every_run_is_accounted_for_over_a_table_service_that_fails(
    tmp_path: Path, tables: str
) -> None:
    upstream = tables.partition("TableEndpoint=")[2].rpartition("/")[0]
    calls, faults = count(1), cycle(FAULTS)
    with (
        serving_sample(tmp_path / "source") as (source, known),
        before(upstream, lambda _: None if next(calls) % 25 else next(faults)) as proxy,
    ):
        faulty = {**OFF, "AzureWebJobsStorage": tables.replace(upstream, proxy.address)}
        sites = [
            Site(tmp_path / "calm", source, OFF),
            Site(tmp_path / "faulty", source, faulty, tables=tables),
        ]
        for site in sites:
            with LocalCatalog(site.folder / "catalog.db") as catalog:
                catalog.send(known)

        ended = [site.sync() for site in sites]

        calm, found = (site.evidence() for site in sites)
        broken = Checker(source.truth).observe(found)
    assert [each.code for each in ended] == [0, 0]
    assert ended[1].summary is not None
    assert ended[0].summary is not None
    assert ended[1].summary["runs"] == ended[0].summary["runs"]
    assert broken == []
    assert differences(found, calm, daily=False) == []
    assert Counter(proxy.met).keys() == set(FAULTS)
