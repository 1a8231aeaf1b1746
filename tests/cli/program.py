"""The program as its tests see it: what it was called with, what it printed, how it ended."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from demo.services import Services
from demo.shapes import Estate

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schema"
CORPUS = ROOT.parent / "shared" / "corpus" / "adf"
RECORDED = ROOT.parent / "shared" / "data" / "data-factory" / "runs"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def problems(self) -> list[str]:
        return self.err.splitlines()


@dataclass(frozen=True, slots=True)
class Synced:
    """The settings of a ledger and a catalog that one sync has filled, and what it printed."""

    settings: Mapping[str, str]
    ended: Ended


class Program(Protocol):
    """Calls the command line within this process."""

    def __call__(self, *arguments: str, **settings: str) -> Ended: ...


def process(
    *arguments: str, environ: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Calls it as a user does."""
    return subprocess.run(  # noqa: S603  # ourselves
        [sys.executable, "-m", "lineage", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def leading_to(services: Services, world: Estate) -> dict[str, str]:
    """The settings that lead to the services of an estate."""
    return {
        "LINEAGE_FACTORIES": ",".join(site.id for site in world.sites),
        "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
        "LINEAGE_SYNAPSE_ENDPOINT": next(iter(services.synapse.values())),
        "LINEAGE_AUTH": "none",
    }


def check(schema: str, value: Any) -> None:
    """Fail unless the value is as docs/schema says."""
    validator(schema).validate(value)


@cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{schema}.json"}, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    found = sorted(SCHEMAS.glob("*.json"))
    read = ((path.name, json.loads(path.read_text(encoding="utf-8"))) for path in found)
    return Registry().with_resources((name, Resource.from_contents(body)) for name, body in read)


def write(path: Path, value: Any) -> Path:
    """A JSON file, its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, str]:
    """A hash of each file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
