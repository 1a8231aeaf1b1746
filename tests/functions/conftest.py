"""A storage account with queues, and an app's notes: for the tests of functions in their host."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.azurite.server import ACCOUNTS, NoAzurite
from tests.azurite.storage import connection_to_all, serving_all
from tests.functions.trial import Notes

_ACCOUNTS = iter(range(ACCOUNTS))


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


@pytest.fixture
def storage(storage_services: dict[str, str]) -> str:
    """The connection string of a storage account that nobody has used before."""
    return connection_to_all(storage_services, next(_ACCOUNTS))


@pytest.fixture
def notes(storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notes:
    """The notes of the app in `tests/functions/app`, whose settings are made."""
    settings = {
        "AzureWebJobsStorage": storage,
        "APP_NOTES": str(tmp_path / "notes"),
        "APP_QUEUE": "work",
        "APP_SCHEDULE": "0 0 0 1 1 *",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Notes(tmp_path / "notes", storage)
