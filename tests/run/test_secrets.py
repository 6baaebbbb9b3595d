"""The credential is in nothing that a run shows or writes, whatever a service does and pytest is asked for."""

import base64
import json
import os
import re
import signal
from typing import Any
from urllib.parse import quote, unquote

import pytest

from .projects import CANARY, ENUM, LOUD, THING, Project, Run, Things, answer, document, leaks, operation

GATEWAY = "gateway/Canary+42"

USING_LOGS = """
import httpx2, logging, os
from contracts.testing import test_rule

def test_other(contract):
    key = os.environ["CONTRACT_CREDENTIAL"]
    url = os.environ["SERVICE"] + "/things/a1"
    with httpx2.Client() as client:
        response = client.get(url, params={"key": key}, headers={"Authorization": f"Bearer {key}"})
    logging.getLogger("mine").warning("asked with %s, %d", key, 1)
    print("asked with", key)
    contract.judge(response)
    assert response.text == "nothing"
"""


def test_leaks_are_found(project: Project) -> None:
    hidden = base64.b64encode(f"Authorization: Bearer {CANARY}".encode()).decode()
    (project.folder / "file").write_text(hidden)
    assert leaks(Run(0, "", f"?key={quote(CANARY, safe='')}&", project.folder)) == {"file", "stderr"}


EVERY_FORM = (
    f"bad token {CANARY}: /?key={quote(CANARY, safe='')} {base64.b64encode(f'user:{CANARY}'.encode()).decode()}"
)
ECHOES: dict[str, Things] = {
    "silent": Things({"status": "paused"}),
    "echoed in other forms": Things({"status": EVERY_FORM, "x": [EVERY_FORM]}, fields=(f"X-Debug: {EVERY_FORM}",)),
    "echoed as a name": Things(f'{{"status": "active", "{CANARY}": 1, "{CANARY}": 2}}'.encode()),
    "echoed as a media type": Things({}, fields=(f"Content-Type: text/{CANARY}",)),
    "refused": Things(key="another", fields=(f"X-Debug: Bearer {CANARY}",)),
}


@pytest.mark.parametrize("name", ECHOES)
def test_credential_is_hidden(name: str, project: Project) -> None:
    things = ECHOES[name]
    things.heads.clear()
    run = project.ask(things, *LOUD)
    assert any(CANARY in head for head in things.heads)
    assert leaks(run) == set()
    assert (project.folder / "out.xml").is_file()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_credential_is_hidden_when_interrupted(sent: signal.Signals, project: Project) -> None:
    things = Things(on_request=lambda number: os.kill(os.getpid(), sent) if number == 5 else None)
    run = project.ask(things, *LOUD)
    assert run.code == 2
    assert "exchanges/client.py" not in run.out
    assert leaks(run) == set()


def broken(*args: Any, **kwargs: Any) -> None:
    """Something that knows the credential fails, and says it."""
    raise RuntimeError(f"can't send {args} {kwargs} with {os.environ['CONTRACT_CREDENTIAL']}")


@pytest.mark.parametrize(
    "where",
    [
        "contracts.exchanges.client.Client.send",
        "contracts.exchanges.transport.Transport.answer",
        "contracts.run.credentials.judge_all",
        "contracts.run.end.failure_text",
        "contracts.report.json_report.write_json",
    ],
)
def test_credential_is_hidden_when_the_suite_fails(
    where: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, broken)
    run = project.ask(Things({}), *LOUD)
    assert run.code in (1, 3)
    assert "this is" not in run.out
    assert leaks(run) == set()


