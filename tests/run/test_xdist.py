"""With workers: the same verdicts, each request once, one summary."""

import os
import signal

import hypothesis
import pytest

from .projects import CANARY, ENUM, LOUD, Project, Things, document, leaks, operation

SPEC = document(get=operation("get_thing"), put=operation("put_thing"))


@pytest.mark.usefixtures("untouched")
def test_two_workers_do_what_one_process_does(project: Project) -> None:
    hypothesis.settings.register_profile("dev", max_examples=10)  # what it is in the workers
    project.write(SPEC)
    alone, shared = Things({"status": "paused"}), Things({"status": "paused"})
    single = project.ask(alone, "--contract-unsafe", "--hypothesis-seed=5")
    judged, violated, report = single.judged, single.violated, single.report
    double = project.ask(shared, "--contract-unsafe", "--hypothesis-seed=5", "-n", "2")
    assert double.code == single.code == 1
    assert (double.judged, double.violated) == (judged, violated)
    assert sorted(shared.lines) == sorted(alone.lines)
    assert double.report["summary"] == report["summary"]
    assert double.counted("failed") == len(violated) == 2
    assert double.lines[0].startswith("contract: spec/notte.yaml")
    assert double.lines[-1].startswith("contract: FAIL on ")
    assert len(double.texts("contract: ")) == 3  # what is sent to given resources, too
    assert len([line for line in double.lines if "= contract =" in line]) == 1
    assert kept(project) == ["exchanges.jsonl", "report.html", "report.json"]


ECHOED = "GET /things/{thing_id} credential kept"


def test_first_failure_of_a_worker_is_a_violation_and_shows_no_secret(project: Project) -> None:
    run = project.ask(Things({"status": CANARY}, fields=(f"X-Debug: {CANARY}",)), "-n", "1", "-x", *LOUD)
    assert (run.code, run.report["decision"], run.violations) == (1, "fail", {ENUM, ECHOED})
    assert leaks(run) == set()


def test_interrupted_run_concludes_when_its_workers_have_ended(project: Project) -> None:
    things = Things(on_request=lambda number: os.kill(os.getpid(), signal.SIGTERM) if number == 12 else None)
    run = project.ask(things, "-n", "1")
    assert (run.code, run.report["decision"]) == (2, "inconclusive")
    assert run.report["summary"]["exchanges"] == len(things.heads) > 12
    assert kept(project) == ["exchanges.jsonl", "report.html", "report.json"]


def kept(project: Project) -> list[str]:
    return sorted({path.name for path in (project.folder / "build" / "contract").iterdir()} - {".gitignore"})
