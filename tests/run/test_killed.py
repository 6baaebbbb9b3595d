"""A run that is killed with -9 loses nothing that was answered: the next run in its folder gives it its report."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import jsonschema_rs
import pytest
from filelock import FileLock

from contracts.exchanges import Ledger
from contracts.report.json_report import SCHEMA, read_run

from .forked import Forked
from .projects import CANARY, ENUM, GIVEN, Project, Things, answer, document, leaks, operation
from .test_secrets import PASSING, TOKENS, URLS, WITH_URLS

VALIDATOR = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()), validate_formats=True)
TWO = document(get=operation("get_thing"), head=operation("head_thing"))


class Held(Things):
    """A service that holds back its answer to one request: until then every answer before is on record."""

    def __init__(self, at: int, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reached, self.let_go = Event(), Event()
        self.on_request = lambda number: self.hold() if number == at else None

    def hold(self) -> None:
        self.reached.set()
        self.let_go.wait(60)


@contextmanager
def held_run(project: Project, things: Held, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process group of its own, at the request that is held back."""
    command = [sys.executable, "-m", "pytest", "-q", "--base-url", project.serve(things), *GIVEN, *args]
    pipe = subprocess.PIPE
    process = Forked(
        command, cwd=project.folder, env=project.env, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    try:
        assert things.reached.wait(60)
        yield process
    finally:
        things.let_go.set()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def killed(project: Project, things: Held, *args: str) -> None:
    with held_run(project, things, *args) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
    for path in (project.folder / "build" / "contract").glob("*.alive"):
        with FileLock(path, timeout=60):  # its workers end by themselves
            pass


def files(project: Project) -> list[str]:
    return sorted({path.name for path in (project.folder / "build" / "contract").iterdir()} - {".gitignore"})


def salvaged(project: Project, suffix: str) -> Path:
    (path,) = (project.folder / "build" / "contract").glob(f"killed-*.{suffix}")
    return path


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_killed_run_gets_its_report_from_the_next(workers: tuple[str, ...], project: Project) -> None:
    before = project.ask(Things()).report
    killed(project, Held(12, {"status": "paused"}), *workers)
    assert json.loads((project.folder / "build" / "contract" / "report.json").read_text()) == before
    run = project.ask(Things())
    report = json.loads(salvaged(project, "json").read_text())
    VALIDATOR.validate(report)
    assert (report["interrupted"], report["decision"]) == (True, "fail")
    assert report["reasons"] == ["1 rule violated", "the run was killed"]
    assert report["summary"]["exchanges"] == 11
    assert {v["rule"] for v in report["verdicts"] if v["outcome"] == "violated"} == {ENUM}
    assert read_run(salvaged(project, "json")).interrupted
    assert (run.code, run.report["decision"], run.report["interrupted"]) == (0, "pass", False)
    (said,) = run.texts("contract: a run of ")
    assert said.endswith(
        f" was killed; its 11 exchanges are in build/contract/{salvaged(project, 'jsonl').name}, "
        f"the report is build/contract/{salvaged(project, 'html').name} (fail)"
    )
    assert len(files(project)) == 6


def test_killed_run_says_what_was_asked_again(project: Project) -> None:
    killed(project, Held(12, instead=lambda number: answer(503) if number == 3 else None))
    project.ask(Things())
    report = json.loads(salvaged(project, "json").read_text())
    VALIDATOR.validate(report)
    assert (report["summary"]["retried"], report["retried_for"]) == (1, {"503": 1})


def test_run_that_is_alive_is_left_alone(project: Project) -> None:
    things = Held(5)
    with held_run(project, things) as process:
        run = project.ask(Things())
        assert (run.code, run.texts("contract: a run of "), len(files(project))) == (0, [], 5)
        things.let_go.set()
        first = project.finished(process)
    assert (first.code, files(project)) == (0, ["exchanges.jsonl", "report.html", "report.json"])


def test_salvaged_run_holds_no_secret(project: Project) -> None:
    project.write(WITH_URLS)
    killed(project, Held(12, {**PASSING, "status": CANARY}, fields=(f"X-Debug: {CANARY} {URLS['cdp_url']}",)))
    run = project.ask(Things(PASSING))
    assert salvaged(project, "json").is_file()
    assert {value: leaks(run, value) for value in (*TOKENS, CANARY)} == {value: set() for value in (*TOKENS, CANARY)}


# What killed runs leave, made by hand


@pytest.fixture
def left(project: Project) -> Callable[..., Path]:
    """A log as a killed run leaves it, with these lines changed."""
    project.ask(Things())
    folder = project.folder / "build" / "contract"
    whole = (folder / "exchanges.jsonl").read_bytes()

    def leave(change: Callable[[bytes], bytes] = lambda log: log, name: str = "0a") -> Path:
        path = folder / f".run-{name}.jsonl"
        path.write_bytes(change(whole))
        Path(f"{path}.main.alive").touch()
        return path

    return leave


def test_run_without_a_violation_is_inconclusive_when_killed(left: Callable[..., Path], project: Project) -> None:
    left()
    project.run("-q")
    report = json.loads(salvaged(project, "json").read_text())
    assert (report["decision"], report["reasons"]) == ("inconclusive", ["the run was killed"])
    assert report["started"] < report["finished"]
    assert report["target"]["base_url"].startswith("http://127.0.0.1:")


def test_killed_run_is_part_of_the_history(left: Callable[..., Path], project: Project) -> None:
    left()
    project.run("-q", "--contract-history=nights")
    kept = [read_run(path) for path in sorted((project.folder / "nights").iterdir())]
    assert [(run.decision, run.interrupted) for run in kept] == [("inconclusive", True), ("pass", False)]


def test_half_a_line_is_left_out(left: Callable[..., Path], project: Project) -> None:
    path = left(lambda log: log[:-40])
    whole = path.read_bytes().rpartition(b"\n")[0] + b"\n"
    project.run("-q")
    assert salvaged(project, "jsonl").read_bytes() == whole
    report = json.loads(salvaged(project, "json").read_text())
    assert report["summary"]["exchanges"] == whole.count(b'"method":')


def test_exchanges_on_another_document_are_kept_alone(left: Callable[..., Path], project: Project) -> None:
    left()
    project.write(TWO)
    run = project.run("-q")
    (said,) = run.texts("contract: a run of ")
    assert said.endswith(f"{salvaged(project, 'jsonl').name}, not judged: spec/notte.yaml has changed since")
    assert (run.code, len(files(project))) == (0, 4)


def test_every_killed_run_is_salvaged_once(left: Callable[..., Path], project: Project) -> None:
    left(name="1a")
    left(name="2b")
    run = project.run("-q")
    assert len(run.texts("contract: a run of ")) == 2
    found = files(project)
    assert [name.rpartition("Z")[2] for name in found if name.startswith("killed")] == [
        "-2b.html",
        "-2b.json",
        "-2b.jsonl",
        ".html",
        ".json",
        ".jsonl",
    ]
    assert project.run("-q").texts("contract: a run of ") == []
    assert files(project) == found


@pytest.mark.parametrize(
    "change",
    [
        lambda log: b"",
        lambda log: log.partition(b"\n")[0] + b"\n",
        lambda log: log[:20],
    ],
    ids=["empty", "begun", "half a note"],
)
def test_run_that_asked_nothing_leaves_nothing(
    change: Callable[[bytes], bytes], left: Callable[..., Path], project: Project
) -> None:
    left(change)
    run = project.run("-q")
    assert (run.code, run.texts("contract: a run of "), files(project)) == (
        0,
        [],
        ["exchanges.jsonl", "report.html", "report.json"],
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda log: log.replace(b'"number":3', b'"number":'),
        lambda log: log.replace(b'"operation":"GET /things/{thing_id}"', b'"operation":"GET /gone"'),
        lambda log: log.replace(b'"sha256":', b'"sha":'),
        lambda log: log.replace(b'"run":', b'"ran":'),
        lambda log: b"\x00\xff" * 9 + log,
    ],
    ids=["no JSON", "another operation", "no digest", "no note", "garbage"],
)
def test_log_that_cannot_be_judged_is_kept(
    change: Callable[[bytes], bytes], left: Callable[..., Path], project: Project
) -> None:
    kept = change(left().read_bytes())
    left(change)
    run = project.run("-q")
    (said,) = [line for line in run.lines if "was killed" in line]
    assert "and can't be judged (" in said
    assert (run.code, salvaged(project, "jsonl").read_bytes()) == (0, kept)
    assert files(project)[1:] == [salvaged(project, "jsonl").name, "report.html", "report.json"]