def test_credential_is_hidden_in_other_tests_of_the_session(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(module=USING_LOGS)
    things = Things({"status": CANARY})
    monkeypatch.setenv("SERVICE", project.serve(things))
    run = project.ask(things, *LOUD)
    assert any("?key=canary" in line for line in things.lines)
    assert "asked with $CONTRACT_CREDENTIAL" in run.out
    assert "HTTP Request: GET" in run.out
    assert leaks(run) == set()


def test_logs_are_scrubbed_in_this_session_alone(project: Project) -> None:
    import logging

    before = logging.getLogRecordFactory()
    project.run("-q", "-k", "enum")
    assert logging.getLogRecordFactory() is before


def test_value_of_an_extra_header_is_hidden(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", GATEWAY)
    things = Things({"status": GATEWAY}, fields=(f"X-Debug: {GATEWAY}",))
    run = project.ask(things, "--contract-header=X-Gateway=GATEWAY_KEY", *LOUD)
    assert any(GATEWAY in head for head in things.heads)
    assert leaks(run, GATEWAY) == set()


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "-n 1"])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param("1234567", "CONTRACT_CREDENTIAL has fewer than 8 characters: {} or masked in them", id="short"),
        pytest.param(
            "application",
            "the value of CONTRACT_CREDENTIAL stands in the document, in the base URL or in any answer as well: "
            "{} or masked in them",
            id="of a media type",
        ),
        pytest.param(
            "staging1",
            "answers to requests without CONTRACT_CREDENTIAL hold its value as well: {}",
            id="of answers without it",
        ),
    ],
)
def test_credential_that_any_answer_may_hold_is_not_looked_for(
    key: str, said: str, workers: tuple[str, ...], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the document's `maxLength` fail for a placeholder that is longer than what came."""
    monkeypatch.setenv("CONTRACT_CREDENTIAL", key)
    said = said.format("nothing is looked for in answers")
    shape = {"properties": {"status": {}, "env": {"type": "string", "maxLength": len(key)}}}
    project.write(document(get=operation("get_thing", schema={"type": "object", **shape})))
    things = Things({"status": "active", "env": key}, key=key, fields=(f"X-Env: {key}",))
    run = project.ask(things, *workers)
    assert (run.code, run.violated) == (0, set())
    verdict = run.verdicts["GET /things/{thing_id} credential kept"]
    assert (verdict["outcome"], verdict["why"]) == ("not_exercised", said)
    assert run.report["notes"] == [said]
    assert [line[:60] for line in run.texts("note: ")] == [f"note: {said}"[:60]]


def test_word_that_is_the_credential_of_one_scheme_is_not_looked_for_either(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL_KEY", "staging1")
    shape = {"properties": {"status": {}, "env": {"type": "string", "maxLength": 8}}}
    project.write(document(get=operation("get_thing", schema={"type": "object", **shape})))
    run = project.ask(Things({"env": "staging1"}, key="staging1", fields=("X-Env: staging1",)))
    said = (
        "answers to requests without CONTRACT_CREDENTIAL_KEY hold its value as well: nothing is looked for in answers"
    )
    assert (run.code, run.violated, run.report["notes"]) == (0, set(), [said])


@pytest.mark.parametrize("key", ["a-key-1", "sessions", "Content-Type"])
def test_credential_that_is_not_looked_for_is_never_printed_by_us(
    key: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", key)
    spec = document(get={**operation("get_thing"), "description": "lists sessions"})
    project.write(spec)
    run = project.ask(Things({"status": "paused"}, key=key), "-rA", "--junitxml=out.xml")
    assert run.violated == {ENUM}
    lines = [line for line in run.lines if f"Bearer {key}" in line or f"is {key}" in line]
    assert (lines, "Bearer $CONTRACT_CREDENTIAL" in run.out) == ([], True)


def test_distinctive_credential_is_found_whoever_gets_it(project: Project) -> None:
    """Also where an answer to a request without it holds it: that is worse, and no word of answers."""
    run = project.ask(Things(fields=(f"X-Debug: {CANARY}",)))
    assert run.violated >= {"GET /things/{thing_id} credential kept"}
    assert run.report["notes"] == []


def test_credential_among_the_given_values_is_hidden(project: Project) -> None:
    run = project.run("-q", f"--contract-param=thing_id={CANARY}", "--contract-dry-run")
    assert "GET /things/$CONTRACT_CREDENTIAL  [given: " in run.out
    assert leaks(run) == set()


def test_credential_among_the_given_values_is_hidden_in_evidence(project: Project) -> None:
    paused = answer(200, b'{"status": "paused"}', "Content-Type: application/json")
    things = Things(instead=lambda number: paused)
    run = project.run("-q", "--base-url", project.serve(things), f"--contract-param=thing_id={CANARY}", *LOUD)
    # The log has requests as they were sent: every process of the run judges them.
    assert (run.code, leaks(run) - {"build/contract/exchanges.jsonl"}) == (1, set())
    assert "things/$CONTRACT_CREDENTIAL" in (project.folder / "out.xml").read_text()


RECORDING = """
import os

def test_recorded(request, contract):
    request.node.user_properties += [("key", os.environ["CONTRACT_CREDENTIAL"]), ("number", 7)]
"""


def test_credential_that_a_test_records_is_hidden(project: Project) -> None:
    project.write(module=RECORDING)
    run = project.run(*LOUD)
    assert (run.code, leaks(run)) == (0, set())
    assert 'name="key" value="$CONTRACT_CREDENTIAL"' in (project.folder / "out.xml").read_text()


def test_mock_never_gets_the_credential(project: Project) -> None:
    run = project.run(*LOUD)
    assert run.code == 0
    assert leaks(run) == set()


# URLs that are credentials

SHOWING_BODIES = """
import httpx2, os
from contracts.testing import test_rule

def get():
    with httpx2.Client() as client:
        key = os.environ["CONTRACT_CREDENTIAL"]
        return client.get(os.environ["SERVICE"] + "/things/a1", headers={"Authorization": f"Bearer {key}"})

def test_judged(contract):
    contract.judge(get())

def test_text():
    body = get().text
    print(body)
    assert body == "nothing"

def test_member():
    value = get().json()
    assert value == {"cdp_url": 1}
"""

TOKENS = ("cdp-Canary-5f1d9e", "viewer-Canary-77aa01")
CDP, VIEWER = f"wss://browser.example/devtools/{TOKENS[0]}?key=1", f"https://viewer.example/{TOKENS[1]}"
URLS = {"cdp_url": CDP, "viewer_url": VIEWER}
URL = {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]}
WITH_URLS = document(
    get=operation("get_thing", THING | {"properties": {**THING["properties"], "cdp_url": URL, "viewer_url": URL}})
)
PASSING = {"status": "active", **URLS}
SHOWN: dict[str, Any] = {
    "passing": PASSING,
    "failing": {**PASSING, "status": "paused"},
    "of a wrong type": {**PASSING, "cdp_url": [CDP], "viewer_url": {"at": VIEWER}},
    "in other places": {**PASSING, "status": CDP, "more": [VIEWER, f"see {CDP}."], VIEWER: 1},
    "with the credential": {"status": "active", "cdp_url": f"{CDP}&key={CANARY}"},
}


def assert_no_leaks(run: Run) -> None:
    assert {value: leaks(run, value) for value in (*TOKENS, CANARY)} == {value: set() for value in (*TOKENS, CANARY)}
    assert (run.folder / "out.xml").is_file()
    assert (run.folder / ".pytest_cache").is_dir()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
@pytest.mark.parametrize("name", ["passing", "failing"])
def test_capability_urls_are_hidden(name: str, workers: tuple[str, ...], project: Project) -> None:
    project.write(WITH_URLS)
    fields = (f"X-Debug: {CDP}",)
    run = project.ask(Things(SHOWN[name], fields=fields), *LOUD, "-o", "log_level=DEBUG", *workers)
    assert run.code == (name == "failing")
    assert_no_leaks(run)


@pytest.mark.parametrize("name", list(SHOWN)[2:])
def test_capability_urls_are_hidden_elsewhere(name: str, project: Project) -> None:
    project.write(WITH_URLS)
    run = project.ask(Things(SHOWN[name]), *LOUD)
    assert run.code == 1
    assert_no_leaks(run)


@pytest.mark.parametrize(
    ("value", "kind"),
    [([CDP], "type"), (7, "type"), ({"at": CDP}, "type"), ("no url " + TOKENS[0], "format"), (CDP, "")],
    ids=str,
)
def test_what_is_wrong_with_a_capability_url_is_seen(value: Any, kind: str, project: Project) -> None:
    project.write(WITH_URLS)
    run = project.ask(Things({**PASSING, "cdp_url": value}), "--contract-rule=*/cdp_url*")
    assert {rule.rpartition(" ")[2] for rule in run.violated} == ({kind} if kind else set())
    assert leaks(run, TOKENS[0]) == set()


def test_credential_in_a_capability_url_is_seen(project: Project) -> None:
    project.write(WITH_URLS)
    run = project.ask(Things(SHOWN["with the credential"]))
    assert run.violated == {"GET /things/{thing_id} credential kept"}


@pytest.mark.parametrize(
    "where",
    [
        "contracts.run.credentials.judge_all",
        "contracts.run.end.failure_text",
        "contracts.report.json_report.write_json",
    ],
)
def test_capability_urls_are_hidden_when_the_suite_fails(
    where: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"a bug with {str(args)[:50_000]} {kwargs} and {CDP}, {VIEWER}")

    monkeypatch.setattr(where, broken)
    project.write(WITH_URLS)
    run = project.ask(Things(SHOWN["failing"]), *LOUD)
    assert run.code in (1, 3)
    assert_no_leaks(run)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_capability_urls_are_hidden_when_interrupted(sent: signal.Signals, project: Project) -> None:
    project.write(WITH_URLS)
    things = Things(PASSING, on_request=lambda number: os.kill(os.getpid(), sent) if number == 5 else None)
    run = project.ask(things, *LOUD)
    assert run.code == 2
    assert_no_leaks(run)


def test_capability_urls_are_hidden_in_other_tests_of_the_session(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(WITH_URLS, module=SHOWING_BODIES)
    things = Things(PASSING)
    monkeypatch.setenv("SERVICE", project.serve(things))
    run = project.ask(things, *LOUD)
    assert ("assert body ==" in run.out, "assert value ==" in run.out, run.counted("failed")) == (True, True, 2)
    assert_no_leaks(run)


def test_violation_of_a_judged_answer_shows_no_capability_url(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(WITH_URLS, module=SHOWING_BODIES)
    things = Things({"status": CDP, "cdp_url": CDP, "viewer_url": [VIEWER]})
    monkeypatch.setenv("SERVICE", project.serve(things))
    run = project.ask(things, *LOUD)
    assert "ContractViolation" in run.out
    assert_no_leaks(run)


def test_replayed_evidence_holds_no_capability_url(project: Project) -> None:
    project.write(WITH_URLS)
    project.ask(Things(SHOWN["failing"]), "--contract-report=before")
    run = project.ask(Things(SHOWN["failing"]), "--contract-replay=before/report.json", *LOUD)
    assert run.code == 1
    assert_no_leaks(run)


# Credentials of every kind

KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "basic": ({"type": "http", "scheme": "basic"}, "ann:pass/Canary 1"),
    "user": ({"type": "http", "scheme": "basic"}, "user_Canary+2f:"),
    "bearer": ({"type": "http", "scheme": "bearer"}, "bearer/Canary+3"),
    "header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, "header+Canary/4"),
    "named": ({"type": "apiKey", "in": "header", "name": "Authorization"}, "Token named/Canary5"),
    "query": ({"type": "apiKey", "in": "query", "name": "api key"}, "query/Canary&=?6"),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "sid"}, "cookie;Canary,=7"),
    "oauth2": ({"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "/", "scopes": {}}}}, "oauth2/Canary+8"),
    "openid": ({"type": "openIdConnect", "openIdConnectUrl": "/"}, "openid/Canary+9"),
}
"""Each with a value of its own; what of it is a secret by itself holds the word, and is what is hunted for."""


def secret_of(kind: str) -> str:
    value = KINDS[kind][1]
    return next(part for part in value.replace(" ", ":", kind == "named").split(":") if "Canary" in part)


def test_credential_of_every_kind_is_hidden(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service opens for anything, and gives back what it got: as it came, and decoded."""
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    spec = document()
    spec["components"]["securitySchemes"] = {kind: scheme for kind, (scheme, _) in KINDS.items()}
    spec["paths"] = {f"/{kind}": {"get": operation(kind, security=[{kind: []}])} for kind in KINDS}
    project.write(spec)
    for kind, (_, value) in KINDS.items():
        monkeypatch.setenv(f"CONTRACT_CREDENTIAL_{kind.upper()}", value)
    things = Things()

    def reply(_number: int) -> bytes:
        line, *fields = things.heads[-1].rstrip().split("\r\n")
        own = [field for field in fields if not field.startswith(("Host", "User-Agent", "Accept"))]
        shown = [line.split(" ")[1], *own]
        shown += [base64.b64decode(word).decode() for field in own for word in re.findall(r"Basic (\S+)", field)]
        shown += [unquote(shown[0]), *(word.partition(":")[2] for word in shown[-1:])]
        named = f"X-Seen: {quote(' '.join(shown))}"
        return answer(200, json.dumps({"seen": shown}).encode(), "Content-Type: application/json", named)

    things.instead = reply
    run = project.run("--base-url", project.serve(things), "-q", "--junitxml=out.xml")
    assert run.code == 1
    heads = [unquote(head) for head in things.heads]
    heads += [base64.b64decode(word).decode() for head in heads for word in re.findall(r"Basic (\S+)", head)]
    for kind, (_, value) in KINDS.items():
        assert {
            f"GET /{kind} credential kept",
            f"GET /{kind} auth wrong",
            f"GET /{kind} auth cut short",
        } <= run.violated
        assert any(value in head for head in heads)
        assert leaks(run, value) | leaks(run, secret_of(kind)) == set()
        kept, wrong = (
            run.verdicts[f"GET /{kind} {rule}"]["evidence"]["curl"] for rule in ("auth cut short", "auth wrong")
        )
        assert [f"CONTRACT_CREDENTIAL_{kind.upper()}" in curl for curl in (kept, wrong)] == [True, False]
