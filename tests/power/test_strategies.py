"""Payloads through Hypothesis: valid, and shrunk to the plainest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import find, given, settings

from contracts.document.model import Document, Schema, Source
from contracts.messages import JSON
from contracts.schemas.validation import schema_of, validator
from tests.power.strategies import from_canonical, payloads

SESSION = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "status": {"enum": ["closed", "active"]},
        "id": {"type": "string", "format": "uuid"},
        "error": {"type": ["string", "null"], "maxLength": 20},
        "steps": {"type": "array", "items": {"type": "object"}},
        "next": {"anyOf": [{"$ref": "#/components/schemas/X"}, {"type": "null"}]},
    },
}
DOCUMENT = Document("x", "", "3.1.0", {"components": {"schemas": {"X": SESSION}}}, source=lambda p: Source("x", 1, p))
SCHEMA = Schema(DOCUMENT, "/components/schemas/X")


@settings(deadline=None, max_examples=50, database=None)
@given(payloads(SCHEMA))
def test_payloads_are_valid(payload: JSON) -> None:
    assert validator(SCHEMA).is_valid(payload)


def test_the_smallest_payload_has_only_what_is_required() -> None:
    assert find(payloads(SCHEMA), lambda payload: True) == {
        "status": "active",
        "id": "00000000-0000-4000-8000-000000000000",
    }


@pytest.mark.parametrize(
    ("schema", "smallest"),
    [
        ({"type": ["string", "null"]}, None),
        ({"type": "integer"}, 0),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "object", "additionalProperties": {"type": "null"}}, {}),
        ({"type": "string"}, ""),
        ({"type": "string", "format": "date"}, "2016-01-01"),
    ],
    ids=str,
)
def test_choices_shrink_to_the_plainest(schema: dict[str, Any], smallest: JSON) -> None:
    assert find(from_canonical(schema_of(schema)), lambda payload: True) == smallest
