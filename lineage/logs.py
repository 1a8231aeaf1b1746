"""
Logs for a host that keeps them: one line of JSON each.

Nothing is ever counted from logs, which a host samples; the gauges are in one `tick` line a timer
run, and everything else is in the ledger.
"""

from __future__ import annotations

import json
import logging
from traceback import extract_tb
from typing import Any

LONGEST = 256  # characters of a text
_QUIET = ("azure", "msal", "urllib3")  # whose lines hold what services say

events = logging.getLogger("lineage.events")


def tell(event: str, **facts: Any) -> None:
    """Log that something came to be: a state change, or the gauges of a tick."""
    events.info(line(event, facts))


def line(event: str, facts: dict[str, Any]) -> str:
    """One line, in ASCII: a name can hold a line's end, or steer a terminal."""
    cut = {name: _cut(value) for name, value in facts.items()}
    return json.dumps({"event": event, **cut}, default=str)


def _cut(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value


class JsonLines(logging.Handler):
    """
    Passes our records on as lines of JSON, without the texts of errors, which may hold values.

    The Functions worker takes what reaches the root logger, and prints an error with its traceback.
    """

    def __init__(self, to: logging.Logger) -> None:
        super().__init__()
        self._to = to

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record there."""
        text = record.getMessage()
        if record.name != events.name:
            facts: dict[str, Any] = {"logger": record.name, "message": text}
            if record.exc_info and record.exc_info[0]:
                frames = extract_tb(record.exc_info[2])
                facts["error"] = record.exc_info[0].__name__
                facts["at"] = [f"{each.name}:{each.lineno}" for each in frames][-10:]
            text = line("log", facts)
        self._to.log(record.levelno, "%s", text)


def as_json(to: str = "purview_lineage") -> None:
    """Have all records of ours go to that logger as JSON, and of libraries warnings only."""
    ours = logging.getLogger("lineage")
    ours.handlers, ours.propagate = [JsonLines(logging.getLogger(to))], False
    ours.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
