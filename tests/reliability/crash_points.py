"""
The Functions app ends before, and after, a write of its chain, and is begun anew.

    python -m tests.reliability.crash_points [--each N]

A small estate is collected four hours at a time of simulated time. Every batch was somebody's
before and is cut; a catalog that is down now and then has some put back; half of the runs end
their workers, are poisoned, and replayed one by one. The process ends at one write, in one run of
this; all the rest goes well. Then nothing may be lost, doubled or invented, and the ledger be as
if it had not ended. Swept are the first N writes of each kind (default: 10), before and after.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.services import Options, Services
from demo.synthetic import FACTORY as SITE
from demo.synthetic import synthetic
from lineage import ticks
from lineage.batch import decode
from lineage.catalog.local import LocalCatalog
from lineage.model import FactoryId, Status
from lineage.service import Service
from lineage.settings import Settings
from tests.reliability.checker import Checker
from tests.reliability.evidence import Evidence, gather, watch
from tests.reliability.mortal import Dead, Life, Message, Messages, born
from tests.reliability.truth import Truth, truth_of
from tests.reliability.undisturbed import differences
from tests.reliability.violations import Broken, Violation

FACTORY = FactoryId(SITE)
EPOCH = datetime.fromisoformat("2026-11-19T12:00:00+00:00")
ESTATE = {"pipelines": 12, "runs_per_pipeline": 4, "activities": 2, "columns": 1, "failing": 9}
STEP = 4 * 3600.0  # seconds between two ticks
SPAN = 50 * 3600.0  # seconds before the epoch, at which the first one is
MOST = 80  # ticks in which all has to be settled
KINDS = (
    *("run row written", "reference sent", "cursor moved", "Pending rows written"),
    *("run marked listed", "push sent", "fingerprint written", "status written"),
    *("message deleted", "poison rows", "replay", "split", "requeue"),
)


@dataclass(slots=True)
class Ground:
    """The services of a sweep, and the settings of an app that reads them."""

    folder: Path
    services: Services
    truth: Truth

    @property
    def history(self) -> Path:
        return self.folder / "history.jsonl"


@contextmanager
def ground() -> Iterator[Ground]:
    """Services in a folder that is in memory where there is such a thing: SQLite syncs a lot."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder of our own in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        folder, estate = Path(made), synthetic(epoch=EPOCH, **ESTATE)  # type: ignore[arg-type]  # of a table
        with Services(estate, Options(history=folder / "history.jsonl")) as services:
            yield Ground(folder, services, truth_of(estate))


