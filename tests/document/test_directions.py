"""A property that is in no message of a direction is not required there, wherever that is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document import Schema, Spec, read_spec
from contracts.payloads import CoveringChoices, RandomChoices
from contracts.payloads.compiler import generator
from contracts.schemas.validation import validator
from tests.documents import document, plan_of, short

NAME, SECRET, PLAIN = {"type": "string"}, {"type": "string", "writeOnly": True}, {"type": "string"}
BOTH = ["name", "secret"]
DECLARED: dict[str, Any] = {"type": "object", "properties": {"name": NAME, "secret": SECRET}}
COMPONENTS = {
    "Secret": SECRET,
    "Declared": DECLARED,
    "Needs": {"required": BOTH},
    "Strict": {"type": "object", "required": BOTH, "properties": {"name": NAME, "secret": PLAIN}},
    "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}, {"required": BOTH}]},
}


def to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def of(secret: Any) -> dict[str, Any]:
    return {"type": "object", "required": BOTH, "properties": {"name": NAME, "secret": secret}}


def spec_with(schema: Any, openapi: str = "3.1.0") -> Spec:
    value = document(schema, openapi=openapi, components=COMPONENTS)
    body = {"content": {"application/json": {"schema": schema}}}
    value["paths"]["/things/{id}"]["get"]["requestBody"] = body
    return read_spec(json.dumps(value).encode(), path="x.json", folder=None)


def schemas_of(schema: Any, openapi: str = "3.1.0") -> tuple[Schema, Schema]:
    """What is sent and what comes back."""
    (operation,) = spec_with(schema, openapi).operations
    assert operation.request_body is not None
    found = operation.request_body.content[0].schema, operation.responses[0].content[0].schema
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


FORMS = [
    pytest.param(of(SECRET), id="the same schema"),
    pytest.param(of(to("Secret")), id="behind a reference"),
    pytest.param(of({"allOf": [to("Secret")]}), id="in an allOf of its own"),
    pytest.param(of({"writeOnly": True, "allOf": [NAME]}), id="beside an allOf"),
    pytest.param(of({"oneOf": [SECRET, {"type": "integer", "writeOnly": True}]}), id="in each branch of its own"),
    pytest.param({"allOf": [DECLARED, {"required": BOTH}]}, id="another branch of an allOf"),
    pytest.param({"allOf": [to("Declared"), {"required": BOTH}]}, id="another branch, declared by reference"),
    pytest.param({"allOf": [to("Declared"), to("Needs")]}, id="another branch, both by reference"),
    pytest.param({"allOf": [to("Declared"), {"allOf": [to("Needs")]}]}, id="another branch, deeper"),
    pytest.param({"required": BOTH, "allOf": [DECLARED]}, id="beside the allOf"),
    pytest.param({**DECLARED, "allOf": [{"required": BOTH}]}, id="declared beside the allOf"),
    pytest.param({**DECLARED, "allOf": [to("Strict")]}, id="declared without the mark elsewhere"),
    pytest.param({**DECLARED, "anyOf": [{"required": BOTH}, {"type": "array"}]}, id="in a branch of an anyOf"),
    pytest.param({**DECLARED, "oneOf": [{"required": ["secret"]}, {"required": ["token"]}]}, id="branches alike"),
    pytest.param({"required": BOTH, "oneOf": [DECLARED, {"type": "array"}]}, id="beside a oneOf"),
    pytest.param({"oneOf": [of(SECRET), {"type": "array"}]}, id="within a branch of a oneOf"),
    pytest.param({**DECLARED, "if": {"required": ["name"]}, "then": {"required": BOTH}}, id="in a then"),
    pytest.param({**DECLARED, "if": False, "else": {"required": BOTH}}, id="in an else"),
    pytest.param({"required": BOTH, "if": True, "then": DECLARED}, id="beside a then"),
    pytest.param({**DECLARED, "dependentRequired": {"name": ["secret"]}}, id="dependentRequired"),
    pytest.param({**DECLARED, "dependentSchemas": {"name": {"required": ["secret"]}}}, id="dependentSchemas"),
]


@pytest.mark.parametrize(
    "schema", [*FORMS, pytest.param(of({"anyOf": [SECRET, {"type": "null"}]}), id="in one branch of its own")]
)
def test_what_is_never_there_is_not_required_wherever_that_is_said(schema: Any) -> None:
    sent, received = schemas_of(schema)
    assert validator(received).is_valid({"name": "a"})
    assert not validator(sent).is_valid({"name": "a"})


@pytest.mark.parametrize("schema", FORMS)
def test_its_value_may_be_anything_and_no_sender_has_one(schema: Any) -> None:
    _, received = schemas_of(schema)
    covering = CoveringChoices()
    drawn = [generator(received).draw(covering) for _ in range(20)] + [generator(received).draw(RandomChoices(1))]
    assert all("secret" not in value for value in drawn if isinstance(value, dict))


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(to("Strict"), id="another schema without the mark"),
        pytest.param({"allOf": [DECLARED, {"properties": {"inner": to("Strict")}}]}, id="below another name"),
        pytest.param({"oneOf": [{**DECLARED, "required": ["kind"]}, to("Strict")]}, id="another branch of a oneOf"),
        pytest.param({"allOf": [{"not": DECLARED}, to("Strict")]}, id="what must not be so"),
    ],
)
def test_what_is_said_elsewhere_is_required_as_ever(schema: Any) -> None:
    _, received = schemas_of(schema)
    assert not validator(received).is_valid({"name": "a", "inner": {"name": "a"}})


@pytest.mark.parametrize("keyword", ["if", "not"])
def test_a_condition_is_read_as_written(keyword: str) -> None:
    schema = {**DECLARED, "then": False, keyword: {"required": ["secret"]}}
    assert validator(schemas_of(schema)[1]).is_valid({"name": "a"})


def test_a_schema_by_reference_keeps_what_it_says_where_nothing_is_marked() -> None:
    schema = {"properties": {"a": {"allOf": [to("Declared"), to("Needs")]}, "b": to("Needs")}}
    _, received = schemas_of(schema)
    assert validator(received).is_valid({"a": {"name": "x"}})
    assert not validator(received).is_valid({"b": {"name": "x"}})


def test_what_leads_only_back_to_itself_is_read() -> None:
    _, received = schemas_of({"allOf": [DECLARED, to("Loop")]})
    assert '"required": ["name"]' in json.dumps(received.value)


@pytest.mark.parametrize(("openapi", "binds"), [("3.0.3", True), ("3.1.0", False)])
def test_a_mark_beside_a_reference_counts_in_3_1_alone(openapi: str, binds: bool) -> None:
    schema = of({"$ref": "#/components/schemas/Plain", "writeOnly": True})
    value = document(schema, openapi=openapi, components={"Plain": PLAIN, "Marks": SECRET})
    spec = read_spec(json.dumps(value).encode(), path="x.json", folder=None)
    body = spec.operations[0].responses[0].content[0].schema
    assert body is not None
    assert validator(body).is_valid({"name": "a"}) is not binds


def test_requests_do_not_have_what_only_answers_have() -> None:
    sent, _ = schemas_of(
        {"allOf": [{"properties": {"id": {"type": "integer", "readOnly": True}}}, {"required": ["id"]}]}
    )
    assert validator(sent).is_valid({})
    assert validator(sent).is_valid({"id": "of any type: nobody looks at it"})
    assert "id" not in generator(sent).draw(CoveringChoices())


@pytest.mark.parametrize("schema", FORMS)
def test_rules_say_only_that_it_does_not_come_back(schema: Any) -> None:
    rules = [short(rule) for rule in plan_of(schema, components=COMPONENTS).rules]
    assert not [rule for rule in rules if rule.startswith("/secret")]
    assert "/ required secret" not in rules


KEYWORDS = ["if", "not", "oneOf", "discriminator", "properties", "required", "dependentSchemas", "dependentRequired"]


@pytest.mark.parametrize("place", ["schemas", "patternProperties", "$defs"])
def test_names_of_schemas_are_no_keywords(place: str) -> None:
    """One that is called `if` is no condition: in it, what never comes back is not required."""
    named = dict.fromkeys([*KEYWORDS, "other"], of(SECRET))
    value = document({"properties": {"a": {place: named}}}, components=named if place == "schemas" else {})
    spec = read_spec(json.dumps(value).encode(), path="x.json", folder=None)
    body = spec.operations[0].responses[0].content[0].schema
    assert body is not None
    around = "/components" if place == "schemas" else f"{body.pointer}/properties/a"
    read = body.document.at(f"{around}/{place}")
    assert [name for name in named if read[name] != read["other"]] == []
    assert read["other"]["required"] == ["name"]
