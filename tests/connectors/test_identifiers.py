"""Dotted names of SQL objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.connectors._identifiers import single, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("t", ("t",)),
        ("dbo.t", ("dbo", "t")),
        ("[dbo].[a.b]", ("dbo", "a.b")),
        (' "a" . [b] . c ', ("a", "b", "c")),
        ("[a]]b]", ("a]b",)),
        ('"a""b"', ('a"b',)),
        ("db..t", ("db", "", "t")),
        ("[[dbo].[t]", ("dbo", "t")),
        ("[dbo", ()),
        ("[dbo]x.t", ()),
        ("", ("",)),
        ("dbo.", ("dbo", "")),
    ],
)
def test_a_dotted_name_is_split_outside_its_quotes(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize(
    ("text", "name"),
    [("t", "t"), ("[t]", "t"), ('"t"', "t"), ("a.b", "a.b"), ("[a.b]", "a.b"), ("[a", "[a")],
)
def test_one_identifier_keeps_its_dots(text: str, name: str) -> None:
    assert single(text) == name


@given(st.lists(st.text(min_size=1).map(str.strip).filter(lambda t: t[:1] != "["), min_size=1))
def test_what_is_quoted_is_read_back(parts: list[str]) -> None:
    assert split(".".join(f"[{part.replace(']', ']]')}]" for part in parts)) == tuple(parts)


@given(st.text())
def test_any_text_is_split_without_an_error(text: str) -> None:
    assert isinstance(split(text), tuple)
    assert isinstance(single(text), str)
