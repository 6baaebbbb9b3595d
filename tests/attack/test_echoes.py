"""Services that give back what they got, in any encoding and any place: nothing of it is left behind a run."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.run.projects import CANARY, ENUM, LOUD, THING, Project, Run, Things, answer, document, operation

from .encodings import BODIES, TEXTS, b64, holds
from .places import CDP, TOKEN, URL_PLACES

MARK = "$CONTRACT_CREDENTIAL"
KEPT = "GET /things/{thing_id} credential kept"
IN_A_FIELD = {name: encode(CANARY) for name, encode in TEXTS.items() if encode(CANARY).isprintable()}


def leaking(run: Run, *values: str) -> set[str]:
    """Where any form of the values stands, as something finds it that decodes on its own."""
    texts = {"stdout": run.out.encode(), "stderr": run.err.encode()}
    for path in run.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            texts[str(path.relative_to(run.folder))] = path.read_bytes()
    return {where for where, text in texts.items() if is_in(text, *values)}


def is_in(text: bytes, *values: str) -> bool:
    """Line by line, so that bodies in the ledger are decoded like all else."""
    return any(holds(line, *values) for line in set(text.splitlines()) if len(line) < 100_000)


def ledger_of(run: Run) -> list[Any]:
    return [json.loads(line) for line in (run.folder / "build/contract/exchanges.jsonl").read_text().splitlines()]


QUIET = ("--junitxml=out.xml", "-o", "junit_logging=all", "-rA", "--contract-history=history")


def test_echoes_in_bodies_leave_nothing_behind(project: Project) -> None:
    every = {name: encode(CANARY) for name, encode in TEXTS.items()}
    members = ", ".join(f'"{name}": "{text}"' for name, text in every.items())
    names = ", ".join(f'"{text}": 1' for text in every.values())
    thing = f'{{"status": "paused", {members}, "named": [{{{names}}}]}}'.encode()
    run = project.ask(Things(thing), *QUIET)
    assert run.code == 1
    assert KEPT in run.violated
    assert leaking(run, CANARY) == set()


def test_packed_echoes_leave_nothing_behind(project: Project) -> None:
    packed = [pack(json.dumps({"status": "paused", "key": CANARY}).encode()) for pack in BODIES.values()]

    def instead(number: int) -> bytes:
        return answer(200, packed[number % len(packed)], "Content-Type: application/json")

    run = project.ask(Things(instead=instead), *QUIET)
    assert KEPT in run.violated
    assert b"packed bytes withheld" in b"".join(
        base64.b64decode(line["response"]["body"]) for line in ledger_of(run) if line.get("response")
    )
    assert leaking(run, CANARY) == set()


def test_echoes_in_header_fields_leave_nothing_behind(project: Project) -> None:
    fields = [f"X-{index}: before {text} after" for index, text in enumerate(IN_A_FIELD.values())]
    fields += [f"X-{quote(CANARY, safe='')}: 1", f"{base64.b64encode(CANARY.encode()).decode().strip('=')}: 1"]
    fields += [f"{CANARY.encode().hex()}: 1", f"Location: /x?key={quote(CANARY)}", f"Set-Cookie: key={CANARY}"]
    run = project.ask(Things({"status": "paused"}, fields=tuple(fields)), *QUIET)
    assert KEPT in run.violated
    assert leaking(run, CANARY) == set()


def test_echo_in_the_name_of_a_field_is_a_violation(project: Project) -> None:
    run = project.ask(Things(fields=(f"X-{quote(CANARY, safe='')}: 1",)))
    assert run.violated == {KEPT}


def lines(*texts: str) -> bytes:
    return "\r\n".join([*texts, "", ""]).encode("latin-1")


FRAMINGS: dict[str, Callable[[str], bytes]] = {
    "a coding": lambda text: answer(200, b"{}", "Content-Type: application/json", f"Content-Encoding: {text}"),
    "codings": lambda text: answer(200, b"{}", f"Content-Encoding: gzip, {text}"),
    "a reason": lambda text: lines(f"HTTP/1.1 200 {text}", "Content-Length: 0"),
    "a status": lambda text: lines(f"HTTP/1.1 {text} OK", "Content-Length: 0"),
    "no status line": lambda text: lines(f"{text} and more"),
    "no status line, cut": lambda text: lines(f"{'x' * 22} {text} and more"),
    "a field without a colon": lambda text: lines("HTTP/1.1 200 OK", text),
    "a field's name": lambda text: lines("HTTP/1.1 200 OK", f"X {text}: 1"),
    "a length": lambda text: lines("HTTP/1.1 200 OK", f"Content-Length: {text}"),
    "a transfer coding": lambda text: lines("HTTP/1.1 200 OK", f"Transfer-Encoding: {text}"),
    "a chunk": lambda text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", f"{text}", "x"),
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_echoes_in_broken_answers_leave_nothing_behind(name: str, project: Project) -> None:
    written = [IN_A_FIELD[each] for each in ("as it is", "upper case", "base64", "some percent", "JSON escapes")]
    things = Things(instead=lambda number: FRAMINGS[name](written[number % len(written)]))
    run = project.ask(things, *QUIET, "--contract-max-requests=15")
    assert leaking(run, CANARY) == set()


TELLING = """
import base64, logging, os, warnings
import pytest
from contracts.testing import test_rule

