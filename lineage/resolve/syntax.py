"""Data Factory's expression language: text to tree and back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from lineage.errors import BadInput

DEEPEST = 64  # calls and brackets within one another
LONGEST = 65_536  # characters of a text that holds an expression

_BLANKS = re.compile(r"\s*")
_NUMBER = re.compile(r"-?(?:[0-9]+(\.[0-9]+)?|(\.[0-9]+))([eE][+-]?[0-9]+)?")
_STRING = re.compile(r"'((?:[^']|'')*+)'")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PROPERTY = re.compile(r"[\w$-]+")  # `GP-Int` is one: there are no operators
_WORDS = {"true": True, "false": False, "null": None}
_LARGEST = 2**63  # integers are 64 bits wide


@dataclass(frozen=True, slots=True)
class Literal:
    """A quoted text, a number, `true`, `false` or `null`."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function or a root, spelled as it was written: case does not matter to the service."""

    name: str
    arguments: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """`.name` or `[key]`, which are one; `safe` with a question mark before it."""

    key: Node
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A call and the steps from what it gives to a value inside: at least one."""

    root: Call
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text with expressions in it; only ever the whole. Two plain parts never meet."""

    parts: tuple[str | Node, ...]


Node = Literal | Call | Path | Text


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """
    The tree of a text as definitions hold it.

    `@expr` is an expression; `a@{expr}b` a `Text`, as is everything else. A literal `@` is
    written `@@` at the beginning and before `{`, and stands for itself elsewhere. Raises
    `BadInput`, whose message holds nothing of the text.
    """
    if text.startswith("@") and not text.startswith(("@@", "@{")):
        return parse_expression(text, 1)
    return _interpolated(text)


def parse_expression(text: str, start: int = 0) -> Node:
    """The tree of the bare expression that `text` holds from `start` to its end."""
    node, at = _expression(_checked(text), start, 0)
    at = _skip(text, at)
    if at != len(text):
        raise _unexpected(at)
    return node


def unparse(node: Node) -> str:
    """The text that parses to `node`."""
    if not isinstance(node, Text):
        return "@" + _written(node)
    first, *rest = node.parts or ("",)
    head = ""
    if isinstance(first, str) and first.startswith("@"):
        head, first = "@@", first[1:]
    return head + "".join(
        part.replace("@{", "@@{") if isinstance(part, str) else f"@{{{_written(part)}}}"
        for part in (first, *rest)
    )


def _written(node: Node) -> str:
    match node:
        case Literal(str() as value):
            return "'" + value.replace("'", "''") + "'"
        case Literal(bool() | None as value):
            return {True: "true", False: "false", None: "null"}[value]
        case Literal(value):
            return repr(value)
        case Call(name, arguments):
            return f"{name}({', '.join(map(_written, arguments))})"
        case Path(root, steps):
            return _written(root) + "".join(map(_written_step, steps))
    raise TypeError(type(node))  # a Text is only ever the whole


def _written_step(step: Step) -> str:
    mark = "?" if step.safe else ""
    match step.key:
        case Literal(str() as name) if _PROPERTY.fullmatch(name):
            return f"{mark}.{name}"
    return f"{mark}[{_written(step.key)}]"


def _interpolated(text: str) -> Text:
    parts: list[str | Node] = []
    plain, at = ("@", 2) if text.startswith("@@") else ("", 0)
    while (found := text.find("@{", at)) >= 0:
        if text[at:found].endswith("@"):
            plain, at = plain + text[at:found] + "{", found + 2
            continue
        plain += text[at:found]
        node, at = _expression(_checked(text), found + 2, 0)
        at = _expect(text, at, "}")
        parts += [plain, node] if plain else [node]
        plain = ""
    plain += text[at:]
    return Text((*parts, plain) if plain else tuple(parts))


def _expression(text: str, at: int, depth: int) -> tuple[Node, int]:
    """The expression at `at`, and where it ends."""
    if depth > DEEPEST:
        raise BadInput(f"not an expression (deeper than {DEEPEST})")
    at = _skip(text, at)
    if match := _STRING.match(text, at):
        return Literal(match[1].replace("''", "'")), match.end()
    if match := _NUMBER.match(text, at):
        return _number(match), match.end()
    match = _WORD.match(text, at)
    if match is None:
        raise _unexpected(at)
    after = _skip(text, match.end())
    if text.startswith("(", after):
        arguments, after = _arguments(text, after + 1, depth)
        return _path(text, after, depth, Call(match[0], arguments))
    if match[0].lower() not in _WORDS:
        raise _unexpected(at)
    return Literal(_WORDS[match[0].lower()]), match.end()


def _arguments(text: str, at: int, depth: int) -> tuple[tuple[Node, ...], int]:
    at = _skip(text, at)
    if text.startswith(")", at):
        return (), at + 1
    arguments: list[Node] = []
    while True:
        node, at = _expression(text, at, depth + 1)
        arguments.append(node)
        at = _skip(text, at)
        if not text.startswith(",", at):
            return tuple(arguments), _expect(text, at, ")")
        at += 1


def _path(text: str, at: int, depth: int, root: Call) -> tuple[Node, int]:
    """`root` with the steps that follow it; the place after the last of them."""
    steps: list[Step] = []
    while True:
        end, next_at = at, _skip(text, at)
        safe = text.startswith("?", next_at)
        next_at = _skip(text, next_at + safe)
        key: Node
        if text.startswith(".", next_at):
            start = _skip(text, next_at + 1)
            match = _PROPERTY.match(text, start)
            if match is None:
                raise _unexpected(start)
            key, at = Literal(match[0]), match.end()
        elif text.startswith("[", next_at):
            key, at = _expression(text, next_at + 1, depth + 1)
            at = _expect(text, at, "]")
        elif safe:
            raise _unexpected(next_at)
        else:
            return (Path(root, tuple(steps)) if steps else root), end
        steps.append(Step(key, safe))


def _number(match: re.Match[str]) -> Literal:
    whole = not any(match.groups())
    if not whole and math.isfinite(value := float(match[0])):
        return Literal(value)
    if whole and len(match[0]) <= 20 and -_LARGEST <= (number := int(match[0])) < _LARGEST:
        return Literal(number)
    raise BadInput(f"not an expression (the number at character {match.start()} is too large)")


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if not text.startswith(sign, at):
        raise _unexpected(at)
    return at + 1


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise BadInput(f"not an expression (longer than {LONGEST} characters)")
    return text


def _unexpected(at: int) -> BadInput:
    return BadInput(f"not an expression (character {at})")
