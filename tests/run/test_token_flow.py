"""Runs that fetch their token by a flow of the document: asked for, fetched once a process, and shown nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from .projects import LOUD, Project, Run, Things, answer, leaks
from .test_credentials import doors, house

USER, PASSWORD = "ann", "pa55word/of ann"
CLIENT_SECRET = "client+secret/1"
REFRESH = "refresh-0815-canary"
FLOW = "--contract-token-from-flow"


def token(number: int) -> str:
    return f"canary+token/{number:04}"


def document(url: str = "token", flow: str = "password") -> dict[str, Any]:
    spec = doors({"door": [{"sign-in": ["read"]}], "open": []})
    flows = {flow: {"tokenUrl": url, "scopes": {"read": "read"}}}
    spec["components"]["securitySchemes"]["sign-in"] = {"type": "oauth2", "flows": flows}
    return spec


class Office:
    """A service that gives tokens to who is known, and opens its door for the last one alone."""

    def __init__(self, *, lasts: int = 10**9, status: int = 200) -> None:
        self.given, self.shown, self.lasts, self.status = 0, 0, lasts, status
        self.things = house(lambda path, fields: "/open" in path or self.is_let_in(fields))
        inside = self.things.instead
        self.things.instead = lambda number: self.reply() if self.is_asked_for_a_token else inside(number)
        self.things.fields = ("X-Seen: nothing",)

    @property
    def is_asked_for_a_token(self) -> bool:
        return self.things.heads[-1].startswith("POST ")

    def is_let_in(self, fields: Any) -> bool:
        name, _, value = fields.get("authorization", "").partition(" ")
        known = name.lower() == "bearer" and self.given > 0 and value == token(self.given)
        self.shown += known
        return known and self.shown % self.lasts != 0

    def reply(self) -> bytes:
        if self.status != 200:
            said = {"error": "invalid_grant", "error_description": f"{PASSWORD} is wrong, {CLIENT_SECRET}, too"}
            return answer(self.status, json.dumps(said).encode(), "Content-Type: application/json")
        self.given += 1
        said = {"access_token": token(self.given), "token_type": "bearer", "refresh_token": REFRESH}
        return answer(200, json.dumps(said).encode(), "Content-Type: application/json")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, project: Project) -> Iterator[None]:
    given = {
        "CONTRACT_USER_SIGN_IN": USER,
        "CONTRACT_PASSWORD_SIGN_IN": PASSWORD,
        "CONTRACT_CLIENT_ID_SIGN_IN": "app",
        "CONTRACT_CLIENT_SECRET_SIGN_IN": CLIENT_SECRET,
    }
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    project.env = {**project.env, **given}
    with stamina.set_testing(True, attempts=1):
        yield


def run_of(project: Project, things: Things, *args: str, flow: str = "password") -> Run:
    project.write(document(flow=flow))
    return project.run("--base-url", project.serve(things), FLOW, *args)


def secrets_shown(run: Run) -> set[str]:
    values = (PASSWORD, CLIENT_SECRET, REFRESH, *map(token, range(1, 6)))
    return set().union(*(leaks(run, value) for value in values))


@pytest.mark.parametrize("flow", ["password", "clientCredentials"])
def test_run_fetches_its_token_once(flow: str, project: Project) -> None:
    office = Office()
    run = run_of(project, office.things, *LOUD, flow=flow)
    assert (run.code, run.violations, office.given) == (0, set(), 1)
    assert run.verdicts["GET /door auth accepted"]["outcome"] == "holds"
    assert run.verdicts["GET /door auth wrong"]["outcome"] == "holds"
    first = next(line for line in run.lines if line.startswith("contract: "))
    assert re.search(r" on (http://127\.0\.0\.1:\d+), with tokens from \1/token", first)
    assert secrets_shown(run) == set()


def test_nothing_is_fetched_unless_it_is_asked_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", token(1))
    office = Office()
    office.given = 1
    project.write(document())
    run = project.run("-q", "--base-url", project.serve(office.things))
    assert (run.code, office.given) == (0, 1)
    assert not [line for line in office.things.lines if line.startswith("POST")]


@pytest.mark.parametrize("more", ["--contract-dry-run", "--collect-only"])
def test_nothing_is_fetched_where_nothing_is_sent(more: str, project: Project) -> None:
    office = Office()
    assert run_of(project, office.things, more).code in (0, 4, 5)
    assert office.things.lines == []


def test_token_that_is_given_is_not_fetched(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    office.given = 1
    monkeypatch.setenv("CONTRACT_CREDENTIAL_SIGN_IN", token(1))
    run = run_of(project, office.things)
    assert (run.code, office.given) == (0, 1)


def test_each_process_fetches_its_own(project: Project) -> None:
    office = Office()
    office.things.instead = _for_any_token(office)
    run = run_of(project, office.things, "-n", "2")
    assert run.code == 0
    assert 1 <= office.given <= 2
    assert secrets_shown(run) == set()


def _for_any_token(office: Office) -> Any:
    """What an office replies that lets in whoever has any of its tokens."""

    def is_let_in(fields: Any) -> bool:
        given = {f"bearer {token(number)}" for number in range(1, office.given + 1)}
        return fields.get("authorization", "").lower() in given

    inside = house(lambda path, fields: "/open" in path or is_let_in(fields))
    inside.heads = office.things.heads
    return lambda number: office.reply() if office.is_asked_for_a_token else inside.instead(number)


def test_token_that_expires_meanwhile_is_fetched_again(project: Project) -> None:
    office = Office(lasts=3)
    run = run_of(project, office.things, *LOUD)
    assert (run.code, run.violations) == (0, set())
    assert office.given > 1
    assert run.report["retried_for"]["401"] == office.given - 1
    assert secrets_shown(run) == set()


def test_run_without_a_token_is_inconclusive_and_says_why(project: Project) -> None:
    office = Office(status=400)
    run = run_of(project, office.things, *LOUD)
    assert run.code == 3
    said = (
        "/token was answered with 400 invalid_grant: $CONTRACT_PASSWORD_SIGN_IN is wrong, "
        "$CONTRACT_CLIENT_SECRET_SIGN_IN, too; look at CONTRACT_USER_SIGN_IN"
    )
    assert said in run.report["reasons"][0]
    assert said[:60] in run.lines[-1]
    assert "Traceback" not in run.out + run.err
    assert run.verdicts["GET /open auth not required"]["outcome"] == "holds"  # which wants none
    assert len([line for line in office.things.lines if line.startswith("POST")]) == 1
    assert secrets_shown(run) == set()


def test_token_endpoint_that_is_down_is_said(project: Project) -> None:
    project.write(document("http://127.0.0.1:9/token"))
    run = project.run("-q", "--base-url", project.serve(Office().things), FLOW)
    assert run.code == 3
    assert "no token for the scheme sign-in: POST http://127.0.0.1:9/token was not answered (refused" in run.lines[-1]


def test_secrets_do_not_go_to_production_from_elsewhere(project: Project) -> None:
    project.write(document("https://api.notte.cc/token"))
    run = project.run("-q", "--base-url", project.serve(Office().things), FLOW)
    assert run.code == 4
    assert "--contract-token-from-flow would send secrets to the production host" in run.err


def test_what_is_published_is_asked_for_without_a_token(project: Project) -> None:
    office = Office()
    run = run_of(project, office.things, "-q", "--contract-drift")
    assert (run.code, "failed inside" in run.report["drift"]["problem"]) == (0, False)
    assert office.things.lines[0] == "GET /openapi.json"
    assert "authorization" not in office.things.heads[0].lower()