class Played:
    """The app on a store and a catalog of its own, from its first tick to when all is settled."""

    def __init__(self, ground: Ground, end: int | None) -> None:
        self._ground = ground
        self._folder = ground.folder / "site"  # the catalog's address is part of keys
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        self._now = ticks.shift(ticks.of(EPOCH), -SPAN)
        self._poisoned: set[str] = set()  # pipeline runs that were on the poison queue
        self._queue = Messages(lambda: self._now)
        self._life = Life(end)
        LocalCatalog(str(self._folder / "catalog.db")).close()
        watch(self._folder / "catalog.db")
        self._settings = Settings.from_env(
            {
                "LINEAGE_FACTORIES": FACTORY,
                "LINEAGE_MANAGEMENT_ENDPOINT": ground.services.management,
                "LINEAGE_AUTH": "none",
                "LINEAGE_STORE": f"sqlite:{self._folder / 'store.db'}",
                "LINEAGE_CATALOG": f"local:{self._folder / 'catalog.db'}",
                "LINEAGE_RUN_ATTRIBUTES": "off",
                "LINEAGE_LANES": "1",
                "LINEAGE_LOOKBACK": "1d",
            }
        )
        self.writes = self._life.writes
        self.died = False
        self.broken: list[Violation] = []
        self._play()
        self.evidence = self._evidence()
        self.broken += Checker(ground.truth).finish(self.evidence)

    def _play(self) -> None:
        service = self._born()
        for _ in range(MOST):
            try:
                self._turn(service)
            except Dead:
                self.died = True
                service.close()
                found = Checker(self._ground.truth).observe(self._evidence())
                # who is poisoned is not what the source says, until it is replayed
                self.broken += [each for each in found if each.broken is not Broken.WRONG]
                self._life = Life()
                service = self._born()
            self._now = ticks.shift(self._now, STEP)
            if self._now > ticks.of(EPOCH) and self._is_over(service):
                break
        else:
            self.broken.append(Violation(Broken.INCOMPLETE, "something waits for ever"))
        service.close()

    def _born(self) -> Service:
        return born(self._settings, self._queue, self._life, lambda: self._now)

    def _turn(self, service: Service) -> None:
        """A tick, the messages that may be seen after it, and a person who replays."""
        self._queue.word = "reference sent"
        service.collect()
        while message := self._queue.take():
            self._deliver(service, message)
        if self._now > ticks.of(EPOCH):
            ledger, now = service.app.ledger, self._now
            for row in list(ledger.activity_rows(FACTORY, Status.FAILED)):
                ledger.replay(FACTORY, [row], now)
            ledger.recall(FACTORY, now)

    def _deliver(self, service: Service, message: Message) -> None:
        runs = decode(message.text).runs
        if len(runs) == 1 and _is_poison(runs[0].id) and runs[0].id not in self._poisoned:
            service.poison(message.text, message.times)
            self._poisoned.add(runs[0].id)
        else:
            self._queue.word = "split" if len(runs) > 1 else "requeue"
            service.report(message.text, message.id, message.times + (len(runs) > 1))
        self._queue.delete(message)

    def _is_over(self, service: Service) -> bool:
        ledger = service.app.ledger
        failed = any(True for _ in ledger.activity_rows(FACTORY, Status.FAILED))
        return not (self._queue.held or ledger.backlog(FACTORY) or failed)

    def _evidence(self) -> Evidence:
        store, catalog = self._folder / "store.db", self._folder / "catalog.db"
        return gather(store, catalog, self._ground.history)


def _is_poison(run: str) -> bool:
    """Half of the runs."""
    return int(run.split("-")[1], 16) % 2 == 1


def points(writes: Sequence[str], each: int) -> dict[int, str]:
    """The moments of the sweep: before and after the first writes of each kind."""
    places: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for place, word in enumerate(writes):
        if word in places:
            places[word].append(place)
    return {
        2 * place + after: f"{('before', 'after')[after]} {kind}"
        for kind, found in places.items()
        for place in found[:each]
        for after in (0, 1)
    }


def sweep(each: int, *, after: bool = True) -> tuple[dict[int, str], dict[str, list[Violation]]]:
    """All moments, those `after` a write if asked for, and what was broken by an end at one."""
    with ground() as made:
        calm = Played(made, None)
        if calm.broken:
            raise AssertionError(f"without an end it is broken: {calm.broken[:5]}")
        moments = points(calm.writes, each)
        moments = {end: what for end, what in moments.items() if after or end % 2 == 0}
        broken: dict[str, list[Violation]] = {}
        for end, what in sorted(moments.items()):
            played = Played(made, end)
            found = [*played.broken, *differences(_plain(played), _plain(calm), daily=False)]
            found += [] if played.died else [Violation(Broken.INCOMPLETE, "it did not end")]
            if found:
                broken[f"{what}, {end}"] = found
        return moments, broken


def _plain(played: Played) -> Evidence:
    """Without leases and circuits, and what rows keep of a replay."""
    rows = (
        replace(row, body={key: each for key, each in row.body.items() if key != "replays"})
        for row in played.evidence.rows
        if not row.part.startswith("notes|")
    )
    return replace(played.evidence, rows=tuple(rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many moments of each kind there were, and what was broken; 1 if anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.crash_points")
    parser.add_argument("--each", type=int, default=10, help="writes of a kind")
    began = time.monotonic()
    moments, broken = sweep(parser.parse_args(arguments).each)
    for what, number in sorted(Counter(moments.values()).items()):
        print(f"{what:<32}{number:>4}")
    for what, found in broken.items():
        print(what, *map(str, found[:3]), sep="\n  ")
    print(f"\n{len(moments)} crash points, {len(broken)} broken, {time.monotonic() - began:.0f} s")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
