"""`make functions`: a newcomer's first sight of the app as a service."""

import json
import os
import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from tests.functions.trial import ROOT, ask

COMMAND = [sys.executable, "-m", "demo.functions", "--port", "0"]
LAST = "  python -m host --help   # what is modelled, and what only Azure does\n"


@pytest.mark.slow
@pytest.mark.usefixtures("storage_services")  # skipped, or installed, as Azurite is
def test_the_app_is_served_until_it_is_told_to_stop(tmp_path: Path) -> None:
    process = subprocess.Popen(  # noqa: S603  # ourselves
        COMMAND,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        printed = "".join(takewhile(LAST.__ne__, process.stdout))
        told = json.loads((tmp_path / ".functions" / "host.json").read_text("utf-8"))
        answer = ask(told["address"], "GET", "/api/health")
        process.send_signal(signal.SIGINT)
        process.communicate()
    finally:
        process.kill()
        process.wait()

    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    assert process.returncode == 0
    assert f"curl {told['address']}/api/health" in printed
    assert f"curl -H 'x-functions-key: {told['key']}'" in printed


def test_without_node_it_says_so(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603  # ourselves
        COMMAND,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "needs Node, on which Azurite runs: node is not installed" in ended.stderr
