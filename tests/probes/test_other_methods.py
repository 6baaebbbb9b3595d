"""Requests for path items by reference and for methods that the generator does not know, and what travels of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.document import Spec
from contracts.messages import Claim, Request
from contracts.mock import MockService
from contracts.probes import ProbePlan, schemathesis_cases
from contracts.probes.knowledge import ends
from contracts.report.run import about_rule
from contracts.rules import rules_for
from contracts.schemas.claims import claim_of
from tests.exchanges.documents import parameter, spec_of
from tests.exchanges.test_client import GET, Script, ask
from tests.exchanges.test_client import OK as ANSWER

OK = {"200": {"description": "fine", "content": {"application/json": {"schema": {"type": "integer"}}}}}
BODY = {"required": True, "content": {"application/json": {"schema": {"type": "object", "required": ["q"]}}}}
IN_QUERY = [parameter(name, {"type": "integer"}, "query") | {"required": True} for name in "xy"]

CHAIN = spec_of(
    {
        "/rooms/{id}": {
            "$ref": "#/components/pathItems/One",
            "parameters": [parameter("id", {"type": "integer"})],
            "post": {"requestBody": BODY, "responses": OK},
        },
        "/same": {"$ref": "#/components/pathItems/Two"},
    },
    components={
        "pathItems": {
            "One": {"$ref": "#/components/pathItems/Two", "parameters": IN_QUERY[:1]},
            "Two": {"get": {"responses": OK}, "parameters": IN_QUERY[1:], "post": {"responses": OK}},
        }
    },
)
METHODS = spec_of(
    {
        "/things/{id}": {
            "parameters": [parameter("id", {"type": "string"})],
            "query": {"requestBody": BODY, "responses": OK},
            "post": {"responses": OK},
            "additionalOperations": {
                "SEARCH": {"requestBody": BODY, "responses": OK},
                "link": {"parameters": IN_QUERY, "responses": OK},
            },
        }
    },
    version="3.2.0",
)


def made(spec: Spec, key: str) -> list[Request]:
    generated, operation = schemathesis_cases.Cases(spec, 0), spec.by_key[key]
    found = schemathesis_cases.coverage_requests(generated, operation)
    found += schemathesis_cases.fuzz_requests(generated, operation, seed=0, examples=3)
    return [request for _, request in found]


def allowed(spec: Spec, key: str) -> list[Request]:
    return [request for request in made(spec, key) if claim_of(spec.by_key[key], request).allowed]


@pytest.mark.parametrize("key", [operation.key for operation in CHAIN.operations])
def test_a_path_item_by_reference_gets_requests(key: str) -> None:
    assert allowed(CHAIN, key)


def test_parameters_of_all_path_items_of_a_chain_count() -> None:
    names = {key: "".join(p.name for p in operation.parameters) for key, operation in CHAIN.by_key.items()}
    assert names == {"GET /rooms/{id}": "yxid", "POST /rooms/{id}": "yxid", "GET /same": "y", "POST /same": "y"}


def test_what_the_first_path_item_says_comes_first() -> None:
    assert {request.body for request in allowed(CHAIN, "POST /rooms/{id}")} - {None}


@pytest.mark.parametrize("key", [operation.key for operation in METHODS.operations])
def test_every_method_gets_requests_of_its_own(key: str) -> None:
    found = allowed(METHODS, key)
    assert {request.method for request in found} == {key.partition(" ")[0]}


@pytest.mark.parametrize("key", ["QUERY /things/{id}", "SEARCH /things/{id}"])
def test_a_method_with_a_body_gets_bodies(key: str) -> None:
    assert {request.body for request in allowed(METHODS, key)} - {None}


def test_parameters_of_an_additional_operation_are_sent() -> None:
    assert all("x=" in request.query and "y=" in request.query for request in allowed(METHODS, "link /things/{id}"))


@pytest.mark.parametrize(("method", "is_safe"), [("QUERY", True), ("SEARCH", False), ("link", False), ("POST", False)])
def test_query_is_safe_and_others_are_not(method: str, is_safe: bool) -> None:
    lane = ProbePlan(METHODS, unsafe=False).lane(METHODS.by_key[f"{method} /things/{{id}}"])
    sent = {probe.source for probe in lane.probes()}
    assert ("coverage" in sent) is is_safe


@pytest.mark.parametrize("key", [operation.key for operation in METHODS.operations])
def test_the_mock_answers_every_method(key: str) -> None:
    answers = {MockService(METHODS).answer(request).status for request in allowed(METHODS, key)}
    assert answers == {200}


def test_a_method_goes_out_as_it_is_written() -> None:
    script = Script(ANSWER)
    ask(script, replace(GET, request=Request("link", "/things/1")))
    assert script.requests[0].startswith(b"link /things/1 HTTP/1.1\r\n")


@pytest.mark.parametrize("method", ["link", "QUERY", "M-SEARCH", "get!"])
def test_the_id_of_a_rule_may_begin_with_any_method(method: str) -> None:
    found = about_rule(f"{method} /things/{{id}} 200 / type")
    assert (found["operation"], found["status"], found["place"]) == (f"{method} /things/{{id}}", "200", "/")


# What a request may have besides, since 3.2


def whole_query(media: str, schema: Any, query: str, **fields: Any) -> Claim:
    said = {"name": "all", "in": "querystring", "content": {media: {"schema": schema}}, **fields}
    spec = spec_of({"/a": {"get": {"parameters": [said], "responses": OK}}}, version="3.2.0")
    return claim_of(spec.operations[0], Request("GET", f"/a{query}"))


OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("media", "query", "allowed"),
    [
        ("application/json", "?%7B%22a%22%3A1%7D", True),
        ("application/json", "?%7B%22a%22%3A%22x%22%7D", False),
        ("application/json", "?a=1", False),
        ("application/x-www-form-urlencoded", "?a=1", True),
        ("application/json", "", True),
    ],
)
def test_a_whole_query_is_held_against_its_schema(media: str, query: str, allowed: bool) -> None:
    assert whole_query(media, OBJECT, query).allowed is allowed


def test_a_whole_query_may_be_required() -> None:
    claim = whole_query("application/json", OBJECT, "", required=True)
    assert str(claim) == "forbidden because the querystring parameter all is missing"


@pytest.mark.parametrize(("style", "allowed"), [("cookie", False), ("form", True)])
def test_a_cookie_in_the_style_of_cookies_is_not_decoded(style: str, allowed: bool) -> None:
    said = parameter("c", {"type": "string", "pattern": "^a b$"}, "cookie", style=style)
    spec = spec_of({"/a": {"get": {"parameters": [said], "responses": OK}}}, version="3.2.0")
    assert claim_of(spec.operations[0], Request("GET", "/a", (("Cookie", "c=a%20b"),))).allowed is allowed


@pytest.mark.parametrize(
    ("version", "clauses"),
    [
        ("3.0.3", ["OpenAPI 3.0 §4.7.16", "JSON Schema Validation, draft-wright-00 §5.21", "OpenAPI 3.0 §4.7.14"]),
        ("3.1.0", ["OpenAPI 3.1 §4.8.16", "JSON Schema 2020-12 Validation §6.1.1", "OpenAPI 3.1 §4.8.14"]),
        ("3.2.0", ["OpenAPI 3.2 §4.16", "JSON Schema 2020-12 Validation §6.1.1", "OpenAPI 3.2 §4.14"]),
    ],
)
def test_clauses_are_those_of_the_version(version: str, clauses: list[str]) -> None:
    rules = {
        rule.kind: rule.clause for rule in rules_for(spec_of({"/a": {"get": {"responses": OK}}}, version=version)).rules
    }
    assert [rules[kind] for kind in ("status documented", "type", "schema")] == clauses


@pytest.mark.parametrize(
    "error", [TypeError, ZeroDivisionError, AssertionError, AttributeError, KeyError, RecursionError]
)
def test_a_bug_of_the_generator_ends_no_operation(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error("odd")

    monkeypatch.setattr("schemathesis.schemas.APIOperation.as_strategy", fails)
    monkeypatch.setattr("schemathesis.specs.openapi.schemas.OpenApiSchema.iter_coverage_cases", fails)
    lane = ProbePlan(METHODS, given={"id": ("1",)}, unsafe=True).lane(METHODS.by_key["POST /things/{id}"])
    assert {probe.source for probe in lane.probes()} & {"given", "edge"}


@pytest.mark.parametrize(
    ("method", "does"), [("PURGE", True), ("UNLINK", True), ("MOVE", True), ("COPY", False), ("LINK", False)]
)
def test_a_method_may_end_a_resource_by_its_name(method: str, does: bool) -> None:
    item = {"parameters": [parameter("id", {"type": "string"})], "additionalOperations": {method: {"responses": OK}}}
    spec = spec_of({"/things/{id}": item}, version="3.2.0")
    assert ends(spec, spec.operations[0]) is does
