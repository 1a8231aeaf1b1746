"""`pytest --update` rewrites expected files; no test reaches anything but this machine."""

import sys

import hypothesis
import pytest

from tests.catalog.atlas_server import atlas

__all__ = ["atlas"]

_LOOPBACK = ("127.", "::1", "localhost")

hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected files")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith(_LOOPBACK):
            raise AssertionError(f"a test wants to connect to {host}")


sys.addaudithook(_guard)
