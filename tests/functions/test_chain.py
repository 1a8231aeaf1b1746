"""The whole chain over Azurite, on the sample estate: the same as the command line's on a file."""

from pathlib import Path

import pytest

from lineage.catalog.local import LocalCatalog
from tests.functions.chain import Chain
from tests.functions.trial import ask
from tests.reliability.checker import Checker
from tests.reliability.harness import Site, serving_sample
from tests.reliability.undisturbed import differences

pytestmark = pytest.mark.slow

OFF = {"LINEAGE_RUN_ATTRIBUTES": "off", "LINEAGE_BATCH": "10"}


def test_timer_queue_and_tables_come_to_what_the_command_line_comes_to(
    tmp_path: Path, storage: str
) -> None:
    with serving_sample(tmp_path / "source") as (source, known):
        sites = [
            Site(tmp_path / "file", source, OFF),
            Site(tmp_path / "chain", source, OFF, tables=storage),
        ]
        for site in sites:
            with LocalCatalog(site.folder / "catalog.db") as catalog:
                catalog.send(known)

        ended = sites[0].sync()
        chain = Chain(sites[1])
        with chain.host() as served:
            chain.wait()
            status = ask(served.address, "GET", "/api/status", {"x-functions-key": served.key})
        file, found = (site.evidence() for site in sites)

        broken = Checker(source.truth).observe(found)
    assert ended.code == 0
    assert broken == []
    assert differences(found, file, daily=False) == []
    assert status.status == 200
    [tick] = [each for each in chain.events() if each["event"] == "tick"]
    assert tick["unseen"] == []
