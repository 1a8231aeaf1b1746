"""What goes to stdout and stderr: JSON for programs, safe text for people."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from lineage.model import Status

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

# What would steer a terminal, turn the direction of writing, or break a line for some reader.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_UNWRAPPED = 4096  # columns, where no terminal tells its width: lines are left whole


def use_utf8() -> None:
    """Write UTF-8 whatever the locale, and never fail at a character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def drop_stdout() -> None:
    """Nobody reads stdout any more: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line(value: Any) -> None:
    """One JSON value on a line of its own on stdout, at once."""
    write(json_text(value) + "\n")


def json_text(value: Any) -> str:
    """JSON that is one line for every reader, and can be encoded whatever it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def write(text: str) -> None:
    """Text on stdout, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def problems(texts: Iterable[str]) -> None:
    """One line each on stderr."""
    for text in texts:
        print(visible(text), file=sys.stderr, flush=True)


def visible(text: str) -> str:
    """The text with everything that could steer a terminal written out: `\\x1b`, `\\u202e`."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


# ---------------------------------------------------------------- for people
# rich takes a while to load, and most calls of programs never need it.

STYLES = {
    Status.PENDING: "cyan",
    Status.RETRYING: "cyan",
    Status.TIMED_OUT: "cyan",
    Status.SUCCEEDED: "green",
    Status.PARTIAL: "yellow",
    Status.NOT_REPORTED: "dim",
    Status.FAILED: "bold red",
}


def text(content: object, style: str = "") -> Text:
    """Text that is shown as it is: nothing in it is markup, or steers the terminal."""
    from rich.text import Text

    return Text(visible(str(content)), style=style, overflow="fold")


def show(*renderables: RenderableType) -> None:
    """Tables, trees and text on stdout, in colours where that is a terminal."""
    console = stdout_console()
    with console.capture() as captured:
        for each in renderables:
            console.print(each)
    shown = captured.get()
    write(shown if console.is_terminal else re.sub(" +$", "", shown, flags=re.MULTILINE))


def stdout_console() -> Console:
    """A console for stdout; without a terminal nothing is wrapped."""
    from rich.console import Console

    width = shutil.get_terminal_size((_UNWRAPPED, 0)).columns
    return Console(width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)
