"""Templates that match one path: their methods and statuses are taken together, by probes, rules and the mock."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts.document import Spec
from contracts.messages import Exchange, Headers, Probe, Request, Response
from contracts.mock import MockService
from contracts.probes import ProbePlan
from contracts.rules import rules_for
from contracts.rules.faults import notices
from contracts.verdicts import Judgement, judge, judge_all
from tests.documents import spec_from

JSON: Headers = (("Content-Type", "application/json"),)


def responses(*statuses: str, schema: Any = True) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"responses": {status: {"description": "", "content": content} for status in statuses}}


def spec_with(**operations: Any) -> Spec:
    """A document of the operations, each by `METHOD PATH`."""
    paths: dict[str, Any] = {}
    for key, operation in operations.items():
        method, _, path = key.partition(" ")
        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        parameters = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]
        paths.setdefault(path, {"parameters": parameters})[method.lower()] = operation
    return spec_from({"openapi": "3.1.0", "info": {"title": "Overlaps", "version": "1"}, "paths": paths})


def asked(spec: Spec, key: str, request: Request, response: Response, source: str = "fuzz") -> Judgement:
    return judge(rules_for(spec).operations[key], Exchange(0, Probe(key, request, source=source), response))


def broken(judgement: Judgement) -> list[str]:
    return [finding.rule for finding in judgement.findings]


OK: dict[str, Any] = responses("200")
GONE: dict[str, Any] = {"responses": {"204": {"description": ""}}}
ATTESTATIONS = {
    "DELETE /orgs/{org}/attestations/{attestation_id}": GONE,
    "GET /orgs/{org}/attestations/{subject_digest}": OK,
}
MEETING = {
    "names alone": ATTESTATIONS,
    "names alone, the other way": dict(reversed(ATTESTATIONS.items())),
    "a literal": {"POST /users/me": GONE, "GET /users/{id}": OK},
    "part of a segment": {"PUT /a/{x}.json": GONE, "GET /a/{y}": OK},
    "parts of a segment": {"PUT /a/{x}.json": GONE, "GET /a/b{y}": OK, "DELETE /a/{z}": GONE},
    "neither is more concrete": {"PATCH /books/{id}": GONE, "GET /{entity}/me": OK},
}


@pytest.mark.parametrize("operations", MEETING.values(), ids=MEETING)
def test_the_mock_breaks_no_rule(operations: dict[str, Any]) -> None:
    spec = spec_with(**operations)
    service, plan, book = MockService(spec), ProbePlan(spec, unsafe=True), rules_for(spec)
    for operation in spec.operations:
        probes = [*plan.lane(operation).probes(), *plan.lane(operation).closing(None)]
        exchanges = [Exchange(0, probe, service.answer(probe.request)) for probe in probes]
        judged = judge_all(book.operations[operation.key], exchanges)
        assert [finding for judgement in judged for finding in judgement.findings] == []


def unlisted(spec: Spec, index: int = 0) -> list[str]:
    closing = ProbePlan(spec, unsafe=True).lane(spec.operations[index]).closing(None)
    return [probe.request.method for probe in closing if probe.source == "method"]


@pytest.mark.parametrize("index", [0, 1])
def test_a_method_that_a_template_of_the_same_shape_has_is_not_unlisted(index: int) -> None:
    assert unlisted(spec_with(**ATTESTATIONS), index) == ["TRACE", "OPTIONS", "POST", "PUT", "PATCH"]


def test_a_method_that_a_less_concrete_template_has_is_not_unlisted() -> None:
    assert unlisted(spec_with(**MEETING["a literal"])) == ["TRACE", "OPTIONS"]
    assert unlisted(spec_with(**MEETING["part of a segment"])) == ["TRACE", "OPTIONS", "POST", "PATCH", "DELETE"]


def test_an_earlier_report_that_calls_a_listed_method_unlisted_is_not_believed() -> None:
    """Its evidence is sent again by `--contract-replay`."""
    spec, key = spec_with(**ATTESTATIONS), "DELETE /orgs/{org}/attestations/{attestation_id}"
    head, post = Request("HEAD", "/orgs/a/attestations/b"), Request("POST", "/orgs/a/attestations/b")
    assert broken(asked(spec, key, head, Response(200), "method")) == []
    assert broken(asked(spec, key, post, Response(200), "method")) == [f"{key} unlisted method"]


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [("/users/me", "GET", 200), ("/users/me", "HEAD", 200), ("/users/me", "POST", 204), ("/users/you", "POST", 405)],
)
def test_the_mock_serves_what_any_template_has(target: str, method: str, status: int) -> None:
    assert MockService(spec_with(**MEETING["a literal"])).answer(Request(method, target)).status == status


def test_the_mock_answers_head_by_the_most_concrete_template() -> None:
    spec = spec_with(**{"GET /users/me": responses("202"), "HEAD /users/{id}": OK, "GET /users/{id}": OK})
    assert MockService(spec).answer(Request("HEAD", "/users/me")).status == 202


def test_the_mock_allows_what_any_template_has() -> None:
    answer = MockService(spec_with(**MEETING["a literal"])).answer(Request("TRACE", "/users/me"))
    assert (answer.status, answer.header("allow")) == (405, "POST, GET, HEAD, OPTIONS")


@pytest.mark.parametrize(("status", "found"), [(202, []), (404, []), (418, ["GET /users/me status documented"])])
def test_a_status_may_be_that_of_another_template(status: int, found: list[str]) -> None:
    spec = spec_with(**{"GET /users/me": responses("202"), "GET /users/{id}": responses("200", "404")})
    assert broken(asked(spec, "GET /users/me", Request("GET", "/users/me"), Response(status, JSON, b"{}"))) == found


@pytest.mark.parametrize("path", ["/users/me", "/users/you"])
def test_a_status_of_another_method_counts_for_nothing(path: str) -> None:
    spec = spec_with(**{"GET /users/{id}": OK, "POST /users/me": responses("404")})
    answer = Response(404, JSON, b"{}")
    assert broken(asked(spec, "GET /users/{id}", Request("GET", path), answer)) == ["GET /users/{id} status documented"]


TWINS = {"GET /a/{x}": responses("200", schema={"type": "object"}), "GET /a/{y}": responses("200", "202")}


@pytest.mark.parametrize(("status", "found"), [(200, []), (202, []), (418, ["status documented"])])
def test_what_two_operations_of_one_path_document_is_judged_by_neither(status: int, found: list[str]) -> None:
    judgement = asked(spec_with(**TWINS), "GET /a/{x}", Request("GET", "/a/1"), Response(status, JSON, b"[]"))
    assert broken(judgement) == [f"GET /a/{{x}} {rule}" for rule in found]


def test_a_more_concrete_operation_is_judged_by_its_own_schema() -> None:
    spec = spec_with(**{"GET /a/b": responses("200", schema={"type": "object"}), "GET /a/{y}": OK})
    judgement = asked(spec, "GET /a/b", Request("GET", "/a/b"), Response(200, JSON, b"[]"))
    assert broken(judgement) == ["GET /a/b 200 / type"]


def test_where_neither_is_more_concrete_only_shared_paths_are_left_alone() -> None:
    spec = spec_with(**{"GET /books/{id}": responses("200", schema={"type": "object"}), "GET /{entity}/me": OK})
    seen = {
        target: broken(asked(spec, "GET /books/{id}", Request("GET", target), Response(200, JSON, b"[]")))
        for target in ("/books/me", "/books/1")
    }
    assert seen == {"/books/me": [], "/books/1": ["GET /books/{id} 200 / type"]}


def test_templates_that_differ_in_names_alone_are_told_with_both_lines() -> None:
    (notice,) = map(str, notices(spec_with(**ATTESTATIONS)))
    delete, get = (key.partition(" ")[2] for key in ATTESTATIONS)
    written = re.fullmatch(
        rf"things\.json:(\d+): {re.escape(f'{get} and {delete}')} \(things\.json:(\d+)\) (.+)", notice
    )
    assert written is not None
    assert int(written[1]) > int(written[2]) > 1
    assert "are one path (OpenAPI 3.1 §4.8.8)" in written[3]


@pytest.mark.parametrize("name", ["a literal", "part of a segment", "neither is more concrete"])
def test_templates_of_other_shapes_are_not_told(name: str) -> None:
    assert list(notices(spec_with(**MEETING[name]))) == []
