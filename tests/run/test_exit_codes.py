"""What a run ends with: 0 pass, 1 violated, 2 interrupted, 3 no verdict, 4 usage."""

import os
import signal
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from contracts.errors import ENDINGS

from .forked import Forked
from .projects import CANARY, ENUM, GIVEN, REQUIRED, Project, Run, Things, answer, document, operation

PASSED, VIOLATED, INTERRUPTED, NO_VERDICT, USAGE = 0, 1, 2, 3, 4


def test_conforming_service_passes(project: Project) -> None:
    run = project.ask(Things())
    assert (run.code, run.report["decision"], run.violated) == (PASSED, "pass", set())
    assert run.counted("passed") == sum(verdict["outcome"] == "holds" for verdict in run.verdicts.values()) > 30


def test_mock_passes(project: Project) -> None:
    run = project.run("-q", "--contract-strict")
    assert (run.code, run.report["decision"], run.report["target"]["kind"]) == (PASSED, "pass", "mock")


@pytest.mark.parametrize(
    ("thing", "rules"),
    [
        pytest.param({"status": "paused"}, {ENUM}, id="wrong member of an enum"),
        pytest.param({}, {REQUIRED}, id="missing property"),
    ],
)
def test_violation_fails_its_rules_alone(thing: Any, rules: set[str], project: Project) -> None:
    run = project.ask(Things(thing=thing))
    assert (run.code, run.report["decision"], run.violated) == (VIOLATED, "fail", rules)
    assert run.counted("failed") == len(rules)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "SIGTERM", "SIGHUP"])
def test_interrupted_run_still_concludes(sent: signal.Signals, project: Project) -> None:
    things = Things(on_request=lambda number: os.kill(os.getpid(), sent) if number == 12 else None)
    run = project.ask(things)
    assert (run.code, run.report["decision"], run.report["interrupted"]) == (INTERRUPTED, "inconclusive", True)
    assert run.report["summary"]["exchanges"] == 11
    assert "ended early: this covers what was asked until then" in run.lines
    assert run.lines[-1].startswith("contract: INCONCLUSIVE on http://127.0.0.1")
    assert "the run was interrupted" in run.lines[-1]


def test_terminated_process_still_concludes(project: Project) -> None:
    things = Things(on_request=lambda number: process.terminate() if number == 12 else None)
    process = project.start("-q", "--base-url", project.serve(things), *GIVEN, by=Forked)
    run = project.finished(process)
    assert (run.code, run.report["interrupted"], run.err) == (INTERRUPTED, True, "")
    assert run.lines[-1].startswith("contract: INCONCLUSIVE on http://127.0.0.1")


def test_violation_seen_before_the_interruption_counts(project: Project) -> None:
    things = Things({}, on_request=lambda number: os.kill(os.getpid(), signal.SIGINT) if number == 12 else None)
    run = project.ask(things, "--contract-strict")
    assert (run.code, run.report["decision"], run.violated) == (INTERRUPTED, "fail", {REQUIRED})


def test_run_in_a_thread_leaves_signals_alone(project: Project) -> None:
    codes: list[int] = []
    thread = Thread(target=lambda: codes.append(project.run("-q", "-k", "enum").code))
    thread.start()
    thread.join(60)
    assert codes == [PASSED]


def test_signals_are_given_back(project: Project) -> None:
    before = [*map(signal.getsignal, ENDINGS)]
    project.run("-q", "-k", "enum")
    assert [*map(signal.getsignal, ENDINGS)] == before


@pytest.mark.usefixtures("impatient")
def test_nobody_there_is_inconclusive(project: Project) -> None:
    base_url = project.serve(Things())
    project.servers.close()
    run = project.run("-q", "--base-url", base_url, *GIVEN)
    assert (run.code, run.report["decision"]) == (NO_VERDICT, "inconclusive")
    assert "no request was answered (refused" in run.lines[-1]
    assert run.report["summary"]["exchanges"] == 3
    assert run.counted("passed") == 0


