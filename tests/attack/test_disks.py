"""Disks and folders that fail in the middle: the run ends with its decision and a sentence, and nothing old is lost."""

import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.run.forked import Forked
from tests.run.projects import GIVEN, Project, Run, Things

from .long_form import IS_LONG

REPORT, HISTORY = Path("build", "contract"), Path("history")
KEPT = "--contract-history=history"
MADE = ("report.json", "exchanges.jsonl", "report.html")
UNWRITTEN = re.compile(r"left out: (report.json|exchanges.jsonl|the page) \(.+\)")
UNKEPT = re.compile(r"history: the report can't be kept in history \(.+\)")


@dataclass
class Disk:
    """Counts what is written to the folders of a run, and fails at a call: `only` there, or from there on."""

    fails_at: int
    only: bool
    error: int = errno.ENOSPC
    calls: list[str] = field(default_factory=list)

    def fails(self, path: Any, what: str) -> bool:
        named = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if "/contract/" not in f"{named}/" and "history" not in named:
            return False
        self.calls.append(f"{what} {named}")
        return len(self.calls) == self.fails_at or (len(self.calls) > self.fails_at and not self.only)

    def guarded(self, module: Any, name: str) -> Callable[..., Any]:
        real = getattr(module, name)

        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if name == "open" and module is io and not set("wa+") & set(str((*args, "r")[0])):
                return real(path, *args, **kwargs)
            if self.fails(path, name):
                raise OSError(self.error, os.strerror(self.error), str(path))
            return real(path, *args, **kwargs)

        return call

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module, names in {io: ["open"], os: ["open", "mkdir", "replace", "truncate", "unlink"]}.items():
            for name in names:
                monkeypatch.setattr(module, name, self.guarded(module, name))


