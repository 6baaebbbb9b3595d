"""What options do, on the command line and in an ini file."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.run.options import OPTIONS, Option

from .projects import CANARY, ENUM, GIVEN, IDS, Project, Things, document, operation

ALL = document(get=operation("get_thing"), delete=operation("delete_thing"))


def asked(things: Things) -> list[str]:
    return [line.rpartition("/")[2] for line in things.lines]


# Values that the service knows


def test_given_values_are_asked_for(project: Project) -> None:
    things = Things()
    project.ask(things)
    assert things.lines[:4] == [f"GET /things/{value}" for value in (*IDS, *IDS)]


@pytest.mark.parametrize("joint", ["=", " "], ids=["with =", "with a space"])
def test_values_come_from_a_file(joint: str, project: Project) -> None:
    project.write(document("session_id"))
    (project.folder / "ids.txt").write_text("\ufeffa1\n\n  b2  \n")
    things = Things()
    project.run("-q", "--base-url", project.serve(things), *f"--contract-session-id{joint}@ids.txt".split(" "))
    assert asked(things)[:4] == [*IDS, *IDS]


def test_file_of_arguments_after_an_option_stays_one(project: Project) -> None:
    (project.folder / "args.txt").write_text("-k\nenum\n")
    run = project.run("-q", "--contract-report=build/contract", "@args.txt")
    assert run.counted("passed") == 1


def test_value_with_an_at_sign_within_is_a_value(project: Project) -> None:
    things = Things()
    project.run("-q", "--base-url", project.serve(things), "--contract-param=thing_id=a@b")
    assert asked(things)[0] == "a%40b"


@pytest.mark.parametrize("listed", ["a1,b2", "a1 b2", " a1,\n b2 ,"])
def test_session_ids_of_the_environment(listed: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(document("session_id"))
    monkeypatch.setenv("NOTTE_SESSION_IDS", listed)
    things = Things()
    project.run("-q", "--base-url", project.serve(things))
    assert asked(things)[:4] == [*IDS, *IDS]


def test_session_ids_of_the_environment_are_for_documents_that_have_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTTE_SESSION_IDS", "a1")
    assert project.ask(Things()).code == 0


# Which requests are sent


def test_unsafe_methods_are_not_sent_by_default(project: Project) -> None:
    project.write(ALL)
    things = Things()
    run = project.ask(things, "-rs")
    assert {line.split(" ")[0] for line in things.lines} <= {"GET", "HEAD", "TRACE", "OPTIONS"}
    assert "not asked: methods that may change state are only sent with --contract-unsafe" in run.out
    assert run.code == 0


def test_strict_passes_where_what_was_asked_is_kept(project: Project) -> None:
    project.write(document(get=operation("get_thing"), post=operation("change_thing")))
    run = project.ask(Things(), "--contract-strict", "--junitxml=junit.xml")
    why = "methods that may change state are only sent with --contract-unsafe"
    unasked = [v for v in run.report["verdicts"] if v["outcome"] == "not_asked"]
    assert {(v["operation"], v["why"]) for v in unasked} == {("POST /things/{thing_id}", why)}
    assert (run.code, run.report["summary"]["not_asked"]) == (0, len(unasked))
    assert f"{len(unasked)} not asked: {why})" in run.lines[-1]
    assert f"not asked: {len(unasked)} rules: {why}" in run.lines
    assert 'name="outcome" value="not_asked"' in (project.folder / "junit.xml").read_text()


def test_require_all_wants_what_was_not_asked_as_well(project: Project) -> None:
    project.write(ALL)
    run = project.ask(Things(), "--contract-require-all", "-rf")
    assert run.code == 1
    assert "rules not asked" in run.lines[-1]
    assert "next: give --contract-unsafe, where what it changes may be changed, or run without strict" in run.out


def test_unsafe_methods_are_sent_when_asked_for(project: Project) -> None:
    project.write(ALL)
    things = Things()
    project.ask(things, "--contract-unsafe")
    assert {line.split(" ")[0] for line in things.lines} == {
        "GET",
        "DELETE",
        "HEAD",
        "OPTIONS",
        "TRACE",
        "POST",
        "PUT",
        "PATCH",
    }


def test_mock_is_asked_everything(project: Project) -> None:
    project.write(ALL)
    run = project.run("-q", "--contract-strict")
    assert (run.code, run.counted("skipped")) == (0, 0)


def test_dry_run_lists_the_requests_and_sends_none(project: Project) -> None:
    sent, unsent = Things(), Things()
    project.ask(sent)
    run = project.ask(unsent, "--contract-dry-run")
    # Those that come last depend on what was answered.
    early = [line for line in run.lines if "  [auth: " not in line and "  [unknown: " not in line]
    plan = [line.partition("  [") for line in early if line.startswith("GET ")]
    listed = [" ".join(request.split(" ")[:2]) for request, _, _ in plan]
    assert (run.code, unsent.heads, len(listed) > 8) == (0, [], True)
    assert listed == sent.lines[: len(listed)]
    assert run.lines[-1].startswith("contract: DRY RUN, nothing was sent to http://127.0.0.1")


def test_dry_run_needs_no_credential(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    assert project.run("-q", "--base-url", "http://127.0.0.1:1", "--contract-dry-run").code == 0


def test_replay_sends_the_evidence_alone(project: Project) -> None:
    first = project.ask(Things({"status": "paused"}), "--contract-report=before")
    evidence = [v["evidence"] for v in json.loads((project.folder / "before/report.json").read_text())["verdicts"]]
    wanted = {e["request"]["target"] for e in evidence if e}
    things = Things({"status": "paused"})
    run = project.ask(things, "--contract-replay=before/report.json")
    assert first.code == run.code == 1
    assert {line.partition(" ")[2] for line in things.lines} == wanted
    assert run.violated == {ENUM}


def test_replay_of_a_mended_service_passes(project: Project) -> None:
    project.ask(Things({"status": "paused"}), "--contract-report=before")
    run = project.ask(Things(), "--contract-replay=before/report.json")
    assert (run.code, run.report["decision"], run.verdicts[ENUM]["outcome"]) == (0, "pass", "holds")


def test_replay_says_what_it_has_no_evidence_for(project: Project) -> None:
    project.ask(Things({"status": "paused"}), "--contract-report=before")
    project.write(document(get=operation("get_thing"), head=operation("head_thing")))
    run = project.ask(Things({"status": "paused"}), "--contract-replay=before/report.json", "-rs")
    assert "not exercised: the replayed report has no evidence for this operation" in run.out


def test_replay_sends_no_unsafe_method_by_accident(project: Project) -> None:
    project.write(document(get=operation("get_thing"), put=operation("put_thing")))
    project.ask(Things({}), "--contract-unsafe", "--contract-report=before")
    safe, unsafe = Things({}), Things({})
    project.ask(safe, "--contract-replay=before/report.json")
    project.ask(unsafe, "--contract-replay=before/report.json", "--contract-unsafe")
    assert {line.split(" ")[0] for line in safe.lines} == {"GET"}
    assert {line.split(" ")[0] for line in unsafe.lines} == {"GET", "PUT"}


def test_header_is_sent_with_the_credential_and_left_out_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "open sesame")
    things = Things({})
    run = project.ask(things, "--contract-header=X-Gateway=GATEWAY_KEY")
    heads = [head for head in map(str.lower, things.heads) if f"authorization: bearer {CANARY}\r\n" in f"{head}\r\n"]
    assert [head.count("\r\nx-gateway: open sesame") for head in heads].count(0) == 1
    assert '-H "X-Gateway: $GATEWAY_KEY"' in run.texts("repeat: ")[0]


@pytest.mark.parametrize(("name", "place", "field"), [("x-gateway", "header", "X-Gateway"), ("id", "cookie", "Cookie")])
def test_what_is_said_of_a_header_that_comes_with_every_request_is_not_tried(
    name: str, place: str, field: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FastAPI declares a key so: without it nothing could be asked, and nobody can leave it out."""
    monkeypatch.setenv("GATEWAY_KEY", "id=open-sesame-1")
    value = document()
    own = {"name": name, "in": place, "required": True, "schema": {"type": "string", "minLength": 30}}
    value["paths"]["/things/{thing_id}"]["parameters"].append(own)
    project.write(value)
    run = project.ask(Things(), f"--contract-header={field}=GATEWAY_KEY")
    assert (run.code, run.violations) == (0, set())
    assert not [rule for rule in run.verdicts if f" {place} {name}" in rule]
    assert f"{field} comes with every request; what the document says of it is not tried; leave --contr" in run.out


