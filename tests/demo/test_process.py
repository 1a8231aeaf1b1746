"""The services in a process of their own."""

import json
import socket
import time
from pathlib import Path

import pytest
import requests

from demo.process import Addresses, running

pytestmark = pytest.mark.slow

EVER = b'{"lastUpdatedAfter":"2020-01-01T00:00:00Z","lastUpdatedBefore":"2099-01-01T00:00:00Z"}'


def test_it_serves_until_its_context_ends(http: requests.Session, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    with running("--epoch", "2026-11-19T12:00:00Z", "--history", str(history)) as addresses:
        workspace = addresses.synapse["syn-contoso-dwh"]
        answer = http.get(f"{workspace}/workspace?api-version=2020-12-01", timeout=10)
        line = json.loads(history.read_text(encoding="utf-8"))

    assert answer.json()["name"] == "syn-contoso-dwh"
    assert [site.rsplit("/", 1)[1] for site in addresses.sites] == [
        "adf-contoso-sales-prod",
        "syn-contoso-dwh",
    ]
    assert line["path"] == "/workspace"
    with pytest.raises(requests.ConnectionError):
        http.get(f"{workspace}/workspace", timeout=1)


def test_held_runs_appear_by_themselves(http: requests.Session) -> None:
    arguments = ("--synthetic", '{"pipelines":2,"runs_per_pipeline":5}')
    with running(*arguments, "--hold", "4", "--release-after", "0.5") as addresses:
        url = f"{addresses.management}{addresses.sites[0]}/queryPipelineRuns?api-version=2018-06-01"
        before = http.post(url, data=EVER, timeout=10).json()["value"]
        time.sleep(0.6)
        after = http.post(url, data=EVER, timeout=10).json()["value"]

    assert (len(before), len(after)) == (6, 10)


def test_what_is_no_plan_does_not_come_up() -> None:
    with pytest.raises(RuntimeError, match="did not come up"), running("--faults", "often=1"):
        pass


def test_it_answers_thousands_of_calls_on_one_connection() -> None:
    with running("--synthetic", '{"pipelines":1000,"runs_per_pipeline":1}') as addresses:
        ask(addresses, 3000)


def ask(addresses: Addresses, calls: int) -> None:
    """Ask for activity runs, one call at a time; a client that costs next to nothing."""
    host, port = addresses.management.removeprefix("http://").split(":")
    path = f"{addresses.sites[0]}/pipelineruns/a{{:07x}}-0000-4000-8000-000000000000"
    head = f"POST {path}/queryActivityruns?api-version=2018-06-01 HTTP/1.1\r\nHost: {host}\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for call in range(calls):
            length = f"Content-Length: {len(EVER)}\r\n\r\n"
            connection.sendall((head.format(call % 1000) + length).encode() + EVER)
            answer = connection.recv(65_536)
            begin, _, body = answer.partition(b"\r\n\r\n")
            assert begin.startswith(b"HTTP/1.1 200 "), answer
            left = int(begin.rpartition(b"Content-Length: ")[2]) - len(body)
            while left > 0:
                left -= len(connection.recv(65_536))
