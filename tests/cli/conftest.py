import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from demo import estate
from demo.services import Services
from demo.shapes import Estate
from lineage.catalog.local import LocalCatalog
from lineage.cli import main
from tests.cli.program import Ended, Program, Synced, leading_to


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
def world() -> Estate:
    """The bundled estate, its two days of runs just over."""
    return estate.load(datetime.now(UTC) - timedelta(minutes=10))


@pytest.fixture(scope="session")
def source(world: Estate) -> Iterator[Mapping[str, str]]:
    """The settings that lead to the estate."""
    with Services(world) as services:
        yield leading_to(services, world)


@pytest.fixture(scope="session")
def synced(
    world: Estate, source: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Synced:
    folder = tmp_path_factory.mktemp("synced")
    settings = {
        **source,
        "LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}",
        "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
    }
    with LocalCatalog(folder / "catalog.db") as catalog:
        catalog.send(world.catalog)
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["sync", "--json"], settings)
    return Synced(settings, Ended(code, out.getvalue(), err.getvalue()))