# Where options come from


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_has_an_ini_twin(option: Option, pytester: pytest.Pytester) -> None:
    value = {"flag": "true", "list": "x=1 y=2", "value": "x"}[option.kind]
    pytester.makeini(f"[pytest]\n{option.ini} = {value}\n")
    folder = f"{pytester.path}/" if option.takes and option.takes.files == "path" else ""
    expected = {"flag": True, "list": [f"{folder}x=1", f"{folder}y=2"], "value": f"{folder}x"}[option.kind]
    assert option.given(pytester.parseconfig()) == expected


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_words_of_an_option_go_before_the_ini_file(option: Option, pytester: pytest.Pytester) -> None:
    pytester.makeini(f"[pytest]\n{option.ini} = {'false' if option.kind == 'flag' else 'x'}\n")
    value: Any = {"flag": True, "list": ["a b", "=c"], "value": "-d"}[option.kind]
    assert option.given(pytester.parseconfig(*option.words(value))) == value


def test_files_of_an_ini_file_are_beside_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / "other").mkdir()
    (project.folder / "spec" / "notte.yaml").rename(project.folder / "other" / "doc.yaml")
    (project.folder / "ids.txt").write_text("a1\n")
    twins = "contract_spec = other/doc.yaml\ncontract_param = thing_id=@ids.txt\ncontract_report = there\n"
    ini = (project.folder / "pytest.ini").read_text()
    (project.folder / "pytest.ini").write_text(ini + twins)
    monkeypatch.chdir(project.folder / "other")
    things = Things()
    run = project.run("-q", "--base-url", project.serve(things), "..")
    assert (run.code, asked(things)[:2]) == (0, ["a1", "a1"])
    assert run.lines[0].startswith("contract: doc.yaml (1.0) on ")
    assert (project.folder / "there" / "report.json").is_file()


