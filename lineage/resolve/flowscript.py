"""
What the script of a mapping data flow says of one source or sink: its statement's properties.

No parser of the language: columns and expressions are passed over, bracket by bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lineage.errors import BadInput
from lineage.model import Evaluated, Gap, Json, Reason, Value

_TOKEN = re.compile(
    r"""(?P<blank>\s+|/\*.*?\*/|//[^\r\n]*)
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\{]|\\.|\{(?:[^"{}]|\{[^"{}]*\})*\})*")
      | (?P<raw>`[^`]*`)
      | (?P<word>[^\W\d]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<names>~>)
      | (?P<column>\{(?:[^{}\\]|\\.)*\})
      | (?P<sign>[^\w\s'"`{}/]|/(?!\*))""",
    re.VERBOSE | re.DOTALL,
)
_PARAMETERS = re.compile(r"\s*parameters\s*(\{)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLAIN_ESCAPES = frozenset("'\"\\{}")
_INSERTED = re.compile(r"(?:[^{\\]|\\.)*\{", re.DOTALL)  # "{$name}" in double quotes
_CLOSING = {"(": ")", "[": "]"}
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, quoted text, sign …: `kind` is the name of its form."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """`kind(…) ~> name`. `properties` are its own `key: value`, each by its key in lower case."""

    kind: str
    name: str
    properties: Mapping[str, tuple[Token, ...]]


def stream(properties: Json, kind: str, name: str, place: str) -> Evaluated | Gap:
    """
    The properties of a `source` or `sink` of this name, by their keys in lower case.

    Literals and lists of literals are values, all else is a gap. A gap in place of it all where
    there is no such statement, or none that can be read. `properties` hold the script as `script`
    (text), `scriptLines` (lines) or, oldest, a `script` in each node.

    Source: spec/data-flow.md §2.2 to §5, from 202 public data flows.
    """
    try:
        statements = read(_script(properties))
    except BadInput as error:
        return Gap(Reason.UNRESOLVED, detail=f"script of {place}: {error}")
    found = [each for each in statements if (each.kind, each.name) == (kind, name)]
    if len(found) != 1:
        detail = f"{place}: its script has {len(found) or 'no'} statements of {kind} {name}"
        return Gap(Reason.BROKEN_REFERENCE, detail=detail)
    return {
        key: _value(tokens[2:], f"{tokens[0].text} of {kind} {name} of {place}")
        for key, tokens in found[0].properties.items()
    }


@lru_cache(maxsize=256)
def read(script: str) -> tuple[Statement, ...]:
    """The statements of a script that give their stream a name. Raises `BadInput`, and no other."""
    tokens = list(_tokens(script))
    found: list[Statement] = []
    at = 0
    while at < len(tokens):
        if tokens[at].text != "(" or tokens[at].kind != "sign":
            _expect(tokens[at].kind == "word" or tokens[at].text in (",", "@"), "a statement")
            at += 1
            continue
        _expect(at > 0 and tokens[at - 1].kind == "word", "a statement's kind")
        end = _end(tokens, at)
        arguments = _arguments(tokens[at + 1 : end])
        _expect([token.kind for token in tokens[end + 1 : end + 3]] == ["names", "word"], "a name")
        found.append(Statement(tokens[at - 1].text, tokens[end + 2].text, arguments))
        at = end + 3
        if [token.text for token in tokens[at : at + 2]] == ["@", "("]:  # names of its outputs
            at = _end(tokens, at + 1) + 1
    return tuple(found)


def _script(properties: Json) -> str:
    """The text of a script. Raises `BadInput` where there is none, or a template's hole in it."""
    nodes = [
        node
        for key in ("sources", "transformations", "sinks")
        for node in _listed(properties.get(key))
        if isinstance(node, dict)
    ]
    for parts in (
        _listed(properties.get("script")),
        _listed(properties.get("scriptLines")),
        [node["script"] for node in nodes if node.get("script")],
    ):
        lines = [part for part in parts if isinstance(part, str)]
        _expect(len(lines) == len(parts), "plain text")
        if any(line.strip() for line in lines):
            return "\n".join(lines)
    raise BadInput("there is none")


