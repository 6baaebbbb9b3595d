"""A run held against an earlier report: what is new, still there, fixed, or was not judged."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from typing import Any

import pytest

from .projects import CANARY, ENUM, THING, Project, Run, Things, answer, document, leaks, operation

PAUSED, GOOD = {"status": "paused"}, {"status": "active"}
EMPTY: dict[str, str] = {}
NAMED = {**PAUSED, "name": "a"}
NAME = "GET /things/{thing_id} 200 / required name"
AGAINST = "--contract-against=last.json"
ONLY_NEW = "--contract-fail-on=new"


def night(project: Project, thing: Any, *args: str, things: Things | None = None) -> Run:
    """A run whose report is what the next one is held against."""
    run = project.ask(things or Things(thing), *args)
    shutil.copy(project.folder / "build" / "contract" / "report.json", project.folder / "last.json")
    return run


def since(run: Run) -> dict[str, list[str]]:
    return {name: run.report["against"][name] for name in ("new", "still_there", "fixed", "not_judged")}


def test_known_violation_fails_nothing_new(project: Project) -> None:
    assert night(project, PAUSED).code == 1
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW, "-rx")
    assert (run.code, run.report["decision"], run.violated) == (0, "pass", {ENUM})
    assert since(run).pop("still_there") == [ENUM]
    assert (since(run)["new"], since(run)["fixed"], since(run)["not_judged"]) == ([], [], [])
    assert (run.counted("failed"), run.counted("xfailed")) == (0, 1)
    assert "still there: last.json has it as well" in run.out
    assert run.verdicts[ENUM]["since"] == "still there"
    assert "; 0 new, 1 still there, 0 fixed, 0 not judged)" in run.lines[-1]


def test_known_violation_fails_all_the_same_by_default(project: Project) -> None:
    night(project, PAUSED)
    run = project.ask(Things(PAUSED), AGAINST)
    assert (run.code, run.counted("failed")) == (1, 1)
    assert "1 rule violated, 0 of them new" in run.lines[-1]
    assert "still there, last.json has it as well); wanted" in run.out


def name_required(project: Project) -> None:
    schema = {**THING, "required": ["status", "name"]}
    project.write(document(get=operation("get_thing", schema)))


def test_new_violation_fails_beside_a_known_one(project: Project) -> None:
    name_required(project)
    night(project, NAMED)
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW)
    assert (run.code, run.counted("failed"), run.counted("xfailed")) == (1, 1, 1)
    assert (since(run)["new"], since(run)["still_there"]) == ([NAME], [ENUM])
    assert "1 rule violated, 1 of them new" in run.lines[-1]
    assert "new since last.json); wanted" in run.out


def test_summary_tells_the_new_first(project: Project) -> None:
    name_required(project)
    night(project, NAMED)
    run = project.ask(Things(PAUSED), AGAINST)
    drift, *lines = run.lines[next(n for n, line in enumerate(run.lines) if "= contract =" in line) + 1 :]
    assert drift.startswith("drift: ")
    assert lines[0].startswith("against last.json (fail on http://127.0.0.1:")
    assert lines[0].endswith("): 1 new, 1 still there, 0 fixed, 0 not judged")
    assert lines[1:4] == [
        f"new: {NAME}: no property name, always",
        "still there (1):",
        f"  {ENUM}, always",
    ]
    assert run.texts("violated: ") == []


def test_mended_violation_is_fixed(project: Project) -> None:
    night(project, PAUSED)
    run = project.ask(Things(GOOD), AGAINST, ONLY_NEW)
    assert (run.code, since(run)["fixed"]) == (0, [ENUM])
    assert f"fixed: {ENUM}" in run.lines


def test_evidence_is_sent_first(project: Project) -> None:
    odd = Things(instead=lambda n: answer(500) if "/things/a1" not in odd.heads[-1] and n > 9 else None)
    night(project, GOOD, things=odd)
    known = json.loads((project.folder / "last.json").read_text())["verdicts"]
    (evidence,) = [v["evidence"]["request"] for v in known if v["kind"] == "status documented"]
    things = Things()
    project.ask(things, AGAINST)
    assert things.lines[:2] == ["GET /openapi.json", f"{evidence['method']} {evidence['target']}"]
    assert things.lines[2:4] == ["GET /things/a1", "GET /things/b2"]


def test_what_was_not_judged_is_still_known_the_night_after(project: Project) -> None:
    night(project, PAUSED)
    assert night(project, EMPTY, AGAINST, ONLY_NEW).report["against"]["not_judged"] == [ENUM]
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW)
    assert (run.code, since(run)["new"]) == (0, [])


def test_interrupted_night_forgets_nothing(project: Project) -> None:
    night(project, PAUSED)
    stopped = Things(on_request=lambda number: os.kill(os.getpid(), signal.SIGINT) if number == 1 else None)
    assert night(project, GOOD, AGAINST, things=stopped).code == 2
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW)
    assert (run.code, since(run)["new"]) == (0, [])


@pytest.mark.parametrize("args", [("--contract-rule=*framing",), ("--contract-operation=DELETE *",)])
def test_rules_that_were_not_judged_are_neither_fixed_nor_there(args: tuple[str, ...], project: Project) -> None:
    project.write(document(get=operation("get_thing"), delete=operation("delete_thing")))
    night(project, PAUSED)
    run = project.ask(Things(GOOD), AGAINST, *args, "--contract-unsafe")
    assert {ENUM} <= set(since(run)["not_judged"])
    assert since(run)["fixed"] == []


def test_selected_items_are_told_apart(project: Project) -> None:
    night(project, PAUSED)
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW, "-k", "enum")
    assert (run.code, run.counted("xfailed")) == (0, 1)


def test_workers_know_what_is_known(project: Project) -> None:
    night(project, PAUSED)
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW, "-n", "2")
    assert (run.code, run.counted("xfailed"), since(run)["still_there"]) == (0, 1, [ENUM])


def test_accepted_violations_are_neither_new_nor_known(project: Project) -> None:
    night(project, GOOD)
    entry = f'violation."{ENUM}" = {{ reason = "known", until = 2099-12-31 }}'
    (project.folder / "spec" / "accepted.toml").write_text(entry)
    run = project.ask(Things(PAUSED), AGAINST, ONLY_NEW)
    assert (run.code, since(run)["new"], since(run)["still_there"]) == (0, [], [])


def test_report_of_the_run_before_may_be_where_this_one_goes(project: Project) -> None:
    project.ask(Things(PAUSED))
    run = project.ask(Things(PAUSED), "--contract-against=build/contract/report.json", ONLY_NEW)
    assert run.code == 0


def test_first_night_needs_no_report(project: Project) -> None:
    assert project.ask(Things(GOOD), ONLY_NEW).code == 0
    assert project.ask(Things(PAUSED), ONLY_NEW).code == 1


def test_evidence_that_may_change_state_is_not_sent(project: Project) -> None:
    project.write(document(get=operation("get_thing"), delete=operation("delete_thing")))
    night(project, PAUSED, "--contract-unsafe")
    things = Things(PAUSED)
    project.ask(things, AGAINST, "--contract-unsafe")
    assert not [
        line for line in things.lines if line.split(" ")[0] not in ("GET", "HEAD", "TRACE") and "no-such" not in line
    ]


def test_what_is_carried_on_holds_no_secret(project: Project) -> None:
    verdict = {"rule": ENUM, "outcome": "violated", "evidence": {"message": f"Bearer {CANARY}"}}
    (project.folder / "last.json").write_text(json.dumps({"verdicts": [verdict]}))
    run = project.ask(Things(EMPTY), AGAINST)
    assert list(run.report["against"]["carried"]) == [ENUM]
    assert leaks(run) == {"last.json"}


def old(verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"verdicts": [{name: v[name] for name in ("rule", "outcome", "evidence")} for v in verdicts]}


def without_requests(value: dict[str, Any]) -> dict[str, Any]:
    for verdict in value["verdicts"]:
        (verdict["evidence"] or {}).pop("request", None)
    return value


@pytest.mark.parametrize(
    "aged",
    [
        pytest.param(lambda value: old(value["verdicts"]), id="few keys"),
        pytest.param(without_requests, id="no requests"),
    ],
)
def test_older_report_is_good_enough(aged: Callable[[Any], Any], project: Project) -> None:
    night(project, PAUSED)
    path = project.folder / "last.json"
    path.write_text(json.dumps(aged(json.loads(path.read_text()))))
    assert project.ask(Things(PAUSED), AGAINST, ONLY_NEW).code == 0


RULE = {"rule": ENUM, "outcome": "violated", "evidence": None}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(None, "last.json can't be read (No such file or directory); give the report.json", id="missing"),
        pytest.param("", "last.json is empty", id="empty"),
        pytest.param("[]", "last.json is not a report.json of this suite", id="a list"),
        pytest.param('{"verdicts": [{"id": "x"}]}', "last.json is not a report.json of this suite", id="no report"),
        pytest.param(
            json.dumps({"suite": {"name": "x"}, "verdicts": [RULE]}), "is not a report.json of this suite", id="foreign"
        ),
        pytest.param(
            json.dumps({"verdicts": [{**RULE, "rule": "GET /x 200 / schema"}]}),
            "last.json is a report on another document",
            id="another document",
        ),
        pytest.param(
            json.dumps({"verdicts": [{**RULE, "evidence": {"request": {"operation": ENUM[:22]}}}]}),
            "last.json is not a report.json of this suite",
            id="broken evidence",
        ),
    ],
)
def test_unusable_report_is_a_usage_error(content: str | None, sentence: str, project: Project) -> None:
    if content is not None:
        (project.folder / "last.json").write_text(content)
    run = project.run("-q", AGAINST)
    assert (run.code, run.out.strip(), run.err.strip().count("\n")) == (4, "", 0)
    assert sentence in run.err
    assert "first night" in run.err or "another document" in run.err


def test_what_fails_is_any_or_new(project: Project) -> None:
    run = project.run("-q", "--contract-fail-on=old")
    assert run.code == 4
    assert "--contract-fail-on old is neither any nor new; give one of them" in run.err
