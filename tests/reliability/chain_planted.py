"""The chain in a hurry, with copies of its messages; and bugs that its tests have to notice."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.reliability.planted import BUGS as SPINE
from tests.reliability.planted import DELAY, Patch
from tests.reliability.violations import Broken

# No bugs: what waits for minutes waits for seconds, else most of a test were waiting.
HURRY = (
    Patch("worker.py", "TAKEN = 30.0  #", "TAKEN = 3.0  #"),
    Patch("worker.py", "FIRST, LONGEST = 30.0, 900.0", "FIRST, LONGEST = 0.5, 3.0"),
    Patch("store/circuits.py", "PROBE = 120.0", "PROBE = 3.0"),
    Patch("store/circuits.py", "FIRST_WAIT = 30.0", "FIRST_WAIT = 1.0"),
    Patch("store/circuits.py", "LONGEST_WAIT = 900.0", "LONGEST_WAIT = 3.0"),
    Patch("store/ledger.py", "PATIENCE = 20 * 60.0", "PATIENCE = 10.0"),
    Patch("store/notes.py", "LEASE = 600.0", "LEASE = 8.0"),
)

# No bug either: what a queue may do. See `tests.reliability.copies`.
COPIES = Patch(
    "queue/_storage.py",
    "        self._made(put)\n",
    "        for each in __import__('copies').delays(text, delay):\n"
    "            hidden = round(each)\n"
    "            self._made(put)\n",
)

REFUSING = Patch(  # a catalog that takes no operation of Stage
    "catalog/local.py",
    "        sent = read(entities)\n",
    "        sent = read(entities)\n"
    "        if any('Stage' in str(each) and '#' in str(each) for each in entities):\n"
    "            raise Rejected('not this one', 400, 'ATLAS-400-00-036')\n",
)


@dataclass(frozen=True, slots=True)
class ChainBug:
    """
    What is wrong with the patched app; it is caught where one of `shows` is found broken.

    Both hosts are killed up to `apart` seconds after one is up and something was written to the
    `store` or the `catalog`, and what they left is looked at, `blows` times; then all has to be
    settled within `patience` seconds, unless that is 0. `pages` asks for an estate with more than a
    page of everything.
    """

    what: str
    shows: frozenset[Broken]
    patches: tuple[Patch, ...]
    after: str = "store"
    apart: float = 1.0
    blows: int = 2
    patience: float = 0.0
    pages: bool = False
    settings: dict[str, str] = field(default_factory=dict)


def _slowly(patch: Patch, old: str, new: str) -> Patch:
    """A patch with a pause in the midst, so that a kill falls there more often."""
    assert patch.new.count(old) == 1, patch
    return Patch(patch.file, patch.old, patch.new.replace(old, new))


def _spine(name: str) -> tuple[Patch, ...]:
    return SPINE[name].patches


_PAUSE = "__import__('time').sleep(2)"

# Numbers are those of spec/reliability.md, section 9.
BUGS = {
    "cursor-before-rows": ChainBug(  # 1
        SPINE["cursor-before-rows"].what,
        frozenset({Broken.LOST}),
        (_slowly(_spine("cursor-before-rows")[0], "until); listed", f"until); {_PAUSE}; listed"),),
        blows=1,
    ),
    "status-before-push": ChainBug(  # 2
        SPINE["status-before-push"].what,
        frozenset({Broken.UNPROVEN}),
        (
            _slowly(
                _spine("status-before-push")[0], "desk.clock()))\n", f"desk.clock())); {_PAUSE}\n"
            ),
        ),
        apart=3.0,
        blows=3,
    ),
    "random-name": ChainBug(  # 3
        SPINE["random-name"].what,
        frozenset({Broken.PHANTOM}),
        _spine("random-name"),
        after="catalog",
    ),
    "one-page-of-runs": ChainBug(  # 5
        SPINE["one-page-of-runs"].what,
        frozenset({Broken.LOST}),
        _spine("one-page-of-runs"),
        blows=0,
        patience=40.0,
        pages=True,
        settings={"LINEAGE_BATCH": "50"},
    ),
    "one-page-of-activity-runs": ChainBug(  # 5
        SPINE["one-page-of-activity-runs"].what,
        frozenset({Broken.LOST, Broken.PHANTOM}),
        _spine("one-page-of-activity-runs"),
        apart=3.0,
        blows=6,
        pages=True,
        settings={"LINEAGE_BATCH": "50"},
    ),
    "refusal-taken-as-success": ChainBug(  # 6
        "what the catalog refuses counts as sent",
        frozenset({Broken.UNPROVEN}),
        (
            REFUSING,
            Patch(
                "catalog/bulk.py",
                "yield part[0], refusal",
                "yield part[0], {_name(each): 'g' for each in part[0].entities}",
            ),
        ),
        after="catalog",
        apart=3.0,
        blows=4,
    ),
    "message-without-row": ChainBug(  # 13
        "runs are sent and the cursor is moved, and no run row is written",
        frozenset({Broken.LOST}),
        (Patch("collect.py", "                ledger.enqueue(factory, new, how.now)\n", ""),),
    ),
    "queued-forgotten": ChainBug(  # 14
        SPINE["queued-forgotten"].what,
        frozenset({Broken.LOST, Broken.INCOMPLETE}),
        (
            *_spine("queued-forgotten"),
            Patch(
                "collect.py",
                "                queued += new\n",
                f"                queued += new; {_PAUSE}\n",
            ),
        ),
        blows=1,
        patience=12.0,
    ),
    "listed-before-rows": ChainBug(  # 15
        SPINE["listed-before-rows"].what,
        frozenset({Broken.LOST}),
        (
            _slowly(
                _spine("listed-before-rows")[0],
                "settled_before)) or not",
                f"settled_before)) or {_PAUSE} or not",
            ),
        ),
        apart=3.0,
        blows=3,
    ),
    "no-lane-lease": ChainBug(  # 17
        SPINE["no-lane-lease"].what,
        frozenset({Broken.SHRUNK}),
        (Patch(DELAY.file, DELAY.old, DELAY.new.replace("0.1", "1.0")), _spine("no-lane-lease")[1]),
        after="catalog",
        apart=15.0,
        blows=1,
        settings={"LINEAGE_BATCH": "1"},
    ),
}
