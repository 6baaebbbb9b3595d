"""Selecting items, rules or operations changes no verdict, and no request is sent twice."""

import html
from pathlib import Path

import pytest

from contracts.report.forms.markdown import run_markdown
from contracts.report.forms.page import page
from contracts.report.json_report import read_run

from .projects import ENUM, REQUIRED, Project, Run, Things, answer, document, operation

REVERSED = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""


WHOLE: list[Run] = []


def paused() -> Things:
    return Things({"status": "paused"})


@pytest.fixture
def whole(project: Project) -> Run:
    """A run of everything, made once: its verdicts are the same in every folder."""
    if not WHOLE:
        WHOLE.append(project.ask(paused()))
        assert WHOLE[0].verdicts
    return WHOLE[0]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(("-k", "nullability"), 1, id="some items"),
        pytest.param((f"test_contract.py::test_rule[{ENUM}]",), 1, id="one item"),
        pytest.param(("-x",), 1, id="first failure"),
        pytest.param(("--ff",), 1, id="failed first"),
        pytest.param(("--deselect", f"test_contract.py::test_rule[{ENUM}]"), 1, id="all but the violated one"),
    ],
)
def test_selecting_items_changes_no_verdict(args: tuple[str, ...], code: int, whole: Run, project: Project) -> None:
    things = paused()
    run = project.ask(things, *args)
    assert (run.code, run.judged) == (code, whole.judged)
    assert len(things.heads) == whole.report["summary"]["exchanges"]


def test_last_failed_changes_no_verdict(project: Project) -> None:
    whole, things = project.ask(paused()).judged, paused()
    run = project.ask(things, "--lf")
    assert (run.counted("failed"), run.counted("passed"), run.judged) == (1, 0, whole)


def test_order_changes_no_verdict(whole: Run, project: Project) -> None:
    (project.folder / "conftest.py").write_text(REVERSED)
    run = project.ask(paused())
    assert (run.code, run.judged) == (1, whole.judged)


def test_first_failure_still_writes_the_report(project: Project) -> None:
    run = project.ask(paused(), "-x")
    assert (run.code, run.report["decision"], run.report["interrupted"]) == (1, "fail", False)
    assert run.violated == {ENUM}


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "-n 1"])
def test_last_line_says_what_failed_where_the_selected_tests_pass(workers: tuple[str, ...], project: Project) -> None:
    run = project.ask(paused(), "-k", "required", *workers)
    assert (run.code, run.counted("failed")) == (1, 0)
    assert f": 1 rule violated; not among the tests that ran: {ENUM} (" in run.lines[-1]
    assert run.report["reasons"] == ["1 rule violated", f"not among the tests that ran: {ENUM}"]


def test_what_failed_among_the_selected_tests_is_not_said_again(project: Project) -> None:
    run = project.ask(paused(), "-k", "enum")
    assert (run.counted("failed"), run.report["reasons"]) == (1, ["1 rule violated"])


def test_last_line_names_a_few_of_many(project: Project) -> None:
    schema = {"type": "object", "required": list("abcde"), "properties": {name: {} for name in "abcde"}}
    project.write(document(get=operation("get_thing", schema=schema)))
    last = project.ask(Things({}), "-k", "challenge").lines[-1]
    assert "5 rules violated; not among the tests that ran: GET" in last
    assert "required c and 2 more in report.json (" in last


@pytest.mark.parametrize(
    ("glob", "code"),
    [
        pytest.param("*enum", 1, id="violated rules"),
        pytest.param("* required *", 0, id="kept rules"),
        pytest.param(ENUM, 1, id="one id"),
        pytest.param("GET /things/{thing_id} 200 *", 1, id="a status"),
    ],
)
def test_selecting_rules_changes_no_verdict(glob: str, code: int, whole: Run, project: Project) -> None:
    things = paused()
    run = project.ask(things, f"--contract-rule={glob}")
    assert run.code == code
    assert run.judged == {rule: whole.judged[rule] for rule in run.judged}
    assert len(run.judged) < len(whole.judged)
    assert len(things.heads) == whole.report["summary"]["exchanges"]


TWO = document(get=operation("get_thing"), delete=operation("delete_thing"))


@pytest.mark.parametrize("glob", ["GET *", "get_thing", "GET /things/{thing_id}", "get_*"])
def test_selecting_an_operation_changes_no_verdict(glob: str, project: Project) -> None:
    project.write(TWO)
    both = project.ask(paused(), "--contract-unsafe").judged
    run = project.ask(paused(), "--contract-unsafe", f"--contract-operation={glob}")
    assert run.judged == {rule: verdict for rule, verdict in both.items() if rule.startswith("GET ")}


