"""Sessions that are started, listed, read and stopped: none is left running, and none of somebody else's is stopped."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

from contracts.exchanges import Ledger
from contracts.flows import ask, conclude
from contracts.messages import Request, Response
from contracts.run.inputs import Inputs, Target
from contracts.run.options import Options
from contracts.run.state import State
from contracts.verdicts import Verdict

from ..documents import spec_from
from ..in_process import serving

SESSION = {
    "type": "object",
    "required": ["session_id", "status"],
    "properties": {"session_id": {"type": "string"}, "status": {"enum": ["active", "closed"]}},
}
ID = [{"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}}]
NEW = {"type": "object", "properties": {"minutes": {"type": "integer", "minimum": 1, "maximum": 9}}}


def shown(schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    refused = {status: {"description": ""} for status in ("404", "405", "422")}
    return {"responses": {"200": {"description": "", "content": content}, **refused}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Sessions", "version": "1"},
    "paths": {
        "/sessions": {"get": shown({"type": "array", "items": SESSION})},
        "/sessions/start": {
            "post": {**shown(SESSION), "requestBody": {"content": {"application/json": {"schema": NEW}}}}
        },
        "/sessions/{session_id}": {"get": shown(SESSION), "parameters": ID},
        "/sessions/{session_id}/stop": {"delete": shown(SESSION), "parameters": ID},
    },
}


class Sessions:
    def __init__(self) -> None:
        self.status, self.numbers = {"s0": "active"}, count(1)

    def answer(self, request: Request) -> Response:
        method, parts = request.method, request.path.strip("/").split("/")
        if request.path == "/sessions" and method == "GET":
            return self._of(*self.status)
        if request.path == "/sessions/start" and method == "POST":
            if not (request.body or b"{}").strip().startswith(b"{"):
                return Response(422)
            name = f"s{next(self.numbers)}"
            self.status[name] = "active"
            return self._one(name)
        if parts[1:2] and parts[1] in self.status and (method, len(parts)) in (("GET", 2), ("DELETE", 3)):
            self.status[parts[1]] = "closed" if method == "DELETE" else self.status[parts[1]]
            return self._one(parts[1])
        return Response(404)

    def _one(self, name: str) -> Response:
        return self._json({"session_id": name, "status": self.status[name]})

    def _of(self, *names: str) -> Response:
        return self._json([{"session_id": name, "status": self.status[name]} for name in names])

    def _json(self, value: Any) -> Response:
        return Response(200, (("content-type", "application/json"),), json.dumps(value).encode())


def test_sessions_are_started_listed_and_stopped(tmp_path: Path) -> None:
    sessions, spec = Sessions(), spec_from(DOCUMENT)
    inputs = Inputs(spec, Target("http://127.0.0.1:1"), Options(unsafe=True), folder=tmp_path)
    state = State(inputs, Ledger(tmp_path / "exchanges.jsonl", {"started": "2026-11-24T12:00:00+00:00"}))
    state.chosen = frozenset(spec.by_key)

    with serving(sessions):
        verdicts: dict[str, Verdict] = {}
        for operation in spec.operations:
            verdicts |= ask(state, operation).verdicts
        notes = [one.probe.note for one in state.ledger.of("lives of /sessions/{session_id}")]
        conclude(state, "", "", lambda _run: None)

    assert verdicts["POST /sessions/start / created is found"].outcome == "holds"
    assert verdicts["GET /sessions / list has what exists"].outcome == "holds"
    assert notes.count("end") == 2
    assert len(sessions.status) > 4
    assert {name for name, status in sessions.status.items() if status == "active"} == {"s0"}
