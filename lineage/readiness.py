"""Whether everything can be reached that the service needs, for whoever watches it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread

from lineage.doctor import Check, Doors, Health, examine
from lineage.errors import LineageError
from lineage.http import Limits
from lineage.settings import Settings
from lineage.web import Answer

log = logging.getLogger(__name__)

BUDGET = 2.0  # seconds until the answer
KEPT = 30.0  # seconds that what was found is told again
HANGS = 120.0  # seconds after which a look that is not over counts as one that hangs
QUICK = Limits(connect=2.0, read=2.0, total=2.0, attempts=1)


class _Round:
    """One look at everything, in a thread of its own: one that hangs holds no answer up."""

    def __init__(self, checks: Callable[[], Iterable[Check]], began: float) -> None:
        self.began = began
        self.found: list[Check] = []
        self.over = Event()
        self._checks = checks
        Thread(target=self._look, name="readiness", daemon=True).start()

    def _look(self) -> None:
        try:
            for check in self._checks():
                self.found.append(check)
        except LineageError as error:
            self.found.append(Check("service", "all", Health.FAILED, str(error)))
        except Exception as error:  # a bug: what it did not come to is not known to be reached
            log.exception("readiness")
            said = f"an unexpected {type(error).__name__}: the log tells where"
            self.found.append(Check("service", "all", Health.FAILED, said))
        finally:
            self.over.set()


class Readiness:
    """What `doctor` finds, within `BUDGET` and not more often than every `KEPT` seconds."""

    def __init__(
        self,
        settings: Settings,
        *,
        checks: Callable[[], Iterable[Check]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        budget: float = BUDGET,
    ) -> None:
        self._checks = checks or (lambda: examine(settings, Doors(limits=QUICK)))
        self._clock = clock
        self._budget = budget
        self._lock = Lock()
        self._round: _Round | None = None
        self._last: _Round | None = None  # the one before, which is over

    def answer(self) -> Answer:
        """200 where everything can be reached, else 503; a line for each dependency."""
        with self._lock:
            now, round_ = self._clock(), self._round
            if round_ is None or (round_.over.is_set() and now - round_.began >= KEPT):
                self._last, self._round = round_, _Round(self._checks, now)
                round_ = self._round
            last = self._last if now - round_.began < HANGS else None
        whole = round_.over.wait(self._budget)
        if not whole and last is not None:
            round_, whole = last, True  # the whole one before tells more than a part of this one
        found = list(round_.found)
        if not whole:
            said = f"no answer within {self._budget:.0f} s: ask again in a moment"
            found.append(Check("service", "what is not named here", Health.FAILED, said))
        ready = bool(found) and all(each.health is not Health.FAILED for each in found)
        lines = [each.json() for each in found]
        return Answer(200 if ready else 503, {"v": 1, "ready": ready, "checks": lines})