KEY = os.environ["CONTRACT_CREDENTIAL"]
FORMS = [KEY, KEY.upper(), base64.b64encode(b"x" + KEY.encode()).decode(), "".join("%%%02x" % ord(c) for c in KEY)]

def test_warnings():
    for form in FORMS:
        warnings.warn(f"a warning about {form}")
        warnings.warn(DeprecationWarning("old", form))

def test_logs():
    for form in FORMS:
        logging.getLogger("mine").warning("asked with %s", form)
        try:
            raise ValueError(form)
        except ValueError:
            logging.getLogger("mine").exception("it failed")

def test_properties(record_property, record_testsuite_property, record_xml_attribute):
    for number, form in enumerate(FORMS):
        record_property(f"key{number}", form)
        record_property(f"keys{number}", [{"key": form.encode()}])
        record_testsuite_property(f"all{number}", form)
    record_xml_attribute("key", FORMS[2])

def test_output(capfd):
    with capfd.disabled():
        pass
    for form in FORMS:
        print(form)
        os.write(2, form.encode())

@pytest.mark.xfail(reason=FORMS[2], strict=False)
def test_expected():
    assert KEY == 1

@pytest.mark.skip(reason=FORMS[1])
def test_skipped():
    pass

def test_locals():
    form = FORMS[2]
    long = f"{'x' * 300} {form} {'y' * 300} {KEY}"
    assert long == form
