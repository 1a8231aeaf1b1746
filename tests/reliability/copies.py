"""
What a queue may do and Azurite does not: each message one to ten times, in any order.

Lies in the tree under test, and counts in files of its working folder: what is sent again (a batch
that was put back, by another process too) is one message more, else there would be no end of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import random, randrange

MOST = 10
SPREAD = 8.0  # seconds over which copies come
FOLDER = Path("copies")


def delays(text: str, delay: float) -> Iterator[float]:
    """The delay of each copy of a message; of one that was seen before just its own."""
    yield delay + random() * (SPREAD if not delay else 0.0)  # noqa: S311  # moments, no secrets
    body = json.loads(text)
    body.pop("tries", None)
    FOLDER.mkdir(exist_ok=True)
    name = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    try:
        os.close(os.open(FOLDER / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    for _ in range(randrange(MOST)):  # noqa: S311  # no secret either
        yield delay + random() * SPREAD  # noqa: S311
