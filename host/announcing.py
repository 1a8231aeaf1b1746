"""What a host tells when it is ready: people on standard output, programs in a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from host.functions import Function, Http, Queue, Timer
from host.serving import Host


def announce(served: Host, path: Path | None) -> None:
    """Say what is served; the file is written in one step: who sees it sees all of it."""
    print(f"Functions, by the worker {served.worker!r}:\n")
    for function in served.functions.values():
        print(f"  {function.name:10} {_described(function, served)}")
    print(f"\nThe function key: {served.key}\n", flush=True)
    if path is not None:
        told = {"address": served.address, "key": served.key, "pid": os.getpid()}
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(path)


def _described(function: Function, served: Host) -> str:
    match function.trigger:
        case Timer(schedule):
            following = served.timers[function.name].following()
            return f"timer  {schedule}  (next {following:%Y-%m-%d %H:%M:%S} UTC)"
        case Queue(queue):
            return f"queue  {queue}"
        case Http(route, methods, level):
            path = "/".join(filter(None, (served.prefix, route)))
            key = "" if level == "anonymous" else "  (key)"
            return f"http   {','.join(methods)} {served.address}/{path}{key}"
