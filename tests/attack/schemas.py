"""Schemas that contradict themselves, or promise more than anybody can send."""

from __future__ import annotations

import json
import re
from typing import Any

STRING = {"type": "string"}
RECURSIVE = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Recursive"}}}


def doubling(depth: int, **by: Any) -> dict[str, Any]:
    """Schemas each of which refers to the next twice, in the way that `by` has it for a reference."""
    made: dict[str, Any] = {f"D{depth}": STRING}
    for number in range(depth):
        below = {"$ref": f"#/components/schemas/D{number + 1}"}
        made[f"D{number}"] = {name: held(below) for name, held in by.items()}
    return made


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = STRING
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


DOUBLING = {
    "A": doubling(40, allOf=lambda below: [below, below]),
    "B": doubling(40, anyOf=lambda below: [below, {"type": "array", "items": below}]),
    "C": doubling(40, allOf=lambda below: [{"properties": {"a": below}}, {"properties": {"a": below}}]),
    "D": doubling(40, type=lambda _: "object", required=lambda _: ["a", "b"], properties=lambda of: {"a": of, "b": of}),
    "E": doubling(5000, allOf=lambda below: [below]),
}
"""Components by a letter, which stands in their names for `D`."""

SCHEMAS: dict[str, dict[str, Any]] = {
    "minLength 1e9": {**STRING, "minLength": 10**9},
    "maxLength 2^70": {**STRING, "maxLength": 2**70},
    "maxLength -1": {**STRING, "maxLength": -1},
    "minLength above maxLength": {**STRING, "minLength": 10, "maxLength": 1},
    "minItems 1e9": {"type": "array", "minItems": 10**9},
    "1e9 distinct items": {"type": "array", "items": STRING, "minItems": 10**9, "uniqueItems": True},
    "minContains 1e9": {"type": "array", "contains": STRING, "minContains": 10**9},
    "minProperties 1e9": {"type": "object", "minProperties": 10**9},
    "multipleOf 1e-300": {"type": "number", "multipleOf": 1e-300},
    "multipleOf 1e300": {"type": "number", "multipleOf": 1e300, "minimum": 1},
    "whole multiples of 1e-300": {"type": "integer", "multipleOf": 1e-300, "minimum": 1, "maximum": 2},
    "maximum 1e308": {"type": "number", "minimum": -1e308, "maximum": 1e308},
    "minimum 1e308": {"type": "integer", "minimum": 1e308},
    "minimum of 401 digits": {"type": "integer", "minimum": 10**400},
    "maximum of 401 digits, no integer": {"type": "number", "maximum": 10**400 - 1},
    "minimum above maximum": {"type": "integer", "minimum": 10, "maximum": 1},
    "recursion without end": {"$ref": "#/components/schemas/Recursive"},
    "arrays 500 deep": nested(500),
    "pattern a{1000000}": {**STRING, "pattern": "a{1000000}"},
    "pattern of a million by groups": {**STRING, "pattern": "^((a{100}){100}){100}$"},
    "pattern of nested quantifiers": {**STRING, "pattern": "^(a+)+$"},
    "pattern of alternatives alike": {**STRING, "pattern": "^(x|x)*y$", "minLength": 40},
    "pattern of many stars": {**STRING, "pattern": "^(.*a){20}$", "maxLength": 400},
    "pattern that looks around": {**STRING, "pattern": "^(?=(a+)+b)(?!a+c)a*b(?<=b)$"},
    "pattern that refers back": {**STRING, "pattern": "^(a+)+\\1\\1b$", "minLength": 50},
    "enum of 1e5": {**STRING, "enum": [f"v{number}" for number in range(10**5)]},
    "1e5 required names": {"type": "object", "required": [f"v{number}" for number in range(10**5)]},
    "allOf of 10,000": {"allOf": [{"type": "object", "properties": {f"p{n}": STRING}} for n in range(10_000)]},
    "oneOf of 1,000": {"oneOf": [{"type": "object", "required": [f"p{n}"]} for n in range(1_000)]},
    "oneOf of 300": {"oneOf": [{"type": "object", "required": [f"p{n}"]} for n in range(300)]},
    "anyOf of 1,000 patterns": {"anyOf": [{**STRING, "pattern": f"^a{n}"} for n in range(1_000)]},
    "oneOf of 1,000 values": {"oneOf": [{"const": f"v{n}"} for n in range(1_000)]},
    "dependentRequired 300 x 300": {"dependentRequired": {f"p{n}": [f"p{m}" for m in range(300)] for n in range(300)}},
    "300 if and then": {"allOf": [{"if": {"required": [f"p{n}"]}, "then": {"minProperties": n}} for n in range(300)]},
    "2,000 patternProperties": {"patternProperties": {f"p.*{n}": {**STRING, "minLength": n} for n in range(2_000)}},
    "allOf of 20 anyOf of 10": {"allOf": [{"anyOf": [{"minLength": m} for m in range(10)]}] * 20},
    "oneOf of 200 that overlap": {"oneOf": [{"type": "object", "properties": {f"p{n}": STRING}} for n in range(200)]},
    "200 contains": {"type": "array", "allOf": [{"contains": {"const": n}} for n in range(200)]},
    "prefixItems of 1e5": {"type": "array", "prefixItems": [STRING] * 10**5},
    "const of 1e5 members": {"const": {f"k{n}": ["x"] * 10 for n in range(10_000)}},
    "const of 1e7 characters": {"const": "x" * 10**7},
    "minProperties 1e6": {"type": "object", "minProperties": 10**6},
    "not of not": {"not": {"not": {"not": {"not": {"not": {"not": STRING}}}}}},
    "1e4 examples": {**STRING, "examples": [f"v{n}" for n in range(10_000)]},
    "a name of 1e6 characters": {"type": "object", "required": ["n" * 10**6], "properties": {"n" * 10**6: STRING}},
    **{f"doubling {letter}": {"$ref": f"#/components/schemas/{letter}0"} for letter in DOUBLING},
    "10,000 properties": {"type": "object", "properties": {f"p{n}": STRING for n in range(10_000)}},
    "pattern of 2^17 states": {**STRING, "pattern": "^(a|b)*a(a|b){16}$"},
    "pattern of 20,000 characters": {**STRING, "pattern": "a" * 20_000},
    "a pattern beyond the engine beside a long name": {
        "type": "object",
        "required": ["k" * 60_000],
        "patternProperties": {"a{1000000}": STRING},
        "additionalProperties": False,
    },
    "a pattern of 1e6 characters beside a long name": {
        "type": "object",
        "required": ["k" * 10**6],
        "patternProperties": {"z" * 10**6: STRING},
        "additionalProperties": False,
    },
    "properties 100 x 1,000": {
        "type": "object",
        "properties": {f"p{n}": {"properties": {f"q{m}": STRING for m in range(1_000)}} for n in range(100)},
    },
    "1e5 properties, all of one schema": {
        "type": "object",
        "properties": {f"p{n}": {"$ref": "#/components/schemas/Recursive"} for n in range(10**5)},
    },
    "1e4 dependentRequired": {"type": "object", "dependentRequired": {f"p{n}": [f"q{n}"] for n in range(10_000)}},
    "enum of one text of 1e7 characters": {**STRING, "enum": ["x" * 10**7]},
    "pattern of options, then due": {**STRING, "pattern": f"^{'a?' * 30}{'a' * 30}$"},
}
"""By name; `LONG` ones are for the bench alone."""

