"""What a sender sends and a receiver takes of one schema, written out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document.model import Document, Source, for_requests, for_responses
from contracts.schemas import readings
from contracts.schemas.readings import TooLarge, sent_form, taken_form
from contracts.schemas.validation import keyword_validator

RECORD = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
}
TREE = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}
REFERENCE = {"$ref": "#/components/schemas/Record"}


def document() -> Document:
    tree = {"components": {"schemas": {"Record": RECORD, "Tree": TREE}}}
    return Document("x", "", "3.1.0", tree, lambda pointer: Source("x", 1, pointer), frozenset({"readOnly"}))


def accepts(form: Any, value: Any) -> bool:
    return keyword_validator(json.dumps(form)).is_valid(value)


@pytest.mark.parametrize(
    ("value", "sent", "taken"),
    [
        ({"name": "a"}, True, True),
        ({"name": "a", "id": "1"}, False, True),
        ({"name": "a", "id": 1}, False, True),
        ({"name": "a", "other": 1}, False, True),
        ({}, False, False),
    ],
    ids=str,
)
def test_a_property_that_does_not_travel_is_not_sent_and_not_looked_at(value: Any, sent: bool, taken: bool) -> None:
    requests = for_requests(document())
    assert accepts(sent_form(requests, REFERENCE), value) is sent
    assert accepts(taken_form(requests, REFERENCE), value) is taken


def test_the_other_direction_has_it() -> None:
    responses = for_responses(document())
    assert accepts(sent_form(responses, REFERENCE), {"name": "a", "id": "1"})
    assert not accepts(taken_form(responses, REFERENCE), {"name": "a", "id": 1})


def test_names_of_all_parts_are_sent() -> None:
    whole = {"allOf": [REFERENCE, {"properties": {"more": True}}]}
    form = sent_form(document(), whole)
    assert accepts(form, {"name": "a", "id": "1", "more": 1})
    assert not accepts(form, {"name": "a", "id": "1", "most": 1})


def test_what_refers_to_itself_is_written_with_references() -> None:
    form = sent_form(document(), TREE)
    assert accepts(form, {"kids": [{"kids": []}]})
    assert not accepts(form, {"kids": [{"kid": []}]})


def test_a_schema_that_is_too_large_is_not_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MAX_NODES", 2)
    with pytest.raises(TooLarge):
        taken_form(document(), RECORD)
