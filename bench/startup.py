"""What it takes to start: CPU seconds of commands and of a pytest session that asks for no contract.

Each is the least of some rounds, taken in turn, so that what else the machine does counts little;
beside it, how many times as long as a Python that does nothing. Limits are those of a quiet machine.

    python bench/startup.py [ROUNDS]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PYTHON = [sys.executable]
COMMAND = [*PYTHON, "-c", "from notte_contracts import main; main()"]
PYTEST = [*PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--disable-plugin-autoload"]
OPENAPI = {"openapi": "3.1.0", "info": {"title": "Books", "version": "1"}}
FILES = 5000


def document(kind: str) -> str:
    """A small document, whose one answer has a member of this type."""
    schema = {"type": "object", "properties": {"title": {"type": kind}}}
    content = {"application/json": {"schema": schema}}
    answers = {"200": {"description": "a book", "content": content}}
    return json.dumps({**OPENAPI, "paths": {"/books": {"get": {"responses": answers}}}})


def rows(folder: Path) -> Iterator[tuple[str, list[str], Path]]:
    """What is measured: its name, the words of its command, and where it is run."""
    base, revision, plain, big = (folder / name for name in ("a.json", "b.json", "plain", "big"))
    base.write_text(document("string"))
    revision.write_text(document("integer"))
    for number in range(FILES):
        package = big / f"package_{number % 100}"
        package.mkdir(parents=True, exist_ok=True)
        kind = "test" if number % 5 == 0 else "module"
        (package / f"{kind}_{number}.py").write_text("VALUE = 1\n" * 100)
    (big / "openapi.json").write_text(document("string"))
    for project in (plain, big):
        project.mkdir(exist_ok=True)
        (project / "test_own.py").write_text("def test_own(): pass\n")
    yield "python -c pass", [*PYTHON, "-c", "pass"], folder
    yield "contracts --help", [*COMMAND, "--help"], folder
    yield "contracts diff of two small files", [*COMMAND, "diff", str(base), str(revision)], folder
    for name, project in (("of one file", plain), (f"beside {FILES} files and a document", big)):
        collect = [] if project == plain else ["--collect-only"]
        yield f"pytest {name}", [*PYTEST, *collect], project
        yield f"pytest {name}, with the plugin", [*PYTEST, *collect, "-p", "contracts.plugin"], project


def cpu_seconds(words: list[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(words, cwd=folder, env=env, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name:
        table = list(rows(Path(name)))
        turns = [[cpu_seconds(words, at) for _, words, at in table] for _ in range(rounds)]
        best = [min(times) for times in zip(*turns, strict=True)]
    for (title, _, _), seconds in zip(table, best, strict=True):
        print(f"{title:55}{seconds:7.3f} s{seconds / best[0]:7.1f}")


main()
