from collections.abc import Iterator

import pytest

from lineage.auth import Credential
from lineage.model import Rows
from lineage.settings import Storage
from lineage.store.storage import opened
from lineage.store.table import TableRows
from tests.azurite.server import connection
from tests.store.contract import *  # noqa: F403 - its tests run here, on the store below

pytestmark = pytest.mark.slow


@pytest.fixture
def rows(azurite: str) -> Iterator[Rows]:
    """Tables without rows: those of the test before are removed."""
    with opened(Storage(connection(azurite)), nobody) as service:
        for table in list(service.list_tables()):
            service.delete_table(table.name)
    with TableRows(opened(Storage(connection(azurite)), nobody)) as made:
        yield made


def nobody() -> Credential:
    raise AssertionError("a connection string needs no identity")
