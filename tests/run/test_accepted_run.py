"""A run with an accepted.toml: expected failures, what is still new, and entries that no longer count."""

import re
import shlex

import pytest

from contracts import commands
from contracts.errors import UsageError

from .projects import Project, Run, Things

ENUM = "GET /things/{thing_id} 200 /status enum"


def accept(project: Project, *rules: str, until: str = "2099-12-31", more: str = "") -> None:
    entry = 'violation."{}" = {{ reason = "known since May", until = {}{} }}\n'
    text = "".join(entry.format(rule, until, more) for rule in rules)
    (project.folder / "spec" / "accepted.toml").write_text(text)


def test_accepted_violations_are_expected_failures(project: Project) -> None:
    accept(project, ENUM)
    run = project.ask(Things({"status": "paused"}))
    assert (run.code, run.counted("xfailed"), run.counted("failed")) == (0, 1, 0)
    assert run.texts("accepted: ")[0] == f"accepted: {ENUM} until 2099-12-31: known since May"
    assert (run.report["decision"], run.report["summary"]["accepted"]) == ("pass", 1)
    assert run.report["summary"]["violated"] == 0
    assert run.verdicts[ENUM]["accepted"] == {"reason": "known since May", "until": "2099-12-31"}
    assert ", 1 accepted)" in run.lines[-1]


def test_what_the_evidence_does_not_cover_is_new(project: Project) -> None:
    accept(project, ENUM, more=""", evidence = ['"stopped"']""")
    run = project.ask(Things({"status": "paused"}))
    assert (run.code, run.counted("xfailed"), run.counted("failed")) == (1, 0, 1)


def test_an_entry_whose_day_has_passed_fails(project: Project) -> None:
    accept(project, ENUM, until="2020-01-01")
    run = project.ask(Things({"status": "paused"}))
    assert (run.code, run.violated) == (1, {ENUM})
    assert "spec/accepted.toml:1: accepted until 2020-01-01, which has passed" in run.lines[-1]


def test_an_entry_for_a_rule_that_is_gone_fails(project: Project) -> None:
    accept(project, "GET /gone status documented")
    run = project.ask(Things())
    assert run.code == 1
    assert "the document has no rule GET /gone status documented; remove the entry" in run.lines[-1]


def test_partial_runs_judge_no_entry_stale(project: Project) -> None:
    accept(project, "GET /gone status documented")
    assert project.ask(Things(), "--contract-operation=GET *").code == 0


@pytest.mark.parametrize("selection", ["--contract-rule=* enum", "--contract-rule=* 200 *"])
def test_runs_of_some_rules_judge_no_entry(selection: str, project: Project) -> None:
    accept(project, "GET /things/{thing_id} framing", "GET /gone status documented")
    run = project.ask(Things(), selection, "--contract-strict")
    assert run.code == 0
    assert run.texts("note: ") == []


def offered(run: Run) -> list[str]:
    """The command that the one failure offers."""
    (line,) = run.texts("next: ")
    return shlex.split(re.split("for now: |date: ", line)[1])


def test_the_command_that_a_failure_offers_is_what_accepts_it(project: Project) -> None:
    things = Things({"status": "paused"})
    name, *command = offered(project.ask(things))
    assert name == "contracts"
    with pytest.raises(UsageError, match="--reason '…' says nothing"):
        commands.commands(command, standalone_mode=False)
    commands.commands([word.replace("…", "known since May") for word in command], standalone_mode=False)
    run = project.ask(things)
    assert (run.code, run.counted("xfailed")) == (0, 1)
    assert run.texts("accepted: ")[0].endswith(": known since May")


def test_a_failure_whose_entry_has_passed_asks_for_its_date(project: Project) -> None:
    accept(project, "* enum", until="2020-01-01")
    things = Things({"status": "paused"})
    run = project.ask(things)
    (line,) = run.texts("next: ")
    assert line.startswith("next: spec/accepted.toml:1: accepted until 2020-01-01, which has passed; ")
    assert "--reason" not in line
    assert run.verdicts[ENUM]["lapsed"] == line.removeprefix("next: ")
    _, *command = offered(run)
    commands.commands([word.replace("YYYY-MM-DD", "2999-12-31") for word in command], standalone_mode=False)
    assert (project.folder / "spec" / "accepted.toml").read_text().count("violation") == 1
    assert project.ask(things).code == 0


def test_an_entry_whose_rule_held_is_said_to_be_healed(project: Project) -> None:
    accept(project, ENUM)
    run = project.ask(Things())
    (line,) = run.texts("note: ")
    assert line.endswith("was exercised and held; the entry can go")
    assert run.code == 0
    assert project.ask(Things(), "--contract-strict").code == 1


def test_a_broken_file_is_a_usage_error(project: Project) -> None:
    (project.folder / "spec" / "accepted.toml").write_text('violation."x" = { until = 2026-12-31 }\n')
    run = project.run("-q")
    assert run.code == 4
    assert "spec/accepted.toml:1: the acceptance of x has no usable reason" in run.err


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf"])
def test_a_response_time_that_is_none_is_a_usage_error(value: str, project: Project) -> None:
    run = project.run("-q", f"--contract-max-response-time={value}")
    assert run.code == 4
    assert f"--contract-max-response-time {value} is no number of seconds above 0" in run.err


def test_an_answer_that_takes_too_long_is_an_advisory(project: Project) -> None:
    run = project.ask(Things(), "--contract-max-response-time=0.000001")
    assert run.code == 0
    assert any("response time" in line for line in run.texts("advisory: "))


def test_what_was_never_seen_is_said(project: Project) -> None:
    (line,) = project.ask(Things()).texts("never seen: ")
    assert line.startswith("never seen: GET /things/{thing_id} 200: /status ")
