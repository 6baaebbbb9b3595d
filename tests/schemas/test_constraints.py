"""Every value in a value is reached with its path, in the order in which it stands there."""

from __future__ import annotations

from typing import Any

from contracts.document import Schema
from contracts.schemas.constraints import reached
from contracts.schemas.locations import locate
from tests.documents import spec_of


def paths_of(schema: Any, value: Any) -> list[tuple[Any, ...]]:
    spec = spec_of(True, components={"X": schema})
    return [path for path, _, _ in reached(locate(Schema(spec.document, "/components/schemas/X")), value)]


def test_values_are_reached_in_their_order_each_after_what_holds_it() -> None:
    number = {"type": "integer"}
    schema = {"properties": {"a": {"items": {"additionalProperties": number}}, "b": number}}
    value = {"b": 1, "a": [{"x": 1, "y": 2}, 3]}
    assert paths_of(schema, value) == [(), ("b",), ("a",), ("a", 0), ("a", 0, "x"), ("a", 0, "y"), ("a", 1)]


def test_a_deep_value_is_reached_to_its_end() -> None:
    value: list[Any] = []
    for _ in range(1200):  # more than Python has frames for
        value = [value]
    assert len(paths_of({"items": {"$ref": "#/components/schemas/X"}}, value)) == 1201