def test_selected_items_of_one_operation_leave_the_other_alone(project: Project) -> None:
    project.write(TWO)
    things = paused()
    run = project.ask(things, "--contract-unsafe", "-k", "GET")
    assert not any(line.startswith("DELETE /things/a1") for line in things.lines)
    assert {verdict["rule"].split(" ")[0] for verdict in run.report["verdicts"]} == {"GET"}


def test_only_part_of_a_run_may_lack_a_success(project: Project) -> None:
    project.write(TWO)
    unknown = ("-q", "--contract-param=thing_id=unknown", "--base-url", project.serve(Things()))
    assert project.run(*unknown, "--contract-operation=GET *", "--contract-rule=* 200 *").code == 0
    assert project.run(*unknown).code == 1


def test_nothing_but_the_report_and_the_exchanges_is_left(project: Project) -> None:
    project.ask(paused())
    assert sorted(path.name for path in Path("build/contract").iterdir()) == [
        ".gitignore",
        "exchanges.jsonl",
        "report.html",
        "report.json",
    ]


@pytest.mark.parametrize(
    ("flag", "thing", "failed"),
    [
        pytest.param((), "unknown", 1, id="plain"),
        pytest.param(("--contract-strict",), "unknown", 12, id="strict wants the promises of 2xx"),
        pytest.param(("--contract-require-all",), "unknown", 18, id="all of them"),
    ],
)
def test_unexercised_rules_fail_as_asked(flag: tuple[str, ...], thing: str, failed: int, project: Project) -> None:
    run = project.run("-q", "--base-url", project.serve(Things()), f"--contract-param=thing_id={thing}", *flag)
    assert (run.counted("failed"), run.counted("skipped")) == (failed, 18 - failed)


def test_require_all_wants_other_statuses_too(project: Project) -> None:
    gone = {"404": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
    get = operation("get_thing")
    project.write(document(get={**get, "responses": {**get["responses"], "409": gone["404"]}}))
    assert project.ask(Things(), "--contract-strict").code == 0
    assert project.ask(Things(), "--contract-require-all").code == 1


@pytest.mark.usefixtures("impatient")
def test_unavailable_answers_fail_in_strict_alone(project: Project) -> None:
    down = set(range(2, 5))
    assert project.ask(Things(instead=lambda n: answer(503) if n in down else None)).code == 0
    run = project.ask(Things(instead=lambda n: answer(503) if n in down else None), "--contract-strict")
    sent = run.report["summary"]["exchanges"]
    assert (run.code, run.report["summary"]["unavailable"]) == (1, 1)
    assert f"1 of {sent} requests had no answer of the service (strict)" in run.lines[-1]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_what_was_asked_again_is_shown(workers: tuple[str, ...], project: Project) -> None:
    """A retry hides nothing: each form says how many requests needed one, and why."""
    ill = {2: answer(503), 6: answer(429, b"", "Retry-After: 0"), 7: answer(503)}

    def instead(number: int) -> bytes | None:
        if number == 4:
            raise ConnectionError
        return ill.get(number)

    run = project.ask(Things(instead=instead), "--junitxml=out.xml", *workers)
    sent, reasons = run.report["summary"]["exchanges"], {"429": 1, "503": 2, "reset": 1}
    assert (run.code, run.report["summary"]["retried"], run.report["retried_for"]) == (0, 3, reasons)
    said = "3 asked again (429 x 1, 503 x 2, reset x 1)"
    (line,) = run.texts("exchanges: ")
    assert f"; {said}; seed " in line
    share = "an advisory above 5% (--contract-max-unavailable)"
    assert run.texts("note: ") == [f"note: 3 of {sent} requests needed a second attempt, {share}"]
    told = read_run(project.folder / "build/contract/report.json")
    shown = page(told), html.unescape("\n".join(run_markdown(told))), (project.folder / "out.xml").read_text()
    assert [text for text in shown if said not in text] == []


def test_credential_refused_on_some_requests_fails(project: Project) -> None:
    refusal = answer(401, b"", "WWW-Authenticate: Bearer")
    run = project.ask(Things(instead=lambda number: refusal if number == 2 else None))
    assert run.code == 1
    assert run.violated == {"GET /things/{thing_id} auth accepted"}


def test_required_is_the_first_rung(project: Project) -> None:
    assert project.ask(Things({})).violated == {REQUIRED}
