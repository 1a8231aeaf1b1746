"""The tree of an expression, and that printing it gives it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import BadInput
from lineage.resolve.syntax import Call, Literal, Node, Path, Step, Text, parse, unparse

DATASET = Call("dataset")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Text(())),
        ("a", Text(("a",))),
        ("@'a'", Literal("a")),
        ("@dataset()", DATASET),
        ("@dataset().a", Path(DATASET, (Step(Literal("a")),))),
        ("@dataset()['a b']", Path(DATASET, (Step(Literal("a b")),))),
        ("@dataset()?.a?[0]", Path(DATASET, (Step(Literal("a"), True), Step(Literal(0), True)))),
        ("@f(-1, true)", Call("f", (Literal(-1), Literal(True)))),
        ("@f(g())", Call("f", (Call("g"),))),
        ("a@{f()}b", Text(("a", Call("f"), "b"))),
        ("@{f()}@{g()}", Text((Call("f"), Call("g")))),
        ("@@@{f()}", Text(("@", Call("f")))),
    ],
)
def test_a_text_has_its_tree(text: str, tree: Node) -> None:
    assert repr(parse(text)) == repr(tree)  # 1, 1.0 and True are equal
    assert unparse(tree) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("@ f ( 'a' ,1 ) [ 'b' ] . c", "@f('a', 1).b.c"),
        ("@dataset()['a']", "@dataset().a"),
        ("@True", "@true"),
        ("@1.50", "@1.5"),
        ("a@@{b", "a@@{b"),
        ("@@a", "@@a"),
    ],
)
def test_a_text_is_printed_in_one_way(text: str, printed: str) -> None:
    assert unparse(parse(text)) == printed


def calls(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Call]:
    names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
    return st.builds(Call, names, st.lists(inner, max_size=3).map(tuple))


def paths(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Path]:
    steps = st.builds(Step, st.builds(Literal, st.text()) | inner, st.booleans())
    return st.builds(Path, calls(inner), st.lists(steps, min_size=1, max_size=3).map(tuple))


numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
literals: st.SearchStrategy[Node] = st.builds(
    Literal, st.none() | st.booleans() | numbers | st.text()
)
nodes = st.recursive(literals, lambda inner: calls(inner) | paths(inner), max_leaves=12)
plain = st.text(min_size=1).filter(lambda text: not text.endswith("@")) | st.sampled_from(
    ["@{", "@@{", "a@@b", "@", "{", "}", "@a"]
)


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Plain parts never meet, and none ends in `@` before an expression: it cannot be written."""
    parts: list[str | Node] = []
    for part in draw(st.lists(plain | nodes, max_size=5)):
        last = parts[-1] if parts else None
        if isinstance(last, str) and isinstance(part, str):
            parts[-1] = last + part
        else:
            if isinstance(last, str) and last.endswith("@"):
                parts[-1] = last + "_"
            parts.append(part)
    return Text(tuple(parts))


@given(nodes | texts())
def test_what_is_printed_parses_to_the_same_tree(tree: Node) -> None:
    assert repr(parse(unparse(tree))) == repr(tree)


@given(st.text(alphabet="@{}'()[].?, af1-\n"))
def test_what_parses_is_printed_and_parsed_to_the_same_tree(text: str) -> None:
    try:
        tree = parse(text)
    except BadInput:
        return

    assert repr(parse(unparse(tree))) == repr(tree)


def test_calls_may_be_64_deep_and_no_deeper() -> None:
    assert parse("@" + "f(" * 64 + "1" + ")" * 64)
    with pytest.raises(BadInput, match="deeper than 64"):
        parse("@" + "f(" * 65 + "1" + ")" * 65)


def test_an_error_holds_nothing_of_the_text() -> None:
    with pytest.raises(BadInput) as caught:
        parse("@concat('canary' canary)")

    assert str(caught.value) == "not an expression (character 17)"
