"""What only answers have is no part of a request; sent once, it is to be refused or ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.messages import Exchange, Probe, Request, Response
from contracts.probes.probe_plan import ProbePlan
from contracts.rules import Severity, rules_for
from contracts.schemas.claims import is_sent, unsent_values
from contracts.verdicts import judge
from tests.documents import document, spec_from

JSON = (("Content-Type", "application/json"),)
KEY = "POST /things"
OWN = {
    "id": {"type": "integer", "readOnly": True},
    "made": {"type": "string", "format": "date-time", "readOnly": True},
    "state": {"enum": ["a", "b"], "readOnly": True},
    "hidden": {"type": "string", "readOnly": True},
    "name": {"type": "string"},
}
SHOWN = {name: OWN[name] for name in ("id", "made", "state", "name")}
VALUES = {"id": 918273, "made": "2001-02-03T04:05:06Z"}


def spec_with(properties: dict[str, Any] = OWN, shown: dict[str, Any] = SHOWN) -> Any:
    def content(held: Any) -> dict[str, Any]:
        return {"application/json": {"schema": {"type": "object", "required": ["id", "name"], "properties": held}}}

    value = document({})
    responses = {"201": {"description": "", "content": content(shown)}, "422": {"description": ""}}
    value["paths"] = {"/things": {"post": {"requestBody": {"content": content(properties)}, "responses": responses}}}
    return spec_from(value)


def seen(status: int, body: Any, source: str = "unsent") -> str | None:
    """What is said of an answer: empty if the rule holds, None if it says nothing."""
    request = Request("POST", "/things", JSON, json.dumps({"name": "a", **VALUES}).encode())
    exchange = Exchange(0, Probe(KEY, request, source=source), Response(status, JSON, json.dumps(body).encode()))
    judgement = judge(rules_for(spec_with()).operations[KEY], exchange)
    rule = f"{KEY} read-only property"
    found = {finding.rule: finding.seen for finding in judgement.findings}
    return found.get(rule, "" if rule in judgement.exercised else None)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (201, {"id": 1, "name": "a", "made": "2026-01-01T00:00:00Z"}, ""),
        (201, {"id": 918273, "name": "a"}, "the answer has the value of the request for id"),
        (201, {"id": 918273, "made": VALUES["made"]}, "the answer has the value of the request for id, made"),
        (201, {"name": "a"}, None),
        (422, {}, ""),
        (401, {}, None),
        (500, {}, None),
    ],
    ids=["its own", "taken over", "two taken over", "not shown", "refused", "another reason", "a crash"],
)
def test_a_value_of_a_request_is_refused_or_ignored(status: int, body: Any, said: str | None) -> None:
    assert seen(status, body) == said


def test_other_requests_say_nothing_of_it() -> None:
    assert seen(201, {"id": 918273, "name": "a"}, source="given") is None


def test_only_values_that_nobody_else_would_choose_are_sent() -> None:
    (operation,) = spec_with().operations
    assert unsent_values(operation) == VALUES


def test_they_are_sent_in_the_order_of_the_document() -> None:
    """The same document and seed make the same bytes in every process."""
    many = {f"n{number}": {"type": "integer", "readOnly": True} for number in range(30)}
    (operation,) = spec_with(many, many).operations
    assert [*unsent_values(operation)] == [*many]


def test_without_such_properties_there_is_no_rule() -> None:
    spec = spec_with({"name": {"type": "string"}})
    assert not [rule for rule in rules_for(spec).rules if rule.kind == "read-only property"]


def test_it_is_an_advisory() -> None:
    (rule,) = [rule for rule in rules_for(spec_with()).rules if rule.kind == "read-only property"]
    assert rule.severity is Severity.ADVISORY


@pytest.mark.parametrize(("body", "sent"), [({"name": "a"}, True), ({"name": "a", "id": 1}, False), ({"id": 1}, True)])
def test_an_allowed_request_has_none_of_them(body: Any, sent: bool) -> None:
    (operation,) = spec_with().operations
    request = Request("POST", "/things", JSON, json.dumps(body).encode())
    assert is_sent(operation, request) is sent  # what is forbidden anyhow, is


def test_the_plan_sends_them_once_with_what_was_answered() -> None:
    spec = spec_with()
    lane = ProbePlan(spec, unsafe=True, live=True).lane(spec.operations[0])
    bodies = [json.loads(probe.request.body) for probe in lane.probes() if probe.claim.allowed and probe.request.body]
    assert bodies
    assert not [body for body in bodies if body.keys() & OWN.keys() - {"name"}]
    answered = Request("POST", "/things", JSON, b'{"name": "a"}')
    found = [probe for probe in lane.closing(answered) if probe.source == "unsent"]
    assert [json.loads(probe.request.body or b"") for probe in found] == [{"name": "a", **VALUES}]
    assert not [probe for probe in lane.closing(None) if probe.source == "unsent"]
