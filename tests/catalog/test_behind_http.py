"""The contract on the embedded catalog behind HTTP, through our client."""

from collections.abc import Iterator

import pytest

from lineage.catalog.local import LocalCatalog
from lineage.catalog.pace import Pace
from lineage.catalog.rest import RestCatalog
from lineage.catalog.servers import SERVERS
from tests.catalog.contract import *  # noqa: F403 - its tests run here, on the catalog below
from tests.catalog.front import embedded, serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with LocalCatalog(":memory:") as local, serving(embedded(local)) as front:
        yield front.url


@pytest.fixture
def catalog(url: str) -> Iterator[RestCatalog]:
    with RestCatalog(SERVERS["atlas"], url, None, Pace(1e9, 50, 50)) as catalog:
        yield catalog
