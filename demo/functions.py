"""
`make functions`: the Functions app on this machine, over an emulator of Azure Storage.

The sample estate is served as for `make demo`. Storage is kept in memory, and the catalog in
`.functions`, made anew: every start begins at nothing. Until Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import estate
from demo.process import Addresses, running

FOLDER = Path(".functions")
_ROOT = Path(__file__).parents[1]
_KEY = "HOST_KEY"


def environment(addresses: Addresses, storage: str, folder: Path) -> dict[str, str]:
    """The app's settings for the sample estate; its catalog is a file in `folder`."""
    return {
        "AzureWebJobsStorage": storage,
        "LINEAGE_FACTORIES": ",".join(addresses.sites),
        "LINEAGE_MANAGEMENT_ENDPOINT": addresses.management,
        "LINEAGE_SYNAPSE_ENDPOINT": addresses.synapse["syn-contoso-dwh"],
        "LINEAGE_AUTH": "none",
        "LINEAGE_STORE": "table:",
        "LINEAGE_CATALOG": f"local:{folder / 'catalog.db'}",
        "LINEAGE_QUEUE": "lineage",
        "LINEAGE_SCHEDULE": "0 * * * * *",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; the exit code is 2 where there is no emulator."""
    from tests.azurite.server import NoAzurite
    from tests.azurite.storage import connection_to_all, serving_all

    asked = _parser().parse_args(arguments)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    epoch = datetime.now(UTC) - timedelta(minutes=10)
    _seed(FOLDER / "catalog.db", epoch)
    print("Starting Azurite, the emulator of Azure Storage (fetched by npm once) …", flush=True)
    try:
        with serving_all() as azurite, running("--epoch", epoch.isoformat()) as addresses:
            settings = environment(addresses, connection_to_all(azurite, 0), FOLDER.resolve())
            text = "".join(f"export {name}='{value}'\n" for name, value in settings.items())
            (FOLDER / "env").write_text(text, encoding="utf-8")
            for service, address in azurite.items():
                print(f"  {service:10} {address}")
            print(f"  {'factories':10} {addresses.management}\n", flush=True)
            return _hosted(asked.port, settings)
    except NoAzurite as error:
        print(f"make functions needs Node, on which Azurite runs: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo.functions", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="of the functions; 0: any")
    return parser


def _seed(path: Path, epoch: datetime) -> None:
    """Make the catalog, with what it knows before."""
    from lineage.catalog.local import LocalCatalog

    with closing(LocalCatalog(path)) as catalog:
        catalog.send(estate.load(epoch).catalog)


def _hosted(port: int, settings: Mapping[str, str]) -> int:
    """Run the host until it ends, or we are told to."""
    key = os.environ.get(_KEY) or secrets.token_urlsafe(24)
    kept = {name: each for name, each in os.environ.items() if not name.startswith("LINEAGE_")}
    ready = FOLDER.resolve() / "host.json"
    command = [sys.executable, "-m", "host", str(_ROOT), "--port", str(port), "--now"]
    process = subprocess.Popen(  # noqa: S603  # ourselves
        [*command, "--announce", str(ready)],
        cwd=_ROOT,
        env={**kept, **settings, _KEY: key},
        start_new_session=True,  # Ctrl-C is ours: what it runs may end
    )
    try:
        while not ready.exists() and process.poll() is None:
            time.sleep(0.05)
        if process.poll() is None:
            _told(json.loads(ready.read_text(encoding="utf-8"))["address"], key)
        return process.wait()
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
        process.terminate()
        return process.wait()
    finally:
        process.kill()


def _told(address: str, key: str) -> None:
    print("The timer fires each minute, and fired now. Ctrl-C stops. Next, try:\n")
    print(f"  curl {address}/api/health")
    print(f"  curl -H 'x-functions-key: {key}' {address}/api/status")
    print(
        f"  . {FOLDER}/env; {os.path.relpath(sys.executable)} -m lineage runs   # in another shell"
    )
    print("  python -m host --help   # what is modelled, and what only Azure does\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
