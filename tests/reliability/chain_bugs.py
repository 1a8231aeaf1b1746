"""Rounds of the chain with a planted bug, until it is caught."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

from tests.azurite.storage import connection_to_all
from tests.reliability.chain_planted import BUGS, COPIES, HURRY, ChainBug
from tests.reliability.chain_site import STARTING, Hosts, app, until
from tests.reliability.checker import Checker
from tests.reliability.harness import ROOT, Site, serving
from tests.reliability.kills import Caught
from tests.reliability.violations import Broken, Violation

SMALL = {"pipelines": 4, "runs_per_pipeline": 10, "activities": 3, "columns": 1}
PAGES = {"pipelines": 1, "runs_per_pipeline": 1, "activities": 1, "columns": 1, "burst": 105}
PAGES |= {"wide": 105}
SETTINGS = {"LINEAGE_BATCH": "5", "LINEAGE_LANES": "8", "LINEAGE_LOOKBACK": "50h"}
TRIES = 10  # rounds in which a bug is to be caught


class Hunt:
    """Two small estates, and an account for each round."""

    def __init__(self, folder: Path, seed: int, azurite: dict[str, str], stack: ExitStack) -> None:
        self._folder, self._seed, self._azurite = folder, seed, azurite
        self._accounts = count(400)  # those below are others'
        epoch = datetime.now(UTC).replace(microsecond=0)
        slow = ("--latency", "0.01")
        self._small = stack.enter_context(serving(folder / "small", epoch, SMALL, *slow))
        self._pages = stack.enter_context(serving(folder / "pages", epoch, PAGES, *slow))

    def hunt(self, name: str) -> Caught:
        """Rounds with a bug until it is caught."""
        bug, kills, began = BUGS[name], 0, time.monotonic()
        tree = app((*HURRY, COPIES, *bug.patches), ROOT, self._folder / "trees" / name)
        for number in range(1, TRIES + 1):
            source = self._pages if bug.pages else self._small
            site = Site(
                self._folder / f"{name}-{number}",
                source,
                {**SETTINGS, **bug.settings},
                tree,
                connection_to_all(self._azurite, next(self._accounts)),
            )
            struck, found = _play(site, bug, Random(f"{self._seed}/{name}/{number}"))  # noqa: S311  # moments
            kills += struck
            if found:
                return Caught(number, kills, found, time.monotonic() - began)
        return Caught(TRIES, kills, None, time.monotonic() - began)


def _play(site: Site, bug: ChainBug, random: Random) -> tuple[int, Violation | None]:
    """One round: how many hosts were killed, and what showed the bug."""
    checker, kills = Checker(site.source.truth), 0
    with Hosts(site) as hosts:
        for _ in range(bug.blows):
            hosts.start(0, 1)
            hosts.up(0)
            until(lambda: hosts.began(bug.after), STARTING)
            time.sleep(random.random() * bug.apart)
            kills += sum(host.up for host in hosts.running.values())
            hosts.kill(0, 1)
            for each in checker.observe(site.evidence()):
                if each.broken in bug.shows:
                    return kills, each
        if bug.patience:
            hosts.start(0, 1)
            if not until(lambda: hosts.began("store") and hosts.idle, bug.patience, pause=0.3):
                return kills, Violation(Broken.INCOMPLETE, "what was queued waits for ever")
            hosts.kill(0, 1)
            found = (each for each in checker.finish(site.evidence()) if each.broken in bug.shows)
            return kills, next(found, None)
    return kills, None
