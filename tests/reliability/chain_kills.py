"""
The kill test of the Functions app: `kill -9` of its hosts, which share an account and a catalog.

    python -m tests.reliability.kills --chain [--kills N] [--seed S] [--only BUG]

Two hosts (`python -m host`) are at work on the estate of the spine's kill test, over Azurite, with
a timer that fires every two seconds and a queue that gives each message one to ten times, in any
order (`tests.reliability.copies`). One of them or both are killed at random moments and begin anew,
until every run is settled; then the queue has to run empty, and ledger and catalog must be those
of an undisturbed sync of the command line. Whenever both are dead the checker looks.

Bugs that kills show are hunted in small estates (`chain_bugs`), the others have scenarios of their
own (`chain_scenarios`).

A kill counts if its host listened; it is in mid-work if something was left to do. What makes the
app wait for minutes (leases, circuits, patience with messages) is shortened to seconds by patches
of the tree under test, `chain_planted.HURRY`; no message is poisoned by kills alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.azurite.storage import connection_to_all, serving_all
from tests.reliability.chain_bugs import Hunt
from tests.reliability.chain_planted import BUGS as KILLED
from tests.reliability.chain_planted import COPIES, HURRY
from tests.reliability.chain_scenarios import PLANTED, Stage
from tests.reliability.chain_site import Hosts, app, until
from tests.reliability.checker import Checker
from tests.reliability.evidence import Evidence
from tests.reliability.harness import ROOT, Site, serving
from tests.reliability.kills import Caught, Round, table
from tests.reliability.undisturbed import differences
from tests.reliability.violations import Broken, Violation

ESTATE = {
    "workspace": True,
    "pipelines": 6,
    "runs_per_pipeline": 11,
    "activities": 3,
    "columns": 1,
    "failing": 25,
}
SETTINGS = {"LINEAGE_BATCH": "5", "LINEAGE_LANES": "16", "LINEAGE_RUN_ATTRIBUTES": "off"}
BUGS = (*KILLED, *PLANTED)
KILLS = 6  # of one round, at most
APART = 1.0  # seconds from when a host is up to when it is killed, at most
BOTH = 0.3  # the share of blows that fall on both hosts
PATIENCE = 240.0  # seconds until all is settled, once nobody is killed any more


class Arena:
    """Services, an account for each round, and what an undisturbed sync leaves behind."""

    def __init__(self, folder: Path, seed: int, stack: ExitStack) -> None:
        self._folder, self._seed = folder, seed
        self._accounts = count()
        self._azurite = stack.enter_context(serving_all())
        self._tree = app((*HURRY, COPIES), ROOT, folder / "trees" / "sound")
        epoch = datetime.now(UTC).replace(microsecond=0)
        options = ("--latency", "0.01", "--faults", f"every=50,seed={seed}")
        self.source = stack.enter_context(serving(folder / "source", epoch, ESTATE, *options))
        calm = Site(folder / "undisturbed", self.source, SETTINGS, self._tree)
        ended = calm.sync()
        self._left = calm.evidence()
        if broken := Checker(self.source.truth).finish(self._left):
            raise AssertionError(f"an undisturbed sync is broken: {ended.code}, {broken[:5]}")

        self._hunt = Hunt(folder, seed, self._azurite, stack)
        self.stage = Stage(folder, self._azurite)

    def play(self, number: int, kills: int) -> Round:
        """One round, which its number seeds."""
        tables = connection_to_all(self._azurite, next(self._accounts))
        place = self._folder / f"round-{number}"
        site = Site(place, self.source, SETTINGS, self._tree, tables)
        random = Random(f"{self._seed}/{number}")  # noqa: S311  # moments, no secrets
        began = time.monotonic()
        played, checker = Round(), Checker(site.source.truth)
        with Hosts(site) as hosts:
            hosts.start(0, 1)
            played.syncs = 2
            while played.kills < kills and not played.broken and not hosts.settled:
                _strike(hosts, random, played, checker)
            played.broken += [] if played.broken else self._ending(hosts, checker)
        played.seconds = time.monotonic() - began
        return played

    def hunt(self, name: str) -> Caught:
        """A planted bug, in a scenario of its own or by kills."""
        if name in KILLED:
            return self._hunt.hunt(name)
        began, planted = time.monotonic(), PLANTED[name]
        tree = self.stage.tree(*planted.besides, planted.patch)
        found = planted.scenario(self.stage, tree)
        return Caught(1, 0, found[0] if found else None, time.monotonic() - began)

    def _ending(self, hosts: Hosts, checker: Checker) -> list[Violation]:
        """Nobody is killed any more: it comes to an end, which is that of a calm sync."""
        came = until(lambda: hosts.settled, PATIENCE, pause=0.3)
        hosts.kill(*hosts.running)
        evidence = hosts.site.evidence()
        broken = checker.finish(evidence)
        broken += differences(_plain(evidence), _plain(self._left), daily=False)
        what = f"{hosts.messages()} messages and {hosts.rows('q', 'o')} runs wait for ever"
        return broken if came else [Violation(Broken.INCOMPLETE, what), *broken]


def _strike(hosts: Hosts, random: Random, played: Round, checker: Checker) -> None:
    """Kill one host or both, a while after it came up, and have it begin anew."""
    first = random.randrange(2)
    places = (first, 1 - first) if random.random() < BOTH else (first,)
    hosts.up(first)
    time.sleep(random.random() * APART)
    counted = sum(hosts.running[place].up for place in places)
    hosts.kill(*places)
    played.kills += counted
    played.amid += 0 if hosts.settled else counted
    if not hosts.running:
        played.broken += checker.observe(hosts.site.evidence())
    hosts.start(*places)
    played.syncs += len(places)


def _plain(evidence: Evidence) -> Evidence:
    """Without what a calm command line has no need of: leases and circuits."""
    rows = (row for row in evidence.rows if not row.part.startswith("notes|"))
    return replace(evidence, rows=tuple(rows))


@contextmanager
def arena(seed: int) -> Iterator[Arena]:
    """An arena in a folder of its own, which is removed in the end."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        yield Arena(Path(folder), seed, stack)


def run(arena: Arena, kills: int, bugs: Iterable[str]) -> tuple[list[Round], dict[str, Caught]]:
    """Rounds until so many kills have counted, or one is broken; and a hunt for each bug."""
    rounds: list[Round] = []
    while sum(each.kills for each in rounds) < kills and not any(r.broken for r in rounds):
        rounds.append(arena.play(len(rounds), min(KILLS, kills - sum(r.kills for r in rounds))))
    return rounds, {name: arena.hunt(name) for name in bugs}


def main(kills: int, seed: int, bugs: Iterable[str]) -> int:
    """Print the figures; 1 if anything is broken, or a planted bug was not caught."""
    began = time.monotonic()
    with arena(seed) as made:
        rounds, caught = run(made, kills, bugs)
        runs = len(rounds) * len(made.source.truth.runs)
    print(f"{'pipeline runs':<24}{runs}")
    print(table(rounds, caught))
    print(f"\n{time.monotonic() - began:.0f} s")
    return int(any(r.broken for r in rounds) or any(c.by is None for c in caught.values()))
