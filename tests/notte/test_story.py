"""Sessions of the mock live as Notte's do: started, growing older, stopped; what the prose says holds all the while."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.document import Spec, load_spec
from contracts.messages import Exchange, Probe, Request, moment_of
from contracts.mock import CREDENTIAL, MockService, Store
from contracts.notte.domain import FINAL
from contracts.notte.prose import DATE, LATER, SeenSession, lived, plausible, prose_rules
from contracts.rules import rules_for
from contracts.verdicts import judge

SESSION = {"$ref": "#/components/schemas/SessionResponse"}
SECURITY: dict[str, Any] = {"security": [{"OAuth2PasswordBearer": []}]}
SWITCH = {"type": "boolean", "default": True}
LISTED = {
    "type": "object",
    "required": ["items", "page", "page_size", "has_next", "has_previous"],
    "properties": {
        "items": {"type": "array", "items": SESSION},
        "page": {"type": "integer", "minimum": 1},
        "page_size": {"type": "integer", "minimum": 1},
        "has_next": {"type": "boolean"},
        "has_previous": {"type": "boolean"},
    },
}


def answers(schema: Any) -> Any:
    return {"200": {"description": "fine", "content": {"application/json": {"schema": schema}}}}


def parameter(name: str, where: str, schema: Any) -> Any:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


LIMITS = {"idle_timeout_minutes": {"type": "integer", "minimum": 1}, "max_duration_minutes": {"type": "integer"}}
PATHS = {
    "/sessions": {
        "get": {
            "parameters": [
                parameter("only_active", "query", SWITCH),
                parameter("page", "query", {"type": "integer", "minimum": 1}),
                parameter("page_size", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            ],
            "responses": answers(LISTED),
            **SECURITY,
        }
    },
    "/sessions/start": {
        "post": {
            "requestBody": {
                "content": {"application/json": {"schema": {"properties": {**LIMITS, "proxies": {"type": "boolean"}}}}}
            },
            "responses": answers(SESSION),
            **SECURITY,
        }
    },
    "/sessions/{session_id}/stop": {
        "delete": {
            "parameters": [parameter("session_id", "path", {"type": "string"})],
            "responses": answers(SESSION),
            **SECURITY,
        }
    },
}


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    overlay = tmp_path_factory.mktemp("overlay") / "more.overlay.yaml"
    actions = [{"target": "$.paths", "update": PATHS}]
    overlay.write_text(json.dumps({"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": actions}))
    return load_spec("spec/notte.yaml", [Path("spec/notte.overlay.yaml"), overlay])


class Sessions:
    """Notte's mock, each answer of which is judged, and the sessions that it told of."""

    def __init__(self, spec: Spec) -> None:
        self.mock, self.store = MockService(spec, plausible, DATE, lived), Store()
        self.book = rules_for(spec, extra=prose_rules(spec))
        self.seen = dict[str, SeenSession]()

    def ask(self, key: str, sent: Any = None) -> Any:
        method, _, target = key.partition(" ")
        body = b"" if sent is None else json.dumps(sent).encode()
        fields = (("Authorization", f"Bearer {CREDENTIAL}"), *[("Content-Type", "application/json")] * bool(body))
        request = Request(method, target, fields, body)
        response = self.mock.answer(request, self.store)
        operation = self.mock.operation_for(request)
        rules = self.book.operations[operation.key]  # type: ignore[union-attr]
        judgement = judge(rules, Exchange(0, Probe(operation.key, request), response))  # type: ignore[union-attr]
        assert judgement.findings == []
        held = json.loads(response.body)
        for session in held.get("items", [held]):
            self._holds_in_time(SeenSession(session, moment_of(response.header("date"))))
        return held

    def _holds_in_time(self, later: SeenSession) -> None:
        earlier = self.seen.get(later.body.get("session_id", ""))
        for row in LATER if earlier else ():
            assert not row.check(earlier, later), row  # type: ignore[arg-type]
        self.seen[later.body.get("session_id", "")] = later


@pytest.fixture
def sessions(spec: Spec) -> Sessions:
    return Sessions(spec)


def test_a_session_is_started_grows_older_and_is_stopped(sessions: Sessions) -> None:
    started = sessions.ask("POST /sessions/start", {"idle_timeout_minutes": 7, "max_duration_minutes": 9})
    place = f"/sessions/{started['session_id']}"
    assert [started[name] for name in ("idle_timeout_minutes", "timeout_minutes", "max_duration_minutes")] == [7, 7, 9]
    ages = [sessions.ask(f"GET {place}") for _ in range(3)]
    assert [(one["status"], one["duration"]) for one in ages] == [("active", f"PT{n}S") for n in (1, 2, 3)]
    stopped = sessions.ask(f"DELETE {place}/stop")
    assert (stopped["status"], stopped["duration"]) == ("closed", "PT4S")
    assert [sessions.ask(f"GET {place}") for _ in range(2)] == [stopped] * 2


def test_a_session_ends_by_itself(sessions: Sessions) -> None:
    place = f"/sessions/{sessions.ask('POST /sessions/start', {'max_duration_minutes': 1})['session_id']}"
    statuses = [sessions.ask(f"GET {place}")["status"] for _ in range(65)]
    assert statuses == ["active"] * 60 + ["timed_out"] * 5
    assert sessions.ask(f"DELETE {place}/stop")["status"] == "timed_out"


def test_sessions_are_listed_with_those_that_were_started(sessions: Sessions) -> None:
    before = sessions.ask("GET /sessions?only_active=false")["items"]
    assert {one["status"] for one in before} & FINAL
    started = sessions.ask("POST /sessions/start", {})["session_id"]
    found = sessions.ask("GET /sessions?only_active=false&page_size=5&page=3")
    assert [one["session_id"] for one in found["items"]][-1] == started
    assert (found["has_next"], found["has_previous"], found["page"]) == (False, True, 3)
    for one in before:
        assert sessions.ask(f"GET /sessions/{one['session_id']}")["status"] == one["status"]


def test_only_those_that_are_active(sessions: Sessions) -> None:
    active = sessions.ask("GET /sessions?only_active=true")["items"]
    assert active
    assert {one["status"] for one in active} == {"active"}
    assert sessions.ask("GET /sessions")["items"][0]["status"] == "active"


def test_an_id_of_the_document_as_it_is_keeps_its_story() -> None:
    sessions = Sessions(load_spec("spec/notte.yaml", [Path("spec/notte.overlay.yaml")]))
    for index in range(40):
        for _ in range(3):
            sessions.ask(f"GET /sessions/{index}")
    assert {one.body["status"] for one in sessions.seen.values()} == {"active", *FINAL}


def test_without_a_store_nothing_grows_older(spec: Spec) -> None:
    mock = MockService(spec, plausible, DATE, lived)
    request = Request("GET", "/sessions/1", (("Authorization", f"Bearer {CREDENTIAL}"),))
    assert mock.answer(request) == mock.answer(request) == MockService(spec, plausible, DATE).answer(request)