def test_salvaging_that_was_cut_short_is_done_again(left: Callable[..., Path], project: Project) -> None:
    log = left().read_bytes()
    project.run("-q")
    salvaged(project, "jsonl").unlink()
    left(lambda _: log)
    project.run("-q")
    assert len(files(project)) == 6


def test_what_somebody_else_salvages_is_left_alone(left: Callable[..., Path], project: Project) -> None:
    path = left()
    with Ledger(path).dead() as dead:
        run = project.run("-q")
    assert (dead, run.texts("contract: a run of "), path.is_file()) == (True, [], True)


@pytest.mark.parametrize("process", ["main", "gw1"])
def test_run_of_which_one_process_is_alive_is_not_dead(process: str, left: Callable[..., Path]) -> None:
    path = left()
    Path(f"{path}.gw0.alive").touch()
    alive = Ledger(path)
    alive.hold(process)
    with Ledger(path).dead() as dead:
        assert not dead
    alive.release()
    with Ledger(path).dead() as dead:
        assert dead


@pytest.mark.parametrize("args", [("--contract-dry-run",), ("--collect-only",)])
def test_run_that_asks_nothing_salvages_nothing(
    args: tuple[str, ...], left: Callable[..., Path], project: Project
) -> None:
    path = left()
    assert project.run("-q", *args).texts("contract: a run of ") == []
    assert path.is_file()


def test_run_that_asks_nothing_leaves_no_trace(project: Project) -> None:
    project.run("-q", "-k", "nothing")
    assert not (project.folder / "build").exists() or files(project) == []


def test_reports_of_salvaged_runs_are_at_hand(left: Callable[..., Path], project: Project) -> None:
    found: list[Any] = []

    class Looking:
        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            from contracts.run.items import SESSION

            found.extend(session.config.stash[SESSION].prelude.killed)

    left()
    result = project.pytester.runpytest_inprocess("-q", plugins=[Looking()])
    (one,) = found
    assert (int(result.ret), one["reasons"]) == (0, ["the run was killed"])
    (report,) = (project.folder / "build" / "contract").glob("killed-*.json")
    assert json.loads(report.read_text()) == one
