"""One sync as a whole: that it ends, whatever the store does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import estate
from demo.services import Services
from lineage.app import App
from lineage.errors import Unavailable
from lineage.model import Rows
from lineage.settings import Settings
from lineage.store.notes import Notes
from lineage.store.sqlite import SqliteRows
from tests.cli.program import leading_to


class Forgetful(Notes):
    """Leases of which the first lane's cannot be given back."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.kept = ""

    def free(self, what: str, owner: str) -> None:
        """Fails once, as a store does that somebody else holds for too long."""
        if not self.kept and what.startswith("/subscriptions/"):
            self.kept = what
            raise Unavailable("the store is busy")
        super().free(what, owner)


def test_a_lane_whose_lease_is_left_behind_is_left_to_the_next_sync(tmp_path: Path) -> None:
    store = f"{tmp_path / 'store.db'}"
    places = {
        "LINEAGE_STORE": f"sqlite:{store}",
        "LINEAGE_CATALOG": f"local:{tmp_path / 'c.db'}",
        "LINEAGE_BATCH": "1",
        "LINEAGE_LANES": "1",
    }
    world = estate.load(datetime.now(UTC) - timedelta(minutes=10))
    with Services(world) as services:
        settings = Settings.from_env({**leading_to(services, world), **places})
        with App(settings) as app, SqliteRows(store) as rows:
            notes = app.notes = Forgetful(rows)
            cut_short = app.sync(None, lambda _: None)
        with App(settings) as app:
            after = app.sync(None, lambda _: None)

    assert notes.kept
    assert not cut_short.complete
    assert cut_short.seconds < 30
    assert after.complete
    assert sum((cut_short.runs + after.runs).values()) == 67
