"""The document of a run against its baseline: what breaks fails, what can't be compared says so."""

from __future__ import annotations

import copy
import json
import shlex
from typing import Any

import pytest

from contracts import commands
from contracts.changes.change import Change

from ..made_changes import UNKNOWN
from ..repositories import Repository, alone
from .forked import Forked
from .projects import TEST_MODULE, THING, Project, document, operation

GATE = """
from contracts.testing import test_document
"""
SPEC = "spec/notte.yaml"
NAME = "enum-widened GET /things/{thing_id} 200 *"


def text(*statuses: str, **more: Any) -> str:
    thing = copy.deepcopy(THING)
    thing["properties"]["status"]["enum"] = [*THING["properties"]["status"]["enum"], *statuses]
    return json.dumps(document(get=operation("get_thing", thing, **more)), indent=1)


@pytest.fixture
def repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The project under version control, its document committed; only the gate is run unless a test says else."""
    alone(monkeypatch, project.folder)
    project.write(module=GATE)
    repository = Repository(project.folder)
    repository.commit({SPEC: text()})
    return repository


def test_a_document_that_did_not_change_passes(project: Project, repository: Repository) -> None:
    run = project.run("-q")
    assert (run.code, run.counted("passed"), run.texts("not compared")) == (0, 1, [])


def test_what_breaks_nothing_passes(project: Project, repository: Repository) -> None:
    repository.write({SPEC: text(deprecated=True)})
    assert (project.run("-q").code, project.run("-q").counted("passed")) == (0, 1)


def test_what_breaks_fails_and_says_what_to_do(project: Project, repository: Repository) -> None:
    repository.write({SPEC: text("paused")})
    run = project.run("-q")
    assert (run.code, run.counted("failed")) == (1, 1)
    assert run.texts(f"HEAD:{SPEC}:")[0].partition("  ")[2].startswith("error enum-widened GET /things/{thing_id} 200 ")
    assert run.texts("HTTP 200") == ["HTTP 200"]
    assert run.texts("rerun: ")[0].endswith("pytest test_contract.py::test_document")
    command = shlex.split(run.texts("next: ")[0].partition("to let it pass: contracts ")[2].replace("…", "agreed"))
    commands.commands(command, standalone_mode=False)
    assert project.run("-q").code == 0


def test_a_whole_run_fails_for_what_breaks(project: Project, repository: Repository) -> None:
    project.write(json.loads(text("paused")), module=TEST_MODULE + GATE)
    run = project.run("-q")
    said = f"diff: BREAKING (1 breaking): HEAD:{SPEC} -> {SPEC}"
    assert (run.code, run.report["decision"], run.report["reasons"]) == (1, "fail", [said])
    assert run.lines[-1].startswith(f"contract: FAIL in a self-test on the mock: {said} (")
    assert run.report["summary"]["violated"] == 0


def test_workers_judge_the_same(project: Project, repository: Repository) -> None:
    project.write(json.loads(text("paused")), module=TEST_MODULE + GATE)
    run = project.finished(project.start("-q", "-n2", by=Forked))
    assert (run.code, run.report["decision"]) == (1, "fail")
    assert "diff: BREAKING (1 breaking)" in run.lines[-1]


def test_accepted_changes_are_expected_failures(project: Project, repository: Repository) -> None:
    entry = f'change."{NAME}" = {{ reason = "agreed in May", until = 2999-12-31 }}'
    repository.write({SPEC: text("paused"), "spec/accepted.toml": entry})
    run = project.run("-q", "-rx")
    assert (run.code, run.counted("xfailed")) == (0, 1)
    assert "accepted until 2999-12-31: agreed in May" in run.out


def test_a_broken_entry_is_a_usage_error(project: Project, repository: Repository) -> None:
    repository.write({"spec/accepted.toml": 'change."x" = { until = 2999-12-31 }'})
    run = project.run("-q")
    assert (run.code, "spec/accepted.toml:1: the acceptance of x has no usable reason" in run.err) == (4, True)


def unknown(*specs: object, **_: object) -> tuple[Change, ...]:
    return (UNKNOWN,)


@pytest.mark.parametrize(
    ("args", "code", "outcome"), [((), 0, "skipped"), (("--contract-strict",), 1, "failed")], ids=str
)
def test_what_is_undecided_is_said(
    args: tuple[str, ...],
    code: int,
    outcome: str,
    project: Project,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("contracts.report.diff.changes_between", unknown)
    repository.write({SPEC: text("paused")})
    run = project.run("-q", *args)
    assert (run.code, run.counted(outcome)) == (code, 1)
    assert f"diff: UNDECIDED (1 undecided): HEAD:{SPEC} -> {SPEC}" in run.lines


@pytest.mark.parametrize("args", [(), ("--contract-strict",)], ids=["", "strict"])
def test_a_baseline_that_can_not_be_read_decides_nothing(
    args: tuple[str, ...], project: Project, repository: Repository
) -> None:
    repository.commit({SPEC: "openapi: 3.1.0"})
    repository.write({SPEC: text()})
    run = project.run("-q", *args)
    assert (run.code, f"undecided: HEAD:{SPEC}:1: " in run.out) == (len(args), True)


def test_another_baseline_can_be_named(project: Project, repository: Repository) -> None:
    repository.commit({SPEC: text("paused")})
    assert project.run("-q").code == 0
    assert project.run("-q", f"--contract-baseline=HEAD~1:{SPEC}").code == 1
    (project.folder / "old.json").write_text(text("paused", deprecated=True))
    assert project.run("-q", "--contract-baseline=old.json").code == 0


def test_baseline_has_an_ini_twin(project: Project, repository: Repository) -> None:
    repository.commit({SPEC: text("paused")})
    project.write(json.loads(text("paused")), ini=f"contract_baseline = HEAD~1:{SPEC}\n", module=GATE)
    assert project.run("-q").code == 1


def test_another_document_has_its_own_baseline(project: Project, repository: Repository) -> None:
    repository.commit({"docs/api.json": text()})
    repository.write({"docs/api.json": text("paused")})
    run = project.run("-q", "--contract-spec=docs/api.json")
    assert (run.code, len(run.texts("HEAD:docs/api.json:"))) == (1, 1)


def test_overlays_are_compared_too(project: Project, repository: Repository) -> None:
    schema = "$.paths.*.get.responses['200'].content.*.schema"
    action = f'- {{target: "{schema}", update: {{minProperties: 1}}}}'
    overlay = f"overlay: 1.0.0\ninfo: {{title: t, version: v}}\nactions:\n{action}\n"
    repository.commit({"spec/notte.overlay.yaml": overlay.replace("minProperties: 1", "required: [id]")})
    assert project.run("-q").code == 0
    repository.write({"spec/notte.overlay.yaml": overlay})
    assert project.run("-q").code == 1
    assert project.run("-q", "--contract-overlay=none").code == 0


def test_without_a_repository_it_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch, project.folder)
    project.write(module=TEST_MODULE + GATE)
    run = project.run("-q")
    assert (run.code, run.counted("skipped"), run.report["decision"]) == (0, 1, "pass")
    (line,) = run.texts("not compared with a baseline: ")
    said = "spec/notte.yaml is in no git repository; --contract-baseline names a document to compare it with"
    assert line == f"not compared with a baseline: {said}"


def test_without_git_it_is_said(project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project.folder))
    run = project.run("-q")
    assert (run.code, "there is no git to look for a revision" in run.out) == (0, True)


@pytest.mark.parametrize("args", [(), (f"--contract-baseline=HEAD:{SPEC}",)], ids=["default", "named"])
def test_a_new_document_has_no_baseline(args: tuple[str, ...], project: Project, repository: Repository) -> None:
    repository.git("rm", "--quiet", "--cached", SPEC)
    repository.git("commit", "--quiet", "--message=x")
    run = project.run("-q", *args)
    assert (run.code, run.counted("skipped")) == (0, 1)
    assert "the revision HEAD has no such file" in run.texts("not compared")[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("nope:spec/notte.yaml", "--contract-baseline nope:spec/notte.yaml: git knows no revision nope"),
        ("HEAD:spec", "--contract-baseline HEAD:spec: this is a folder"),
        ("x.yaml", "--contract-baseline x.yaml: can't be read"),
        ("-", "--contract-baseline - is no REVISION:path and no file"),
        ("https://h/x", "--contract-baseline https://h/x is no REVISION:path and no file"),
        ("", "--contract-baseline is empty (an unset variable?)"),
    ],
)
def test_a_baseline_that_is_none_is_a_usage_error(
    value: str, words: str, project: Project, repository: Repository
) -> None:
    run = project.run("-q", f"--contract-baseline={value}")
    assert (run.code, words in run.err) == (4, True)


@pytest.mark.parametrize("args", ["--contract-rule=* enum", "--contract-operation=GET *", "--contract-dry-run"])
def test_partial_runs_do_not_judge_the_document(args: str, project: Project, repository: Repository) -> None:
    repository.write({SPEC: text("paused")})
    run = project.run("-q", args)
    assert (run.code, run.counted("skipped"), run.texts("diff:")) == (0, 1, [])


def test_a_gate_without_a_document_is_a_mistake_in_the_call(project: Project) -> None:
    project.write(module=GATE)
    (project.folder / SPEC).unlink()
    run = project.run("-q")
    assert (run.code, "the gate needs a document" in run.out) == (4, True)


def test_a_gate_that_crashes_is_no_verdict(
    project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*specs: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("contracts.report.diff.changes_between", crash)
    repository.write({SPEC: text("paused")})
    assert project.run("-q").code == 3
