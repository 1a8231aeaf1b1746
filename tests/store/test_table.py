from collections.abc import Iterator

import pytest

from lineage.model import Rows
from lineage.settings import Storage
from lineage.storage import opened
from lineage.store.table import TableRows
from tests.azurite.server import nobody
from tests.store.contract import *  # noqa: F403 - its tests run here, on the store below

pytestmark = pytest.mark.slow


@pytest.fixture
def rows(tables: str) -> Iterator[Rows]:
    with TableRows(opened(Storage(tables), nobody)) as made:
        yield made
