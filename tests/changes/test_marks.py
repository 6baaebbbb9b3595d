"""A property that is marked on one side alone is one edit, told once, whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from tests.documents import document, spec_from

OWN = {"type": "string", "minLength": 1, "default": "x"}
BY_NAME = {"allOf": [{"$ref": "#/components/schemas/Name"}]}


def found(before: Any, after: Any, required: tuple[str, ...]) -> list[tuple[str, str]]:
    """What changed where a property of both requests and answers is `before`, and becomes `after`."""
    specs = []
    for schema in (before, after):
        whole = {"type": "object", "properties": {"a": schema}, "required": [*required]}
        tree = document({"$ref": "#/components/schemas/Thing"}, components={"Thing": whole, "Name": OWN})
        get = tree["paths"]["/things/{id}"]["get"]
        tree["paths"]["/things/{id}"]["put"] = {**get, "requestBody": {"content": get["responses"]["200"]["content"]}}
        specs.append(spec_from(tree))
    return [(one.id, one.effect.value) for one in compare(*specs)]


@pytest.mark.parametrize("schema", [OWN, BY_NAME], ids=["own", "by name"])
@pytest.mark.parametrize(("mark", "kind"), [("readOnly", "read-only-changed"), ("writeOnly", "write-only-changed")])
def test_a_mark_that_came_or_went_is_told_once(schema: dict[str, Any], mark: str, kind: str) -> None:
    marked = {**schema, mark: True}
    assert found(schema, marked, ()) == found(marked, schema, ()) == [(kind, "compatible")]


@pytest.mark.parametrize("schema", [OWN, BY_NAME], ids=["own", "by name"])
@pytest.mark.parametrize(
    ("mark", "came", "went"),
    [
        ("readOnly", ("property-optional", "compatible"), ("property-required", "breaking")),
        ("writeOnly", ("property-optional", "breaking"), ("property-required", "compatible")),
    ],
)
def test_of_what_is_required_a_mark_is_told_by_what_comes_of_it(
    schema: dict[str, Any], mark: str, came: tuple[str, str], went: tuple[str, str]
) -> None:
    marked = {**schema, mark: True}
    assert found(schema, marked, ("a",)) == [came]
    assert found(marked, schema, ("a",)) == [went]


def test_another_edit_of_the_property_is_told_beside_its_mark() -> None:
    longer = {**OWN, "minLength": 3}
    assert found({**OWN, "readOnly": True}, longer, ()) == [
        ("length-narrowed", "compatible"),
        ("read-only-changed", "compatible"),
    ]
