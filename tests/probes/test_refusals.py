"""For each constraint of a document there is a request that breaks it, and no other, on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.messages import Request
from contracts.probes import ProbePlan
from contracts.probes.edges import others_of
from contracts.schemas.claims import claim_of
from contracts.schemas.constraints import forbidden_by
from tests.exchanges.documents import one_operation, parameter

TEXT, INTEGER = {"type": "string"}, {"type": "integer"}
LINE = {
    "type": "object",
    "required": ["sku", "count"],
    "additionalProperties": False,
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
        "count": {"type": "integer", "minimum": 1, "maximum": 99},
    },
}
CARD = {"type": "object", "required": ["kind", "number"], "properties": {"kind": {"const": "card"}, "number": TEXT}}
CASH = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cash"}, "coins": INTEGER}}
ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["lines", "pay"],
    "minProperties": 3,
    "maxProperties": 9,
    "properties": {
        "lines": {"type": "array", "minItems": 2, "maxItems": 4, "uniqueItems": True, "items": LINE},
        "pay": {"oneOf": [CARD, CASH], "discriminator": {"propertyName": "kind"}},
        "price": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1000, "multipleOf": 0.5},
        "mail": {"type": "string", "format": "email", "maxLength": 60},
        "on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "state": {"enum": ["new", "old"]},
        "gift": {"type": "boolean"},
        "size": {"anyOf": [INTEGER, {"type": "string", "minLength": 2}]},
        "notes": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 5}},
    },
}
BODY = {"required": True, "content": {"application/json": {"schema": ORDER}}}
WANTED = """
query page required, query page type, query page minimum, query page maximum, query sort enum, query ids maxItems,
query ids /* type, query ids /* minimum, header X-Trace required, header X-Trace pattern, cookie theme enum,
path id type, path id maximum, query q minLength, query q maxLength,
body required, body content type, body content type missing, body syntax, body / nullability, body / type,
body / required lines, body / required pay, body / minProperties, body / maxProperties, body /lines nullability,
body /lines type, body /lines minItems, body /lines maxItems, body /lines uniqueItems, body /lines/* nullability,
body /lines/* type, body /lines/* required sku, body /lines/* required count, body /lines/* additionalProperties,
body /lines/*/sku nullability, body /lines/*/sku type, body /lines/*/sku pattern, body /lines/*/count nullability,
body /lines/*/count type, body /lines/*/count minimum, body /lines/*/count maximum, body /pay nullability,
body /pay type, body /pay required kind, body /pay/kind enum, body /pay/kind type, body /pay/kind nullability, 
body /pay/<card> required number,
body /pay/<card>/number nullability, body /pay/<card>/number type, body /pay/<cash>/coins nullability,
body /pay/<cash>/coins type, body /state type, body /price nullability, body /price type, body /price exclusiveMinimum,
body /price exclusiveMaximum, body /price multipleOf, body /mail nullability, body /mail type, body /mail format,
body /mail maxLength, body /on type, body /on format, body /state nullability, body /state enum,
body /gift nullability, body /gift type, body /size nullability, body /size type, body /size minLength,
body /notes nullability, body /notes type, body /notes/* nullability, body /notes/* type, body /notes/* maxLength
"""
PARAMETERS = [
    parameter("id", {**INTEGER, "maximum": 1000}),
    parameter("page", {**INTEGER, "minimum": 1, "maximum": 50}, "query", required=True),
    parameter("sort", {"enum": ["up", "down"]}, "query"),
    parameter("q", {**TEXT, "minLength": 2, "maxLength": 9}, "query"),
    parameter("ids", {"type": "array", "maxItems": 3, "items": {**INTEGER, "minimum": 5}}, "query"),
    parameter("X-Trace", {**TEXT, "pattern": "^[a-f0-9]{8}$"}, "header", required=True),
    parameter("theme", {"enum": ["dark", "light"]}, "cookie"),
]


def asked(*answered: Request, **fields: Any) -> dict[str, list[Request]]:
    """The refusals of one operation by what they break, each proved once more."""
    spec, operation = one_operation(method="post", **fields)
    found: dict[str, list[Request]] = {}
    for probe in ProbePlan(spec, unsafe=True, live=True).lane(operation).refusals(answered):
        assert claim_of(operation, probe.request) == probe.claim
        assert not probe.claim.allowed
        found.setdefault(probe.claim.breaks, []).append(probe.request)
    assert found.keys() <= {one.name for one in forbidden_by(operation)}
    return found


def words(text: str) -> set[str]:
    return {name.strip() for name in text.split(",")}


def test_each_constraint_is_broken_alone() -> None:
    assert asked(parameters=PARAMETERS, requestBody=BODY).keys() == words(WANTED)


@pytest.mark.parametrize(
    ("name", "bodies"),
    [
        ("body /lines/* required sku", [b'[{"count":1},{"sku":"ABC-1234","count":2}]']),
        ("body /gift type", [b'"gift":"text"', b'"gift":{"key":"value"}']),
        ("body /state enum", [b'"state":"unheard_of"', b'"state":"NEW"']),
        ("body /lines uniqueItems", [b'{"sku":"ABC-1234","count":2},{"sku":"ABC-1234","count":2}']),
    ],
)
def test_requests_that_were_answered_are_changed_in_one_place(name: str, bodies: list[bytes]) -> None:
    lines = b'[{"sku": "ABC-1234", "count": 1}, {"sku": "ABC-1234", "count": 2}]'
    body = b'{"lines": %s, "pay": {"kind": "cash"}, "price": 1.5}' % lines
    fields = (("Content-Type", "application/json"), ("x-trace", "0123abcd"))
    found = asked(Request("POST", "/things/7?page=3", fields, body), parameters=PARAMETERS, requestBody=BODY)
    assert {request.target for request in found[name]} == {"/things/7?page=3"}
    assert all(part in (request.body or b"") for part, request in zip(bodies, found[name], strict=False))


FORM = {
    "type": "object",
    "required": ["title", "file"],
    "properties": {
        "title": {"type": "string", "minLength": 3},
        "file": {"type": "string", "format": "binary"},
        "count": {"type": "integer", "maximum": 4},
        "tags": {"type": "array", "maxItems": 2, "items": {"enum": ["a", "b"]}},
        "meta": {"type": "object", "required": ["by"], "properties": {"by": TEXT}},
    },
}


@pytest.mark.parametrize("media", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_each_part_of_a_form_is_broken_alone(media: str) -> None:
    found = asked(requestBody={"required": True, "content": {media: {"schema": FORM}}})
    wanted = words("body / required title, body / required file, body /title minLength, body /count maximum")
    wanted |= words("body required, body content type, body /count type, body /tags maxItems, body /tags/* enum")
    assert wanted <= found.keys()
    sent = b"".join(request.body or b"" for request in found["body /count type"])
    assert (b'name="file"; filename="file.bin"' in sent) == media.startswith("multipart")


def test_a_text_body_is_judged_by_its_schema() -> None:
    content = {"text/plain": {"schema": {**TEXT, "pattern": "^a+$", "maxLength": 9}}}
    assert {"body / pattern", "body / maxLength"} <= asked(requestBody={"content": content}).keys()


def test_names_tell_media_types_apart() -> None:
    content = {key: {"schema": LINE} for key in ("application/json", "application/merge-patch+json")}
    found = asked(requestBody={"content": content})
    assert {f"body ;{name} /sku pattern" for name in content} <= found.keys()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "format": "int32"}}},
        {"type": "object", "properties": {"a": TEXT}},
    ],
    ids=["format that nobody asserts", "open object"],
)
def test_what_the_document_leaves_open_is_not_asked(schema: Any) -> None:
    found = asked(requestBody={"content": {"application/json": {"schema": schema}}})
    shape = {"body content type", "body content type missing", "body syntax"}
    assert found.keys() - shape == words("body / nullability, body / type, body /a nullability, body /a type")


def test_nothing_is_asked_of_a_text_that_can_be_read_in_another_way() -> None:
    parameters = [
        parameter("id", TEXT),
        parameter("flag", {"type": "boolean"}, "query"),
        parameter("o", {"type": "object", "required": ["a"]}, "query"),
        parameter("either", {"type": ["string", "null"], "maxLength": 3}, "query"),
    ]
    assert asked(parameters=parameters).keys() == {"query flag type", "query either maxLength"}


def test_mock_is_asked_where_it_can_refuse() -> None:
    parameters = [parameter("id", INTEGER)]
    able, _ = one_operation(parameters=parameters, responses={"200": {"description": ""}, "422": {"description": ""}})
    unable, _ = one_operation(parameters=parameters, responses={"200": {"description": ""}})
    counts = [len(list(ProbePlan(spec).lane(spec.operations[0]).refusals(()))) for spec in (able, unable)]
    assert counts == [2, 0]


@pytest.mark.parametrize(("method", "broken"), [("put", {"path", "query"}), ("delete", {"query"})])
def test_what_ends_a_resource_gets_no_id_that_may_be_somebodys(method: str, broken: set[str]) -> None:
    parameters = [parameter("id", INTEGER), parameter("why", {"enum": ["a", "b"]}, "query")]
    spec, operation = one_operation(method=method, parameters=parameters)
    lane = ProbePlan(spec, unsafe=True, live=True).lane(operation)
    assert {str(probe.claim.breaks).split(" ")[0] for probe in lane.refusals(())} == broken


def test_requests_of_one_operation_are_bounded() -> None:
    properties = {f"p{n}": {**INTEGER, "minimum": n} for n in range(150)}
    content = {"application/json": {"schema": {"type": "object", "properties": properties}}}
    assert sum(map(len, asked(requestBody={"content": content}).values())) == 160


def test_value_near_an_allowed_one_is_drawn_where_none_can_be_guessed() -> None:
    parameters = [parameter("q", {**TEXT, "pattern": "^[a-z]+[0-9]$", "minLength": 4}, "query")]
    assert "query q minLength" in asked(parameters=parameters)


NAMED = {"type": "object", "properties": {"name": TEXT, "mail": {**TEXT, "format": "email"}, "count": INTEGER}}


def test_other_values_are_like_no_others() -> None:
    content = {"application/json": {"schema": {**NAMED, "required": [*NAMED["properties"]]}}}
    _, operation = one_operation("/things", "post", requestBody={"content": content})
    body = b'{"name":"a","mail":"a@example.com","count":1}'
    base = Request("POST", "/things", (("Content-Type", "application/json"),), body)
    made = [[json.loads(one.body or b"") for one in others_of(operation, base, str(n))] for n in range(30)]
    texts, everything, *_, last = zip(*made, strict=True)
    assert {one["count"] for one in texts} == {1}
    assert [len({one[name] for one in everything}) for name in ("name", "mail", "count")] == [30, 30, 30]
    assert {(one["name"], one["mail"]) for one in last} == {("a", "a@example.com")}


def test_nothing_is_changed_where_nothing_can_be() -> None:
    content = {"application/json": {"schema": {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}}}}
    _, operation = one_operation("/things", "post", requestBody={"content": content})
    base = Request("POST", "/things", (("Content-Type", "application/json"),), b'{"kind":"a"}')
    assert list(others_of(operation, base, "")) == []
