"""
A Python 3.13 with the worker library that Azure runs, in a virtual environment of its own.

Made once, from the pins of `requirements-worker.txt`, in `.cache`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINS = ROOT / "requirements-worker.txt"
CACHE = ROOT / ".cache"
VERSION = "3.13"


class NoWorker(Exception):
    """It cannot be had here; the text says why."""


def worker_python() -> Path:
    """The interpreter to run. Raises `NoWorker`."""
    place = CACHE / f"worker-{sha256(PINS.read_bytes()).hexdigest()[:12]}"
    python, complete = place / "bin" / "python", place / "complete"
    if complete.exists() and _runs(python):
        return python
    base = next(filter(_runs, _candidates()), None)
    if base is None:
        raise NoWorker(f"no Python {VERSION} runs here (PATH, ~/.pyenv/versions)")
    _do(str(base), "-m", "venv", "--clear", str(place))
    _do(
        *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "-r", str(PINS)),
    )
    complete.touch()
    return python


def _candidates() -> Iterator[Path]:
    """Those of PATH, which may be shims that run nothing, then those that pyenv keeps."""
    name = f"python{VERSION}"
    for folder in os.get_exec_path():
        if (Path(folder) / name).exists():
            yield Path(folder) / name
    for kept in sorted((Path.home() / ".pyenv" / "versions").glob(f"{VERSION}*")):
        yield kept / "bin" / "python"


def _runs(python: Path) -> bool:
    code = f"import sys; sys.exit('{VERSION}' != '%d.%d' % sys.version_info[:2])"
    try:
        ended = subprocess.run([python, "-c", code], capture_output=True, check=False)  # noqa: S603  # a Python
    except OSError:
        return False
    return ended.returncode == 0


def _do(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if ended.returncode:
        raise NoWorker(f"{' '.join(command[:4])} … failed: {ended.stderr[-300:]}")
