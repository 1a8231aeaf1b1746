"""
Deletes and swaps each statement of the two use cases, and tells which changes no test notices.

`python tests/mutate.py` takes a minute or two and ends with 1 if a mutant survives.
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parent.parent
MODULES = ("lineage/collect.py", "lineage/report.py")
TESTS = ("tests/test_collect.py", "tests/test_report.py")
WORKERS = 2
PATIENCE = 30.0  # seconds; a mutant that runs for longer is noticed
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no")

# The order of two statements can matter only if both do something (settle, send, write, yield …)
# or if one gives a name that the other takes.
EFFECTS = frozenset(
    {
        *("append", "compare", "cut", "enqueue", "exception", "finished", "move_cursor", "open"),
        *("overdue", "publish", "_send", "send", "settle", "_tell", "translate", "unknown"),
    }
)


@dataclass(frozen=True)
class Mutant:
    """A module with one change."""

    module: str
    what: str
    source: str


def main() -> int:
    mutants = [mutant for module in MODULES for mutant in mutants_of(module)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as workers:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(WORKERS):
            trees.put(tree(Path(folder) / str(number)))
        original = Mutant(MODULES[0], "", (ROOT / MODULES[0]).read_text("utf-8"))
        if not survives(original, trees):
            print("the tests fail without any change")
            return 1
        results = workers.map(lambda mutant: survives(mutant, trees), mutants)
        survivors = [each for each, alive in zip(mutants, results, strict=True) if alive]
    for each in survivors:
        print(f"{each.module}: {each.what}: no test notices")
    print(f"{len(mutants)} mutants, {len(survivors)} survive")
    return 1 if survivors else 0


def tree(folder: Path) -> Path:
    """A copy of what the tests need."""
    unwanted = shutil.ignore_patterns("__pycache__", "scenarios", "cases", ".*")
    for part in ("demo", "lineage", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def survives(mutant: Mutant, trees: SimpleQueue[Path]) -> bool:
    """Whether the tests pass in spite of the change."""
    folder = trees.get()
    original = (folder / mutant.module).read_text("utf-8")
    (folder / mutant.module).write_text(mutant.source, "utf-8")
    try:
        done = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, "-m", "pytest", *OPTIONS, *TESTS],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        (folder / mutant.module).write_text(original, "utf-8")
        trees.put(folder)
    return done.returncode == 0


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every statement of every function replaced by `pass`, and swapped with the next."""
    whole = ast.parse((ROOT / module).read_text("utf-8"))
    for place, (_, name) in enumerate(bodies(whole)):
        length = len(bodies(whole)[place][0])
        for index in range(length):
            changed = copy.deepcopy(whole)
            body = bodies(changed)[place][0]
            if deletable(body[index]):
                what = f"{name}: without `{head(body[index])}`"
                body[index] = ast.copy_location(ast.Pass(), body[index])
                yield Mutant(module, what, ast.unparse(changed))
            changed = copy.deepcopy(whole)
            body = bodies(changed)[place][0]
            if index + 1 < length and ordered(body[index], body[index + 1]):
                what = f"{name}: `{head(body[index + 1])}` before `{head(body[index])}`"
                body[index], body[index + 1] = body[index + 1], body[index]
                yield Mutant(module, what, ast.unparse(changed))


def bodies(whole: ast.Module) -> list[tuple[list[ast.stmt], str]]:
    """The lists of statements in functions, with the function's name."""
    return [
        (body, function.name)
        for function in ast.walk(whole)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        for key in ("body", "orelse", "finalbody")
        if isinstance(body := getattr(node, key, None), list)
    ]


def deletable(statement: ast.stmt) -> bool:
    """Whether a statement does anything: no docstring."""
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return not text and not isinstance(statement, ast.Pass)


def ordered(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether the order of two statements can matter."""
    given, taken = names(one)
    also_given, also_taken = names(other)
    shared = (given & (also_given | also_taken)) | (also_given & taken)
    return bool(shared) or (acts(one) and acts(other))


def names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The names a statement gives a value to, and those it takes the value of."""
    every = list(ast.walk(statement))
    found = [node for node in every if isinstance(node, ast.Name)]
    loops = [ast.walk(node.target) for node in every if isinstance(node, ast.comprehension)]
    own = {node.id for loop in loops for node in loop if isinstance(node, ast.Name)}
    given = {node.id for node in found if isinstance(node.ctx, ast.Store)} - own
    return given, {node.id for node in found} - given - own


def acts(statement: ast.stmt) -> bool:
    """Whether a statement does what could come too early or too late."""
    return any(
        isinstance(node, ast.Yield | ast.YieldFrom | ast.Raise | ast.Return)
        or (isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in EFFECTS)
        for node in ast.walk(statement)
    )


def head(statement: ast.stmt) -> str:
    return ast.unparse(statement).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
