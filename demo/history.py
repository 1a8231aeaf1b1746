"""
What the services were asked and what they gave: one JSON object a line, for a separate checker.

`{"n", "t", "site", "method", "path", "digest", "status", "fault", "served"}`: a running number, the
Unix time, the factory's or workspace's name (null where the path names none), the first 16 digits
of the body's SHA-256, and what was given away *in full*:

* a page of runs: `{"runs": [ids], "after", "before", "first", "last"}`, bounds in ticks since 1970;
* a page of runs of triggers: `{"triggerRuns": [ids], "after", ...}`;
* a page of activity runs: `{"pipelineRun", "activityRuns": [ids], "after", "before", ...}`;
* `{}` for anything else, and for every answer that was withheld or cut. An answer whose connection
  was lost before it began, or while it dripped, has no line.

A line is written and flushed before the last byte of its answer leaves: whoever has the answer, the
line was there first. (That the answer *arrived* no server can know.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from demo.routes import Request


class History:
    """
    Keeps the lines: in a file if there is a path, else in `lines`.

    `kept` is False where nobody will ask for them: calls are counted then, and no more.
    """

    def __init__(
        self,
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
        *,
        kept: bool = True,
    ) -> None:
        self._kept = kept
        self.lines: list[Mapping[str, Any]] = []
        self.calls = 0
        self._file = path.open("a", encoding="utf-8") if path else None
        self._clock = clock

    def write(
        self, site: str | None, request: Request, status: int, fault: str, served: Mapping[str, Any]
    ) -> None:
        """Add a line; `status` 0 is no answer at all."""
        self.calls += 1
        if not self._kept:
            return
        line = {
            "n": self.calls,
            "t": round(self._clock(), 6),
            "site": site,
            "method": request.method,
            "path": request.path,
            "digest": sha256(request.body).hexdigest()[:16],
            "status": status,
            "fault": fault or None,
            "served": served,
        }
        if self._file is None:
            self.lines.append(line)
        else:
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
