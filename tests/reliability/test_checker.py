"""Evidence that is good, which the checker accepts, and forged, which it has to reject."""

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage.catalog.local import LocalCatalog
from tests.reliability import forge
from tests.reliability.checker import Checker
from tests.reliability.evidence import Evidence, Relation, Row, Served, Step, gather, served, watch
from tests.reliability.forge import (
    ACTIVITY,
    FALLBACK,
    FIRST,
    GOOD,
    MIDWAY,
    OPERATION,
    PART,
    SECOND,
    SINK,
    TRUTH,
)
from tests.reliability.harness import ROOT
from tests.reliability.planted import BUGS, NoMatch, Patch, plant
from tests.reliability.truth import Name
from tests.reliability.undisturbed import differences
from tests.reliability.violations import Broken

LAST = {"status": "Completed", "errorMessage": ""}
VAGUE: Name = (OPERATION[0], f"{ACTIVITY[1]}#{FALLBACK[1]}#{FALLBACK[0]}")
STRANGER: Name = ("azure_sql_table", "mssql://h/d/s/other")


def judged(*evidence: Evidence, ended: bool) -> set[Broken]:
    """What the checker finds broken: it observes all, and where `ended` the last is the end."""
    checker = Checker(TRUTH)
    found = [each for one in evidence[:-1] for each in checker.observe(one)]
    found += checker.finish(evidence[-1]) if ended else checker.observe(evidence[-1])
    return {violation.broken for violation in found}


def last_run(moment: int, rows: int, size: int) -> Step:
    told = {"lastRunTime": moment, "rowCount": rows, "dataSize": size, **LAST}
    entity = replace(forge.entity(ACTIVITY), attributes=told)
    return Step(50, entity, "ACTIVE", "ACTIVE")


GIVEN_UP = forge.besides(
    GOOD,
    forge.entity(FALLBACK),
    forge.edge(FALLBACK, "DELETED"),
    past=(
        *forge.made(forge.entity(FALLBACK), forge.edge(FALLBACK)),
        forge.gone(forge.edge(FALLBACK)),
    ),
)
SUPERSEDED = forge.besides(
    GOOD,
    forge.entity(VAGUE, status="DELETED"),
    forge.entity(FALLBACK, status="DELETED"),
    past=(
        forge.gone(forge.edge(FIRST, operation=VAGUE)),
        forge.gone(forge.wrote(FALLBACK, operation=VAGUE)),
    ),
)


@pytest.mark.parametrize(
    "evidence",
    [
        (Evidence(),),
        (MIDWAY,),
        (Evidence(), MIDWAY, MIDWAY),
        (MIDWAY, GOOD),
        (GOOD, GOOD),
        (forge.besides(GOOD, past=[last_run(1000, 10, 100), last_run(2000, 20, 200)]),),
        (SUPERSEDED,),
    ],
    ids=[
        "before anything was written",
        "killed midway",
        "killed twice at one place",
        "killed, then well",
        "the same again",
        "attributes that move forward",
        "a fall-back's operation that gave way",
    ],
)
def test_what_is_good_is_accepted(evidence: tuple[Evidence, ...]) -> None:
    assert judged(*evidence, ended=False) == set()


def test_a_good_end_is_accepted() -> None:
    assert judged(MIDWAY, GOOD, ended=True) == set()


def test_a_fallback_that_gave_way_to_an_exact_edge_is_accepted() -> None:
    assert judged(GIVEN_UP, ended=False) == set()


ROW_A1 = forge.activity_row("r1", "a1")

