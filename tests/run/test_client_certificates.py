"""Runs that show a client's certificate, as `mutualTLS` of a document wants it."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from contracts.document import read_spec
from contracts.run.credentials import certified

from .projects import LOUD, Project, Run, Things, leaks
from .test_credentials import OTHER, bearer, doors, house, key

PEM = Path(__file__).parents[1] / "exchanges" / "loopback.pem"
LOCKED, PASSWORD = PEM.with_name("locked.pem"), "open-sesame-1"
SHOWN = f"--contract-client-cert={PEM}"


def document(*security: dict[str, Any]) -> dict[str, Any]:
    spec = doors({"door": list(security)}, "key", "bearer")
    spec["components"]["securitySchemes"]["tls"] = {"type": "mutualTLS"}
    return spec


def run_of(project: Project, things: Things, spec: dict[str, Any], *args: str, wanted: bool = True) -> Run:
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(PEM)
    secure.load_verify_locations(PEM)
    secure.verify_mode = ssl.CERT_REQUIRED if wanted else ssl.CERT_NONE
    project.write(spec)
    url = project.serve(things, secure)
    return project.run("-q", "--base-url", url, f"--contract-ca-bundle={PEM}", *args)


@pytest.fixture(autouse=True)
def alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")


def test_certificate_is_all_that_is_wanted(project: Project) -> None:
    run = run_of(project, house(lambda path, fields: True), document({"tls": []}), SHOWN)
    assert (run.code, run.violations, run.report["notes"]) == (0, set(), [])
    assert run.judged["GET /door auth not required"][0] == "holds"


def test_key_with_a_password_is_opened_and_the_password_shown_nowhere(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CLIENT_KEY_PASSWORD", PASSWORD)
    things = house(lambda path, fields: 500)
    things.fields = (f"X-Debug: {PASSWORD}",)
    run = run_of(project, things, document({"tls": []}), SHOWN, f"--contract-client-key={LOCKED}", *LOUD)
    curl = run.verdicts["GET /door status documented"]["evidence"]["curl"]
    assert f'--cert {PEM} --key {LOCKED} --pass "$CONTRACT_CLIENT_KEY_PASSWORD"' in curl
    assert leaks(run, PASSWORD) - {"build/contract/exchanges.jsonl"} == set()


def test_key_beside_the_certificate_is_tried_in_all_its_forms(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL_KEY", OTHER)
    spec = document({"tls": [], "key": []})
    run = run_of(project, house(lambda path, fields: key(fields)), spec, SHOWN)
    assert (run.code, run.violations) == (0, set())
    assert run.judged["GET /door auth wrong"][0] == run.judged["GET /door auth required"][0] == "holds"
    lax = run_of(project, house(lambda path, fields: True), spec, SHOWN)
    assert {"GET /door auth required", "GET /door auth wrong"} <= lax.violations


def test_what_the_certificate_opens_is_not_to_be_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", "canary-7f3a+b/9x")
    run = run_of(project, house(lambda path, fields: True), document({"bearer": []}, {"tls": []}), SHOWN)
    assert (run.code, run.violations) == (0, set())
    assert "GET /door auth required" not in run.verdicts
    assert run.judged["GET /door auth accepted for bearer"][0] == "holds"


def test_service_that_wants_one_is_told_apart(project: Project) -> None:
    run = run_of(project, Things(), document({"tls": []}))
    assert run.code == 3
    said = "TLS failed: the service wants a client's certificate; give it as --contract-client-cert FILE"
    assert said in run.report["reasons"][0]


def test_service_that_asks_for_none_is_judged_and_what_is_lacking_is_said(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", "canary-7f3a+b/9x")
    things = house(lambda path, fields: bearer(fields))
    run = run_of(project, things, document({"bearer": []}, {"tls": []}), wanted=False)
    assert (run.code, run.report["notes"]) == (0, [])
    refusing = run_of(project, house(lambda path, fields: False), document({"tls": []}), wanted=False)
    said = "a client's certificate is wanted; give it as --contract-client-cert FILE"
    assert (refusing.code, refusing.violations) == (3, set())
    assert said in refusing.report["reasons"][0]


USELESS = {
    "plain HTTP": ("http://127.0.0.1:9", [SHOWN], "--contract-client-cert is shown to https alone"),
    "a key alone": (
        "https://127.0.0.1:9",
        [f"--contract-client-key={LOCKED}"],
        "--contract-client-key goes with --contract-client-cert",
    ),
    "no file": ("https://127.0.0.1:9", ["--contract-client-cert=none.pem"], "none.pem is no file"),
    "no password": (
        "https://127.0.0.1:9",
        [SHOWN, f"--contract-client-key={LOCKED}"],
        "its key has a password; CONTRACT_CLIENT_KEY_PASSWORD is not set",
    ),
}


@pytest.mark.parametrize("name", USELESS)
def test_certificate_that_is_of_no_use(name: str, project: Project) -> None:
    url, args, said = USELESS[name]
    project.write(document({"tls": []}))
    run = project.run("-q", "--base-url", url, *args)
    assert (run.code, said in run.err) == (4, True), run.err


def test_baseline_is_compared_with_the_document_as_it_is(project: Project) -> None:
    """Of which every client needs a certificate now, also where this one has it."""
    project.write(document({}))
    (project.folder / "base.yaml").write_text((project.folder / "spec" / "notte.yaml").read_text())
    (project.folder / "test_gate.py").write_text("from contracts.testing import test_document\n")
    things = house(lambda path, fields: True)
    run = run_of(project, things, document({"tls": []}), SHOWN, "--contract-baseline=base.yaml", "-rf")
    assert (run.code, "security-tightened" in run.out) == (1, True)


def test_scheme_that_cannot_be_read_is_not_met_by_a_certificate() -> None:
    text = json.dumps(document({"tls": [], "odd": []}, {"key": [], "tls": []})).encode()
    spec = certified(read_spec(text, path="doors.json", folder=None))
    assert spec.operations[0].security == ((("odd", ()),), (("key", ()),))
