"""
The Functions app in short: some kills of its hosts, some planted bugs, a crash point of each kind.

All of them: `python -m tests.reliability.kills --chain` and `python -m
tests.reliability.crash_points`, in `make kills`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.azurite.server import NoAzurite
from tests.reliability import chain_kills, crash_points
from tests.reliability.chain_planted import BUGS as KILLED
from tests.reliability.chain_planted import COPIES, HURRY, REFUSING
from tests.reliability.chain_scenarios import (
    CRASHING,
    PLANTED,
    SETTINGS,
    answering,
    worked_off,
)
from tests.reliability.chain_site import app
from tests.reliability.checker import Checker
from tests.reliability.evidence import Evidence
from tests.reliability.harness import ROOT, Site
from tests.reliability.undisturbed import differences

pytestmark = pytest.mark.slow

SHORT = ("random-name", "message-without-row", "refusal-taken-as-success", "listed-before-rows")


@pytest.fixture(scope="module")
def arena() -> Iterator[chain_kills.Arena]:
    try:
        with chain_kills.arena(seed=1) as made:
            yield made
    except NoAzurite as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def test_nothing_is_lost_doubled_or_invented_by_kills_of_two_hosts(
    arena: chain_kills.Arena,
) -> None:
    rounds, _ = chain_kills.run(arena, 4, ())

    assert [str(violation) for each in rounds for violation in each.broken] == []
    assert sum(each.kills for each in rounds) >= 4
    assert sum(each.amid for each in rounds) >= 2


@pytest.mark.parametrize("name", SHORT)
def test_a_bug_in_the_chain_is_caught(arena: chain_kills.Arena, name: str) -> None:
    assert arena.hunt(name).by is not None


@pytest.mark.parametrize("name", ["answer-before-enqueue", "watermark-above-queued"])
def test_a_bug_that_no_kill_shows_is_caught(arena: chain_kills.Arena, name: str) -> None:
    planted = PLANTED[name]
    sound = planted.scenario(arena.stage, arena.stage.tree(*planted.besides))

    assert [str(violation) for violation in sound] == []
    assert arena.hunt(name).by is not None


@pytest.mark.parametrize("name", [*KILLED, *PLANTED])
def test_every_planted_bug_matches_the_app(name: str, tmp_path: Path) -> None:
    patches = KILLED[name].patches if name in KILLED else (PLANTED[name].patch,)
    besides = () if name in KILLED else PLANTED[name].besides

    app((*HURRY, COPIES, *besides, *patches), ROOT, tmp_path)


@pytest.mark.parametrize("patch", [REFUSING, *CRASHING.values()])
def test_what_provokes_bugs_matches_the_app(patch: object, tmp_path: Path) -> None:
    app((*HURRY, patch), ROOT, tmp_path)  # type: ignore[arg-type]  # of a table of patches


def test_every_planted_bug_is_a_program(tmp_path: Path) -> None:
    for name in (*KILLED, *PLANTED):
        patches = KILLED[name].patches if name in KILLED else (PLANTED[name].patch,)
        tree = app(patches, ROOT, tmp_path / name)
        for patch in patches:
            compile((tree / "lineage" / patch.file).read_text("utf-8"), patch.file, "exec")


# ---------------------------------------------------------------- poison


@pytest.mark.parametrize("where", CRASHING)
def test_a_run_that_ends_its_worker_is_poisoned_alone_and_brought_back(
    arena: chain_kills.Arena, where: str
) -> None:
    stage = arena.stage
    with stage.site(stage.tree(CRASHING[where])) as site:
        over = worked_off(site)
        poison = site.evidence()
        lineage(site, "replay", "--reason", "Poisoned")
        lineage(site, "drain")
        site.tree = stage.tree()
        back = worked_off(site)
        found = site.evidence()
        calm = Site(stage.folder / f"calm-{where}", site.source, SETTINGS, site.tree)
        ended = calm.sync()
        broken = [*Checker(site.source.truth).finish(found)]
        broken += differences(plain(found), plain(calm.evidence()), daily=False)

    assert (over, back, ended.code) == (True, True, 0)
    assert answering(poison, listed=where == "translated") == []
    assert [str(violation) for violation in broken] == []


def lineage(site: Site, *command: str) -> None:
    """A command of the command line, on the store of the site."""
    subprocess.run(  # noqa: S603  # ourselves
        [sys.executable, "-m", "lineage", *command],
        cwd=site.folder,
        env={**site.environment(), "LINEAGE_QUEUE": "lineage-batches"},
        check=True,
        capture_output=True,
    )


def plain(evidence: Evidence) -> Evidence:
    """Without leases and circuits, and what a row keeps of a replay."""
    rows = (
        replace(row, body={key: each for key, each in row.body.items() if key != "replays"})
        for row in evidence.rows
        if not row.part.startswith("notes|")
    )
    return replace(evidence, rows=tuple(rows))


# ---------------------------------------------------------------- crash points


def test_an_end_before_a_write_of_each_kind_changes_nothing() -> None:
    moments, broken = crash_points.sweep(each=1, after=False)

    assert len(moments) == len(crash_points.KINDS)
    assert {what: str(found[0]) for what, found in broken.items()} == {}