FORGED_LEDGERS = {
    "listed, and a row is missing": (
        forge.rows(GOOD, forge.counts(Succeeded=1, NotReported=2), drop=["a|r2|a2"]),
        Broken.LOST,
    ),
    "open, and a row is missing": (
        forge.rows(MIDWAY, forge.counts(Succeeded=1, NotReported=1), drop=["a|r2|a2"]),
        Broken.LOST,
    ),
    "done, and a row is still open": (
        forge.rows(
            GOOD,
            forge.activity_row("r2", "a2", "Pending"),
            forge.counts(Succeeded=1, NotReported=2, Pending=1),
        ),
        Broken.LOST,
    ),
    "below the watermark, and never seen": (
        forge.rows(
            GOOD,
            forge.counts(Succeeded=1, NotReported=2),
            drop=["a|r2|a2", forge.run_row("p", "r2").key],
        ),
        Broken.LOST,
    ),
    "one activity run in two rows": (
        forge.rows(
            GOOD,
            replace(ROW_A1, part="runs|g"),
            Row("runs|g", "n|1|y", {"delta": {"Succeeded": 1}}),
        ),
        Broken.DOUBLED,
    ),
    "one pipeline run queued and done": (
        forge.rows(GOOD, forge.run_row("q", "r2")),
        Broken.DOUBLED,
    ),
    "a row of an activity run that the source does not have": (
        forge.rows(
            GOOD,
            replace(forge.said(ROW_A1, activityRunId="a9"), key="a|r1|a9"),
            forge.counts(Succeeded=3, NotReported=2),
        ),
        Broken.PHANTOM,
    ),
    "a row of an activity run that was never read": (
        replace(GOOD, served=Served(GOOD.served.runs, frozenset(), GOOD.served.whole)),
        Broken.PHANTOM,
    ),
    "listed, and its last page was never read": (
        replace(GOOD, served=replace(GOOD.served, whole=frozenset({"r1", "r2"}))),
        Broken.PHANTOM,
    ),
    "a pipeline run that was never listed": (
        replace(GOOD, served=replace(GOOD.served, runs=frozenset({"r1", "r2"}))),
        Broken.PHANTOM,
    ),
    "a failed run that is Succeeded": (
        forge.rows(
            GOOD,
            forge.said(forge.activity_row("r3", "a3"), status="Succeeded", reasons=[]),
            forge.counts(Succeeded=3, NotReported=1),
        ),
        Broken.WRONG,
    ),
    "a row with another reason": (
        forge.rows(GOOD, forge.said(forge.activity_row("r3", "a3"), reasons=[["Bug", "", ""]])),
        Broken.WRONG,
    ),
    "a row of another activity": (
        forge.rows(GOOD, forge.said(ROW_A1, activity="Unload")),
        Broken.WRONG,
    ),
    "a poisoned pipeline run": (
        forge.rows(GOOD, forge.run_row("x", "r3"), drop=[forge.run_row("p", "r3").key]),
        Broken.WRONG,
    ),
    "counts that lack one": (
        forge.rows(GOOD, forge.counts(Succeeded=1, NotReported=2)),
        Broken.MISCOUNTED,
    ),
    "an index row that leads nowhere": (
        forge.rows(GOOD, Row(PART, "s|Failed|1|r1|a1", {"key": "a|r1|a1"})),
        Broken.MISCOUNTED,
    ),
}


@pytest.mark.parametrize(("evidence", "broken"), FORGED_LEDGERS.values(), ids=FORGED_LEDGERS.keys())
def test_a_forged_ledger_is_rejected(evidence: Evidence, broken: Broken) -> None:
    assert broken in judged(evidence, ended=False)


FORGED_CATALOGS = {
    "Succeeded, and the edge is not there": (
        forge.without(GOOD, forge.edge(SECOND)),
        Broken.UNPROVEN,
    ),
    "Succeeded, and the operation is not there": (
        forge.without(GOOD, forge.ENTITIES[3]),
        Broken.UNPROVEN,
    ),
    "Succeeded, and the operation was deleted": (
        replace(
            GOOD,
            entities=tuple(
                replace(each, status="DELETED") if each.name == OPERATION else each
                for each in GOOD.entities
            ),
        ),
        Broken.UNPROVEN,
    ),
    "two active entities of one name": (
        forge.besides(GOOD, forge.entity(SINK, guid="another")),
        Broken.DOUBLED,
    ),
    "an entity that the source does not tell of": (
        forge.besides(GOOD, forge.entity(STRANGER)),
        Broken.PHANTOM,
    ),
    "an entity made in passing": (
        forge.besides(GOOD, past=forge.made(forge.entity(STRANGER))),
        Broken.PHANTOM,
    ),
    "an edge that the source does not tell of": (
        forge.besides(GOOD, forge.edge(SINK)),
        Broken.PHANTOM,
    ),
    "an edge that went and came back": (
        forge.besides(GOOD, past=[forge.gone(forge.edge(FIRST))]),
        Broken.SHRUNK,
    ),
    "an edge whose row was removed": (
        forge.besides(GOOD, past=[Step(99, forge.edge(FIRST), "ACTIVE", None)]),
        Broken.SHRUNK,
    ),
    "a fall-back that went, and nothing took its place": (
        forge.besides(
            forge.without(forge.without(MIDWAY, forge.edge(FIRST)), forge.wrote()),
            forge.entity(FALLBACK),
            past=[forge.gone(forge.edge(FALLBACK))],
        ),
        Broken.SHRUNK,
    ),
    "attributes that move back": (
        forge.besides(GOOD, past=[last_run(2000, 20, 200), last_run(1000, 10, 100)]),
        Broken.MOVED_BACK,
    ),
    "attributes of two runs at once": (
        forge.besides(GOOD, past=[last_run(2000, 10, 100)]),
        Broken.WRONG,
    ),
}


