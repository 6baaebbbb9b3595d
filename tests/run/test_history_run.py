"""`--contract-history`: every run is kept, and looks back."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .forked import Forked
from .projects import ENUM, GIVEN, Project, Run, Things, leaks

HISTORY = "--contract-history=history"


def kept(project: Project) -> list[Path]:
    return sorted((project.folder / "history").iterdir())


def decisions(project: Project) -> list[str]:
    return [json.loads(path.read_text())["decision"] for path in kept(project)]


def test_nights_look_back(project: Project) -> None:
    healthy = project.ask(Things(), HISTORY)
    (healthy_line,) = healthy.texts("history: ")
    assert (healthy.code, healthy_line[:21]) == (0, "history: 1 run since ")
    assert kept(project)[0].read_bytes() == (project.folder / "build" / "contract" / "report.json").read_bytes()


def night(project: Project, url: str, *args: str) -> Run:
    return project.run("-q", "--base-url", url, *GIVEN, HISTORY, *args)


def test_what_comes_and_goes_is_told(project: Project) -> None:
    things = Things()
    url = project.serve(things)
    for status in ("paused", "active", "paused"):
        things.thing = {"status": status}
        run = night(project, url)
    (line,) = run.texts("history: ")
    assert line.startswith("history: 3 runs since 20")
    assert line.endswith("; rules: 1 coming and going")
    assert decisions(project) == ["fail", "pass", "fail"]
    assert "comes and goes" in (project.folder / "build" / "contract" / "report.html").read_text()


def test_the_old_are_let_go(project: Project) -> None:
    url = project.serve(Things())
    night(project, url)
    (path,) = kept(project)
    for day in ("05", "06", "13"):
        (path.parent / f"202001{day}T030000.000Z-00000000.json").write_bytes(path.read_bytes())
    run = night(project, url)
    assert [path.name[:8] for path in kept(project)][:-2] == ["20200113"], run.out


def test_runs_on_another_target_are_no_nights_of_this_one(project: Project) -> None:
    project.run("-q", HISTORY)
    first, note = project.ask(Things(), HISTORY).texts("history: ")
    assert (first[:21], note) == (
        "history: 1 run since ",
        "history: left out: 1 report on another target or document",
    )


def interrupt(number: int) -> None:
    if number == 7:
        os.kill(os.getpid(), signal.SIGINT)


ENDINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "refused": (lambda: Things(key="another"), "inconclusive"),
    "interrupted": (lambda: Things(on_request=interrupt), "inconclusive"),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ENDINGS)
def test_a_run_without_a_verdict_is_kept_as_well(name: str, project: Project) -> None:
    things, decision = ENDINGS[name]
    project.ask(things(), HISTORY)
    assert decisions(project) == [decision]


def test_a_dry_run_is_not_kept(project: Project) -> None:
    project.run("-q", "--contract-dry-run", HISTORY)
    assert not (project.folder / "history").exists()


def test_without_the_option_nothing_is_kept_or_told(project: Project) -> None:
    run = project.ask(Things())
    assert (run.texts("history"), (project.folder / "history").exists()) == ([], False)


def test_a_history_that_can_not_be_written_costs_nothing_else(project: Project) -> None:
    def occupy(number: int) -> None:
        (project.folder / "history").touch()

    run = project.ask(Things({"status": "paused"}, on_request=occupy), HISTORY)
    (line,) = run.texts("history: ")
    assert line == "history: the report can't be kept in history (File exists)"
    assert (run.code, ENUM in run.violated) == (1, True)
    assert run.lines[-1].startswith("contract: FAIL on ")
    assert (project.folder / "build" / "contract" / "report.html").exists()


def test_one_item_again_is_no_night(project: Project) -> None:
    (rerun, *_) = project.ask(Things({"status": "paused"}), HISTORY).texts("rerun: ")
    assert "history" not in rerun


def test_two_runs_at_once_are_both_kept(project: Project) -> None:
    words = ["-q", "--base-url", project.serve(Things({"status": "paused"})), *GIVEN, HISTORY]
    started = [project.start(*words, f"--contract-report=out{n}", by=Forked) for n in range(2)]
    runs = [project.finished(process) for process in started]
    assert [run.code for run in runs] == [1, 1], runs[0].out + runs[0].err
    reports = {(project.folder / f"out{n}" / "report.json").read_bytes() for n in range(2)}
    assert {path.read_bytes() for path in kept(project)} == reports
    assert leaks(runs[0]) | leaks(runs[1]) == set()


def test_xdist_keeps_one_report(project: Project) -> None:
    run = project.run("-q", "-n2", "--base-url", project.serve(Things()), *GIVEN, HISTORY)
    assert (run.code, decisions(project)) == (0, ["pass"])
