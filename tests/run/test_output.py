"""What a run shows: the target first and last, a summary, and five lines on each failure."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.commands import commands
from contracts.document import Operation, Spec
from contracts.report.forms.annotations import run_annotations
from contracts.report.forms.markdown import run_markdown
from contracts.report.forms.page import page
from contracts.report.json_report import read_run
from contracts.rules import ExchangeRule, requests

from .projects import ENUM, Project, Run, Things, answer, document, operation

SCHEMA = "GET /things/{thing_id} 200 / schema"


@pytest.mark.parametrize("args", [(), ("-q",), ("-qq",), ("-v",), ("--contract-dry-run",), ("--collect-only", "-q")])
def test_target_stands_in_the_first_and_the_last_line(args: tuple[str, ...], project: Project) -> None:
    run = project.run(*args)
    assert run.lines[0] == "contract: spec/notte.yaml (1.0) on the mock"
    assert run.lines[-1].startswith("contract: ")
    assert "the mock" in run.lines[-1]
    assert sum(line.startswith("contract: spec") for line in run.lines) == 1


def test_live_target_is_named_by_its_base_url(project: Project) -> None:
    base_url = project.serve(Things())
    run = project.run("-q", "--base-url", f"{base_url}/")
    assert run.lines[0].endswith(f" on {base_url}")
    assert f" on {base_url}: " in run.lines[-1]


def test_summary_counts_by_operation_and_status(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}))
    header, *rows = run.lines[run.lines.index(next(line for line in run.lines if "= contract =" in line)) + 1 :][:3]
    assert header.split() == ["operation", "status", "rules", "exercised", "violated", "not", "exercised"]
    assert [row.split()[2:] for row in rows] == [["200", "10", "10", "1", "0"], ["any", "28", "26", "0", "2"]]


@pytest.mark.parametrize("option", ["--contract-strict", "--contract-require-all"])
def test_what_finer_rules_explain_is_missing_nowhere(option: str, project: Project) -> None:
    run = project.ask(Things({"status": "paused"}), option, "-rs")
    verdict = run.verdicts[SCHEMA]
    why = "each body that came violates finer rules"
    assert (verdict["outcome"], verdict["why"], verdict["explained"]) == ("not_exercised", why, True)
    assert run.report["summary"]["rules"] == len(run.verdicts)
    (skipped,) = [line for line in run.lines if why in line]
    assert skipped.endswith(f": {why}")
    assert "schema" not in " ".join(line for line in run.lines if line != skipped)
    told = read_run(project.folder / "build/contract/report.json").told
    shown = [page(told), "\n".join(run_markdown(told))]
    shown.append((project.folder / "build/contract/report.html").read_text())
    assert [text for text in shown if "200 / schema" in text or why in text] == []


def test_summary_tells_statuses_slowest_and_seed(project: Project) -> None:
    things = Things()
    run = project.ask(things, "--hypothesis-seed=7")
    (line,) = run.texts("exchanges: ")
    assert line.startswith(f"exchanges: {len(things.heads)} (200 x ")
    assert "; slowest " in line
    assert line.endswith("; seed 7")
    assert run.texts("report: ") == ["report: build/contract/report.html"]


def test_advisory_passes_with_a_line(project: Project) -> None:
    run = project.ask(Things(b'{"status": "active", "status": "active"}'))
    assert run.code == 0
    assert run.texts("advisory: ") == [
        "advisory: GET /things/{thing_id} 200 unique names: the name status occurs twice in one object"
    ]


def test_advisory_fails_in_strict(project: Project) -> None:
    run = project.ask(Things(b'{"status": "active", "status": "active"}'), "--contract-strict")
    assert (run.code, run.counted("failed")) == (1, 1)


def failure(run: Run, rule: str) -> list[str]:
    """The lines on a violated rule."""
    start = next(i for i, line in enumerate(run.lines) if line.startswith("spec/") and line.endswith(f"  {rule}"))
    return [line.strip() for line in run.lines[start : start + 5]]


def pasted(rerun: str) -> list[str]:
    """The words of a printed command, from the one after `pytest` on."""
    words = shlex.split(rerun)
    return words[next(n for n, word in enumerate(words) if Path(word).name == "pytest") + 1 :]


def test_failure_has_five_lines(project: Project) -> None:
    things = Things({"status": "paused"})
    run = project.ask(things)
    where, seen, following, repeat, rerun = failure(run, ENUM)
    line = run.verdicts[ENUM]["source"]["line"]
    assert where == f"spec/notte.yaml:{line}  {ENUM}"
    assert seen.startswith('seen: /status is "paused" (on ')
    assert "; wanted: is one of " in seen
    assert f"for now: contracts accept '{ENUM}' --spec spec/notte.yaml --reason '…' --until " in following
    assert repeat.startswith(
        'repeat: curl -sS -i --path-as-is -H "Authorization: Bearer $CONTRACT_CREDENTIAL" -H Accept: '
    )
    assert pasted(rerun)[:2] == [f"test_contract.py::test_rule[{ENUM}]", "--base-url"]


def test_line_of_a_failure_is_the_line_of_the_document(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}))
    lines = (project.folder / "spec" / "notte.yaml").read_text().splitlines()
    assert '"status": {' in lines[run.verdicts[ENUM]["source"]["line"] - 1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_repeat_shows_the_answer_again(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}))
    (command, *_) = [text.removeprefix("repeat: ") for text in run.texts("repeat: ")]
    done = subprocess.run(["sh", "-c", command], env=project.env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("HTTP/1.1 200 ")
    assert done.stdout.endswith('{"status": "paused"}')


def test_rerun_judges_the_rule_again(project: Project) -> None:
    first = project.ask(Things({"status": "paused"}), "--contract-report=elsewhere")
    (command,) = [text for text in first.texts("rerun: ") if ENUM in text]
    again = project.run(*pasted(command), "-q")
    assert (again.code, again.counted("failed"), again.counted("passed")) == (1, 1, 0)
    assert failure(again, ENUM) == failure(first, ENUM)


ODD_NAMES = ["it's", 'say "hi"', "a b [c]::d", "é", "$HOME `id`", "back\\slash", "new\nline", "*", "😀", "]["]


def odd_document() -> dict[str, Any]:
    schema = {"type": "object", "required": ODD_NAMES, "properties": {name: {} for name in ODD_NAMES}}
    return document(get=operation("get_thing", schema=schema))


def test_rerun_selects_its_item_alone_whatever_its_name(project: Project) -> None:
    project.write(odd_document())
    run = project.ask(Things({}))
    commands = [pasted(text) for text in run.texts("rerun: ")]
    collected = [project.run(*command, "--collect-only", "-q").lines[1:-1] for command in commands]
    assert run.counted("failed") == len(commands) == len(ODD_NAMES)
    assert [lines[0] for lines in collected] == [command[0] for command in commands]
    assert {lines[-1].split(" collected")[0] for lines in collected} == {"1 test"}
    assert any(command[0].endswith(r" required \xe9]") for command in commands)


def test_rerun_is_seen_from_the_current_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / "below").mkdir()
    monkeypatch.chdir(project.folder / "below")
    run = project.ask(Things({}), "..")
    assert all(pasted(text)[0].startswith("../test_contract.py::test_rule[") for text in run.texts("rerun: "))
    assert (project.folder / "build" / "contract" / "report.json").is_file()


def test_unexercised_rule_says_how_to_exercise_it(project: Project) -> None:
    run = project.run("-q", "--base-url", project.serve(Things()), "--contract-strict", "--contract-rule=*/status enum")
    start = run.lines.index(next(line for line in run.lines if line.startswith("spec/")))
    where, seen, following, rerun = [line.strip() for line in run.lines[start : start + 4]]
    assert where.endswith(f"  {ENUM}")
    assert seen.startswith("seen: not exercised, no answer with 200 came; wanted: ")
    assert "--contract-param NAME=VALUE" in following
    assert pasted(rerun)


def test_text_of_a_service_stays_on_its_line(project: Project) -> None:
    run = project.ask(Things(b'{"status": "active", "a\\u001b[31m\\nb": 1, "a\\u001b[31m\\nb": 2}'))
    advisories = run.texts("advisory: ")
    assert any(line.endswith(r"the name a\x1b[31m\nb occurs twice in one object") for line in advisories)
    assert "\x1b" not in run.out


def test_half_a_surrogate_pair_breaks_no_report(project: Project) -> None:
    run = project.ask(Things(b'{"status": "\\ud800"}'))
    assert (run.code, run.report["decision"]) == (1, "fail")


def test_brackets_and_colons_in_a_path_are_no_markup(project: Project) -> None:
    spec = document()
    spec["paths"] = {"/[b][/y]/:x:/{thing_id}": spec["paths"]["/things/{thing_id}"]}
    project.write(spec)
    run = project.run("-q")
    assert run.code == 0
    assert len(run.texts("GET /[b][/y]/:x:/{thing_id} ")) == 2


def test_many_rules_are_grouped_by_operation_status_and_kind(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 13)
    rules = {(v["rule"].partition(" 200")[1] + " " + v["kind"]).strip() for v in project.run("-q").report["verdicts"]}
    names = [line for line in project.run("--collect-only", "-q").lines if line.startswith("test_contract.py::")]
    assert sorted(names) == sorted(f"test_contract.py::test_rule[GET /things/{{thing_id}} {rule}]" for rule in rules)


def test_groups_that_are_too_many_are_those_of_an_operation_and_status(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 13)
    monkeypatch.setattr("contracts.run.state.MAX_GROUPS", 4)
    run = project.ask(Things({"status": "paused"}), "-rA")
    names = [line.split(" ", 1)[1] for line in run.lines if line.startswith(("PASSED", "FAILED", "SKIPPED"))]
    key = "test_contract.py::test_rule[GET /things/{thing_id}"
    assert {name.partition("]")[0] for name in names if name.startswith("test_contract")} == {key, f"{key} 200"}
    assert (run.code, run.violations) == (1, {"GET /things/{thing_id} 200 /status enum"})
    again = project.ask(Things({"status": "paused"}), f"{key} 200]")
    assert (again.code, again.counted("failed"), again.counted("passed")) == (1, 1, 0)
    named = CliRunner().invoke(commands, ["rules", "--explain", "GET /things/{thing_id} 200"])
    assert "rules that are meant" in named.output


def test_of_too_many_groups_rules_are_made_of_no_more_operations_than_shows_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 13)
    monkeypatch.setattr("contracts.run.state.MAX_GROUPS", 4)
    made = list[str]()
    allow_rules = requests.allow_rules

    def noted(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
        made.append(operation.key)
        return allow_rules(spec, operation)

    monkeypatch.setattr("contracts.rules.requests.allow_rules", noted)
    spec = document()
    spec["paths"]["/z/{thing_id}"] = spec["paths"]["/things/{thing_id}"]
    project.write(spec)
    names = [line for line in project.run("--collect-only", "-q").lines if line.startswith("test_contract.py::")]
    keys = "GET /things/{thing_id}", "GET /z/{thing_id}"
    expected = [f"test_contract.py::test_rule[{key}{status}]" for key in keys for status in ("", " 200")]
    assert (sorted(names), set(made)) == (sorted(expected), {keys[0]})


def test_as_many_rules_as_may_be_have_an_item_each(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = len(project.run("-q").report["verdicts"])
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", rules)
    assert project.run("-q").counted("passed") == rules


def test_group_fails_if_one_of_its_rules_does(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 1)
    schema = {"type": "object", "required": ["status", "x"], "properties": {"status": {}, "x": {}}}
    project.write(document(get=operation("get_thing", schema=schema)))
    run = project.ask(Things({"status": 1}), "--contract-rule=*required*")
    lines = failure(run, "GET /things/{thing_id} 200 / required x")
    assert (run.counted("failed"), run.texts("seen: no property status")) == (1, [])
    assert pasted(lines[4])[0] == "test_contract.py::test_rule[GET /things/{thing_id} 200 required]"


@pytest.mark.parametrize("variable", ["CI", "BUILD_NUMBER"])
def test_the_short_summary_has_a_line_a_failure_in_ci_too(
    variable: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "true")
    run = project.ask(Things({"status": "paused"}), f"--contract-rule={ENUM}")
    assert len(run.texts("rerun: ")) == 1
    assert [line for line in run.lines if line.startswith("FAILED ")] == [
        f"FAILED test_contract.py::test_rule[{ENUM}] - Failed: spec/notte.yaml:37  {ENUM}"
    ]


def test_each_thing_seen_is_counted_by_itself(project: Project) -> None:
    """What came on some requests is never said of all that break the rule."""
    statuses = {1: 307, 2: 409, 3: 409, 4: 418}
    things = Things(instead=lambda number: answer(statuses[number]) if number in statuses else None)
    run = project.ask(things, "--junitxml=out.xml")
    rule = "GET /things/{thing_id} status documented"
    verdict = run.verdicts[rule]
    counted = {"the service answered 409": 2, "the service answered 307": 1, "the service answered 418": 1}
    assert (list(verdict["found"].items()), verdict["found_more"]) == (list(counted.items()), 0)
    also = "also the service answered 307 on 1, the service answered 418 on 1, in all on 4"
    (seen,) = [line for line in run.texts("seen: ") if "answered" in line]
    assert seen.startswith(f"seen: the service answered 409 (on 2 of {verdict['exercised']} exchanges; {also}; ")
    (line,) = run.texts(f"violated: {rule}")
    assert f"{rule}: the service answered 409 (on 2; {also})" in line
    told = read_run(project.folder / "build/contract/report.json")
    for shown in ("\n".join(run_markdown(told)), page(told), "\n".join(run_annotations(told))):
        assert f"on 2 of {verdict['exercised']}" in shown
        assert also in shown
    assert f'name="seen_often" value="on 2; {also}"' in (project.folder / "out.xml").read_text()
