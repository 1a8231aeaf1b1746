"""The progress of a sync, on stderr and only where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING

from lineage.app import App
from lineage.model import Outcome

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

EVERY = 0.2  # seconds between two looks at how much is left


class Progress:
    """
    A bar over pipeline runs: those settled in this sync against those that wait.

    `settled` is called for each outcome, from any thread but one at a time.
    """

    def __init__(self, app: App, *, shown: bool) -> None:
        self._app = app
        self._bar: Bar | None = _bar() if shown and sys.stderr.isatty() else None
        self._runs: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._looked = 0.0

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
            self._bar.add_task("reading runs", total=None, counts="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away and give the terminal back."""
        if self._bar:
            self._bar.stop()

    def settled(self, outcome: Outcome) -> None:
        """Count an activity run."""
        if self._bar is None:
            return
        self._runs.add(outcome.run.of.id)
        self._counts[outcome.status.value] += 1
        if time.monotonic() - self._looked >= EVERY:
            left = sum(self._app.ledger.backlog(each) for each in self._app.settings.factories)
            counts = ", ".join(f"{name} {count}" for name, count in sorted(self._counts.items()))
            done = len(self._runs)
            self._bar.update(
                self._bar.task_ids[0],
                description="pipeline runs",
                completed=done,
                total=done + left,
                counts=counts,
            )
            self._looked = time.monotonic()


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}"),
        console=Console(stderr=True),
        transient=True,
    )
