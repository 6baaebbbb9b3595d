"""What a sender sends and a receiver takes of one schema, written out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.document.directions import for_requests, for_responses
from contracts.document.model import Document, Schema, Source
from contracts.schemas import readings
from contracts.schemas.readings import TooLarge, sent_form, taken_form
from contracts.schemas.validation import keyword_validator, validator

RECORD = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
}
TREE = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}
REFERENCE = {"$ref": "#/components/schemas/Record"}
RECURSIVE = {"$ref": "#/components/schemas/Tree"}


def document(**others: Any) -> Document:
    tree = {"components": {"schemas": {"Record": RECORD, "Tree": TREE, **others}}}
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


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one, some = st.lists(inner, min_size=1, max_size=1), st.lists(inner, min_size=1, max_size=2)
    optional: dict[str, Any] = {"allOf": some, "anyOf": one.map([{"type": "null"}].__add__), "oneOf": one}
    optional |= {"properties": st.just({"a": True}), "$ref": st.just(RECURSIVE["$ref"]), "title": st.just("x")}
    return st.fixed_dictionaries({}, optional=optional)


PARTS: list[Any] = [RECURSIVE, {"$ref": "#/components/schemas/Alias"}, {"properties": {"a": True}}, {"type": "object"}]
SCHEMAS = st.recursive(st.sampled_from(PARTS), around, max_leaves=4)
KIDS: st.SearchStrategy[Any] = st.recursive(st.just([]), lambda kids: st.lists(st.builds(dict, kids=kids), max_size=2))
VALUES = st.fixed_dictionaries({}, optional={"a": st.just(1), "kids": KIDS})


@settings(max_examples=300, deadline=None, database=None)
@given(SCHEMAS, VALUES)
def test_what_has_declared_names_and_is_valid_is_sent(schema: Any, value: Any) -> None:
    written = document(Alias={"allOf": [RECURSIVE]}, Written={**schema, "unevaluatedProperties": False})
    if validator(Schema(written, "/components/schemas/Written")).is_valid(value):
        assert accepts(sent_form(written, schema), value)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_what_stands_around_a_recursive_reference_is_sent_too(keyword: str) -> None:
    form = sent_form(document(), {"type": "object", "properties": {"a": True}, keyword: [RECURSIVE]})
    assert accepts(form, {"a": 1, "kids": []})
    assert not accepts(form, {"b": 1, "kids": []})


@pytest.mark.parametrize(
    "schema", [RECURSIVE, {"allOf": [RECURSIVE]}, {"anyOf": [RECURSIVE, {"type": "null"}]}], ids=str
)
def test_a_recursive_reference_alone_is_closed_at_every_depth(schema: Any) -> None:
    form = sent_form(document(), schema)
    assert accepts(form, {"kids": [{"kids": []}]})
    assert not accepts(form, {"kids": [{"a": 1}]})


def test_a_schema_that_is_too_large_is_not_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MAX_NODES", 2)
    with pytest.raises(TooLarge):
        taken_form(document(), RECORD)