@pytest.mark.usefixtures("impatient")
def test_nobody_is_asked_twice_whether_somebody_is_there(project: Project) -> None:
    project.write(document(get=operation("get_thing"), delete=operation("delete_thing")))
    base_url = project.serve(Things())
    project.servers.close()
    run = project.run("-q", "--base-url", base_url, *GIVEN, "--contract-unsafe", "-rs")
    assert (run.code, run.report["summary"]["exchanges"]) == (NO_VERDICT, 3)
    assert "not exercised: the service took none of the requests before" in run.out


@pytest.mark.usefixtures("impatient")
def test_a_service_that_went_for_good_is_not_waited_for_at_every_operation(project: Project) -> None:
    def leave(number: int) -> None:
        if number > 11:
            project.servers.close()
            raise ConnectionError

    spec = document()
    (thing,) = spec["paths"].values()
    spec["paths"] |= {f"/{name}/{{thing_id}}": {"get": operation(name), **thing} for name in "abcdefghij"}
    project.write(spec)
    run = project.ask(Things(on_request=leave), "-rs")
    assert (run.code, run.report["summary"]["exchanges"]) == (NO_VERDICT, 11 + 20)
    said = "the service stopped answering while GET /things/{thing_id} was asked, at GET /things/"
    assert said in run.lines[-1]
    assert "and answered nothing since" in run.out


def test_a_refusal_that_no_document_speaks_of_is_said(project: Project) -> None:
    project.write(document(get=operation("get_thing", security=[])))
    run = project.ask(Things())
    assert run.code == VIOLATED
    said = (
        "answers are 401 or 403, none a documented 2xx, and the document asks for no credential; write its `security`"
    )
    assert said in run.lines[-1]


def test_no_credential_is_wanted_for_what_is_not_sent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    project.write(document(get=operation("get_thing", security=[]), put=operation("put_thing")))
    things = Things(instead=lambda number: answer(200, b'{"status": "active"}', "Content-Type: application/json"))
    for options in ((), ("--contract-unsafe", "--contract-operation=GET *")):
        run = project.ask(things, *options, f"--contract-rule={ENUM}")
        assert run.code == PASSED, run.out + run.err
    refused = project.ask(things, "--contract-unsafe")
    assert (refused.code, "for PUT /things/{thing_id} set CONTRACT_CREDENTIAL_KEY" in refused.err) == (USAGE, True)


def test_refused_credential_is_inconclusive(project: Project) -> None:
    run = project.ask(Things(key="another"))
    assert (run.code, run.report["decision"]) == (NO_VERDICT, "inconclusive")
    assert "the credential was refused on every request; set CONTRACT_CREDENTIAL" in run.lines[-1]
    assert run.counted("skipped") == len(run.verdicts)


def test_service_without_a_success_fails(project: Project) -> None:
    run = project.run("-q", "--base-url", project.serve(Things()), "--contract-param=thing_id=unknown")
    assert (run.code, run.report["decision"]) == (VIOLATED, "fail")
    assert "no request was answered with a documented 2xx; give values" in run.lines[-1]


def test_nothing_sent_is_inconclusive(project: Project) -> None:
    project.write(document(delete=operation("delete_thing")))
    things = Things()
    run = project.ask(things, "-rs")
    assert {line.split(" ")[0] for line in things.lines} <= {"GET", "HEAD", "TRACE", "OPTIONS"}
    assert run.code == NO_VERDICT
    assert "nothing was sent: methods that may change state are only sent with --contract-unsafe" in run.lines[-1]


def crash(*args: object, **kwargs: object) -> None:
    raise RuntimeError("this is a bug")


@pytest.mark.parametrize("where", ["contracts.probes.probe_plan.Lane.probes", "contracts.run.credentials.judge_all"])
def test_failure_of_the_suite_is_no_verdict(where: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, crash)
    run = project.run("-q")
    assert (run.code, run.counted("error")) == (NO_VERDICT, 1)
    assert run.lines[-1].startswith("contract: INCONCLUSIVE in a self-test on the mock: the suite itself failed")