def contents(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def ended_well(run: Run, before: dict[str, bytes]) -> None:
    """The decision, a sentence where something is missing, and each old file as it was or new as a whole."""
    assert (run.code, run.err) == (1, "")
    assert "Traceback" not in run.out
    assert "INTERNALERROR" not in run.out
    assert run.lines[-1].startswith("contract: FAIL on http://")
    after = contents(REPORT, HISTORY)
    before = {name: content for name, content in before.items() if "/.run-" not in name}
    assert before.items() - after.items() <= {(str(REPORT / name), before[str(REPORT / name)]) for name in MADE}
    for name, content in after.items():
        lines = content.splitlines() if name.endswith("jsonl") else [content] * name.endswith("json")
        assert list(map(json.loads, lines)) or not lines


@pytest.fixture
def earlier(project: Project) -> dict[str, bytes]:
    """What a run before has left."""
    assert project.ask(Things({"status": "paused"}), KEPT).code == 1
    return contents(REPORT, HISTORY)


BEFORE, CALLS = 6, 30  # so many calls see whether the folders can be written; and so many are there in all


@pytest.mark.parametrize("only", [True, False], ids=["once", "from there on"])
def test_a_disk_that_fails_at_any_time(
    only: bool, project: Project, earlier: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in range(BEFORE + 1, CALLS + 1, 1 if IS_LONG else 3 + only):
        disk = Disk(call, only)
        with monkeypatch.context() as patch:
            disk.install(patch)
            run = project.ask(Things({"status": "paused"}), KEPT)
        ended_well(run, earlier)
        earlier = contents(REPORT, HISTORY)
        assert len(disk.calls) >= call
        if not only and call < CALLS - 5:
            assert UNWRITTEN.search(run.out)
            assert UNKEPT.search(run.out)


@pytest.mark.parametrize("call", [1, 4])
def test_a_disk_that_is_full_before(
    call: int, project: Project, earlier: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Disk(call, only=False).install(patch)
        run = project.ask(Things(), KEPT)
    assert run.code == 4
    assert "it can't be made or written to (No space left on device); give a folder for the report" in run.err
    assert contents(REPORT, HISTORY) == earlier


LIMITED = """
import resource, sys
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
import pytest
sys.exit(pytest.main(sys.argv[2:]))
"""


@pytest.mark.parametrize("size", [0, 3000])
def test_files_that_can_not_grow(size: int, project: Project, earlier: dict[str, bytes]) -> None:
    url = project.serve(Things({"status": "paused"}))
    command = [sys.executable, "-c", LIMITED, str(size), "-q", "-p", "no:cacheprovider", "-s", "--base-url", url]
    pipe = subprocess.PIPE
    done = Forked([*command, *GIVEN, KEPT], cwd=project.folder, env=project.env, stdout=pipe, stderr=pipe, text=True)
    run = project.finished(done)
    ended_well(run, earlier)
    assert "left out: report.json (File too large)" in run.out
    assert earlier.items() <= contents(REPORT, HISTORY).items()


def removed(folder: Path) -> None:
    shutil.rmtree(folder)


def moved(folder: Path) -> None:
    folder.rename("elsewhere")


def a_file(folder: Path) -> None:
    moved(folder)
    folder.write_text("no folder")


def not_writable(folder: Path) -> None:
    moved(folder)
    folder.symlink_to("/proc/self")


@pytest.mark.parametrize("change", [removed, moved, a_file, not_writable])
def test_a_folder_that_changes_in_the_middle(
    change: Callable[[Path], None], project: Project, earlier: dict[str, bytes]
) -> None:
    things = Things({"status": "paused"}, on_request=lambda number: change(REPORT) if number == 20 else None)
    run = project.ask(things, KEPT)
    assert "Traceback" not in run.out + run.err
    assert run.code == 1
    assert run.lines[-1].startswith("contract: FAIL on http://")
    assert "left out: exchanges.jsonl (" in run.out
    kept = contents(Path("elsewhere")) if Path("elsewhere").exists() else {}
    assert {str(Path("elsewhere", name)) for name in MADE} <= kept.keys() or change is removed
    assert change in (removed, moved) or "left out: report.json (" in run.out


def test_a_folder_that_a_worker_can_not_share(project: Project) -> None:
    things = Things(on_request=lambda number: removed(REPORT) if number == 20 else None)
    run = project.ask(things, "-n", "1")
    assert run.code == 3
    assert "Traceback" not in run.out + run.err
    assert "so that other processes can't know what was asked; make room, or leave out -n" in run.out


LEFT = ".run-0123456789abcdef.jsonl"
LEDGERS = {
    "binary": b"\xff\xfe\x00\x01\n" * 1000,
    "half a line": b'{"notes":{"run":{"sta',
    "no JSON": b"hello\n",
    "another value": b"1\n[]\nnull\n",
    "too deep": b"[" * 100_000 + b"\n",
    "a long line": b'{"finished":"' + b"x" * 5_000_000 + b'"}\n',
    "no exchange": b'{"number":"x"}\n',
    "odd notes": b'{"notes":{"run":7}}\n{"finished":"GET /x"}\n',
    "an odd time": b'{"notes":{"run":{"started":"0001-01-01T00:00:00+14:00"}}}\n{"stop":{}}\n',
    "empty": b"",
}


@pytest.mark.parametrize("name", LEDGERS)
def test_what_a_killed_run_left_is_kept_and_costs_nothing(name: str, project: Project) -> None:
    REPORT.mkdir(parents=True)
    (REPORT / LEFT).write_bytes(LEDGERS[name])
    (REPORT / f"{LEFT}.main.alive").touch()
    run = project.run("-q")
    assert (run.code, run.err) == (0, "")
    assert "Traceback" not in run.out
    kept = [path.read_bytes() for path in REPORT.iterdir() if path.name.startswith(("killed", LEFT))]
    assert LEDGERS[name] in kept or name in (
        "empty",
        "half a line",
        "a long line",
        "odd notes",
    )  # in which nothing was asked


@pytest.mark.parametrize("place", ["", ".lock", ".main.alive"])
def test_folders_where_a_run_has_files(place: str, project: Project) -> None:
    (REPORT / f"{LEFT}{place}").mkdir(parents=True)
    (REPORT / f"{LEFT}.other.alive").touch()
    run = project.run("-q")
    assert (run.code, run.err) == (0, "")
    assert "Traceback" not in run.out


BROKEN: dict[str, bytes] = {
    "binary": b"\xff\xfe\x00\x01" * 100,
    "nothing": b"",
    "another value": b"null",
    "too deep": b"[" * 100_000,
    "digits": b'{"suite": ' + b"9" * 5000 + b"}",
    "large": b"{" + b" " * (100_000_000 if IS_LONG else 10_000_000),
}
TYPES = [("started", []), ("decision", 7), ("verdicts", {}), ("suite", 1), ("against", {"carried": 7}), ("target", [])]


@pytest.mark.parametrize("name", BROKEN)
def test_reports_that_are_none(name: str, project: Project) -> None:
    Path("x.json").write_bytes(BROKEN[name])
    HISTORY.mkdir()
    shutil.copy("x.json", HISTORY / "20250101T000000.000Z-00000000.json")
    for option in ("--contract-against=x.json", "--contract-replay=x.json"):
        run = project.run("-q", option)
        assert run.code == 4
        assert re.search(r"^ERROR: x.json .*; give ", run.err)
    run = project.run("-q", KEPT)
    assert run.code == 0
    assert "the history goes without it" in run.out
    assert (HISTORY / "20250101T000000.000Z-00000000.json").read_bytes() == BROKEN[name]


@pytest.mark.parametrize(("key", "value"), TYPES, ids=lambda value: str(value))
def test_reports_with_values_of_other_types(key: str, value: Any, project: Project, earlier: dict[str, bytes]) -> None:
    report = {**json.loads(earlier[str(REPORT / "report.json")]), key: value}
    Path("x.json").write_text(json.dumps(report))
    run = project.ask(Things(), "--contract-against=x.json")
    assert run.code in (0, 4)
    assert "Traceback" not in run.out + run.err


TOML = {
    "binary": b"\xff\xfe\x00",
    "cut short": b'violation."a',
    "too deep": b"a = " + b"[" * 9000,
    "digits": b"violation.x = " + b"9" * 5000,
    "a long key": b"a" + b".a" * 20_000 + b" = 1",
    "no table": b"violation = 1",
    "no entry": b"violation.x = 1",
    "an odd day": b"violation.x = {reason = 'r', until = 9999-99-99}",
    "odd evidence": b"violation.x = {reason = 'r', until = 2026-01-01, evidence = [[1]]}",
    "large": b"#" * 2_000_000,
}


@pytest.mark.parametrize("name", TOML)
def test_acceptances_that_can_t_be_read(name: str, project: Project) -> None:
    path = Path("spec", "accepted.toml")
    path.write_bytes(TOML[name])
    run = project.run("-q")
    assert run.code == 4
    assert run.err.startswith("ERROR: spec/accepted.toml:")
    assert path.read_bytes() == TOML[name]


def test_pipes_and_devices_where_a_run_has_files_keep_nobody_waiting(project: Project) -> None:
    history = project.folder / "history"
    for folder in (project.folder / "build" / "contract", history):
        folder.mkdir(parents=True)
    for path in (*(f"build/contract/{name}" for name in MADE), "history/a.json"):
        os.mkfifo(project.folder / path)
    (history / "b.json").symlink_to("/dev/zero")
    run = project.ask(Things(), "--contract-history=history")
    assert run.code == 0
    assert run.texts("left out: ") == [
        "left out: report.json (No such device or address)",
        "left out: exchanges.jsonl (No such device or address)",
        "left out: the page (No such device or address)",
    ]
    assert all((project.folder / "build" / "contract" / name).is_fifo() for name in MADE)
    assert run.texts("history: ")[0].startswith("history: 1 run since ")


DEVICES = {
    "--contract-against=/dev/zero": "/dev/zero can't be read (it has more than 1 MB); give the report.json",
    "--contract-replay=/dev/full": "/dev/full can't be read (it has more than 1 MB); give a report.json",
    "--contract-param=thing_id=@/dev/zero": "/dev/zero: can't be read: it has more than 50 MB",
}


@pytest.mark.parametrize("option", DEVICES)
def test_files_without_end_are_a_sentence(option: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.text.bytes_at.__defaults__", (2**20,))
    run = project.run("-q", option)
    assert run.code == 4
    assert DEVICES[option] in run.err


@pytest.mark.parametrize("option", ["--contract-report=p", "--contract-history=p"])
def test_a_folder_that_is_a_link_to_itself_is_a_sentence(option: str, project: Project) -> None:
    Path("p").symlink_to("p")
    run = project.run("-q", option)
    assert run.code == 4
    assert f"{option.replace('=', ' ')}: it can't be made or written to (Too many levels of symbolic links)" in run.err


@pytest.mark.parametrize("file", ["/dev/full", "out.xml/x"])
def test_a_junit_file_that_can_not_be_written_costs_nothing_but_itself(file: str, project: Project) -> None:
    Path("out.xml").touch()
    run = project.ask(Things({"status": "paused"}), f"--junitxml={file}")
    assert (run.code, run.report["decision"]) == (1, "fail")
    assert "left out: what the JUnit file says of the run (" in run.out
    assert run.texts("left out: what other plugins do at the end (")
    assert run.lines[-1].startswith("contract: FAIL on http://")
