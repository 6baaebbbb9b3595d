"""What is public: named in one place, documented, typed, and light where it has to be; the page's examples run."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import contracts
from contracts import testing
from tests.run.projects import hermetic

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in testing.__all__:
        value = getattr(testing, name)
        if inspect.isfunction(value):
            yield name, value
        elif name in ("Contract", "DrawnAnswer", "DrawnRequest"):
            for of, member in vars(value).items():
                member = getattr(member, "fget", member)
                if inspect.isfunction(member) and not of.startswith("_"):
                    yield f"{name}.{of}", member


FEW = """from hypothesis import settings
settings.register_profile("few", max_examples=15, database=None, deadline=None, derandomize=True)
settings.load_profile("few")
"""
FUNCTIONS = dict(public_functions())


def test_the_page_names_what_is_public_and_no_more() -> None:
    table = PAGE.partition("## Everything that is public")[2]
    named = [
        name for row in table.splitlines() if row.startswith("| `") for name in row.split(" | ")[0].split("`")[1::2]
    ]
    assert sorted(named) == sorted(testing.__all__)


def test_what_is_public_exists_and_nothing_else_is_there_by_accident() -> None:
    of_ours = {
        name
        for name, value in vars(testing).items()
        if getattr(value, "__module__", "").startswith("contracts.testing") and not name.startswith("_")
    }
    assert of_ours <= set(testing.__all__)
    assert "contracts.testing.__all__" in (contracts.__doc__ or "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_is_typed_and_says_what_it_promises(name: str) -> None:
    function, signature = FUNCTIONS[name], inspect.signature(FUNCTIONS[name])
    assert inspect.getdoc(function)
    assert signature.return_annotation is not signature.empty
    untyped = [one for one in signature.parameters.values() if one.annotation is one.empty and one.name != "self"]
    assert untyped == []


@pytest.mark.parametrize("name", testing.__all__)
def test_a_public_name_has_a_docstring(name: str) -> None:
    assert inspect.getdoc(getattr(testing, name))


@pytest.mark.parametrize("method", ["judge", "answers", "requests", "broken"])
def test_the_page_shows_each_method(method: str) -> None:
    assert f".{method}(" in "".join(EXAMPLES.values())


def test_the_package_alone_is_light() -> None:
    code = (
        "import sys, contracts; print([name for name in sys.modules if name.startswith(('contracts.', 'hypothesis'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=hermetic(), check=True)
    assert done.stdout == "[]\n"


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    for name, text in EXAMPLES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(FEW)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", "-p", "no:httpx2", "tests"]
    environment = {**hermetic(), "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    tests = sum(text.count("\ndef test_") for text in EXAMPLES.values())
    assert done.returncode == 0, done.stdout
    assert f"{tests} passed" in done.stdout
