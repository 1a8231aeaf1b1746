"""The chain in a hurry, with copies of its messages; and bugs that its kill test has to notice."""

from __future__ import annotations

from tests.reliability.planted import BUGS as SPINE
from tests.reliability.planted import DELAY, Bug, Patch
from tests.reliability.violations import Broken

# No bugs: what waits for minutes waits for seconds, else most of a test were waiting.
HURRY = (
    Patch("worker.py", "TAKEN = 30.0  #", "TAKEN = 2.0  #"),
    Patch("worker.py", "FIRST, LONGEST = 30.0, 900.0", "FIRST, LONGEST = 0.5, 3.0"),
    Patch("store/circuits.py", "PROBE = 120.0", "PROBE = 3.0"),
    Patch("store/circuits.py", "FIRST_WAIT = 30.0", "FIRST_WAIT = 1.0"),
    Patch("store/circuits.py", "LONGEST_WAIT = 900.0", "LONGEST_WAIT = 3.0"),
    Patch("store/ledger.py", "PATIENCE = 20 * 60.0", "PATIENCE = 10.0"),
    Patch("store/notes.py", "LEASE = 600.0", "LEASE = 8.0"),
    Patch("service.py", "_COLLECTING = 600.0", "_COLLECTING = 3.0"),
)

# No bug either: what a queue may do. See `tests.reliability.copies`.
COPIES = Patch(
    "queue/_storage.py",
    "        self._made(put)\n",
    "        for each in __import__('copies').delays(text, delay):\n"
    "            hidden = round(each)\n"
    "            self._made(put)\n",
)
