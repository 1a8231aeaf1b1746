"""Text and JSON that cannot do harm, whatever a name holds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.cli import _output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 日本", "plain ü 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("half \ud83d", "half \\ud83d"),
        ("[bold]x[/]", "[bold]x[/]"),
    ],
)
def test_what_would_steer_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert _output.visible(text) == shown


@given(st.text(st.characters(exclude_categories=[])))
def test_a_line_of_json_is_one_line_of_utf_8_and_reads_as_it_was(text: str) -> None:
    line = _output.json_text({"name": text})

    assert json.loads(line) == {"name": text}
    assert len(line.splitlines()) == 1
    line.encode()


def test_markup_is_shown_and_not_followed(capsys: pytest.CaptureFixture[str]) -> None:
    _output.show(_output.text("[red]x[/red] :smile: \x1b[31m"))

    assert capsys.readouterr().out == "[red]x[/red] :smile: \\x1b[31m\n"
