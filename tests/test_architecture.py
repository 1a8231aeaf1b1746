"""What ARCHITECTURE.md promises of the code's shape, checked on its source."""

import ast
import inspect
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from lineage.connectors import CONNECTORS
from lineage.model import Certainty, Change, ColumnKind, Reason, Status
from lineage.resolve.functions import FUNCTIONS
from lineage.translate import TRANSLATORS

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "lineage").rglob("*.py"))
HOST = sorted((ROOT / "host").rglob("*.py"))  # stands beside it, and judges it

# From the bottom up: a module imports from layers below its own, and from its own package.
LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(layer.split())
    for layer in (
        "errors jsontext model ticks",
        "logs redact settings",
        "auth http",
        "storage",
        "connectors resolve sql",
        "translate",
        "batch coalesce",
        "catalog queue sources store",
        "desk web",
        "compare",
        "plan",
        "lines memory",
        "publish",
        "collect report",
        "diagnosis leases summary wiring",
        "app doctor",
        "messages readiness sync",
        "poison worker",
        "service",
        "cli",
        "__main__",
    )
)
LEVELS = {name: level for level, layer in enumerate(LAYERS) for name in layer}

PURE = (
    *("batch", "catalog.atlas", "catalog.bulk", "catalog.locate", "catalog.moving"),
    *("catalog.proof", "coalesce", "connectors", "diagnosis", "redact", "resolve", "sql"),
    *("store.processes", "store.rows", "translate", "web"),
)
INPUT_AND_OUTPUT = {
    *("asyncio", "azure", "http", "os", "requests", "socket", "sqlite3", "subprocess", "time"),
    "urllib3",
}

LARGEST = 300  # lines
LARGE: dict[str, str] = {}  # those that are larger, each with its reason
MEDIAN = 90  # lines; of all modules at most


def name_of(path: Path) -> str:
    """`lineage/store/rows.py` -> `store.rows`."""
    return ".".join(path.relative_to(ROOT / "lineage").with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    """What a module imports, by full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            if node.module == "lineage":
                yield from (f"lineage.{alias.name}" for alias in node.names)
            else:
                yield node.module


def ours(path: Path) -> set[str]:
    """The parts of our own (`store`, `model`, …) that a module imports."""
    found = {name.split(".")[1] for name in imports(path) if name.startswith("lineage.")}
    return found - {"__version__"}


@pytest.mark.parametrize("path", MODULES, ids=map(name_of, MODULES))
def test_imports_point_down(path: Path) -> None:
    part = name_of(path).split(".")[0]
    if part == "__init__":
        assert ours(path) == set()
        return

    assert part in LEVELS, f"{part}: give it a layer"
    for other in ours(path) - {part}:
        bottom = LEVELS[other] == LEVELS[part] == 0
        assert bottom or LEVELS[other] < LEVELS[part], f"{part} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=map(name_of, MODULES))
def test_a_pure_module_imports_nothing_that_reads_or_writes(path: Path) -> None:
    name = name_of(path)
    if any(name == pure or name.startswith(f"{pure}.") for pure in PURE):
        assert {each.split(".")[0] for each in imports(path)} & INPUT_AND_OUTPUT == set()


def test_the_host_that_judges_the_app_knows_nothing_of_it() -> None:
    known = {each.split(".")[0] for path in HOST for each in imports(path)}

    assert known & {"lineage", "function_app", "demo", "tests"} == set()


def test_the_functions_host_is_imported_by_its_own_file_alone() -> None:
    assert [name_of(path) for path in MODULES if "azure.functions" in set(imports(path))] == []


def test_the_environment_is_read_by_the_command_line_and_handed_to_the_settings() -> None:
    readers = {
        name_of(path).split(".")[0]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }

    assert readers == {"cli"}


def test_nothing_inherits_from_a_class_of_ours_but_errors() -> None:
    classes = {
        node: path
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    errors = {node.name for node, path in classes.items() if name_of(path) == "errors"}
    own = {node.name for node in classes} - errors

    bases = {(node.name, ast.unparse(base)) for node in classes for base in node.bases}

    assert {(name, base) for name, base in bases if base in own} == set()


def test_no_test_patches() -> None:
    patching = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if {"unittest.mock", "mock"} & set(imports(path))
    ]

    assert patching == []


# ---------------------------------------------------------------- sizes


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("modules", [MODULES, HOST], ids=["lineage", "host"])
def test_modules_are_small(modules: list[Path]) -> None:
    sizes = {path.relative_to(ROOT).as_posix(): lines(path) for path in modules}
    sizes = {name: size for name, size in sizes.items() if size > 3}  # an __init__ may be empty
    middle = median(sizes.values())

    for name, size in sorted(sizes.items(), key=lambda each: (each[1], each[0])):
        print(f"{size:4} {name}")  # shown by pytest -s
    print(f"{len(sizes)} modules, median {middle:.0f} lines, largest {max(sizes.values())}")
    assert middle <= MEDIAN
    assert {name for name, size in sizes.items() if size > LARGEST} == LARGE.keys() & sizes


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize(
    "keys",
    [list(TRANSLATORS), [row.id for row in CONNECTORS], list(FUNCTIONS)],
    ids=["translators", "connectors", "functions"],
)
def test_a_table_is_in_alphabetical_order(keys: list[str]) -> None:
    assert all(one < other for one, other in pairwise(keys))


@pytest.mark.parametrize("kind", [Certainty, Change, ColumnKind, Reason, Status])
def test_every_member_of_a_closed_list_has_its_line_of_meaning(kind: type[StrEnum]) -> None:
    source = inspect.getsource(kind).splitlines()

    for member in kind:
        [line] = [each for each in source if f'= "{member.value}"' in each]
        assert "  # " in line, member
