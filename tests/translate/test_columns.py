import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import ColumnKind, ColumnLink, Reason, Where
from lineage.translate.columns import Columns, Linked, link
from tests.world import table

CASES = json.loads(Path(__file__).with_name("cases").joinpath("columns.json").read_text("utf-8"))

SOURCE, SINK = table("source"), table("sink")

names = st.sampled_from(["a", "b", "@c", "$.d", "$['e']['f']", "", "g: h", "12"])
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), names, st.text())
keys = st.sampled_from(
    [
        *("type", "mappings", "columnMappings", "schemaMapping", "collectionReference"),
        *("source", "sink", "name", "path", "ordinal", "value"),
    ]
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
)


def linked(
    translator: object,
    source: tuple[str, ...] = (),
    sink: tuple[str, ...] = (),
    additional: object = None,
    binary: bool = False,
    stale: bool = False,
) -> Linked:
    return link(
        translator,
        Columns(SOURCE, source),
        Columns(SINK, sink),
        additional=additional,
        binary=binary,
        from_definition=stale,
    )


def arrow(made: ColumnLink) -> str:
    """`source -> sink`, or `constant -> sink`."""
    if made.kind is not ColumnKind.VALUE:
        assert made.sources == ()
        return f"{made.kind} -> {made.output}"
    [column] = made.sources
    assert column.asset == SOURCE
    return f"{column.name} -> {made.output}"


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_columns_are_linked_as_the_translator_says(case: dict[str, Any]) -> None:
    links, gaps = linked(
        case["translator"],
        tuple(case.get("source", ())),
        tuple(case.get("sink", ())),
        case.get("additional"),
        case.get("binary", False),
        case.get("stale", False),
    )

    assert sorted(map(arrow, links)) == sorted(case["links"])
    assert [gap.detail for gap in gaps] == ([case["gap"]] if "gap" in case else [])
    assert all((gap.reason, gap.where) == (Reason.COLUMNS_UNKNOWN, Where.COLUMNS) for gap in gaps)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case["case"] for case in CASES]

    assert len(names) == len(set(names))


def test_an_ordinal_of_many_digits_is_no_column() -> None:
    translator = {"mappings": [{"source": {"ordinal": "9" * 5000}, "sink": {"name": "x"}}]}

    links, gaps = linked(translator, ("a",))

    assert links == ()
    assert len(gaps) == 1


def test_a_translator_nested_too_deeply_is_no_json() -> None:
    links, gaps = linked('{"a":' * 100_000)

    assert links == ()
    assert [gap.detail for gap in gaps] == ["the translator is text that is no JSON"]


@given(values, values)
def test_whatever_a_translator_holds_it_is_read(translator: Any, additional: Any) -> None:
    for given_translator in (translator, json.dumps(translator)):
        links, _ = linked(given_translator, ("a", "b"), ("b", "c"), additional)

        for made in links:
            assert made.output
            assert not made.output.startswith("@")
            assert all(column.name and "@{" not in column.name for column in made.sources)
