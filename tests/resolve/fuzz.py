"""Random expressions for a while: `python -m tests.resolve.fuzz [SECONDS] [SEED]`."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

from lineage.errors import BadInput
from lineage.model import Value
from lineage.resolve.expressions import evaluate
from lineage.resolve.functions import FUNCTIONS
from lineage.resolve.syntax import parse, unparse
from tests.resolve.test_expressions import PIECES, PLACE, SCOPE
from tests.resolve.test_functions import TABLES

LONGEST = 2.0  # seconds that one text may take
SECONDS = 600.0
KNOWN = [text for functions in TABLES.values() for rows in functions.values() for text, _ in rows]
LEAVES = (
    *("null", "true", "0", "-1", "1e9", "9223372036854775807", ".5", "''", "'a'", "'{\"a\":[1]}'"),
    *("dataset()", "dataset().list", "dataset().table", "dataset().count", "pipeline()", "item()"),
    *("'2018-03-15T13:27:36Z'", "'9999-12-31'", "'Month'", "'UTC'", "'yyyy-MM-dd'", "'aGVsbG8='"),
    *("range(0, 100000)", "'" + "x" * 30_000 + "'", "'" + "é" * 9_000 + "'", "json('[[1]]')"),
)


def expression(chance: random.Random, depth: int) -> str:
    """A call with calls in it; its functions are known, its arguments are what comes."""
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(LEAVES)
    name = chance.choice(sorted(FUNCTIONS))
    arguments = [expression(chance, depth - 1) for _ in range(chance.randrange(5))]
    steps = chance.choice(["", "", "", "[0]", ".a", "?.b", "?['a']", "[-1]"])
    return f"{name}({', '.join(arguments)}){steps}"


def text(chance: random.Random) -> str:
    """An expression, a nest of one function, or a known case with some of its text changed."""
    kind = chance.randrange(4)
    if kind == 0:
        return "@" + expression(chance, chance.randrange(1, 8))
    if kind == 1:
        name, more = chance.choice(sorted(FUNCTIONS)), chance.choice(["", ", 'a'", ", 'a', 'aaa'"])
        depth = chance.randrange(1, 70)
        return "@" + f"{name}(" * depth + chance.choice(LEAVES) + f"{more})" * depth
    if kind == 2:
        return "".join(f"a@{{{chance.choice(KNOWN)}}}" for _ in range(chance.randrange(1, 400)))
    changed = list("@" + chance.choice(KNOWN))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randrange(3)] = chance.choice([*PIECES.split(" "), "\ud800", "\0"])
    return "".join(changed)


def attempt(given: str) -> float:
    """The seconds a text takes. Raises whatever it should not have raised."""
    began = time.thread_time()  # nothing waits here, and the machine may be busy
    found = evaluate(given, SCOPE, PLACE)
    took = time.thread_time() - began
    assert isinstance(found, Value)
    assert found.gap is None or found.value is None
    json.dumps(found.value, allow_nan=False)
    try:
        tree = parse(given)
    except BadInput:
        return took
    assert parse(unparse(tree)) == tree
    return took


def main(seconds: float = SECONDS, seed: int | None = None) -> int:
    """Print what was tried; 1 where a text raised, or took too long."""
    seed = time.time_ns() if seed is None else seed
    chance = random.Random(seed)  # noqa: S311  # no secret
    end, tried, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        given: Any = text(chance)
        try:
            took = attempt(given)
        except Exception as error:
            print(f"seed {seed}, text {tried}: {error!r}\n{given[:2_000]!r}")
            return 1
        tried, slowest = tried + 1, max(slowest, took)
        if took > LONGEST:
            print(f"seed {seed}, text {tried}: {took:.1f} s\n{given[:2_000]!r}")
            return 1
    print(f"seed {seed}: {tried} texts, the slowest {slowest:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(kind(each) for kind, each in zip((float, int), sys.argv[1:], strict=False))))
