"""
The kill test: `kill -9` at random moments of a sync, and bugs planted to see that it would notice.

    python -m tests.reliability.kills [--kills N] [--seed S] [--only BUG] [--store table] [--chain]

A factory and a workspace with 502 pipeline runs and 1,742 activity runs are read over calls of 10
ms, of which one in fifty fails. A round begins with an empty store and catalog; its syncs are
killed a few times, then one has to end by itself. The checker looks after every kill; in the end
ledger and catalog must be those of an undisturbed run. A kill counts if it fell after the first
source call and before the summary. Half of the rounds send the last-run attributes, half do not
(LINEAGE_RUN_ATTRIBUTES). With `--store table` the store is in tables of Azurite, and must in the
end be that which a file holds; a killed sync holds it for some seconds, and no bugs are planted.
With `--chain` it is the Functions app that is killed, in its host: `tests.reliability.chain_kills`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from random import Random
from signal import SIGKILL

from tests.azurite.server import connection
from tests.azurite.server import serving as emulated
from tests.reliability.checker import Checker
from tests.reliability.evidence import Evidence
from tests.reliability.harness import ROOT, Ended, Site, Source, serving
from tests.reliability.nemesis import Nemesis
from tests.reliability.planted import BUGS, DELAY, Bug, Patch, plant
from tests.reliability.undisturbed import differences
from tests.reliability.violations import Broken, Violation

ESTATE = {
    "workspace": True,
    "pipelines": 10,
    "runs_per_pipeline": 25,
    "activities": 3,
    "columns": 3,
    "failing": 25,
    "wide": 120,
}
KILLS = 6  # of one round, at most
TRIES = 30  # rounds in which a planted bug is to be caught
HELD = 5.0  # seconds that a killed sync holds tables
WORKERS = 4  # rounds at once: most of their time they wait
SETTINGS = {"LINEAGE_BATCH": "10"}  # fifty batches, so that edges unite over many

SHORT = Patch("store/hold.py", "HOLD = 60.0", f"HOLD = {HELD}")


@dataclass(slots=True)
class Round:
    """What came of one round: kills that counted, those in the midst of the work, what broke."""

    kills: int = 0
    amid: int = 0
    syncs: int = 0
    seconds: float = 0.0
    broken: list[Violation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Caught:
    """How a planted bug was found out: in which round, after how many kills, by what."""

    rounds: int
    kills: int
    by: Violation | None
    seconds: float


class Arena:
    """Services for several rounds at once, and what an undisturbed sync leaves behind."""

    def __init__(self, folder: Path, seed: int, stack: ExitStack, azurite: str = "") -> None:
        self._folder = folder
        self._azurite = azurite
        self._accounts = count()
        self._seed = seed
        self._free: SimpleQueue[Source] = SimpleQueue()
        self._left: dict[bool, Evidence] = {}
        self._work = 0  # bytes of history that a whole sync makes
        self._tree = plant(
            (SHORT,), ROOT, folder / "trees" / "sound"
        )  # who edits meanwhile is not seen
        epoch = datetime.now(UTC).replace(microsecond=0)
        slow = ("--latency", "0.01")
        calm = stack.enter_context(serving(folder / "calm", epoch, ESTATE, *slow))
        for number in range(WORKERS):
            faults = f"every=50,seed={seed + number}"
            options = (*slow, "--faults", faults)
            self._free.put(
                stack.enter_context(serving(folder / f"faulty-{number}", epoch, ESTATE, *options))
            )
        for daily in (True, False):
            site = Site(folder / f"undisturbed-{daily}", calm, _settings(daily), self._tree)
            before = calm.told()
            ended = site.sync()
            self._work = calm.told() - before
            self._left[daily] = site.evidence()
            if broken := [*_ending(ended), *Checker(calm.truth).finish(self._left[daily])]:
                raise AssertionError(f"an undisturbed sync is broken: {broken[:5]}")

    def play(
        self, name: str, number: int, bug: Bug | None = None, tree: Path | None = None
    ) -> Round:
        """One round of a name; the two seed it. Even ones send the last-run attributes."""
        source = self._free.get()
        try:
            daily = number % 2 == 0
            settings = {**_settings(daily), **(bug.settings if bug else {})}
            place = self._folder / f"{name}-{number}"
            site = Site(place, source, settings, tree or self._tree, self._account())
            random = Random(f"{self._seed}/{name}/{number}")  # noqa: S311 - moments, no secrets
            began = time.monotonic()
            nemesis = Nemesis(random, self._work * (bug.early if bug else 1.0))
            played = _play(site, nemesis, bug, self._left[daily], daily=daily)
            played.seconds = time.monotonic() - began
            return played
        finally:
            self._free.put(source)

    def _account(self) -> str:
        return connection(self._azurite, next(self._accounts)) if self._azurite else ""

    def slowed(self) -> Round:
        """A round with the delay between read and send, and no bug."""
        return self.play("slowed", 0, tree=plant((DELAY,), self._tree, self._folder / "trees/slow"))

    def hunt(self, name: str) -> Caught:
        """Rounds with a planted bug until it is caught."""
        bug = BUGS[name]
        tree = plant(bug.patches, self._tree, self._folder / "trees" / name)
        kills, seconds = 0, 0.0
        for number in range(1, TRIES + 1):
            played = self.play(name, number, bug, tree)
            kills += played.kills
            seconds += played.seconds
            for violation in played.broken:
                if violation.broken in bug.shows:
                    return Caught(number, kills, violation, seconds)
        return Caught(TRIES, kills, None, seconds)


@contextmanager
def arena(seed: int, store: str = "file") -> Iterator[Arena]:
    """An arena in a folder of its own, which is removed in the end."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        tables = stack.enter_context(emulated()) if store == "table" else ""
        yield Arena(Path(folder), seed, stack, tables)


