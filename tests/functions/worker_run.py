"""
Run by a Python 3.13 that has the worker library: index an app, and call functions of it.

    python -m tests.functions.worker_run FOLDER < calls.json > outcomes.json

The calls are a list of [function, kind, fields], `kind` one of timer, queue and http. The answer is
`{"refused": TEXT}`, or `{"functions": {NAME: TRIGGER}, "outcomes": [[ERROR, STATUS, BODY], …]}`; a
function that the app lacks has the outcome null.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from host import HostError, HttpCall, Outcome, QueueCall, TimerCall, functions
from host.calls import Call
from host.runtime import Runtime


def main() -> None:
    """Answer on standard output, which is nobody else's: a function may print."""
    output, sys.stdout = sys.stdout, sys.stderr
    json.dump(_answer(Path(sys.argv[1]).resolve(), json.load(sys.stdin)), output)
    output.flush()
    os._exit(0)  # the library's threads are not waited for


def _answer(folder: Path, calls: list[list[Any]]) -> dict[str, Any]:
    try:
        worker = Runtime(folder)
        found = {each.name: functions.read(each, os.environ) for each in worker.index()}
    except HostError as error:
        return {"refused": str(error)}
    outcomes = [
        _plain(worker.invoke(found[name], _call(kind, fields)).result()) if name in found else None
        for name, kind, fields in calls
    ]
    triggers = {name: type(each.trigger).__name__ for name, each in found.items()}
    return {"functions": triggers, "outcomes": outcomes}


def _call(kind: str, fields: dict[str, Any]) -> Call:
    if kind == "timer":
        return TimerCall(**fields)
    if kind == "queue":
        return QueueCall(**{"id": "1", "pop_receipt": "a receipt", **fields})
    body = fields.get("body", "").encode()
    usual = {"method": "GET", "url": "http://127.0.0.1/api", "headers": {}, "query": {}}
    return HttpCall(**{**usual, "route": {}, **fields, "body": body})


def _plain(outcome: Outcome) -> list[Any]:
    if outcome.answer is None:
        return [outcome.error, None, ""]
    return [outcome.error, outcome.answer.status, outcome.answer.body.decode()]


if __name__ == "__main__":
    main()
