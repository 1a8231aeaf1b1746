"""Circuits: what is closed to us for now, and when somebody may try it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Lock

from lineage import ticks
from lineage.errors import LineageError, SettingsError, Unavailable
from lineage.model import Clock, Row, Rows, Versioned
from lineage.store.rows import VERSION, digest, ours
from lineage.ticks import SECOND, Ticks

_TABLE, _PARTITION, _END = "notes", "circuit", "~"
PROBE = 120.0  # seconds that one who tries keeps the others waiting
FIRST_WAIT = 30.0  # seconds; doubled by each try that fails
LONGEST_WAIT = 900.0  # seconds; at once where the set-up is to blame
LONGEST_ASKED = 3600.0  # seconds of a service's own wish
LONGEST_WHY = 256  # characters


@dataclass(frozen=True, slots=True)
class Circuit:
    """
    What is known of `what`, a factory or a catalog.

    While it is `open`, nobody tries `until` then; `tries` have failed, the last one told `why`.
    It was opened at `since`, and `closed` at last (0: never).
    """

    what: str
    open: bool
    since: Ticks
    until: Ticks
    tries: int
    why: str
    closed: Ticks


class Circuits:
    """
    The circuits of a store, shared by all who work on it.

    One opens after a failure that trying the next item would not heal. The backlog is kept, one
    caller at a time tries again, and the first success closes it. Rows are few, and read as one.
    """

    def __init__(self, rows: Rows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._lock = Lock()
        self._seen: set[str] = set()  # open, as far as we know

    def wait(self, *what: str) -> float:
        """
        Seconds until all of these may be tried; 0.0 is now.

        Of those who ask once the time of an open one has come, one gets 0.0: it is to try, and to
        tell `worked` or `failed`; should it die, another does after `PROBE` seconds.
        """
        while True:
            now = self._clock()
            opened = {key: each for key, each in self._read(what).items() if each[0]["open"]}
            self._note(what, opened)
            left = max([0, *(row["until"] - now for row, _ in opened.values())]) / SECOND
            mine = {key: each for key, each in opened.items() if ours(each[0])}
            if left > 0 or not mine:
                return float(left)
            if self._write(mine, {"until": ticks.shift(now, PROBE), "probe": True}):
                return 0.0

    def failed(self, what: str, error: LineageError) -> float:
        """
        Open it, or keep it open; returns the seconds to wait.

        A failure of what began before it was opened does not count as another try.
        """
        while True:
            now, key = self._clock(), digest(what)
            row, version = self._read([what]).get(key, ({}, 0))
            if row and not ours(row):
                return float(max(0.0, (row["until"] - now) / SECOND))
            made = _after(row, what, error, now)
            if made == row or self._write({key: (made, version)}, {}):
                with self._lock:
                    self._seen.add(what)
                return float((made["until"] - now) / SECOND)

    def worked(self, *what: str) -> None:
        """Close those that are open; costs nothing where none was when they were looked at last."""
        with self._lock:
            asked = self._seen & set(what)
        while asked:
            opened = {
                key: each
                for key, each in self._read(asked).items()
                if each[0]["open"] and ours(each[0])
            }
            closed = {"open": False, "probe": False, "tries": 0, "closed": self._clock()}
            if not opened or self._write(opened, closed):
                with self._lock:
                    self._seen -= asked
                return

    def release(self, *what: str) -> None:
        """Let somebody else try those that the caller was to try, and did not."""
        with self._lock:
            asked = self._seen & set(what)
        if asked:
            mine = {k: each for k, each in self._read(asked).items() if each[0].get("probe")}
            now = self._clock()
            if mine and all(ours(row) for row, _ in mine.values()):
                self._write(mine, {"until": now, "probe": False})

    def suspects(self, what: str) -> bool:
        """Whether it was open when it was looked at last: whoever goes on tries it. No call."""
        with self._lock:
            return what in self._seen

    def all(self) -> list[Circuit]:
        """Every circuit that was ever open, by name."""
        rows = [row for _, row in self._rows.range(_TABLE, _PARTITION, "", _END)]
        return sorted(map(_circuit, rows), key=lambda each: each.what)

    def _read(self, what: Collection[str]) -> dict[str, Versioned]:
        wanted = {digest(each) for each in what}
        found = self._rows.scan(_TABLE, _PARTITION, "", _END)
        return {key: each for key, each in found if key in wanted}

    def _write(self, rows: Mapping[str, Versioned], change: Row) -> bool:
        puts = {key: {**row, **change} for key, (row, _) in rows.items()}
        expected = {key: version for key, (_, version) in rows.items()}
        return self._rows.write(_TABLE, _PARTITION, puts, expected=expected)

    def _note(self, what: Collection[str], opened: Collection[str]) -> None:
        with self._lock:
            self._seen -= set(what)
            self._seen |= {each for each in what if digest(each) in opened}


def _after(row: Row, what: str, error: LineageError, now: Ticks) -> Row:
    """The row of a circuit after a failure; as it is where that changes nothing."""
    asked = (error.retry_after or 0.0) if isinstance(error, Unavailable) else 0.0
    asked = max(0.0, min(asked, LONGEST_ASKED))
    if isinstance(error, SettingsError):
        asked = LONGEST_WAIT
    opened = bool(row) and row["open"]
    if opened and row["until"] > now and not row["probe"]:
        return {**row, "until": max(row["until"], ticks.shift(now, asked))}
    tries = row["tries"] + 1 if opened else 1
    wait = max(asked, min(FIRST_WAIT * 2.0 ** min(tries - 1, 16), LONGEST_WAIT))
    return {
        "v": VERSION,
        "what": what,
        "open": True,
        "probe": False,
        "since": row["since"] if opened else now,
        "until": ticks.shift(now, wait),
        "tries": tries,
        "why": str(error)[:LONGEST_WHY],
        "closed": row["closed"] if row else Ticks(0),
    }


def _circuit(row: Row) -> Circuit:
    return Circuit(
        what=row["what"],
        open=row["open"],
        since=Ticks(row["since"]),
        until=Ticks(row["until"]),
        tries=row["tries"],
        why=row["why"],
        closed=Ticks(row["closed"]),
    )