def test_no_overlay_is_no_file_of_the_ini_file() -> None:
    (overlay,) = [option for option in OPTIONS if option.name == "contract-overlay"]
    assert overlay.settled("none a.yaml http://h/x", Path("/ini")) == ["none", "/ini/a.yaml", "http://h/x"]


def test_base_url_may_stand_in_the_ini_file(project: Project) -> None:
    things = Things()
    project.write(ini=f"base_url = {project.serve(things)}\n")
    run = project.run("-q", *GIVEN)
    assert (run.code, run.report["target"]["kind"]) == (0, "live")


def test_base_url_may_stand_in_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_BASE_URL", project.serve(things := Things()))
    run = project.run("-q", *GIVEN)
    assert (run.code, run.report["target"]["kind"], bool(things.heads)) == (0, "live", True)


def test_prefix_of_the_base_url_is_kept(project: Project) -> None:
    things = Things()
    run = project.run("-q", "--base-url", f"{project.serve(things)}/v1/", "--contract-param=thing_id=a1")
    assert things.lines[0] == "GET /v1/things/a1"
    assert run.report["target"]["base_url"].endswith("/v1")


def test_overlay_beside_the_document_is_left_out_on_request(project: Project) -> None:
    action = {"target": "$.info", "update": {"version": "2.0"}}
    overlay = {"overlay": "1.0.0", "info": {"title": "x", "version": "1"}, "actions": [action]}
    (project.folder / "spec" / "notte.overlay.yaml").write_text(json.dumps(overlay))
    assert project.run("--collect-only", "-q").lines[0].startswith("contract: spec/notte.yaml (2.0)")
    none = project.run("--collect-only", "-q", "--contract-overlay=none")
    assert none.lines[0].startswith("contract: spec/notte.yaml (1.0)")


def test_base_url_is_not_verified(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERIFY_BASE_URL", "true")
    things = Things()
    project.ask(things, "--verify-base-url")
    assert "GET /" not in things.lines
