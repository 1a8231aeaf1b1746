from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from demo import estate
from demo.shapes import Estate

EPOCH = datetime(2026, 11, 19, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def bundled() -> Estate:
    return estate.load(EPOCH)


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session
