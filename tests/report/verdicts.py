"""Verdicts, and the runs that reports with them tell of, made by hand."""

import json
from pathlib import Path
from typing import Any

from contracts.decision.run_decision import Decision, Result
from contracts.document import read_spec
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.traffic import traffic_of
from contracts.messages import Exchange, Failure, Probe, Request, Response
from contracts.report.record import Report, Teller
from contracts.report.run import Run
from contracts.rules import Finding, Rule, Severity
from contracts.verdicts import Evidence, Outcome, Verdict
from contracts.verdicts.handover import Verdicts

STATUS = {"type": "string", "enum": ["active", "closed"]}
CONTENT = {"application/json": {"schema": {"type": "object", "properties": {"status": STATUS}}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "", "content": CONTENT}}},
            "post": {"responses": {"200": {"description": "", "content": CONTENT}}},
        }
    },
}
SPEC = read_spec(json.dumps(DOCUMENT, indent=1).encode(), path="things.yaml", folder=Path())
GET = "GET /things/{id}"
ENUM = "/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/properties/status/enum"


def rule(name: str = "/status enum", severity: Severity = Severity.VIOLATION, status: str | None = "200") -> Rule:
    identity = " ".join(part for part in (GET, status, name) if part)
    return Rule(identity, name.split(" ")[-1], severity, "a clause", GET, status, "/status", ENUM, "is one of active")


def exchange(
    response: Response | Failure | None = None, request: Request | None = None, number: int = 0, note: str = ""
) -> Exchange:
    request = request or Request("GET", "/things/1")
    probe = Probe(f"{request.method} /things/{{id}}", request, source="given", note=note)
    if isinstance(response, Failure):
        return Exchange(number, probe, failure=response)
    return Exchange(number, probe, response=response or Response(200, (), b'{"status": "paused"}', 0.012))


def violated(
    seen: str = '"paused"', instance: str | None = "/status", of: Rule | None = None, on: Exchange | None = None
) -> Verdict:
    broken = of or rule()
    evidence = Evidence(Finding(broken.id, seen, instance), on or exchange())
    return Verdict(broken, Outcome.VIOLATED, 9, 3, {"paused": 3}, evidence)


def report(*verdicts: Verdict, exchanges: tuple[Exchange, ...] = (exchange(),), **extra: Any) -> Run:
    """The run that a report with these verdicts tells of; `base_url` and `scrubber` may be given as well."""
    scrubber = extra.pop("scrubber", Scrubber.of({"CONTRACT_CREDENTIAL": "canary-1"}))
    teller = Teller(SPEC, extra.pop("base_url", "http://h"), scrubber=scrubber)
    given: dict[str, Any] = {
        "seed": 7,
        "started": "2026-11-24T05:00:00.000+00:00",
        "finished": "2026-11-24T05:00:01.000+00:00",
        "decision": Decision(Result.PASS),
    }
    return Report(
        teller, verdicts=Verdicts(verdicts.__iter__), traffic=traffic_of(SPEC, exchanges), **{**given, **extra}
    ).run
