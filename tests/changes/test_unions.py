"""Unions are compared whatever their number, and whatever their branches are called."""

import json
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.document import Spec, read_spec
from tests.documents import document

A = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
B = {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}}
LOOSE = {"type": "object", "properties": {"a": {"type": "integer"}}}


def spec(schema: Any, **components: Any) -> Spec:
    return read_spec(json.dumps(document(schema, components=components)).encode(), path="x.json", folder=None)


def branches(*names: str, keyword: str = "anyOf") -> dict[str, Any]:
    return {keyword: [{"$ref": f"#/components/schemas/{name}"} for name in names]}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_branch_behind_a_reference_is_compared_where_two_unions_apply(keyword: str) -> None:
    schema = {"allOf": [branches("A", "B", keyword=keyword), branches("C", "D", keyword=keyword)]}
    base = spec(schema, A=A, B=B, C=B, D=A)
    revision = spec(schema, A=LOOSE, B=B, C=B, D=LOOSE)
    assert Effect.BREAKING in {change.effect for change in compare(base, revision)}


def test_branches_of_the_same_title_are_told_apart() -> None:
    titled = [{"title": "T", **A}, {"title": "T", **B}]
    changed = [{"title": "T", **A}, {"title": "T", **B, "required": []}]
    (change,) = compare(spec({"anyOf": titled}), spec({"anyOf": changed}))
    assert (change.effect, change.id) == (Effect.BREAKING, "property-optional")