def test_last_line_names_the_other_tests_that_failed(project: Project) -> None:
    (project.folder / "test_other.py").write_text("def test_other(): assert False")
    run = project.run("-q")
    assert (run.code, run.report["decision"]) == (1, "pass")
    assert run.lines[-1].startswith("contract: PASS in a self-test on the mock (")
    assert run.lines[-1].endswith("); failed beside it: 1 other test, test_other.py::test_other")


def test_other_failing_test_fails_the_run_as_ever(project: Project) -> None:
    (project.folder / "test_other.py").write_text("def test_other(): assert False")
    run = project.run("-q")
    assert (run.code, run.report["decision"]) == (1, "pass")


def test_other_failing_test_is_no_matter_of_the_contract(project: Project) -> None:
    (project.folder / "test_other.py").write_text("def test_other(): assert False")
    run = project.ask(Things(key="another"))
    assert (run.code, run.report["decision"]) == (1, "inconclusive")


def test_report_that_can_not_be_written_costs_no_verdict(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("contracts.report.json_report.write_json", full)
    run = project.run("-q")
    assert run.code == 0
    assert "left out: report.json (No space left on device)" in run.out
    assert "Traceback" not in run.out + run.err


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "with a worker"])
def test_project_without_a_document_can_not_be_judged(workers: tuple[str, ...], project: Project) -> None:
    (project.folder / "spec" / "notte.yaml").unlink()
    run = project.run("-q", *workers)
    assert run.code == USAGE
    assert "a contract run needs a document: there is no openapi." in run.out


LIVE = ("--base-url", "http://127.0.0.1:1")
BROKEN = 'openapi: 3.1.0\ninfo: {title: "x\n'
OVERLAY = "overlay: 1.0.0\ninfo: {title: x, version: '1'}\nactions: [{target: $.nowhere, update: {}}]\n"
FILES = {
    "broken.yaml": BROKEN,
    "wrong.overlay.yaml": OVERLAY,
    "empty.txt": " \n\n",
    "no-report.json": '{"verdicts": [{"evidence": {"status": 200}}]}',
    "no-evidence.json": '{"verdicts": []}',
    "file": "",
}
USAGE_ERRORS: list[tuple[str, tuple[str, ...], str]] = [
    ("document missing", ("--contract-spec", "x.yaml"), "x.yaml: can't be read: No such file or directory"),
    ("document is a folder", ("--contract-spec", "spec"), "spec: can't be read"),
    ("document is a URL", ("--contract-spec=http://h/openapi.json",), "--contract-spec http://h/openapi.json is a URL"),
    ("document broken", ("--contract-spec", "broken.yaml"), "broken.yaml:"),
    ("document empty", ("--contract-spec", ""), "--contract-spec is empty (an unset variable?)"),
    ("overlay missing", ("--contract-overlay", "x.yaml"), "x.yaml: can't be read"),
    ("overlay misses", ("--contract-overlay", "wrong.overlay.yaml"), "$.nowhere matches nothing"),
    ("overlay and none", ("--contract-overlay=none", "--contract-overlay=x"), "none stands beside other overlays"),
    ("base url empty", ("--base-url", ""), "--base-url is empty (an unset variable?)"),
    ("base url blank", ("--base-url", " "), "--base-url is empty (an unset variable?)"),
    ("base url scheme", ("--base-url", "ftp://h"), "--base-url ftp://h is not usable"),
    ("id file missing", ("--contract-param=thing_id=@x.txt",), "x.txt: can't be read: No such file or directory"),
    ("id file empty", ("--contract-param=thing_id=@empty.txt",), "empty.txt holds no value"),
    ("no session ids here", ("--contract-session-id=x",), "no operation has a parameter session_id"),
    ("param without value", ("--contract-param=thing_id",), "thing_id is not NAME=VALUE"),
    ("param with empty value", ("--contract-param=thing_id=",), "has an empty value"),
    ("param unknown", ("--contract-param=nothing=1",), "no operation has a parameter nothing"),
    ("operation unknown", ("--contract-operation=PUT*",), "--contract-operation PUT* matches no operation of"),
    ("rule unknown", ("--contract-rule=*nothing*",), "--contract-rule *nothing* matches none of the rules"),
    ("unsafe on production", ("--base-url", "https://api.notte.cc", "--contract-unsafe"), "the production host"),
    ("header without variable", (*LIVE, "--contract-header=X-A"), "X-A is not NAME=ENVVAR"),
    ("header with its value", (*LIVE, "--contract-header=X-A: k3y"), "--contract-header X-A is not NAME=ENVVAR"),
    ("base url fragment", ("--base-url", "http://h/#key=k3y"), "ERROR: --base-url is not usable; give"),
    (
        "credential as a rule",
        ("--contract-rule=canary-7f3a+b/9x",),
        "--contract-rule $CONTRACT_CREDENTIAL matches none",
    ),
    ("credential as a file", (f"--contract-against={CANARY}",), "ERROR: $CONTRACT_CREDENTIAL can't be read"),
    ("header variable unset", (*LIVE, "--contract-header=X-A=UNSET_1"), "the environment has no UNSET_1"),
    ("replay missing", ("--contract-replay=x.json",), "x.json can't be read (No such file or directory)"),
    ("replay no json", ("--contract-replay=broken.yaml",), "broken.yaml is no JSON, or not all of it (line 1)"),
    ("replay no report", ("--contract-replay=no-report.json",), "no-report.json is not a report.json of this suite"),
    ("replay no evidence", ("--contract-replay=no-evidence.json",), "no-evidence.json holds no evidence"),
    ("report folder is a file", ("--contract-report=file",), "file is not a folder"),
    (
        "report folder of the system",
        ("--contract-report=/proc/nope",),
        "--contract-report /proc/nope: it can't be made",
    ),
    ("history is below a file", ("--contract-history=file/a",), "--contract-history file/a: "),
    ("profile unknown", ("--hypothesis-profile=weekly",), "give one of dev, ci, nightly"),
]


