"""A run on terminals that are narrow, lack characters, or have colours; and on none at all."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from contracts.exchanges import Bounds, Pace
from contracts.report.forms.terminal import Screen
from contracts.run.state import INTERVAL, Progress, wanted
from tests.service.hostile import DOCUMENT, KEY, hostile_service

from .forked import Forked
from .projects import GIVEN, Project, Run, Things, document, operation

HOSTILE = ("-q", *GIVEN)


@pytest.fixture(scope="module")
def service_url() -> Iterator[str]:
    with hostile_service(longest=20_000) as base_url:
        yield base_url


def run_with(project: Project, base_url: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pytest", *HOSTILE, "--base-url", base_url]
    return subprocess.run(
        command,
        cwd=project.folder,
        env={**project.env, "CONTRACT_CREDENTIAL": KEY, **env},
        capture_output=True,
        timeout=60,
    )


ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
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
    assert listed[-1].startswith("violated: ... and ")


@pytest.mark.parametrize("width", [40, 80])
def test_summary_has_25_rows(width: int, project: Project, service_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("CONTRACT_CREDENTIAL", KEY)
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
    with Forked(command, cwd=project.folder, env=environ, stdout=theirs, stderr=theirs) as process:
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


def test_nobody_gets_colours_who_does_not_want_them(project: Project) -> None:
    run = on_a_terminal(project, "-q", NO_COLOR="1")
    assert run.lines[-1].startswith("contract: PASS in a self-test on the mock (")
    assert "\x1b[3" not in run.out


def test_colours_can_be_forced(project: Project) -> None:
    assert (
        "contract: \x1b[32m\x1b[1mPASS\x1b[0m in a self-test on the mock" in project.run("-q", "--color=yes").lines[-1]
    )


# Progress


def said(run: Run) -> list[str]:
    """What the line below pytest's own said, each time."""
    return re.findall(r"\n\r\x1b\[K(asking [^\x1b\r]*)\r\x1b\[A", run.out.replace("\r\n", "\n"))


def on_screen(text: str, width: int = 80) -> list[str]:
    """The lines of a terminal on which the text was written: what is left to be seen."""
    rows, row, column = [""], 0, 0
    for piece in re.findall(r"\x1b\[\d*(?:;\d+)*[A-Za-z]|[\r\n]|[^\x1b\r\n]", text):
        if piece == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif piece == "\r":
            column = 0
        elif piece == "\x1b[K":
            rows[row] = rows[row][:column]
        elif piece == "\x1b[A":
            row -= 1
        elif piece.endswith("C") and piece[0] == "\x1b":
            column = int(piece[2:-1])
        elif piece[0] != "\x1b":
            rows[row] = rows[row][:column].ljust(column) + piece + rows[row][column + 1 :]
            column += 1
    return rows


TWO = document(get=operation("get_thing"), put=operation("put_thing"))


def test_terminal_shows_what_is_being_asked(project: Project) -> None:
    project.write(TWO)
    run = on_a_terminal(project, "--color=no")
    first, *_, last = said(run)
    assert first == "asking GET /things/{thing_id}: 0 requests, 1 of 2 operations left"
    assert last.startswith("asking PUT /things/{thing_id}: ")
    assert last.endswith(" requests, 0 of 2 operations left")
    frames = re.findall(r"\n\r\x1b\[K([^\x1b\r]*)\r\x1b\[A", run.out.replace("\r\n", "\n"))
    assert (frames[-1], frames.count("")) == ("", 2)
    shown = on_screen(run.out)
    assert [line for line in shown if "asking" in line] == []
    dots = [line for line in shown if line.startswith("test_contract.py")]
    assert len("".join(dots)) > 60
    plain = re.sub(r"\n\r\x1b\[K[^\x1b\r]*\r\x1b\[A(\x1b\[\d+C)?", "", run.out.replace("\r\n", "\n"))
    assert "\x1b" not in plain


def test_bound_on_requests_says_how_many_are_left(project: Project) -> None:
    base_url = project.serve(Things())
    run = on_a_terminal(project, "--base-url", base_url, *GIVEN, "--contract-max-requests=900")
    assert said(run)[0] == "asking GET …ngs/{thing_id}: 0 requests, at most 900 left, 0 of 1 operation left"