@pytest.mark.parametrize(
    ("evidence", "broken"), FORGED_CATALOGS.values(), ids=FORGED_CATALOGS.keys()
)
def test_a_forged_catalog_is_rejected(evidence: Evidence, broken: Broken) -> None:
    assert broken in judged(evidence, ended=False)


FORGED_HISTORIES = {
    "a settled row that is open again": (
        GOOD,
        forge.rows(
            GOOD,
            forge.activity_row("r2", "a2", "Pending"),
            forge.run_row("o", "r2"),
            forge.counts(Succeeded=1, NotReported=2, Pending=1),
            drop=[forge.run_row("p", "r2").key],
        ),
        Broken.REOPENED,
    ),
    "a settled row that was settled again": (
        GOOD,
        forge.rows(GOOD, forge.said(ROW_A1, settled=2)),
        Broken.REOPENED,
    ),
    "a settled row that is gone": (
        MIDWAY,
        forge.rows(
            MIDWAY,
            forge.run_row("q", "r1"),
            forge.counts(NotReported=1, Pending=1),
            drop=["a|r1|a1", forge.run_row("p", "r1").key],
        ),
        Broken.REOPENED,
    ),
    "a cursor that moved back": (
        GOOD,
        forge.rows(GOOD, forge.cursor(50)),
        Broken.MOVED_BACK,
    ),
    "a watermark that moved back": (
        GOOD,
        forge.rows(GOOD, forge.run_row("q", "r3"), drop=[forge.run_row("p", "r3").key]),
        Broken.MOVED_BACK,
    ),
}


@pytest.mark.parametrize(
    ("before", "after", "broken"), FORGED_HISTORIES.values(), ids=FORGED_HISTORIES.keys()
)
def test_a_forged_history_is_rejected(before: Evidence, after: Evidence, broken: Broken) -> None:
    assert broken in judged(before, after, ended=False)


FORGED_ENDS = {
    "nothing was done": (Evidence(), Broken.LOST),
    "something is left open": (MIDWAY, Broken.LOST),
    "the catalog lacks an edge": (
        forge.rows(forge.without(GOOD, forge.edge(SECOND)), *forge.ENDED),
        Broken.LOST,
    ),
    "the catalog lacks a column": (
        replace(
            GOOD,
            entities=tuple(replace(each, attributes={}) for each in GOOD.entities),
        ),
        Broken.LOST,
    ),
    "a fall-back is left beside the exact edge": (
        forge.besides(GOOD, forge.entity(FALLBACK), forge.edge(FALLBACK)),
        Broken.PHANTOM,
    ),
    "a queued run without a cursor": (
        Evidence((forge.run_row("q", "r1"),), served=GOOD.served),
        Broken.LOST,
    ),
}


@pytest.mark.parametrize(("evidence", "broken"), FORGED_ENDS.values(), ids=FORGED_ENDS.keys())
def test_a_forged_end_is_rejected(evidence: Evidence, broken: Broken) -> None:
    assert broken in judged(evidence, ended=True)


def test_a_queued_run_holds_the_watermark_down() -> None:
    queued = forge.rows(
        GOOD,
        forge.run_row("q", "r2"),
        forge.counts(Succeeded=1, NotReported=2),
        drop=["a|r2|a2", forge.run_row("p", "r2").key],
    )

    assert judged(queued, ended=False) == set()


