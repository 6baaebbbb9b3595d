"""With workers: the same verdicts, each request once, one summary."""

import hypothesis
import pytest

from .things import ENUM, SCHEMA, Project, Things, document, operation

SPEC = document(get=operation("get_thing"), delete=operation("delete_thing"))


@pytest.mark.usefixtures("untouched")
def test_two_workers_do_what_one_process_does(project: Project) -> None:
    hypothesis.settings.register_profile("dev", max_examples=10)  # what it is in the workers
    project.write(SPEC)
    alone, shared = Things({"status": "paused"}), Things({"status": "paused"})
    single = project.ask(alone, "--contract-unsafe")
    judged, violated, report = single.judged, single.violated, single.report
    double = project.ask(shared, "--contract-unsafe", "-n", "2")
    assert double.code == single.code == 1
    assert (double.judged, double.violated) == (judged, violated)
    assert sorted(shared.lines) == sorted(alone.lines)
    assert double.report["summary"] == report["summary"]
    assert double.counted("failed") == len(violated) == 4
    assert double.lines[0].startswith("contract: spec/notte.yaml")
    assert double.lines[-1].startswith("contract: FAIL on ")
    assert len(double.texts("contract: ")) == 2
    assert len([line for line in double.lines if "= contract =" in line]) == 1
    assert sorted(path.name for path in (project.folder / "build/contract").iterdir()) == [
        "exchanges.jsonl",
        "report.json",
    ]


def test_first_failure_of_a_worker_is_a_violation(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}), "-n", "1", "-x")
    assert (run.code, run.report["decision"]) == (1, "fail")
    assert run.violated == {ENUM, SCHEMA}
