"""An app's notes: for the tests of functions in their host."""

from pathlib import Path

import pytest

from tests.functions.trial import Notes


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
