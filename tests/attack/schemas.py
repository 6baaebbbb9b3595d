"""Schemas that contradict themselves, or promise more than anybody can send."""

from __future__ import annotations

from typing import Any

STRING = {"type": "string"}
RECURSIVE = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Recursive"}}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = STRING
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


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
    "anyOf of 1,000 patterns": {"anyOf": [{**STRING, "pattern": f"^a{n}"} for n in range(1_000)]},
    "oneOf of 1,000 values": {"oneOf": [{"const": f"v{n}"} for n in range(1_000)]},
    "10,000 properties": {"type": "object", "properties": {f"p{n}": STRING for n in range(10_000)}},
    "pattern of 2^17 states": {**STRING, "pattern": "^(a|b)*a(a|b){16}$"},
    "pattern of 20,000 characters": {**STRING, "pattern": "a" * 20_000},
    "pattern of options, then due": {**STRING, "pattern": f"^{'a?' * 30}{'a' * 30}$"},
}
"""By name; `LONG` ones are for the bench alone."""

LONG = {"enum of 1e5", "1e5 required names", "allOf of 10,000", "10,000 properties", "pattern of 20,000 characters"}

REFUSED = {"arrays 500 deep"}
"""Those with which a document is not read."""


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
        "components": {"schemas": {"Recursive": RECURSIVE}},
    }
