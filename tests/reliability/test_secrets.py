"""Secrets stand in definitions, parameters, inputs, outputs and errors, and are never told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from demo.services import Services
from tests.reliability.canaries import COPIES, MAIN, SHOWS, Secrets, secrets
from tests.reliability.harness import ROOT
from tests.reliability.planted import BUG_IN_A_TRANSLATOR, HASTY, UNREDACTED, Patch, plant

pytestmark = pytest.mark.slow

CLIENT_SECRET = "zq7canarysecretx"
ASSET = "https://acc.dfs.core.windows.net/lake/out/sql_password"


@dataclass(frozen=True, slots=True)
class Told:
    """Exit codes and streams by command line; the secrets in all that was told, by where."""

    codes: Mapping[str, int]
    stdout: Mapping[str, str]
    stderr: Mapping[str, str]
    leaks: Mapping[str, set[str]]

    def lines(self, command: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout[command].splitlines()]


def told(folder: Path, patches: tuple[Patch, ...], planted: Secrets, services: Services) -> Told:
    """What the commands tell, on their streams and in their files; with patches only the first."""
    tree = plant((*HASTY, *patches), ROOT, folder / "tree")
    work = folder / "work"
    planted.save(folder / "git")
    work.mkdir()
    everything = [site.id for site in planted.estate.sites]
    failing = [site.runs[0].id for site in planted.estate.sites[1:]]
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tree),
        "LINEAGE_FACTORIES": MAIN,
        "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
        "LINEAGE_AUTH": "none",
        "LINEAGE_STORE": "sqlite:store.db",
        "LINEAGE_CATALOG": "local:catalog.db",
    }
    others = {**environ, "LINEAGE_FACTORIES": ",".join(everything[1:])}
    client = {"LINEAGE_AUTH": "client-secret", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}
    commands: list[tuple[str, Mapping[str, str]]] = [
        ("sync --json -v", environ),
        ("sync --json -vv", others),
        ("settings --json", {**environ, **client, "AZURE_CLIENT_SECRET": CLIENT_SECRET}),
        ("runs --json", environ),
        ("sync -vv", {**environ, "LINEAGE_FACTORIES": ",".join(everything)}),
        ("runs", environ),
        *((f"show {run}{0:012d} --json", environ) for run in (COPIES, SHOWS)),
        (f"show {COPIES}{0:012d}", environ),
        *((f"show {run} -vv", others) for run in failing),
        (f"names {folder / 'git'} --json", environ),
        (f"names {folder / 'git'}", environ),
        (f"graph {ASSET} --json --columns", environ),
        (f"graph {ASSET}", environ),
        ("doctor --json", {**environ, "LINEAGE_FACTORIES": ",".join(everything)}),
        ("doctor -vv", others),
    ]
    ended = {
        command: subprocess.run(  # noqa: S603
            [sys.executable, "-m", "lineage", *command.split()],
            env=dict(environ),
            cwd=work,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for command, environ in (commands[:4] if patches else commands)
    }
    said = {command: f"{each.stdout}\n{each.stderr}" for command, each in ended.items()}
    said |= {path.name: path.read_bytes().decode("latin-1") for path in work.iterdir()}
    return Told(
        {command: each.returncode for command, each in ended.items()},
        {command: each.stdout for command, each in ended.items()},
        {command: each.stderr for command, each in ended.items()},
        {where: leaks for where, text in said.items() if (leaks := planted.found(text))},
    )


@pytest.fixture(scope="module")
def planted() -> Secrets:
    made = secrets(datetime.now(UTC).replace(microsecond=0))
    return Secrets(made.estate, {**made.planted, CLIENT_SECRET: "AZURE_CLIENT_SECRET"})


@pytest.fixture(scope="module")
def everything(
    planted: Secrets, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Told]]:
    """What is told with redaction, and with each part of it turned off."""
    folder = tmp_path_factory.mktemp("secrets")
    variants = {"": (), "bug": (BUG_IN_A_TRANSLATOR,), **UNREDACTED}
    with Services(planted.estate) as services, ThreadPoolExecutor(3) as threads:
        made = threads.map(
            lambda name: told(folder / f"as-{name}", variants[name], planted, services), variants
        )
        yield dict(zip(variants, made, strict=True))


def test_there_are_more_than_forty_secrets(planted: Secrets) -> None:
    assert len(planted.planted) >= 80


def test_no_secret_is_told(everything: Mapping[str, Told]) -> None:
    assert everything[""].leaks == {}


def test_no_secret_is_told_by_a_traceback(everything: Mapping[str, Told]) -> None:
    broken = everything["bug"]
    failed = [run for run in broken.lines("runs --json") if run["status"] == "Failed"]

    assert broken.leaks == {}
    assert broken.codes["sync --json -v"] == 1
    assert [run["reasons"][0]["detail"] for run in failed] == [
        "ValueError in the translator of Copy"
    ]
    assert "copy.py" in broken.stderr["sync --json -v"]


def test_enough_was_told_to_tell_a_secret_with(everything: Mapping[str, Told]) -> None:
    sound = everything[""]
    runs = sound.lines("runs --json")
    shown = sound.lines(f"show {COPIES}{0:012d} --json")[0]["runs"]

    assert sound.codes["sync --json -v"] == 0
    assert {code for command, code in sound.codes.items() if "sync" not in command} <= {0, 2, 3}
    assert len(runs) == 66
    assert len(shown) == 58
    assert len([run for run in runs if run["status"] in ("Succeeded", "Partial")]) >= 30
    assert "Unresolved" in sound.stdout["runs"]


@pytest.mark.parametrize("name", UNREDACTED)
def test_with_redaction_off_a_secret_is_told(everything: Mapping[str, Told], name: str) -> None:
    assert everything[name].leaks != {}
