"""A run on terminals that are narrow, lack characters, or have colours; and on none at all."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.service.hostile import DOCUMENT, KEY, hostile_service

from .things import GIVEN, Project, Run, Things

HOSTILE = ("-q", *GIVEN)


@pytest.fixture(scope="module")
def service_url() -> Iterator[str]:
    with hostile_service() as base_url:
        yield base_url


def run_with(project: Project, base_url: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pytest", *HOSTILE, "--base-url", base_url]
    return subprocess.run(
        command, cwd=project.folder, env={**project.env, "NOTTE_API_KEY": KEY, **env}, capture_output=True, timeout=60
    )


ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "utf-8": {"LC_ALL": "C.UTF-8"},
    "C": {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_terminal_shows_what_it_can(name: str, project: Project, service_url: str) -> None:
    project.write(DOCUMENT)
    done = run_with(project, service_url, **ENCODINGS[name])
    out = done.stdout.decode({"C": "ascii"}.get(name, name))  # raises for what is none of its characters
    lines = out.splitlines()
    assert (done.returncode, done.stderr) == (1, b"")
    assert [line for line in lines if not line.isprintable()] == []
    start = next(number for number, line in enumerate(lines) if "= contract =" in line)
    assert lines[-1].startswith("contract: FAIL on http://127.0.0.1")
    listed = [line for line in lines[start:] if line.startswith("violated: ")]
    assert listed[-1].startswith(f"violated: {'…' if name == 'utf-8' else '...'} and ")


@pytest.mark.parametrize("width", [40, 80])
def test_summary_has_25_rows(width: int, project: Project, service_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NOTTE_API_KEY", KEY)
    project.write(DOCUMENT)
    run = project.run(*HOSTILE, "--base-url", service_url)
    start = next(number for number, line in enumerate(run.lines) if "= contract =" in line)
    end = next(number for number, line in enumerate(run.lines) if line.startswith("report: "))
    ours = [*run.lines[start : end + 1], run.lines[-1]]
    assert 20 <= sum(-(-len(line) // width) for line in ours) <= 25


def on_a_terminal(project: Project, *args: str, **env: str) -> Run:
    """A run whose output is a pseudo-terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", *args]
    environ = {**project.env, "TERM": "xterm", "COLUMNS": "80", **env}
    environ = {name: value for name, value in environ.items() if name != "PY_COLORS" and value}
    with subprocess.Popen(command, cwd=project.folder, env=environ, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
            pieces = []
            while piece := read(terminal.fileno()):
                pieces.append(piece)
        return Run(process.wait(timeout=60), b"".join(pieces).decode(), "", project.folder)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""  # what Linux says of a terminal that nobody has open any more


def test_words_are_in_colour_on_a_terminal(project: Project) -> None:
    run = on_a_terminal(project, "-q", "--base-url", project.serve(Things({"status": "paused"})), *GIVEN)
    assert "\x1b[31m\x1b[1mviolated\x1b[0m: GET /things/{thing_id} 200" in run.out
    assert "contract: \x1b[31m\x1b[1mFAIL\x1b[0m on http" in run.lines[-1]


@pytest.mark.parametrize(
    ("args", "env"),
    [((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"}), (("--color=no",), {})],
    ids=["NO_COLOR", "dumb", "--color=no"],
)
def test_nobody_gets_colours_who_does_not_want_them(
    args: tuple[str, ...], env: dict[str, str], project: Project
) -> None:
    run = on_a_terminal(project, "-q", *args, **env)
    assert run.lines[-1].startswith("contract: PASS on the mock (")
    assert "\x1b[3" not in run.out


def test_colours_can_be_forced(project: Project) -> None:
    assert "contract: \x1b[32m\x1b[1mPASS\x1b[0m on the mock" in project.run("-q", "--color=yes").lines[-1]
