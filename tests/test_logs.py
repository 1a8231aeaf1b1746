"""Logs of the Functions app: one line of JSON each, and no text of an error."""

import json
import logging
from collections.abc import Iterator

import pytest

from lineage import logs


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What reaches the root logger, as the worker takes it."""
    ours = logging.getLogger("lineage")
    handlers, propagate, level = ours.handlers, ours.propagate, ours.level
    formatter = logging.Formatter()
    told: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(formatter.format(record))

    keeping = Keeping()
    logging.getLogger().addHandler(keeping)
    logging.getLogger("purview_lineage").setLevel(logging.INFO)
    logs.as_json()
    yield told
    logging.getLogger().removeHandler(keeping)
    ours.handlers, ours.propagate = handlers, propagate
    ours.setLevel(level)


def test_an_event_is_one_line_whatever_a_name_holds(lines: list[str]) -> None:
    logs.tell("run", pipeline="a\r\nb\x1b[2J\u202e\x00", runs=3)

    [line] = lines
    assert line.isascii()
    assert not set("\r\n\x1b\x00") & set(line)
    assert json.loads(line) == {"event": "run", "pipeline": "a\r\nb\x1b[2J\u202e\x00", "runs": 3}


def test_a_bug_is_told_without_its_text(lines: list[str]) -> None:
    try:
        raise ValueError("Password=hidden")
    except ValueError:
        logging.getLogger("lineage.report").exception("activity run %s", "a\nb")

    [line] = lines
    told = json.loads(line)
    assert "hidden" not in line
    assert told["error"] == "ValueError"
    assert told["message"] == "activity run a\nb"
    assert told["at"]


def test_what_libraries_chatter_is_not_told(lines: list[str]) -> None:
    logging.getLogger("azure.core.pipeline.policies").info("Authorization: hidden")
    logging.getLogger("lineage.http").debug("a call")

    assert lines == []
