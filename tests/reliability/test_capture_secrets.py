"""No secret of a factory is in a captured folder, and what that costs is told."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.services import Services
from tests.reliability.canaries import COPIES, MAIN, SHOWS, Secrets, secrets
from tests.reliability.harness import ROOT
from tests.reliability.planted import CAPTURED_WHOLE, HASTY, Patch, plant

pytestmark = pytest.mark.slow

TAIL = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8"  # makes a word look like a token
# Literals, and values of parameters, that an expression makes a name of: kept, as the report of a
# bug needs them, unless they look like a secret.
ASKED_FOR = {"hidden", "list", "number", "unfinished", "unknown_function"}  # in secrets.json


@dataclass(frozen=True, slots=True)
class Captured:
    """Exit codes; where the secrets stand that are in folders, or were told; the problems told."""

    codes: list[int]
    leaks: set[str]
    told: set[str]
    problems: set[str]


def captured(
    folder: Path, patches: tuple[Patch, ...], planted: Secrets, services: Services
) -> Captured:
    """Both runs of the estate, captured by the patched program."""
    tree = plant((*HASTY, *patches), ROOT, folder / "tree")
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tree),
        "LINEAGE_FACTORIES": MAIN,
        "LINEAGE_MANAGEMENT_ENDPOINT": services.management,
        "LINEAGE_AUTH": "none",
    }
    ended = [
        subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, "-m", "lineage", "capture", f"{run}{0:012d}", "--out", out, *more],
            env=environ,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for run, out, more in ((COPIES, "copies", ["--json"]), (SHOWS, "shows", ["-vv"]))
    ]
    files = [path for out in ("copies", "shows") for path in (folder / out).rglob("*.json")]
    return Captured(
        [each.returncode for each in ended],
        names(planted.found("\n".join(f"{path}\n{path.read_text('utf-8')}" for path in files))),
        names(planted.found("\n".join(each.stdout + each.stderr for each in ended))),
        {line for each in ended for line in each.stderr.splitlines() if "removed" in line},
    )


def names(lines: set[str]) -> set[str]:
    """The keys of lines of secrets.json."""
    return {line.split('"')[1] for line in lines}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Captured]]:
    """What is captured of words, of words that look like tokens, and with each part turned off."""
    folder, now = tmp_path_factory.mktemp("captured"), datetime.now(UTC).replace(microsecond=0)
    words, tokens = secrets(now), secrets(now, TAIL)
    forms = (Patch("redact/_texts.py", "REMOVED if _random(token[0]) else token[0]", "token[0]"),)
    with Services(words.estate) as plain, Services(tokens.estate) as random:
        variants = {
            "": ((), words, plain),
            "tokens": ((), tokens, random),
            "forms-off": (forms, tokens, random),
            **{name: (patches, words, plain) for name, patches in CAPTURED_WHOLE.items()},
        }
        with ThreadPoolExecutor(2) as threads:
            made = threads.map(
                lambda name: captured(folder / f"as-{name}", *variants[name]), variants
            )
            yield dict(zip(variants, made, strict=True))


def test_no_secret_is_captured_but_what_an_expression_asks_for(
    everything: Mapping[str, Captured],
) -> None:
    found = everything[""]

    assert found.codes == [0, 0]
    assert found.leaks == ASKED_FOR
    assert found.told == set()


def test_no_secret_that_looks_like_one_is_captured(everything: Mapping[str, Captured]) -> None:
    found = everything["tokens"]

    assert found.codes == [0, 0]
    assert found.leaks == set()
    assert found.told == set()


def test_what_a_removal_changes_is_told_by_its_place(everything: Mapping[str, Captured]) -> None:
    what = "removed, which changes what `show` tells"

    assert everything[""].problems == {
        f"linkedService/LS_{name}: {what}"
        for name in (
            "rest_hash.json: properties.typeProperties.url",
            "rest_question.json: properties.typeProperties.url",
            "sql_expression.json: properties.typeProperties.connectionString",
            "sql_user_info.json: properties.typeProperties.server",
        )
    }


@pytest.mark.parametrize("name", ["forms-off", *CAPTURED_WHOLE])
def test_with_redaction_off_a_secret_is_captured(
    everything: Mapping[str, Captured], name: str
) -> None:
    assert everything[name].codes == [0, 0]
    assert everything[name].leaks - everything["tokens" if name == "forms-off" else ""].leaks
