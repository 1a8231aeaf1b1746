"""
`python -m host`: serve an app's folder until Ctrl-C or SIGTERM.

After functionTimeout the process begins anew in its place, with the same port and key: what hangs
cannot be ended otherwise.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import host
from host import Host, HostError, Options
from host.announcing import announce
from host.localsettings import local_settings
from host.serving import WORKERS


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; the exit code is 2 where the app cannot be served."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(
        level=asked.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("azure.core").setLevel(logging.WARNING)  # a line for each request
    over, timed_out = threading.Event(), threading.Event()

    def give_up() -> None:
        timed_out.set()
        over.set()

    options = Options(
        port=asked.port,
        key=asked.key or os.environ.get("HOST_KEY", ""),
        worker=asked.worker,
        timers=not asked.no_timers,
        create=not asked.no_create,
        hidden=asked.hidden,
        grace=asked.grace,
    )
    try:
        os.environ.update(local_settings(asked.folder, os.environ))
        served = Host(asked.folder, os.environ, options, give_up)
    except HostError as error:
        print(f"host: {error}", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with served:
        announce(served, asked.announce)
        if asked.now:
            for name in served.timers:
                threading.Thread(target=served.fire, args=(name,), daemon=True).start()
        over.wait()
        port = served.address.rpartition(":")[2]
    if timed_out.is_set():
        again = [each for each in sys.argv[1:] if each != "--now"]
        os.environ["HOST_KEY"] = served.key
        command = [sys.executable, "-m", "host", *again, "--port", port]
        os.execv(sys.executable, command)  # noqa: S606  # ourselves
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)  # a function that hangs would keep the process


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m host",
        description="Serve an Azure Functions app in Python from this machine.",
        epilog=(host.__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="default: this one")
    parser.add_argument("--port", type=int, default=7071, help="default: 7071; 0: any that is free")
    parser.add_argument("--key", help="the function key; default: HOST_KEY, or one made up")
    parser.add_argument(
        "--worker", choices=WORKERS, default="auto", help="default: runtime where it is installed"
    )
    parser.add_argument("--now", action="store_true", help="fire each timer once at the start")
    parser.add_argument("--no-timers", action="store_true", help="let no schedule fire")
    parser.add_argument("--no-create", action="store_true", help="make no queue that is absent")
    parser.add_argument(
        "--hidden", type=int, default=600, metavar="S", help="seconds a message is nobody else's"
    )
    parser.add_argument(
        "--grace", type=float, default=30.0, metavar="S", help="seconds a stop waits for what runs"
    )
    parser.add_argument(
        "--announce", type=Path, metavar="FILE", help="JSON with address, key and pid, when ready"
    )
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