"""


def test_tests_of_the_session_leave_nothing_behind(project: Project) -> None:
    project.write(module=TELLING)
    (project.folder / "test_broken.py").write_text("import os\nraise RuntimeError(os.environ['CONTRACT_CREDENTIAL'])\n")
    more = ("--log-file=run.log", "--continue-on-collection-errors", "-W", "always", "-o", "junit_family=legacy")
    run = project.ask(Things(), *LOUD, *more)
    assert "a warning about $CONTRACT_CREDENTIAL" in run.out
    assert "RuntimeError: $CONTRACT_CREDENTIAL" in run.out
    assert 'name="all0" value="$CONTRACT_CREDENTIAL"' in (project.folder / "out.xml").read_text()
    assert "ValueError: $CONTRACT_CREDENTIAL" in (project.folder / "run.log").read_text()
    assert leaking(run, CANARY) == set()


PROXIES = [f"http://user:{CANARY}", f"http://user:{quote(CANARY)}%40proxy.example:1", f"https://{CANARY}:x"]


@pytest.mark.parametrize("url", PROXIES)
def test_password_of_a_proxy_is_in_no_error(url: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = project.run("-q", "--base-url=http://service.example", f"--contract-proxy={url}")
    assert (run.code, leaking(run, CANARY)) == (4, set())
    monkeypatch.setenv("HTTP_PROXY", url)
    run = project.run("-q", "--base-url=http://service.example")
    assert (run.code, leaking(run, CANARY)) == (4, set())


def test_masked_json_in_utf_16_stays_in_it_and_the_finding_too(project: Project) -> None:
    body = json.dumps({"status": "active", "key": CANARY}).encode("utf-16")
    run = project.ask(Things(body), *QUIET)
    assert KEPT in run.violated
    assert leaking(run, CANARY) == set()
    kept = [base64.b64decode(line["response"]["body"]) for line in ledger_of(run) if line.get("response")]
    assert json.dumps({"status": "active", "key": MARK}).encode("utf-16") in kept


# Secrets that the run has, and does not send

UNSENT = {
    "NOTTE_API_KEY": "notte-Canary-1a2b3c",
    "CONTRACT_CREDENTIAL_OF_ANOTHER": "other-Canary-4d5e6f",
    "CONTRACT_PASSWORD_OAUTH": "p\u00e4ss-Canary-\U0001f511-7a",
    "CONTRACT_CLIENT_SECRET": "client-Canary-8b9c",
    "CONTRACT_CLIENT_KEY_PASSWORD": "key-Canary-0d1e",
    "HTTPS_PROXY": "http://ann:proxy-Canary-2f3a@proxy.example:1",
    "GATEWAY": "Bearer gate-Canary-4b5c",
    "BASIC": f"Basic {b64('ann:basic-Canary-6d7e')}",
    "COOKIE": "theme=dark; sid=cookie-Canary-8f9a",
}
PARTS = ("proxy-Canary-2f3a", "gate-Canary-4b5c", "basic-Canary-6d7e", "cookie-Canary-8f9a")
SENT = tuple(f"--contract-header=X-{name}={name}" for name in ("GATEWAY", "BASIC", "COOKIE"))


def test_secrets_that_are_not_sent_leave_nothing_behind(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in UNSENT.items():
        monkeypatch.setenv(name, value)
    values = [*UNSENT.values(), *PARTS]
    written = [f"{json.dumps(value)[1:-1]} {b64(value)} {value.upper()}" for value in values]
    fields = tuple(f"X-{number}: {quote(value)}" for number, value in enumerate(values))
    fields += (f"X-Latin: {UNSENT['CONTRACT_PASSWORD_OAUTH'].encode().decode('latin-1')}",)
    run = project.ask(Things({"status": "paused", "said": written}, fields=fields), *SENT, *QUIET)
    assert run.violations == {ENUM, KEPT}
    assert leaking(run, *[*UNSENT.values()][:5], *PARTS) == set()
    assert "Canary" not in run.out


def test_a_credential_that_is_given_as_a_value_leaves_nothing_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", CANARY)
    given = f"--contract-param=thing_id={CANARY}"
    assert project.run("-q", given).code == 0
    assert f"/things/{MARK}" in (project.folder / "build/contract/exchanges.jsonl").read_text()
    things = Things()
    for run in (project.run("-q", given), project.ask(things, given, *QUIET)):
        assert leaking(run, CANARY) == set()
    assert [line for line in things.lines if line.startswith("GET /things/canary-7f3a")]


WORDS = ("active", "Content-Type", "things", "status", "enum", "exercised")


def test_words_of_the_environment_mangle_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = project.ask(Things())
    for number, word in enumerate(WORDS):
        monkeypatch.setenv(f"CONTRACT_CREDENTIAL_NOBODY_{number}", word)
    monkeypatch.setenv("CONTRACT_PASSWORD_NOBODY", "thing_id")
    monkeypatch.setenv("STAGE", "application")
    run = project.ask(Things(), "--contract-header=X-Stage=STAGE")
    assert (run.code, run.violated, run.judged) == (0, set(), clean.judged)
    assert "$CONTRACT" not in run.out


# URLs that are credentials


def test_capability_urls_leave_nothing_behind(project: Project) -> None:
    url = {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]}
    project.write(document(get=operation("get_thing", THING | {"properties": {**THING["properties"], "cdp_url": url}})))
    bodies = [place(CDP).encode() for place in URL_PLACES.values()]
    bodies += [f'{{"status": "{encode(CDP)}"}}'.encode() for name, encode in TEXTS.items() if "cut" not in name]
    fields = (f"X-CDP-URL: {CDP}", f"Location: {CDP}", f"X-Debug: {TEXTS['base64'](CDP)}")

    def instead(number: int) -> bytes:
        return answer(200, bodies[number % len(bodies)], "Content-Type: application/json", *fields)

    run = project.ask(Things(instead=instead), *QUIET)
    assert run.code == 1
    assert leaking(run, TOKEN) == set()


def marked() -> dict[str, Any]:
    """A document that marks a property, one by its schema, a header field and a parameter as secret."""
    properties = {
        **THING["properties"],
        "live_view": {"type": "string", "x-secret": True},
        "stream": {"anyOf": [{"$ref": "#/components/schemas/Stream"}, {"type": "null"}]},
        "code": {"type": "string"},
    }
    signature = {"name": "sig", "in": "query", "schema": {"type": "string"}, "x-secret": True}
    spec = document(get=operation("get_thing", THING | {"properties": properties}, parameters=[signature]))
    spec["components"]["schemas"] = {"Stream": {"type": "string", "x-secret": True}}
    spec["paths"]["/things/{thing_id}"]["get"]["responses"]["200"]["headers"] = {
        "X-Session-Key": {"schema": {"type": "string", "x-secret": True}}
    }
    return spec


@pytest.mark.parametrize("how", ["in the document", "in an overlay"])
def test_what_the_document_marks_as_secret_leaves_nothing_behind(how: str, project: Project) -> None:
    spec = marked()
    if how == "in an overlay":
        del spec["components"]["schemas"]["Stream"]["x-secret"]
        action = {"target": "$.components.schemas.Stream", "update": {"x-secret": True}}
        overlay = {"overlay": "1.0.0", "info": {"title": "x", "version": "1"}, "actions": [action]}
        (project.folder / "overlay.yaml").write_text(json.dumps(overlay))
    project.write(spec)
    secrets = [f"{TOKEN}{number}" for number in range(4)]
    thing: dict[str, Any] = {"status": "paused", "liveView": secrets[0], "stream": secrets[1], "code": "plain-code-77"}
    thing["again"] = [f"see {secrets[0]}", TEXTS["base64"](secrets[1]), {"to": f"/x?sig={secrets[3]}&a=1"}]
    fields = (f"X-Session-Key: {secrets[2]}", f"X-Debug: {TEXTS['hexadecimal'](secrets[2])}")
    overlays = ("--contract-overlay=overlay.yaml",) * (how == "in an overlay")
    run = project.ask(Things(thing, fields=fields), *QUIET, *overlays)
    assert run.violated - {"GET /things/{thing_id} 200 / undocumented properties"} == {ENUM}
    assert leaking(run, TOKEN) == set()
    assert "plain-code-77" in (project.folder / "build/contract/report.json").read_text()