def _listed(value: Any) -> Sequence[Any]:
    if isinstance(value, (list, tuple)):
        return value
    return [] if value is None else [value]


def _expect(met: bool, what: str) -> None:
    if not met:
        raise BadInput(f"expected {what}")


def _tokens(script: str) -> Iterator[Token]:
    """The tokens behind the declaration of parameters, which no stream needs here."""
    at = 0
    declared = _PARAMETERS.match(script)
    if declared:
        at = _behind(script, declared.end())
    while at < len(script):
        token, at = _token(script, at)
        if token.kind != "blank":
            yield token


def _token(script: str, at: int) -> tuple[Token, int]:
    match = _TOKEN.match(script, at)
    if match is None or match.lastgroup is None:
        raise BadInput(f"not readable at character {at + 1}")
    return Token(match.lastgroup, match[0]), match.end()


def _behind(script: str, at: int) -> int:
    """Behind the brace that closes the declaration of parameters; defaults may hold others."""
    while script[at : at + 1] != "}":
        _, at = _token(script, at)
    return at + 1


def _end(tokens: Sequence[Token], start: int) -> int:
    """Where the bracket that opens at `start` is closed."""
    open_ones: list[str] = []
    for at in range(start, len(tokens)):
        text = tokens[at].text if tokens[at].kind == "sign" else ""
        if text in _CLOSING:
            open_ones.append(_CLOSING[text])
        elif text in (")", "]"):
            _expect(open_ones.pop() == text, "brackets in pairs")
            if not open_ones:
                return at
    raise BadInput("a bracket is not closed")


def _arguments(tokens: Sequence[Token]) -> Mapping[str, tuple[Token, ...]]:
    """The arguments that are `key: value`. One given twice has no value: which counts is open."""
    found: dict[str, tuple[Token, ...]] = {}
    for argument in _split(tokens):
        if len(argument) > 2 and argument[0].kind == "word" and argument[1].text == ":":
            key = argument[0].text.lower()
            found[key] = argument[:2] if key in found else argument
    return found


def _split(tokens: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """Between the commas that are in no bracket."""
    start = at = 0
    while at < len(tokens):
        if tokens[at].kind == "sign" and tokens[at].text in _CLOSING:
            at = _end(tokens, at)
        elif tokens[at].text == ",":
            yield tuple(tokens[start:at])
            start = at + 1
        at += 1
    yield tuple(tokens[start:])


def _value(tokens: Sequence[Token], place: str) -> Value:
    if len(tokens) > 2 and tokens[0].text == "[" and _end(tokens, 0) == len(tokens) - 1:
        parts = [_literal(item) for item in _split(tokens[1:-1]) if item]
        value: Any = None if None in parts else parts
    else:
        value = _literal(tokens)
    if value is None:
        return Value(None, (place,), Gap(Reason.UNRESOLVED, detail=f"{place}: an expression"))
    return Value(value, (place,))


def _literal(tokens: Sequence[Token]) -> str | bool | None:
    """A text or truth value, be it in parentheses; None where it is anything else."""
    while len(tokens) > 2 and tokens[0].text == "(" and tokens[-1].text == ")":
        tokens = tokens[1:-1]
    if len(tokens) != 1:
        return None
    token = tokens[0]
    if token.kind != "text":
        return _WORDS.get(token.text) if token.kind == "word" else None
    inner = token.text[1:-1]
    escapes = {match[1] for match in _ESCAPE.finditer(inner)}
    if escapes - _PLAIN_ESCAPES or (token.text[0] == '"' and _INSERTED.match(inner)):
        return None
    return _ESCAPE.sub(r"\1", inner)