JUDGES = (
    "check_catalog",
    "check_ledger",
    "checker",
    "evidence",
    "truth",
    "undisturbed",
    "violations",
)


@pytest.mark.parametrize("name", JUDGES)
def test_who_judges_imports_nothing_of_the_program(name: str) -> None:
    tree = ast.parse((ROOT / "tests" / "reliability" / f"{name}.py").read_text("utf-8"))

    modules = [each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    modules += [
        alias.name
        for each in ast.walk(tree)
        if isinstance(each, ast.Import)
        for alias in each.names
    ]
    ours = [each for each in modules if each.startswith(("demo", "lineage", "tests"))]
    allowed = {"demo", "demo.shapes", *(f"tests.reliability.{each}" for each in JUDGES)}
    assert set(ours) <= allowed


# ---------------------------------------------------------------- where the evidence comes from


def test_the_past_of_a_catalog_is_kept_by_the_file_itself(tmp_path: Path) -> None:
    reference = {"typeName": "DataSet", "guid": "-1"}
    process: dict[str, Any] = {
        "typeName": "Process",
        "guid": "-2",
        "attributes": {"qualifiedName": "p", "name": "p", "inputs": [reference]},
    }
    named = {"qualifiedName": "d", "name": "d"}
    data_set = {"typeName": "DataSet", "guid": "-1", "attributes": named}
    with LocalCatalog(tmp_path / "catalog.db") as catalog:
        watch(tmp_path / "catalog.db")
        catalog.send([data_set, process])
        process["attributes"]["inputs"] = []
        catalog.send([process])
        found = gather(tmp_path / "none.db", tmp_path / "catalog.db", nothing(tmp_path))

    assert {entity.name for entity in found.entities} == {("DataSet", "d"), ("Process", "p")}
    assert found.edges() == set()
    relations = [step for step in found.past if isinstance(step.of, Relation)]
    assert [(step.old, step.new) for step in relations] == [(None, "ACTIVE"), ("ACTIVE", "DELETED")]
    assert found.rows == ()


def test_what_was_served_is_read_from_a_byte_on(tmp_path: Path) -> None:
    lines = [
        {"served": {"runs": ["R1"], "first": True, "last": True}},
        {"served": {}},
        {"served": {"pipelineRun": "r2", "activityRuns": ["A1"], "last": False}},
        {"served": {"pipelineRun": "r3", "activityRuns": ["A2"], "last": True}},
    ]
    text = [json.dumps(line) + "\n" for line in lines]
    (tmp_path / "history.jsonl").write_text("".join(text))

    found = served(tmp_path / "history.jsonl", len(text[0]))

    assert found == Served(frozenset(), frozenset({("r2", "a1"), ("r3", "a2")}), frozenset({"r3"}))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (forge.rows(GOOD, drop=["a|r1|a1"]), ["missing here"]),
        (forge.rows(GOOD, forge.said(ROW_A1, native="Succeeded")), ["missing here", "only here"]),
        (forge.besides(GOOD, forge.entity(STRANGER)), ["only here"]),
        (forge.without(GOOD, forge.edge(FIRST)), ["missing here"]),
        (forge.rows(GOOD, forge.said(ROW_A1, attempts=7, first=1, settled=2)), []),
        (forge.rows(GOOD, forge.cursor(61)), []),
    ],
    ids=["a row less", "another row", "an entity more", "an edge less", "attempts", "our clock"],
)
def test_what_differs_from_an_undisturbed_run_is_told(other: Evidence, what: list[str]) -> None:
    found = differences(other, GOOD, daily=False)

    assert sorted({violation.what.partition(":")[0] for violation in found}) == what


def test_a_patch_that_does_not_match_once_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lineage").mkdir()
    (tmp_path / "lineage" / "a.py").write_text("x = 1\nx = 1\n")

    for old in ("x = 1", "y = 1"):
        with pytest.raises(NoMatch):
            plant((Patch("a.py", old, "x = 2"),), tmp_path, tmp_path / old[0])


@pytest.mark.parametrize("name", BUGS)
def test_every_planted_bug_matches_the_program(name: str, tmp_path: Path) -> None:
    plant(BUGS[name].patches, ROOT, tmp_path)


def nothing(folder: Path) -> Path:
    path = folder / "history.jsonl"
    path.touch()
    return path