def run(arena: Arena, kills: int, bugs: Iterable[str]) -> tuple[list[Round], dict[str, Caught]]:
    """
    Rounds until so many kills have counted, or one is broken; and a hunt for each bug.

    One round more is slowed down where the bug of the lanes is, and must be as good as the others.
    """
    with ThreadPoolExecutor(WORKERS) as workers:
        hunts = {name: workers.submit(arena.hunt, name) for name in bugs}
        slowed = [workers.submit(arena.slowed)] if kills else []
        rounds: list[Round] = []
        while sum(each.kills for each in rounds) < kills and not any(r.broken for r in rounds):
            begin = len(rounds)
            missing = -(-(kills - sum(each.kills for each in rounds)) // KILLS)
            numbers = range(begin, begin + max(missing, 1))
            rounds += workers.map(lambda number: arena.play("kill", number), numbers)
        rounds += [each.result() for each in slowed]
        return rounds, {name: hunt.result() for name, hunt in hunts.items()}


def _settings(daily: bool) -> dict[str, str]:
    return {**SETTINGS, "LINEAGE_RUN_ATTRIBUTES": "daily" if daily else "off"}


def _play(site: Site, nemesis: Nemesis, bug: Bug | None, left: Evidence, *, daily: bool) -> Round:
    played, checker = Round(), Checker(site.source.truth)
    todo = 1.0
    for _ in range(bug.kills if bug else KILLS):
        ended = nemesis.strike(site.start(), todo)
        played.syncs += 1
        evidence = site.evidence()
        played.broken += checker.observe(evidence)
        if ended.summary is not None or ended.code != -SIGKILL:  # the blow came too late
            played.broken += _ending(ended) if ended.code != -SIGKILL else []
            break
        played.kills += 1
        time.sleep(HELD if site.tables else 0)
        todo = _todo(evidence, len(site.source.truth.runs))
        played.amid += any(evidence.table("runs")) and todo > 0
        if played.broken:
            return played
    if bug and bug.at_once:
        return played
    ended = site.sync()
    played.syncs += 1
    evidence = site.evidence()
    played.broken += [*_ending(ended), *checker.finish(evidence)]
    played.broken += differences(evidence, left, daily=daily)
    return played


def _todo(evidence: Evidence, runs: int) -> float:
    """The share of pipeline runs that are not done."""
    return 1 - sum(row.kind == "p" for row in evidence.table("runs")) / runs


def _ending(ended: Ended) -> list[Violation]:
    """A sync that nobody killed ends with a summary, complete, and with exit code 0."""
    summary = ended.summary or {}
    if ended.code == 0 and summary.get("complete"):
        return []
    said = summary.get("problems") or ended.errors[-300:]
    return [Violation(Broken.INCOMPLETE, f"exit code {ended.code}: {said}")]


# ---------------------------------------------------------------- figures


def table(rounds: Sequence[Round], caught: Mapping[str, Caught]) -> str:
    """All figures, for people."""
    lines = []
    if rounds:
        kills = sum(each.kills for each in rounds)
        broken = [violation for each in rounds for violation in each.broken]
        count = Counter(violation.broken for violation in broken)
        others = len(broken) - count[Broken.LOST] - count[Broken.DOUBLED] - count[Broken.PHANTOM]
        lines += [
            f"{'rounds':<24}{len(rounds)}",
            f"{'syncs':<24}{sum(each.syncs for each in rounds)}",
            f"{'kills that counted':<24}{kills}",
            f"{'in mid-work':<24}{sum(each.amid for each in rounds) / max(kills, 1):.0%}",
            f"{'lost':<24}{count[Broken.LOST]}",
            f"{'doubled':<24}{count[Broken.DOUBLED]}",
            f"{'phantom':<24}{count[Broken.PHANTOM]}",
            f"{'otherwise broken':<24}{others}",
            *(f"  {violation}" for violation in broken[:20]),
        ]
    if caught:
        lines += ["", f"{'planted bug':<28}{'tries':>7}{'kills':>7}{'seconds':>9}  caught by"]
    for name, each in caught.items():
        by = str(each.by)[:80] if each.by else "NOTHING"
        lines.append(f"{name:<28}{each.rounds:>7}{each.kills:>7}{each.seconds:>9.1f}  {by}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 if anything is broken, or a planted bug was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.kills")
    parser.add_argument(
        "--kills", type=int, default=0, help="how many are to count (50; chain: 100)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of faults and moments")
    parser.add_argument("--only", metavar="BUG", help="hunt this planted bug alone")
    parser.add_argument("--chain", action="store_true", help="of the Functions app")
    parser.add_argument("--store", choices=("file", "table"), default="file", help="where it is")
    asked = parser.parse_args(arguments)
    if asked.chain:
        from tests.reliability import chain_kills as chain

        known: Sequence[str] = chain.BUGS
    else:
        known = list(BUGS)
    if asked.only and asked.only not in known:
        parser.error(f"--only: there are {', '.join(known)}")
    bugs = [asked.only] if asked.only else known
    if asked.chain:
        return chain.main(0 if asked.only else asked.kills or 100, asked.seed, bugs)
    if asked.store != "file" and not asked.only:
        bugs = []
    began = time.monotonic()
    with arena(asked.seed, asked.store) as made:
        kills = 0 if asked.only else asked.kills or 50
        rounds, caught = run(made, kills, bugs)
    print(table(rounds, caught))
    print(f"\n{time.monotonic() - began:.0f} s")
    return int(any(r.broken for r in rounds) or any(c.by is None for c in caught.values()))


if __name__ == "__main__":
    sys.exit(main())
