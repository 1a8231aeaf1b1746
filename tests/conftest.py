"""`pytest --update` rewrites expected files; no test reaches anything but this machine."""

import os
import sys
from collections.abc import Iterator

import hypothesis
import pytest

from tests.azurite.server import ACCOUNTS, NoAzurite, connection, serving

_ACCOUNTS = iter(range(ACCOUNTS))
_LOOPBACK = ("127.", "::1", "localhost")

hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected files")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


@pytest.fixture
def tables(azurite: str) -> str:
    """The connection string of a storage account that nobody has used before."""
    return connection(azurite, next(_ACCOUNTS))


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The address of a table service, one for all tests."""
    try:
        with serving() as endpoint:
            yield endpoint
    except NoAzurite as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith(_LOOPBACK):
            raise AssertionError(f"a test wants to connect to {host}")


sys.addaudithook(_guard)
