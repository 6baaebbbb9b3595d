"""Schema Objects become JSON Schema 2020-12, whatever the version of the document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document import Document, read_spec


def document(version: str, schema: Any) -> Document:
    tree = {
        "openapi": version,
        "info": {"title": "a", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": schema, "B": {"type": "string"}}},
    }
    return read_spec(json.dumps(tree).encode(), path="d", folder=None).document


def schema_of(version: str, schema: Any) -> Any:
    return document(version, schema).at("/components/schemas/A")


INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}

IN_3_0 = [
    ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    ({"type": "string", "nullable": False}, {"type": "string"}),
    ({"nullable": True}, {}),
    ({"type": ["string", "null"], "nullable": True}, {"type": ["string", "null"]}),
    ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a"]}),
    ({"allOf": [{"type": "string"}], "nullable": True}, {"allOf": [{"type": "string"}]}),
    ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
    ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
    ({"exclusiveMinimum": True}, {}),
    ({"maximum": 0, "exclusiveMaximum": True, "minimum": 0}, {"exclusiveMaximum": 0, "minimum": 0}),
    ({"type": "integer", "format": "int32", "maximum": 5, "exclusiveMaximum": True},
     {"type": "integer", "format": "int32", "exclusiveMaximum": 5, **INT32}),
    ({"type": "integer", "nullable": True, "format": "int64"},
     {"type": ["integer", "null"], "format": "int64", **INT64}),
    ({"$ref": "#/components/schemas/B", "nullable": True, "description": "x"}, {"$ref": "#/components/schemas/B"}),
    ({"propertyNames": {}, "patternProperties": {"a": {}}, "$id": "x", "$anchor": "a", "contains": {}, "if": {}}, {}),
    ({"const": 1}, {"enum": [1]}),
    ({"items": {"type": "string", "nullable": True}}, {"items": {"type": ["string", "null"]}}),
    ({"additionalProperties": {"type": "string", "nullable": True}},
     {"additionalProperties": {"type": ["string", "null"]}}),
    ({"not": {"oneOf": [{"anyOf": [{"nullable": True, "type": "object"}]}]}},
     {"not": {"oneOf": [{"anyOf": [{"type": ["object", "null"]}]}]}}),
    ({"properties": {"nullable": {"type": "string", "nullable": True}, "const": {}, "$ref": {"minimum": 1}}},
     {"properties": {"nullable": {"type": ["string", "null"]}, "const": {}, "$ref": {"minimum": 1}}}),
    ({"example": {"nullable": True, "type": "string"}, "default": {"type": "x", "nullable": True}},
     {"example": {"nullable": True, "type": "string"}, "default": {"type": "x", "nullable": True}}),
    ({"enum": [{"type": "x", "nullable": True}], "x-a": {"type": "x", "nullable": True}},
     {"enum": [{"type": "x", "nullable": True}], "x-a": {"type": "x", "nullable": True}}),
]  # fmt: skip
IN_3_1 = [
    ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    ({"type": ["string", "null"], "nullable": True}, {"type": ["string", "null"]}),
    ({"type": "string", "nullable": False}, {"type": "string", "nullable": False}),
    ({"const": 1, "if": {"exclusiveMinimum": 1}}, {"const": 1, "if": {"exclusiveMinimum": 1}}),
    (True, True),
    ({"prefixItems": [{"type": "integer", "format": "int32"}]},
     {"prefixItems": [{"type": "integer", "format": "int32", **INT32}]}),
    ({"patternProperties": {"a": {"type": ["null", "integer"], "format": "int64"}}},
     {"patternProperties": {"a": {"type": ["null", "integer"], "format": "int64", **INT64}}}),
    ({"$schema": "https://spec.openapis.org/oas/3.1/dialect/base", "$id": "a"}, {}),
]  # fmt: skip
IN_BOTH = [
    ({"pattern": r"^(a)(?<y>b|c)\k<y>$"}, {"pattern": r"^(a)(?<y>b|c)(?:\2)$"}),
    ({"pattern": r"(?P<y>a)[(]\((?:x)(?P=y)"}, {"pattern": r"(?P<y>a)[(]\((?:x)(?:\1)"}),
    *(({"pattern": text},) * 2 for text in (r"^(a|b)\d(?=c)[()]$", r"(?<a>b)(?<=c)", r"\\k<y>(?<y>a)", r"\k<n>(a)")),
    ({"type": "integer", "format": "int32"}, {"type": "integer", "format": "int32", **INT32}),
    ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int64", **INT64}),
    ({"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**40},
     {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1}),
    ({"type": "number", "format": "int32"}, {"type": "number", "format": "int32"}),
    ({"format": "int32"}, {"format": "int32"}),
    ({"type": ["integer", "string"], "format": "int32"}, {"type": ["integer", "string"], "format": "int32"}),
    *(({"type": "number", "format": name},) * 2 for name in ("float", "double")),
    *(({"type": "string", "format": name},) * 2 for name in ("byte", "binary", "password", "date")),
]  # fmt: skip


@pytest.mark.parametrize(("written", "read"), IN_3_0 + IN_BOTH)
def test_a_3_0_schema_becomes_2020_12(written: Any, read: Any) -> None:
    assert schema_of("3.0.3", written) == read


@pytest.mark.parametrize(("written", "read"), IN_3_1 + IN_BOTH)
def test_a_3_1_schema_stays_but_for_integer_formats(written: Any, read: Any) -> None:
    assert schema_of("3.1.0", written) == read


@pytest.mark.parametrize(
    "place",
    [
        "paths: {/a: {parameters: [{name: a, in: query, schema: SCHEMA}]}}",
        "paths: {/a: {parameters: [{name: a, in: query, content: {a/b: {schema: SCHEMA}}}]}}",
        "paths: {/a: {get: {parameters: [{name: a, in: query, schema: SCHEMA}], responses: {200: {}}}}}",
        "paths: {/a: {get: {requestBody: {content: {a/b: {schema: SCHEMA}}}, responses: {200: {}}}}}",
        "paths: {/a: {get: {responses: {200: {content: {a/b: {schema: SCHEMA}}}}}}}",
        "paths: {/a: {get: {responses: {default: {headers: {X-A: {schema: SCHEMA}}}}}}}",
        "paths: {/a: {get: {responses: {200: {}}, callbacks: {c: {'{$url}': {parameters: [{name: a, in: query, "
        "schema: SCHEMA}]}}}}}}",
        "paths: {/a: {get: {requestBody: {content: {a/b: {encoding: {p: {headers: {X-A: {schema: SCHEMA}}}}}}}, "
        "responses: {200: {}}}}}",
        "paths: {}\ncomponents: {headers: {x-a: {schema: SCHEMA}}}",
        "paths: {}\ncomponents: {schemas: {x-a: SCHEMA}}",
    ],
)
def test_schemas_are_found_wherever_they_stand(place: str) -> None:
    schema = "{type: string, nullable: true, x-here: 1}"
    text = f"openapi: 3.0.0\ninfo: {{title: a, version: '1'}}\n{place.replace('SCHEMA', schema)}"
    found = read_spec(text.encode(), path="d", folder=None).document.tree
    assert '{"type": ["string", "null"], "x-here": 1}' in json.dumps(found)


def test_what_was_rewritten_is_still_found() -> None:
    assert document("3.0.0", {"type": "string", "nullable": True}).source("/components/schemas/A/nullable").line == 1
