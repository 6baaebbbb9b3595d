"""What must be sent and what must come back differ where a property is read-only or write-only."""

import json
from typing import Any

import pytest

from contracts.document import Operation, read_spec
from contracts.schemas.validation import validator
from tests.documents import document

PASSWORD = {"type": "string", "writeOnly": True}
IDENTITY = {"type": "string", "readOnly": True}


def operation(properties: dict[str, Any], required: list[str]) -> Operation:
    schema = {"type": "object", "required": required, "properties": properties}
    value = document(schema, components={"Password": PASSWORD, "Twice": {"$ref": "#/components/schemas/Password"}})
    value["paths"]["/things/{id}"]["get"]["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return read_spec(json.dumps(value).encode(), path="x.json", folder=None).operations[0]


def accepts(operation: Operation, value: Any) -> tuple[bool, bool]:
    """Whether the request body and the response body may be `value`."""
    assert operation.request_body is not None
    sent, received = operation.request_body.content[0].schema, operation.responses[0].content[0].schema
    assert sent is not None
    assert received is not None
    return validator(sent).is_valid(value), validator(received).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "accepted"),
    [
        pytest.param({"type": "string"}, (False, False), id="both ways"),
        pytest.param(IDENTITY, (True, False), id="read-only"),
        pytest.param(PASSWORD, (False, True), id="write-only"),
        pytest.param({"$ref": "#/components/schemas/Password"}, (False, True), id="write-only by reference"),
        pytest.param({"$ref": "#/components/schemas/Twice"}, (False, True), id="write-only by two references"),
        pytest.param(True, (False, False), id="anything"),
    ],
)
def test_a_required_property_binds_its_own_direction(schema: Any, accepted: tuple[bool, bool]) -> None:
    assert accepts(operation({"a": schema}, ["a"]), {}) == accepted


def test_other_required_properties_still_bind() -> None:
    assert accepts(operation({"a": PASSWORD, "b": {}}, ["a", "b"]), {"a": "x"}) == (False, False)


def test_a_required_property_without_a_schema_binds_both_ways() -> None:
    assert accepts(operation({"b": {}}, ["a"]), {}) == (False, False)


def test_a_document_without_either_is_read_once() -> None:
    spec = read_spec(json.dumps(document({"type": "object"})).encode(), path="x.json", folder=None)
    (body,) = spec.operations[0].responses[0].content
    assert body.schema is not None
    assert body.schema.document is spec.document
