"""`contracts run`: a contract run without a test file, in a folder that is somebody's."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import forked
from .projects import CANARY, ENUM, GIVEN, Run, Things, document, hermetic, serving

QUIET = ("-q", "--contract-rule=* enum")


class Folder:
    """A folder with nothing in it, and the runs that are started there."""

    def __init__(self, path: Path, servers: ExitStack) -> None:
        self.path, self.servers = path, servers
        self.env: Mapping[str, str] = {**hermetic(), "NOTTE_API_KEY": CANARY}

    def write(self, name: str = "openapi.yaml", text: str | None = None) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document(), indent=1) if text is None else text)
        return path

    def run(self, *words: str, here: str = ".") -> Run:
        return self.finished([sys.executable, "-m", "contracts", "run", *words], here)

    def finished(self, command: list[str], here: str = ".") -> Run:
        pipe, folder = subprocess.PIPE, self.path / here
        process = forked.Forked(command, cwd=folder, env=self.env, stdout=pipe, stderr=pipe, text=True)
        out, err = process.communicate(timeout=60)
        return Run(process.returncode, out, err, folder)

    def ask(self, things: Things, *words: str, here: str = ".") -> Run:
        """A run against the service, with the ids that it knows."""
        return self.run("--base-url", self.servers.enter_context(serving(things)), *GIVEN, *words, here=here)

    def again(self, run: Run, here: str = ".") -> list[Run]:
        """What becomes of each `rerun:` that a run printed, as it is pasted."""
        commands = [shlex.split(text.removeprefix("rerun: ")) for text in run.texts("rerun: ")]
        return [self.finished([sys.executable, *words[1:]], here) for words in commands]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with ExitStack() as servers:
        yield Folder(tmp_path, servers)


def test_a_document_is_all_it_takes(folder: Folder) -> None:
    folder.write()
    run = folder.run("openapi.yaml")
    assert (run.code, run.err) == (0, ""), run.out
    assert run.lines[0] == "contract: openapi.yaml (1.0) on the mock"
    assert run.lines[-1].startswith("contract: PASS in a self-test on the mock")
    assert run.verdicts[ENUM]["outcome"] == "holds"


def test_a_failed_rule_runs_again_as_it_is_printed(folder: Folder) -> None:
    folder.write()
    run = folder.ask(Things({"status": "paused"}), *QUIET)
    assert (run.code, run.violated) == (1, {ENUM})
    assert f"FAILED openapi.yaml::test_rule[{ENUM}]" in run.out
    (again,) = folder.again(run)
    assert (again.code, again.violated, again.counted("failed")) == (1, {ENUM}, 1)


@pytest.mark.parametrize(
    "import_line",
    [
        "from contracts.testing import test_document, test_rule",
        "from contracts.testing import (\n    test_document,\n    test_rule,\n)",
        "from contracts.testing import *",
        "from contracts import testing\ntest_rule = testing.test_rule\ntest_document = testing.test_document",
    ],
    ids=["line", "lines", "star", "module"],
)
def test_one_file_of_one_line_is_the_same_in_a_suite(folder: Folder, import_line: str) -> None:
    folder.write("api.yaml")
    folder.write("tests/test_contract.py", import_line)
    folder.write("pyproject.toml", '[tool.pytest.ini_options]\ncontract_spec = "api.yaml"\n')
    run = folder.finished([sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:httpx2"])
    assert (run.code, run.err) == (0, ""), run.out
    assert run.lines[0] == "contract: api.yaml (1.0) on the mock"
    assert run.verdicts[ENUM]["outcome"] == "holds"
    assert "test_contract.py" in run.out