LONG = {
    "oneOf of 1,000",
    "enum of 1e5",
    "1e5 required names",
    "allOf of 10,000",
    "10,000 properties",
    "pattern of 20,000 characters",
}
LONG |= {
    "anyOf of 1,000 patterns",
    "oneOf of 1,000 values",
    "dependentRequired 300 x 300",
    "300 if and then",
    "2,000 patternProperties",
    "oneOf of 200 that overlap",
}
LONG |= {
    "1e4 dependentRequired",
    "a pattern of 1e6 characters beside a long name",
    "a pattern beyond the engine beside a long name",
    "1e5 properties, all of one schema",
    "enum of one text of 1e7 characters",
    "properties 100 x 1,000",
    "oneOf of 300",
    "prefixItems of 1e5",
    "const of 1e5 members",
    "const of 1e7 characters",
    "a name of 1e6 characters",
}
LONG |= {
    *(f"doubling {letter}" for letter in DOUBLING),
    "not of not",
    "1e4 examples",
    "200 contains",
    "allOf of 20 anyOf of 10",
}

REFUSED = {"arrays 500 deep"}
"""Those with which a document is not read."""


def components_of(schema: dict[str, Any]) -> dict[str, Any]:
    letter = str(schema.get("$ref"))[-2:-1]
    text = json.dumps(DOUBLING.get(letter, {}))
    return json.loads(re.sub(r"\bD(?=[0-9])", letter, text))  # type: ignore[no-any-return]


def document(schema: dict[str, Any]) -> dict[str, Any]:
    """A document that has the schema in a parameter, in a header field and in an answer."""
    place = {"name": "id", "in": "path", "required": True, "schema": STRING}
    asked = [place, {"name": "q", "in": "query", "schema": schema}, {"name": "X-H", "in": "header", "schema": schema}]
    body = {"type": "object", "properties": {"value": schema}}
    answers = {"200": {"description": "ok", "content": {"application/json": {"schema": body}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/{id}": {"get": {"parameters": asked, "responses": answers}}},
        "components": {"schemas": {"Recursive": RECURSIVE, **components_of(schema)}},
    }
