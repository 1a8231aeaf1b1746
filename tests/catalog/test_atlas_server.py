"""The contract on a real Apache Atlas, through our client."""

from collections.abc import Iterator

import pytest

from lineage.catalog.rest import RestCatalog
from tests.catalog.atlas_server import Atlas
from tests.catalog.contract import *  # noqa: F403 - its tests run here, on the catalog below

pytestmark = pytest.mark.slow


@pytest.fixture
def catalog(atlas: Atlas) -> Iterator[RestCatalog]:
    with atlas.catalog() as catalog:
        yield catalog
