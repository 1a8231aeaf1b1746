"""Leaving in the middle of a sync: at Ctrl-C, and where nobody reads any more."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from lineage.cli import _output
from lineage.cli._call import BROKEN_PIPE, INTERRUPTED


def line_or_leave(line: object) -> None:
    """A line from a worker: where nobody reads any more the program ends as one that is killed."""
    try:
        _output.line(line)
    except BrokenPipeError:
        os._exit(BROKEN_PIPE)


@contextmanager
def leave_at_once(stop: Callable[[], None]) -> Iterator[None]:
    """
    Let Ctrl-C end the program without waiting for calls under way.

    That is as safe as `kill -9`: whatever was not proven stays open for the next sync.
    """

    def leave(_: int, __: FrameType | None) -> None:
        stop()
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
