"""One sync as a whole: that it ends, whatever the store does."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import estate
from demo.services import Services
from lineage import ticks
from lineage.app import HOPELESS, App
from lineage.errors import Unavailable
from lineage.model import Batch, Clock, Definition, Factory, Kind, PipelineRun, Reading, Rows
from lineage.settings import Settings
from lineage.sources.definitions import RestDefinitions
from lineage.sources.rest import RestRuns
from lineage.store.notes import Notes
from lineage.store.sqlite import SqliteRows
from lineage.ticks import Ticks
from lineage.wiring import now
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


def test_runs_whose_definition_cannot_be_had_do_not_put_their_factory_to_rest(
    tmp_path: Path,
) -> None:
    world = estate.load(datetime.now(UTC) - timedelta(minutes=10))
    with Services(world) as services:
        settings = Settings.from_env(
            {
                **leading_to(services, world),
                "LINEAGE_STORE": f"sqlite:{tmp_path / 's.db'}",
                "LINEAGE_CATALOG": f"local:{tmp_path / 'c.db'}",
                "LINEAGE_BATCH": "1",
            }
        )
        with App(settings) as app:
            dead = Dead(app.source(settings.factories[0]).definitions)
            app.source(settings.factories[0]).definitions = dead
            summary = app.sync(None, lambda _: None)

    assert dead.refused > HOPELESS
    assert not summary.complete
    assert sum(each["backlog"] for each in summary.factories.values()) == dead.refused


def test_a_run_that_the_source_no_longer_has_is_named_as_a_problem(tmp_path: Path) -> None:
    world = estate.load(datetime.now(UTC) - timedelta(minutes=10))
    with Services(world) as services:
        settings = Settings.from_env(
            {
                **leading_to(services, world),
                "LINEAGE_STORE": f"sqlite:{tmp_path / 's.db'}",
                "LINEAGE_CATALOG": f"local:{tmp_path / 'c.db'}",
            }
        )
        with App(settings) as app:
            factory = settings.factories[0]
            bygone = app.source(factory).runs = Bygone(app.source(factory).runs)
            summary = app.sync(None, lambda _: None)
            again = app.sync(None, lambda _: None)

    assert summary.problems == {
        f"{factory}/pipelineruns/{bygone.gone}": "the source no longer has this pipeline run:"
        " what was open of it is Failed"
    }
    assert again.complete


class Bygone(RestRuns):
    """Runs of which the first one that is asked for is gone."""

    def __init__(self, of: RestRuns) -> None:
        self._of = of
        self.gone = ""

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        return self._of.finished(since, until)

    def read(self, batch: Batch) -> Reading:
        """One run is gone, the others are there."""
        if self.gone:
            return self._of.read(batch)
        first, *others = batch.runs
        self.gone = first.id
        reading = self._of.read(replace(batch, runs=tuple(others)))
        return replace(reading, gone=(first,))


def test_a_sync_removes_runs_that_the_ledger_need_not_keep(tmp_path: Path) -> None:
    world = estate.load(datetime.now(UTC) - timedelta(minutes=10))
    with Services(world) as services:
        settings = Settings.from_env(
            {
                **leading_to(services, world),
                "LINEAGE_STORE": f"sqlite:{tmp_path / 's.db'}",
                "LINEAGE_CATALOG": f"local:{tmp_path / 'c.db'}",
                "LINEAGE_LEDGER_DAYS": "50",
            }
        )
        kept = []
        for days in (0, 40, 60):  # the oldest run is a week old
            with App(settings, clock=in_days(days)) as app:
                complete = app.sync(None, lambda _: None).complete
                totals = [app.ledger.totals(each).total() for each in settings.factories]
            kept.append((complete, sum(totals)))

    assert kept == [(True, 67), (True, 67), (True, 0)]


def in_days(days: int) -> Clock:
    return lambda: ticks.shift(now(), days * 86_400)


class Dead(RestDefinitions):
    """Definitions that can never be had for the runs of one pipeline."""

    def __init__(self, of: RestDefinitions) -> None:
        self._of = of
        self.refused = 0

    @property
    def factory(self) -> Factory:
        return self._of.factory

    def get(self, kind: Kind, name: str) -> Definition | None:
        return self._of.get(kind, name)

    def prefetch(self, reading: Reading, wanted: Collection[str]) -> Reading:
        """Its runs are left unread."""
        dead = [each for each in reading.listed if each.run.pipeline == "PL_Copy_Erp_Table"]
        if not dead:
            return self._of.prefetch(reading, wanted)
        self.refused += len(dead)
        kept = tuple(each for each in reading.listed if each not in dead)
        return replace(reading, listed=kept, unread=tuple(each.run.reference for each in dead))
