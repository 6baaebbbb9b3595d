"""Answers that HTTP sends without content: whatever the document describes there, nothing is missing."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.messages import Claim, Exchange, Headers, Probe, Request, Response
from contracts.mock import MockService
from contracts.rules import OperationRules, rules_for
from contracts.rules.faults import notices
from contracts.verdicts import judge
from tests.documents import document, spec_from

JSON: Headers = (("Content-Type", "application/json"),)
CONTENT = {"application/json": {"schema": {"type": "object", "required": ["a"]}}}
ABOUT_BODIES = {"media type documented", "strict json", "unique names", "required", "type", "schema"}


def rules(*statuses: str, method: str = "get") -> OperationRules:
    value = document({})
    (operation,) = value["paths"]["/things/{id}"].values()
    operation["responses"] = {status: {"description": "", "content": CONTENT} for status in statuses}
    value["paths"]["/things/{id}"] = {method: operation}
    return next(iter(rules_for(spec_from(value)).operations.values()))


def found(rules: OperationRules, response: Response, **probe: Any) -> set[str]:
    request = Request(probe.pop("method", rules.operation.method), "/things/1")
    judged = judge(rules, Exchange(0, Probe(rules.operation.key, request, **probe), response))
    kinds = {rule.id: rule.kind for rule in rules.rules}
    return {kinds[finding.rule] for finding in judged.findings}


@pytest.mark.parametrize("status", ["204", "205", "304", "1XX", "103"])
def test_there_are_no_rules_about_content_that_cannot_come(status: str) -> None:
    assert not {rule.kind for rule in rules("200", status).rules if rule.status == status} & ABOUT_BODIES
    assert {rule.kind for rule in rules("200", status).rules if rule.status == "200"} >= ABOUT_BODIES


def test_there_are_none_about_answers_to_head() -> None:
    assert not {rule.kind for rule in rules("200", method="head").rules} & ABOUT_BODIES


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("documented", ["exact", "range", "default"])
def test_an_answer_without_content_lacks_nothing(documented: str, status: int) -> None:
    key = {"exact": str(status), "range": f"{status // 100}XX", "default": "default"}[documented]
    assert found(rules(key), Response(status)) == set()
    assert found(rules(key), Response(status, JSON)) == set()


@pytest.mark.parametrize("headers", [JSON, (), (("Content-Type", "text/html"),)], ids=["JSON", "none", "another"])
def test_an_answer_to_head_lacks_nothing(headers: Headers) -> None:
    assert found(rules("200"), Response(200, headers), method="HEAD") == set()
    assert found(rules("200", method="head"), Response(200, headers)) == set()


def test_the_same_without_content_lacks_it_where_there_must_be_some() -> None:
    assert found(rules("2XX"), Response(200)) == {"media type documented"}
    assert found(rules("2XX"), Response(200, JSON)) == {"strict json"}


def test_a_reset_with_content_breaks_http() -> None:
    assert found(rules("205"), Response(205, JSON, b"{}")) == {"content length"}


def test_the_document_is_told_once_with_the_place_of_the_first() -> None:
    (said,) = notices(rules("200", "204", "205", "304", "103").spec)
    assert str(said).startswith("things.json:")
    assert "204 of GET /things/{id}, 205 of GET /things/{id}, 304 of GET /things/{id}, 103 of" in said.problem
    assert list(notices(rules("200", "404").spec)) == []


@pytest.mark.parametrize("status", ["204", "205", "304"])
def test_the_mock_answers_without(status: str) -> None:
    made = rules(status)
    answer = MockService(made.spec).answer(Request("GET", "/things/1", (("Prefer", f"code={status}"),)))
    assert (answer.status, answer.body, answer.media_type) == (int(status), b"", None)
    assert found(made, answer) == set()


@pytest.mark.parametrize(("status", "broken"), [(400, set()), (415, set()), (500, {"status documented"})])
def test_how_the_forbidden_is_refused_is_open_where_the_document_refuses_nothing(status: int, broken: set[str]) -> None:
    forbidden = Claim("the header parameter X-A is missing")
    assert found(rules("200", "304"), Response(status), claim=forbidden) == broken
    assert found(rules("200", "304"), Response(status)) == {"status documented"}
    assert found(rules("200", "404"), Response(status), claim=forbidden) == {"status documented"}