@pytest.mark.parametrize("args", [("-q",), ("-n", "1")], ids=["-q", "-n"])
def test_nobody_gets_progress_who_can_not_use_it(args: tuple[str, ...], project: Project) -> None:
    run = on_a_terminal(project, *args, "-k", "enum")
    assert run.code == 0
    assert "asking" not in run.out
    assert "\x1b[A" not in run.out


XTERM = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("terminal", "verbosity", "logs", "environ", "outcome"),
    [
        pytest.param(True, 0, False, XTERM, True, id="a terminal"),
        pytest.param(False, 0, False, XTERM, False, id="a pipe"),
        pytest.param(True, -1, False, XTERM, False, id="-q"),
        pytest.param(True, 1, False, XTERM, True, id="-v"),
        pytest.param(True, 0, True, XTERM, False, id="logs on the terminal"),
        pytest.param(True, 0, False, {"TERM": "dumb"}, False, id="dumb"),
        pytest.param(True, 0, False, {}, False, id="of no kind"),
        pytest.param(True, 0, False, {**XTERM, "CI": "1"}, False, id="CI"),
        pytest.param(True, 0, False, {**XTERM, "CI": ""}, True, id="CI, empty"),
        pytest.param(True, 0, False, {**XTERM, "BUILD_NUMBER": "7"}, False, id="a CI server"),
    ],
)
def test_progress_is_for_people(
    terminal: bool, verbosity: int, logs: bool, environ: dict[str, str], outcome: bool
) -> None:
    file = SimpleNamespace(isatty=lambda: terminal)
    config = SimpleNamespace(
        getini=lambda name: logs, getoption=lambda name, default: default, get_verbosity=lambda: verbosity
    )
    assert wanted(config, SimpleNamespace(_tw=SimpleNamespace(_file=file)), environ) is outcome


def test_worker_without_a_reporter_shows_no_progress(pytestconfig: pytest.Config) -> None:
    assert not wanted(pytestconfig, None, XTERM)


def test_pipe_gets_no_progress(project: Project) -> None:
    run = project.finished(project.start("-k", "enum", by=Forked))
    assert (run.code, "asking" in run.out, "\x1b" in run.out) == (0, False, False)


def test_line_goes_when_asking_is_interrupted(project: Project) -> None:
    things = Things(instead=lambda number: b"" if number > 9 else None)
    run = on_a_terminal(project, "--base-url", project.serve(things), *GIVEN, "--contract-max-requests=5")
    assert len(said(run)) >= 1
    assert [line for line in on_screen(run.out) if line.startswith("asking")] == []


@dataclass
class Written:
    """A terminal that remembers, and a clock that stands still."""

    texts: list[str] = field(default_factory=list)
    time: float = 0.0

    def progress(self, most: int | None = None, width: int = 80) -> Progress:
        pace = Pace(Bounds(requests=most), spent=41)
        return Progress(self.texts.append, Screen(width), lambda: 12, frozenset({"a", "b"}), pace, lambda: self.time)


def test_line_is_written_a_few_times_a_second_at_most() -> None:
    written = Written()
    progress = written.progress()
    for count in range(9):
        progress.told("a", count)
        written.time += INTERVAL / 4
    assert [text.partition(": ")[2][:9] for text in written.texts] == ["0 request", "4 request", "8 request"]


def test_line_is_cleared_once_and_only_if_it_is_there() -> None:
    written = Written()
    progress = written.progress()
    progress.clear()
    assert written.texts == []
    progress.told("a", 1)
    progress.clear()
    progress.clear()
    assert written.texts[1:] == ["\n\r\x1b[K\r\x1b[A\x1b[12C"]


def test_line_keeps_to_its_row_and_to_what_can_be_shown() -> None:
    written = Written()
    assert written.progress(width=40).line("GET /" + "x" * 90, 1) == "asking GET …xxxxxxx: 1 request, 2 of 2…"
    shown = written.progress().line("GET /\x1b[2J\u202e", 1)
    assert shown == "asking GET /\\x1b[2J\\u202e: 1 request, 2 of 2 operations left"


def test_line_counts_what_is_left() -> None:
    progress = Written().progress(most=100)
    progress.told("a", 1)
    assert progress.line("a", 1) == "asking a: 1 request, at most 59 left, 1 of 2 operations left"


def test_progress_without_a_terminal_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.told("a", 1)
    progress.clear()
    assert capfd.readouterr() == ("", "")
