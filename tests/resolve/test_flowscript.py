"""Reading what a data flow's script says of one source or sink."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import BadInput
from lineage.model import Gap, Reason, Value
from lineage.resolve.flowscript import read, stream
from tests.cli.program import CORPUS

FLOWS = CORPUS.parent / "dataflow"
OPEN = "not a value"


def source(statement: str) -> dict[str, Any] | Gap:
    """What a script of this one statement says of its source `s`; `OPEN` for what is a gap."""
    found = stream({"script": statement}, "source", "s", "data flow df")
    if isinstance(found, Gap):
        return found
    return {key: OPEN if value.gap else value.value for key, value in found.items()}


@pytest.mark.parametrize(
    ("arguments", "properties"),
    [
        ("", {}),
        ("format: 'query'", {"format": "query"}),
        ("Format:'table',\n\tstaged : true,", {"format": "table", "staged": True}),
        ("query: 'a \\'b\\', \"c\" -- ) ~> x'", {"query": "a 'b', \"c\" -- ) ~> x"}),
        ('query: "select 1"', {"query": "select 1"}),
        ('query: "select \\{1}"', {"query": "select {1}"}),
        ('query: "select {$x}"', {"query": OPEN}),
        ('query: "a {iif(b, {a column}, c)} d"', {"query": OPEN}),
        ("query: ($q)", {"query": OPEN}),
        ("query: ('select 1')", {"query": "select 1"}),
        ("query: 'a\\nb'", {"query": OPEN}),
        ("format: 'a' + 'b'", {"format": OPEN}),
        ("format: 'query', format: 'table'", {"format": OPEN}),
        ("wildcardPaths:['a/*.csv', 'b/**//c.csv']", {"wildcardpaths": ["a/*.csv", "b/**//c.csv"]}),
        ("wildcardPaths:[('wip/' + $runId)]", {"wildcardpaths": OPEN}),
        ("wildcardPaths:['a/*', ($b)]", {"wildcardpaths": OPEN}),
        ("wildcardPaths:[]", {"wildcardpaths": OPEN}),
        ("output({query: 'x', it's} as (b as date 'yyyy')), format: 't'", {"format": "t"}),
        ("/* format: 'query' */ format: 'table' // , format: 'x'\n", {"format": "table"}),
        ("regex: `it's (`, format: 'table'", {"regex": OPEN, "format": "table"}),
        ("mapColumn(format = 'query'), each(x: 'y'), umask: 0022", {"umask": OPEN}),
    ],
)  # fmt: skip
def test_a_source_says_its_own_properties(arguments: str, properties: dict[str, Any]) -> None:
    assert source(f"source({arguments}) ~> s") == properties


@pytest.mark.parametrize(
    "script",
    [
        "parameters{\n\ta as string ('{}'),\n\tb as string (uuid())\n}\nSOURCE",
        "late join(s, a@b == c) ~> j\nSOURCE\nj split(x, disjoint: false) ~> two@(one, other)",
        "s sink(format: 'x') ~> out SOURCE",
        "source(format: 'x') ~> s1 SOURCE two@one, s union(byName: true)~>u",
    ],
)
def test_a_source_is_found_among_other_statements(script: str) -> None:
    assert source(script.replace("SOURCE", "source(format: 'query') ~> s")) == {"format": "query"}


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"script": "source(f: 'a') ~> s"}, "a"),
        ({"script": "", "scriptLines": ["source(", "f: 'b') ~> s"]}, "b"),
        ({"sources": [{"name": "s", "script": "source(f: 'c') ~> s"}], "sinks": [{}]}, "c"),
    ],
)
def test_a_script_is_read_in_its_three_forms(properties: Any, found: str) -> None:
    told = stream(properties, "source", "s", "data flow df")

    assert told == {"f": Value(found, ("f of source s of data flow df",))}


HOLE = Value(gap=Gap(Reason.UNRESOLVED, detail="template parameter x"))


@pytest.mark.parametrize(
    ("properties", "detail"),
    [
        ({}, "there is none"),
        ({"script": HOLE}, "expected plain text"),
        ({"scriptLines": ["source(", HOLE]}, "expected plain text"),
        ({"script": "source(a: 'b ~> s"}, "not readable at character 11"),
        ({"script": "source(a: /* b) ~> s"}, "not readable at character 11"),
        ({"script": 'source(a: "{f("b")}") ~> s'}, "not readable at character 11"),
        ({"script": "source((a] ~> s"}, "expected brackets in pairs"),
        ({"script": "source( ~> s"}, "a bracket is not closed"),
        ({"script": "source() ~> "}, "expected a name"),
        ({"script": "() ~> s"}, "expected a statement's kind"),
        ({"script": "1 source() ~> s"}, "expected a statement"),
        ({"script": "parameters{ a"}, "not readable at character 14"),
    ],
)
def test_a_script_that_cannot_be_read_is_unresolved(properties: Any, detail: str) -> None:
    gap = Gap(Reason.UNRESOLVED, detail=f"script of data flow df: {detail}")

    assert stream(properties, "source", "s", "data flow df") == gap


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("source() ~> t", "no"),
        ("t sink() ~> s", "no"),
        ("source() ~> s source() ~> s", "2"),
    ],
)
def test_a_source_without_its_one_statement_is_a_broken_reference(script: str, count: str) -> None:
    detail = f"data flow df: its script has {count} statements of source s"

    assert source(script) == Gap(Reason.BROKEN_REFERENCE, detail=detail)


PIECES = [
    "source(",
    ")",
    "~>",
    " s ",
    "'",
    '"',
    "`",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "/*",
    "//",
    "\\",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join))
def test_no_text_raises_anything_but_our_own_error(script: str) -> None:
    try:
        statements = read(script)
    except BadInput:
        return
    assert all(each.kind and each.name for each in statements)
    stream({"script": script}, "source", "s", "data flow df")


@given(st.text())
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")

    assert source(f"source(query: '{quoted}') ~> s") == {"query": text}


@pytest.mark.slow
def test_brackets_may_be_nested_to_any_depth() -> None:
    deep = "(" * 50_000 + ")" * 50_000

    assert source(f"source(a: {deep}, format: 'query') ~> s") == {"a": OPEN, "format": "query"}


@pytest.mark.skipif(not FLOWS.is_dir(), reason="the corpus is not here")
def test_every_source_and_sink_of_the_public_data_flows_is_read() -> None:
    told = 0
    for file in sorted(FLOWS.rglob("*.json")):
        properties = json.loads(file.read_text(encoding="utf-8-sig"))["properties"]
        if properties["type"] != "MappingDataFlow":
            continue
        for kind in ("source", "sink"):
            for node in properties["typeProperties"].get(f"{kind}s", []):
                found = stream(properties["typeProperties"], kind, node["name"], file.stem)
                assert not isinstance(found, Gap), found
                told += 1

    assert told == 148
