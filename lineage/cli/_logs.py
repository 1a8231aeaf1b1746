"""Our logs on stderr, in which nothing steers the terminal and no value of an error is told."""

from __future__ import annotations

import logging
import sys
from traceback import format_tb
from typing import Any

from lineage.cli import _output

_LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)


def log_to_stderr(verbose: int) -> None:
    """Send our own logs, and nobody else's, to stderr; errors only where not asked for more."""
    logger = logging.getLogger("lineage")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Visible("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.handlers = [handler]
    if not logging.root.handlers:  # else Python itself prints the warnings of azure-identity,
        logging.root.addHandler(logging.NullHandler())  # which repeat what a service says
    logger.setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])


class _Visible(logging.Formatter):
    """Log lines in which no name of somebody else's steers the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(_output.visible(line) for line in super().format(record).split("\n"))

    def formatException(self, ei: Any) -> str:
        """Where it happened, and the kind of error: its text may hold a value, even a secret."""
        kind, _, trace = ei
        return "".join([*format_tb(trace), kind.__name__])