@pytest.fixture
def misused(project: Project) -> Callable[..., Run]:
    for name, content in FILES.items():
        (project.folder / name).write_text(content)
    return project.run


@pytest.mark.parametrize(("args", "sentence"), [pytest.param(*row, id=name) for name, *row in USAGE_ERRORS])
def test_usage_error_is_one_sentence(args: tuple[str, ...], sentence: str, misused: Callable[..., Run]) -> None:
    run = misused(*args)
    message = run.err.strip()
    assert (run.code, run.out.strip()) == (USAGE, "")
    assert message.startswith("ERROR: ")
    assert sentence in message
    assert "\n" not in message
    assert not {"Traceback", "INTERNALERROR"} & set(message.split())


@pytest.mark.parametrize(
    "url", ["http://u:pa55@h", "u:pa55@h", "http:/u:pa55@h", "https://h/?key=pa55", "http://u:pa/55@h"]
)
def test_secret_in_a_base_url_is_not_echoed(url: str, project: Project) -> None:
    run = project.run("--base-url", url)
    assert run.code == USAGE
    assert "55" not in run.out + run.err


@pytest.mark.parametrize("value", ["", "http://u:p@h"], ids=["empty", "userinfo"])
def test_base_url_of_the_environment_is_checked(value: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_BASE_URL", value)
    assert project.run().code == USAGE


@pytest.mark.parametrize("value", [None, "", "  ", "two\nlines"], ids=["unset", "empty", "blank", "two lines"])
def test_live_run_needs_a_credential(value: str | None, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    if value is not None:
        monkeypatch.setenv("CONTRACT_CREDENTIAL", value)
    run = project.run(*LIVE)
    assert run.code == USAGE
    assert ("CONTRACT_CREDENTIAL is not set" if not (value or "").strip() else "CONTRACT_CREDENTIAL holds") in run.err


def test_document_that_asks_for_no_credential_needs_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    project.write(document(get=operation("get_thing", security=[])))
    assert project.ask(Things(key="")).code != USAGE


def test_usage_error_comes_from_the_controller(project: Project) -> None:
    run = project.run("-n", "2", "--contract-spec", "x.yaml")
    assert (run.code, run.out.strip(), run.err.count("x.yaml")) == (USAGE, "", 1)


def test_credential_is_not_in_the_message_about_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", f"{CANARY}\x01")
    assert CANARY not in project.run(*LIVE).err
