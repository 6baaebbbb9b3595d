"""A `git` that does not behave: what it prints is bounded, and so is the time that it has."""

import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.document import sides
from contracts.document.sides import read_side, side_from
from contracts.errors import UsageError
from tests.documents import fault_of
from tests.repositories import Repository, alone
from tests.run.projects import hermetic

FLOOD = "yes 0123456789abcdef0123456789abcdef"
LARGE = "git answers with more than 1 MB; give a document that is smaller, or a file"
LATE = "git did not answer within 0.3 s"
FAKES: dict[str, tuple[str, str]] = {
    "floods its output": (f"exec {FLOOD}", LARGE),
    "floods its errors": (f"exec {FLOOD} >&2", LARGE),
    "floods both": (f"{FLOOD} & {FLOOD} >&2", LARGE),
    "floods both and reads nothing": (f"exec <&-; {FLOOD} & exec {FLOOD} >&2", LARGE),
    "floods and fails": (f"{FLOOD} | head -c 3000000; exit 128", LARGE),
    "floods with what git says": (f"printf '%040d blob 9999999999\\n' 0; exec {FLOOD}", LARGE),
    "hangs": ("exec sleep 60", LATE),
    "hangs in a child": ("sleep 60", LATE),
    "leaves a child with its output": ("sleep 60 & exit 0", LATE),
    "goes on without any output": ("exec >&- 2>&-; sleep 60", LATE),
    "drips": ("while sleep 0.01; do echo x; done", LATE),
    "ignores being asked to end": ("trap '' TERM INT HUP; sleep 60; sleep 60", LATE),
    "prints nothing": ("exit 0", "git knows no revision HEAD"),
    "prints no object": ("echo hello", "git knows no revision HEAD"),
    "fails without a word": ("exit 1", "git can't look for a revision: it failed"),
    "fails with bytes": ("printf '\\377\\376\\n' >&2; exit 1", "git can't look for a revision: "),
    "is killed": ("kill -9 $$", "git can't look for a revision: it failed"),
}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program that is found as git."""
    path = tmp_path / "bin" / "git"
    path.parent.mkdir()
    path.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sides, "MAX_SIZE", 2**20)
    return path


@pytest.mark.parametrize("name", FAKES)
def test_git_that_does_not_behave_is_left_with_a_sentence(
    name: str, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, wanted = FAKES[name]
    seconds = 0.3 if wanted is LATE else 30
    monkeypatch.setattr(sides, "GIT_SECONDS", seconds)
    fake.write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(UsageError) as refused:
        side_from("HEAD:spec/a.yaml")
    assert str(refused.value).startswith("HEAD:spec/a.yaml")
    assert wanted in str(refused.value)


def test_no_child_of_it_is_left(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a pipe that they all hold is when the last of them is gone."""
    fake.write_text("#!/bin/sh\nexec 9> held\nsleep 61 &\necho >&9\nsleep 61\n")
    os.mkfifo("held")
    with open(os.open("held", os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as held:
        for seconds in (0.3, 3, 30):  # on a busy machine, the child takes its time to be there
            monkeypatch.setattr(sides, "GIT_SECONDS", seconds)
            with pytest.raises(UsageError, match="did not answer"):
                side_from("HEAD:a.yaml")
            if begun := held.read(1):
                break
        assert begun
        assert select.select([held], [], [], 30)[0]
        assert held.read(1) == b""


CHILD = """
import resource
from contracts.document.sides import side_from
from contracts.errors import UsageError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    side_from("HEAD:a.yaml")
except UsageError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_flood_costs_little_memory(fake: Path) -> None:
    fake.write_text(f"#!/bin/sh\n{FLOOD} >&2 &\nexec {FLOOD}\n")
    env = {**hermetic(), "PYTHONPATH": str(Path(sides.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", CHILD], env=env, capture_output=True, text=True, timeout=60)
    said, megabytes = done.stdout.splitlines()
    assert said.startswith("HEAD:a.yaml: git answers with more than 50 MB")
    assert int(megabytes) < 200


@pytest.mark.parametrize("name", ["x" * 5000, "é" * 3000, "a\0b", "a\nb"], ids=["long", "long in bytes", "nul", "line"])
def test_names_that_git_is_not_asked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is too long, or holds a character that no path of a side may have; give"):
        side_from(f"HEAD:{name}")


REFERRING = """openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /a:
    get:
      parameters:
        - {name: q, in: query, schema: {$ref: "NAME"}}
      responses: {'200': {description: ok}}
"""
NAMES = {"long": "x" * 5000, "a long folder": "x/" * 3000, "nul": "a\\0b", "encoded nul": "a%00b", "a line": "a\\nb"}


@pytest.mark.parametrize("side", ["spec/a.yaml", "HEAD:spec/a.yaml"])
@pytest.mark.parametrize("name", NAMES)
def test_references_that_no_file_can_have(
    name: str, side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path)
    repository.commit({"spec/a.yaml": REFERRING.replace("NAME", NAMES[name])})
    said = fault_of(lambda: read_side(side_from(side)))
    assert re.search(r"spec/a.yaml:7: the \$ref .{,70} (names|leads)", said)
