import logging
import os
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo import estate
from demo.services import Services
from lineage.cli import main
from tests.cli.program import Ended, Program, process


@pytest.fixture
def program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    logger = logging.getLogger("lineage")
    before = logger.handlers, logger.level

    def run(*arguments: str, **settings: str) -> Ended:
        environ = {
            "LINEAGE_CATALOG": f"local:{tmp_path / 'catalog.db'}",
            "LINEAGE_STORE": f"sqlite:{tmp_path / 'store.db'}",
            **settings,
        }
        code = main(arguments, environ)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    interrupt = signal.getsignal(signal.SIGINT)
    yield run
    assert signal.getsignal(signal.SIGINT) is interrupt
    logger.handlers, logger.level = before


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """The bundled estate, its two days of runs just over."""
    with Services(estate.load(datetime.now(UTC) - timedelta(minutes=10))) as running:
        yield running


@pytest.fixture(scope="session")
def source(services: Services) -> Mapping[str, str]:
    """The settings that lead to the estate."""
    sites = (services.management, services.synapse["syn-contoso-dwh"])
    factory = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-data-prod"
    return {
        "LINEAGE_FACTORIES": f"{factory}/providers/Microsoft.DataFactory/factories/"
        f"adf-contoso-sales-prod,{factory}/providers/Microsoft.Synapse/workspaces/syn-contoso-dwh",
        "LINEAGE_MANAGEMENT_ENDPOINT": sites[0],
        "LINEAGE_SYNAPSE_ENDPOINT": sites[1],
        "LINEAGE_AUTH": "none",
    }


@pytest.fixture(scope="session")
def synced(
    source: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """The settings of a ledger and a catalog that one sync has filled."""
    folder = tmp_path_factory.mktemp("synced")
    environ = {
        **source,
        "LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}",
        "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
    }
    ended = process("sync", "--json", environ={**os.environ, **environ})
    assert ended.returncode == 0, ended.stderr
    (folder / "sync.ndjson").write_text(ended.stdout, encoding="utf-8")
    return environ
