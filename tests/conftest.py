"""`pytest --update` rewrites expected files; no test reaches anything but this machine."""

import os
import socket
import sys
from collections.abc import Iterator
from threading import get_ident
from typing import Any

import hypothesis
import pycurl
import pytest

from lineage.http._curl import ALWAYS
from tests.azurite.server import ACCOUNTS, NoAzurite, connection, serving
from tests.azurite.storage import connection_to_all, serving_all
from tests.catalog.atlas_server import atlas

__all__ = ["atlas"]

_ACCOUNTS = iter(range(ACCOUNTS))
_ACCOUNTS_WITH_QUEUES = iter(range(ACCOUNTS))
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


@pytest.fixture
def storage(storage_services: dict[str, str]) -> str:
    """The connection string of an account with queues, too, that nobody has used before."""
    return connection_to_all(storage_services, next(_ACCOUNTS_WITH_QUEUES))


@pytest.fixture(scope="session")
def storage_services() -> Iterator[dict[str, str]]:
    """The addresses of all of Azurite's services, one process for all tests."""
    try:
        with serving_all() as addresses:
            yield addresses
    except NoAzurite as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def _opened(purpose: int, address: Any) -> socket.socket | int:
    """The guard's word for libcurl, which opens its sockets where no audit hook looks."""
    before = _duplicated.pop(get_ident(), None)
    if before is not None:
        before.close()
    if not str(address.addr[0]).startswith(_LOOPBACK):
        return pycurl.SOCKET_BAD
    made = socket.socket(address.family, address.socktype, address.protocol)
    _duplicated[get_ident()] = made
    return made


def pytest_unconfigure() -> None:
    while _duplicated:
        _duplicated.popitem()[1].close()


_duplicated: dict[int, socket.socket] = {}  # by thread: libcurl makes its own of the one returned
ALWAYS[pycurl.OPENSOCKETFUNCTION] = _opened


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith(_LOOPBACK):
            raise AssertionError(f"a test wants to connect to {host}")


sys.addaudithook(_guard)
