"""Small documents for tests: one operation with one JSON body, described by the schema under test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from contracts.document import Spec, read_spec
from contracts.errors import DocumentError
from contracts.messages import Exchange, Probe, Request
from contracts.mock import MockService
from contracts.rules import OperationRules, Rule, rules_for
from contracts.rules.plan import Plan
from contracts.verdicts import judge

OPERATION = "GET /things/{id}"


def document(schema: Any, *, openapi: str = "3.1.0", components: Any = None, **response: Any) -> dict[str, Any]:
    """A document whose `GET /things/{id}` answers 200 with a body of `schema`; `response` adds to that answer."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": "ok", "content": content, **response}}
    return {
        "openapi": openapi,
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/{id}": {"get": {"parameters": [parameter], "responses": responses}}},
        "components": {"schemas": components or {}},
    }


def spec_of(schema: Any, **more: Any) -> Spec:
    return spec_from(document(schema, **more))


def spec_from(value: dict[str, Any]) -> Spec:
    return read_spec(json.dumps(value, indent=1).encode(), path="things.json", folder=None)


def fault_of(read: Callable[[], Spec]) -> str:
    """What is said of a document that is refused, or the first that is noted of one that is read all the same."""
    try:
        return str(read().notices[0])
    except DocumentError as error:
        return str(error)


def operation_rules(schema: Any, **more: Any) -> OperationRules:
    return rules_for(spec_of(schema, **more)).operations[OPERATION]


def plan_of(schema: Any, **more: Any) -> Plan:
    return next(iter(operation_rules(schema, **more).plans.values()))


def body_rules(schema: Any, **more: Any) -> list[str]:
    """The ids of the rules about the body, without what all of them start with."""
    return [short(rule) for rule in plan_of(schema, **more).rules]


def short(rule: Rule | str) -> str:
    identity = rule if isinstance(rule, str) else rule.id
    return identity.removeprefix(f"{OPERATION} 200 ")


def told_by_the_mock(made: OperationRules) -> tuple[list[str], set[str]]:
    """The rules that some answer of the mock's with 200 breaks, and those about 200 that none exercises."""
    mock, exercised, broken = MockService(made.spec), set[str](), list[str]()
    for example in range(mock.count_variants(made.operation, 200)):
        request = Request("GET", "/things/1", (("Prefer", f"code=200, example={example}"),))
        judgement = judge(made, Exchange(0, Probe(OPERATION, request), mock.answer(request)))
        exercised |= judgement.exercised
        broken += [finding.rule for finding in judgement.findings]
    promised = {rule.id for rule in made.rules if rule.status == "200"}
    return broken, promised - exercised
