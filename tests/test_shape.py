"""The house keeps its shape: each number may only fall, and is raised in a commit of its own that says why."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "contracts"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOTS = {"contracts.__main__", "contracts.plugin", "contracts.testing"}
"""What nobody imports, because Python, pytest or a user does."""

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

ENTRIES_AT_THE_DOOR = 24
MODULES_IN_A_FOLDER = 14
MODULES_IN_ALL = 189
LINES = 44_873
DENSITY = 5.2
"""Comprehensions and conditional expressions a hundred lines that are not blank."""
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
GERUNDS = {"wording", "testing"}
"""What only looks like one: wording is a noun, and testing is what users import, as in other packages."""


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def is_dense(node: ast.AST) -> bool:
    return isinstance(node, (*COMPREHENSIONS, ast.IfExp))


def more_than_once(names: Iterator[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def imported() -> set[str]:
    """Every module of the package that another of its modules imports, and the packages around it."""
    found = set()
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names = [node.value.partition(":")[0]]  # what is loaded by its name, such as a command
            found |= {name for name in names if name != dotted(path)}
    return found | {".".join(name.split(".")[:-1]) for name in found}


def test_the_door() -> None:
    entries = {path.relative_to(PACKAGE).parts[0] for path in MODULES}
    assert len(entries) <= ENTRIES_AT_THE_DOOR, sorted(entries)


def test_modules_in_a_folder() -> None:
    rooms = Counter(path.parent.relative_to(PACKAGE).as_posix() for path in MODULES if path.parent != PACKAGE)
    assert max(rooms.values()) <= MODULES_IN_A_FOLDER, rooms.most_common(5)


def test_modules_in_all() -> None:
    assert len(MODULES) <= MODULES_IN_ALL


def test_lines() -> None:
    assert sum(len(lines_of(path)) for path in MODULES) <= LINES


def test_longest_module() -> None:
    sizes = {dotted(path): len(lines_of(path)) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_longest_function() -> None:
    functions = [
        (f"{dotted(path)}.{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [found for found in functions if found[1] > LONGEST_FUNCTION] == []


def test_density() -> None:
    dense = sum(is_dense(node) for path in MODULES for node in ast.walk(tree_of(path)))
    code = sum(bool(line.strip()) for path in MODULES for line in lines_of(path))
    assert 100 * dense / code <= DENSITY


def test_one_thought_a_line() -> None:
    begun: dict[tuple[str, int], int] = defaultdict(int)
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if is_dense(node):
                begun[dotted(path), node.lineno] += 1  # type: ignore[attr-defined]
    crowded = [place for place, count in begun.items() if count > 1]
    assert crowded == []


def test_no_module_name_twice() -> None:
    twice = more_than_once(path.stem for path in MODULES if path.stem != "__init__")
    assert twice == set()


def test_no_type_name_twice() -> None:
    classes = (node.name for path in MODULES for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))
    twice = {name for name in more_than_once(classes) if not name.startswith("_")}
    assert twice == set()


def test_no_gerunds() -> None:
    assert {path.stem for path in MODULES if path.stem.endswith("ing")} <= GERUNDS


def test_no_module_that_only_tests_import() -> None:
    unused = {dotted(path) for path in MODULES} - imported() - ROOTS - {"contracts"}
    assert unused == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_says_what_it_is(path: Path) -> None:
    empty = not path.read_text(encoding="utf-8").strip()
    assert empty or ast.get_docstring(tree_of(path))


def test_the_tests_of_the_shape_see_the_package() -> None:
    assert {"contracts.flows", "contracts.run.ask"} <= {dotted(path) for path in MODULES}
