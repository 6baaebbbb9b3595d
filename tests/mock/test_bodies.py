"""The bodies of a response together show everything that its schema allows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document import Schema, load_spec
from contracts.document.serialisation import fill_path, match_path
from contracts.messages import Request
from contracts.mock.bodies import MAX_VALUES, VARIANTS, Variant, sample_values, sights, variants_of
from contracts.schemas.claims import claim_of
from contracts.schemas.locations import locate
from contracts.schemas.validation import validator
from tests.exchanges.documents import answered, one_operation, parameter, spec_of

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def variants(schema: Any, components: dict[str, Any] | None = None) -> tuple[Variant, ...]:
    _, operation = one_operation(
        responses={"200": answered(schema)}, components={"schemas": components} if components else {}
    )
    return variants_of(operation.responses[0])


def schema_of(value: Any) -> Schema:
    _, operation = one_operation(responses={"200": answered(value)})
    schema = operation.responses[0].content[0].schema
    assert schema is not None
    return schema


def deep(levels: int) -> Any:
    """A schema with 3^levels places, most of them behind several optional ones."""
    if levels == 0:
        return {"enum": ["a", "b", "c"]}
    properties = {name: deep(levels - 1) for name in "xyz"}
    return {"type": "object", "additionalProperties": False, "properties": properties}


@pytest.mark.parametrize(
    "schema",
    [
        STRING,
        {"type": ["string", "null"]},
        {"enum": list("abcdefgh")},
        {"type": "array", "items": {"oneOf": [STRING, INTEGER]}},
        {"type": "object", "properties": {"a": STRING, "b": INTEGER}, "additionalProperties": {"type": "boolean"}},
        {"anyOf": [{"type": "object", "required": ["a"]}, {"type": "null"}]},
        deep(4),
        True,
    ],
    ids=str,
)
def test_every_body_conforms(schema: Any) -> None:
    found = variants(schema)
    assert found
    assert all(variant.schema and validator(variant.schema).is_valid(json.loads(variant.body)) for variant in found)
    assert len({variant.body for variant in found}) == len(found)


@pytest.mark.parametrize("enough", [VARIANTS, 2])
def test_places_that_are_hard_to_reach_are_reached(enough: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.mock.bodies.VARIANTS", enough)
    schema = schema_of(deep(4))
    found = variants(deep(4))
    seen = {sight for variant in found for sight in sights(locate(schema), variant.value)}
    leaves = {place for place, _ in seen if place.count("/") == 4}
    assert len(leaves) == 81
    assert {text for place, text in seen if place == "/x/y/z/x"} == {"string", "'a'", "'b'", "'c'"}


def test_few_choices_need_few_bodies() -> None:
    assert len(variants({"type": "object", "properties": {"a": {"const": 1}}, "additionalProperties": False})) == 2
    assert len(variants({"type": "object", "properties": {f"p{n}": INTEGER for n in range(30)}})) <= VARIANTS


def test_a_shared_schema_is_drawn_once() -> None:
    components = {"A": {"$ref": "#/components/schemas/B"}, "B": {"enum": [1, 2, 3]}}
    _, operation = one_operation(
        responses={
            status: answered({"$ref": f"#/components/schemas/{name}"}) for status, name in (("200", "A"), ("400", "B"))
        },
        components={"schemas": components},
    )
    first, second = (variants_of(response) for response in operation.responses)
    assert {variant.value for variant in first} == {1, 2, 3}
    assert [variant.value for variant in first] == [variant.value for variant in second]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (STRING, "a", {("", "string")}),
        ({"enum": ["a", 1]}, 1, {("", "integer"), ("", "1")}),
        (
            {"properties": {"a": STRING, "b": STRING}},
            {"a": "x", "c": 1},
            {("", "object"), ("/a", "string"), ("", "no b")},
        ),
        (
            {"additionalProperties": INTEGER, "properties": {"a": True}},
            {"c": 1},
            {("", "object"), ("", "no a"), ("/*", "integer")},
        ),
        ({"patternProperties": {"^x": INTEGER}}, {"xa": 1}, {("", "object"), ("/<^x>", "integer")}),
        (
            {"prefixItems": [STRING], "items": INTEGER},
            ["a", 1, 2],
            {("", "array"), ("/0", "string"), ("/*", "integer")},
        ),
        ({"type": "array"}, [1], {("", "array")}),
        (
            {"oneOf": [{"type": "object", "properties": {"a": INTEGER}}, {"type": "array", "items": STRING}]},
            {"a": 1},
            {("", "object"), ("/a", "integer")},
        ),
        ({"anyOf": [{"minimum": 1}, {"maximum": 0}]}, 5, {("", "integer")}),
    ],
)
def test_what_a_value_shows(schema: Any, value: Any, expected: set[tuple[str, str]]) -> None:
    assert set(sights(locate(schema_of(schema)), value)) == expected


def test_bodies_that_show_nothing_new_are_left_out_once_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"anyOf": [{"type": "integer", "minimum": n, "maximum": n + 1} for n in range(0, 90, 10)]}
    assert len(variants(schema)) >= 9
    monkeypatch.setattr("contracts.mock.bodies.VARIANTS", 2)
    monkeypatch.setattr("contracts.mock.bodies.MAX_STALE", 3)
    assert len(variants(schema)) == 2


def samples(schema: Any) -> list[str]:
    spec, _ = one_operation(parameters=[parameter("id", schema)])
    return list(sample_values(spec)["id"])


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^[a-z]{3}/[0-9]$"},
        {"type": "integer", "minimum": 7},
        {"type": "number"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        {"type": ["boolean", "null"]},
        {"enum": [1, "a", None]},
    ],
    ids=str,
)
def test_the_values_are_allowed(schema: Any) -> None:
    _, operation = one_operation(parameters=[parameter("id", schema)])
    paths = [fill_path("/things/{id}", {"id": value}) for value in samples(schema)]
    assert all(claim_of(operation, Request("GET", path)).allowed for path in paths)
    assert 1 < len(paths) <= 3


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": ["a", 1, True, None]}, ("1", "a", "null", "true")),
        ({"const": "x"}, ("x",)),
        ({"const": ["a", 1]}, ("a,1",)),
        ({"enum": ["", ".", ".."]}, ("id-0", "id-1", "id-2")),
        (False, ("id-0", "id-1", "id-2")),
        ({"type": "string", "pattern": "(["}, ("id-0", "id-1", "id-2")),
    ],
    ids=str,
)
def test_values_are_written_as_a_path_has_them(schema: Any, values: tuple[str, ...]) -> None:
    assert set(samples(schema)) <= set(values)


def test_a_name_with_several_schemas_has_values_of_each() -> None:
    kinds = [{"type": "integer"}, {"const": "a"}, {"type": "integer"}]
    paths = {f"/{n}/{{id}}": {"get": {"parameters": [parameter("id", kind)]}} for n, kind in enumerate(kinds)}
    values = sample_values(spec_of(paths))["id"]
    assert values[1] == "a"
    assert len([value for value in values if value.lstrip("-").isdecimal()]) == 3


def test_there_are_not_too_many() -> None:
    paths = {f"/{n}/{{id}}": {"get": {"parameters": [parameter("id", {"const": f"v{n}"})]}} for n in range(99)}
    assert list(sample_values(spec_of(paths))["id"]) == [f"v{n}" for n in range(MAX_VALUES)]


def test_a_parameter_that_is_not_declared_has_values_too() -> None:
    assert sample_values(spec_of({"/{odd}": {"get": {}}})) == {"odd": ["odd-0", "odd-1", "odd-2"]}


def test_values_are_the_same_every_time_and_reach_their_path() -> None:
    spec = load_spec("spec/notte.yaml")
    values = sample_values(spec)
    assert values == sample_values(load_spec("spec/notte.yaml"))
    assert all(match_path("/{x}", fill_path("/{x}", {"x": value})) for value in values["session_id"])
