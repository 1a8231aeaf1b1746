"""A real Apache Atlas server for the tests of a session: one's own, or one that is started here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from demo import estate
from lineage.auth import basic
from lineage.catalog.install import everything, install
from lineage.catalog.pace import Pace
from lineage.catalog.rest import RestCatalog
from lineage.catalog.servers import SERVERS

SHARED = Path(__file__).parents[2] / ".." / "shared" / "atlas"
HOME = "~/.cache/purview-lineage/atlas"


@dataclass(frozen=True, slots=True)
class Atlas:
    """Where it is, and who we are there."""

    url: str
    name: str
    password: str

    def environ(self) -> dict[str, str]:
        return {
            "LINEAGE_CATALOG": f"atlas:{self.url}",
            "ATLAS_USERNAME": self.name,
            "ATLAS_PASSWORD": self.password,
        }

    def catalog(self) -> RestCatalog:
        auth = basic(self.name, self.password, self.url)
        return RestCatalog(SERVERS["atlas"], self.url, auth, Pace(1e9, 50, 50))


@pytest.fixture(scope="session")
def atlas() -> Iterator[Atlas]:
    """
    ATLAS_URL, or a server that ../shared/atlas starts and that is stopped afterwards.

    Its files are kept in ATLAS_HOME. Where there is neither, the test is skipped; with CI=true a
    server that does not start fails it.
    """
    name, password = os.environ.get("ATLAS_USER", "admin"), os.environ.get("ATLAS_PASS", "admin")
    if url := os.environ.get("ATLAS_URL"):
        yield _ready(Atlas(url.rstrip("/"), name, password))
        return
    if not (SHARED / "start").exists():
        pytest.skip("no real Atlas: neither ATLAS_URL nor ../shared/atlas")
    home = Path(os.environ.get("ATLAS_HOME", HOME)).expanduser()
    home.parent.mkdir(parents=True, exist_ok=True)
    ran = _shell("stop", "--running", str(home)).returncode == 0
    started = _shell("start", str(home), "0")
    if started.returncode:
        why = f"the real Atlas did not start: {started.stderr[-500:]}"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    told = dict(line.split("=", 1) for line in started.stdout.splitlines() if "=" in line)
    try:
        yield _ready(Atlas(told["url"], "admin", "admin"))
    finally:
        if not ran:
            _shell("stop", str(home)).check_returncode()


def _shell(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(SHARED / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True)  # noqa: S603  # as the spec says


def _ready(atlas: Atlas) -> Atlas:
    with atlas.catalog() as server:
        install(server, everything)
    return atlas


def fresh(folder: Path) -> Path:
    """The estate of a company of another name: a real server may know the old one already."""
    word = f"c{uuid4().hex[:6]}"
    for path in filter(Path.is_file, estate.FOLDER.rglob("*")):
        copy = folder / str(path.relative_to(estate.FOLDER)).replace("contoso", word)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text("utf-8").replace("contoso", word).replace("CONTOSO", word.upper())
        copy.write_text(text, "utf-8")
    return folder
