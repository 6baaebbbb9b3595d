"""A fault of a document is said with its file and line, and read as it was meant, else as absent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document import Spec, read_spec
from contracts.document.dialects.repairs import MAX_PASSES

A = "/components/schemas/A"


def read(tree: dict[str, Any], version: str = "3.1.0") -> Spec:
    whole = {"openapi": version, "info": {"title": "t", "version": "1"}, "paths": {}, **tree}
    return read_spec(json.dumps(whole).encode(), path="d.json", folder=None)


def read_schema(schema: Any, version: str = "3.1.0") -> tuple[Any, Spec]:
    spec = read({"components": {"schemas": {"A": schema, "B": {"type": "string"}}}}, version)
    return spec.document.at(A), spec


CERTAIN = {
    "exclusive as in 3.0": ("3.1", {"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}),
    "exclusive maximum": ("3.2", {"maximum": 9, "exclusiveMaximum": True}, {"exclusiveMaximum": 9}),
    "not exclusive": ("3.1", {"minimum": 0, "exclusiveMinimum": False}, {"minimum": 0}),
    "exclusive of nothing": ("3.1", {"exclusiveMinimum": True}, {}),
    "exclusive of a text": ("3.1", {"minimum": "1", "exclusiveMinimum": "true"}, {"exclusiveMinimum": 1}),
    "exclusive as in 3.1": ("3.0", {"exclusiveMinimum": 5}, {"exclusiveMinimum": 5}),
    "exclusive above another": ("3.0", {"minimum": 3, "exclusiveMinimum": 5}, {"exclusiveMinimum": 5}),
    "exclusive below another": ("3.0", {"minimum": 7, "exclusiveMinimum": 5}, {"minimum": 7}),
    "exclusive maximum below": ("3.0", {"maximum": 7, "exclusiveMaximum": 5}, {"exclusiveMaximum": 5}),
    "exclusive maximum above": ("3.0", {"maximum": 3, "exclusiveMaximum": 5}, {"maximum": 3}),
    "nullable": ("3.1", {"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    "nullable list": ("3.1", {"type": ["string"], "nullable": True}, {"type": ["string", "null"]}),
    "nullable text": ("3.0", {"type": "string", "nullable": "true"}, {"type": ["string", "null"]}),
    "null in a list": ("3.1", {"type": ["string", None]}, {"type": ["string", "null"]}),
    "list in 3.0": ("3.0", {"type": ["string", "null"]}, {"type": ["string", "null"]}),
    "null branch": (
        "3.1",
        {"anyOf": [{"type": "string"}, {"type": None, "description": "none"}]},
        {"anyOf": [{"type": "string"}, {"type": "null", "description": "none"}]},
    ),
    "any type": ("3.0", {"type": "any", "title": "x"}, {"title": "x"}),
    "type in capitals": ("3.1", {"type": "String"}, {"type": "string"}),
    "short type": ("3.1", {"type": "int"}, {"type": "integer"}),
    "constant": ("3.0", {"type": "string", "const": "a"}, {"type": "string", "enum": ["a"]}),
    "file": ("3.0", {"type": "file"}, {"type": "string", "format": "binary"}),
    "null keyword": ("3.1", {"enum": None, "items": None, "pattern": None, "properties": None}, {}),
    "null keyword in 3.0": ("3.0", {"enum": None, "items": None, "format": None, "minimum": None}, {}),
    "number as text": ("3.1", {"minLength": "2", "maximum": "1.5"}, {"minLength": 2, "maximum": 1.5}),
    "flag as text": ("3.0", {"uniqueItems": "true", "readOnly": "False"}, {"uniqueItems": True, "readOnly": False}),
    "closed as text": ("3.1", {"additionalProperties": "false"}, {"additionalProperties": False}),
    "description by reference": ("3.1", {"description": {"$ref": "x.md"}, "type": "object"}, {"type": "object"}),
    "title": ("3.0", {"title": 7}, {"title": "7"}),
    "numbers among names": ("3.1", {"required": [200, "a", "a"]}, {"required": ["200", "a"]}),
    "discriminator as in 2.0": ("3.0", {"discriminator": "kind"}, {"discriminator": {"propertyName": "kind"}}),
    "boolean schema": ("3.0", {"items": True}, {"items": {}}),
    "false schema": ("3.0", {"properties": {"a": False}}, {"properties": {"a": {"not": {}}}}),
    "examples as a map": ("3.1", {"examples": {"a": {"value": 1}}}, {}),
    "xml": ("3.0", {"xml": "a"}, {}),
}
ABSENT = {
    "required in a property": ("3.1", {"type": "string", "required": True}, {"type": "string"}, "required"),
    "required in 3.0": ("3.0", {"required": "yes"}, {}, "required"),
    "unknown type": ("3.1", {"type": "strin", "title": "x"}, {"title": "x"}, "type"),
    "null type": ("3.1", {"type": None, "minLength": 1}, {"minLength": 1}, "type"),
    "any among types": ("3.1", {"type": ["any", "string"]}, {}, "type"),
    "enum that is no list": ("3.1", {"enum": "a"}, {}, "enum"),
    "negative length": ("3.1", {"maxLength": -1}, {}, "maxLength"),
    "half a length": ("3.0", {"minLength": 1.5}, {}, "minLength"),
    "bound that is no number": ("3.1", {"minimum": "2020-01-01"}, {}, "minimum"),
    "not a number": ("3.1", {"minimum": "NaN"}, {}, "minimum"),
    "nothing divides": ("3.1", {"multipleOf": 0}, {}, "multipleOf"),
    "schema as a text": ("3.1", {"items": "#/B"}, {"items": {}}, "items"),
    "list of items": ("3.1", {"items": [{}]}, {"items": {}}, "items"),
    "null property": ("3.1", {"properties": {"a": None}}, {"properties": {"a": {}}}, "properties/a"),
    "properties by reference": ("3.0", {"properties": {"$ref": "x.yaml"}}, {"properties": {}}, "properties/$ref"),
    "properties as a list": ("3.1", {"properties": ["a"]}, {}, "properties"),
    "nullable without a type": ("3.1", {"nullable": True, "enum": [1]}, {"enum": [1]}, "nullable"),
    "discriminator without a name": ("3.1", {"discriminator": {}}, {}, "discriminator"),
    "keyword of 3.1": ("3.0", {"propertyNames": {}, "$defs": {}}, {}, "propertyNames"),
    "constant beside values": ("3.0", {"enum": [1, 2], "const": 1}, {"enum": [1, 2]}, "const"),
    "dangling": ("3.1", {"$ref": "#/no", "minLength": 1}, {"minLength": 1}, "$ref"),
    "null reference": ("3.0", {"$ref": 7}, {}, "$ref"),
    "draft 7": ("3.1", {"$schema": "http://json-schema.org/draft-07/schema#"}, {}, "$schema"),
}


@pytest.mark.parametrize(("version", "written", "meant"), CERTAIN.values(), ids=CERTAIN)
def test_what_is_certain_is_read_as_it_was_meant(version: str, written: Any, meant: Any) -> None:
    found, spec = read_schema(written, f"{version}.0")
    assert found == meant
    assert spec.notices
    assert spec.unread == {}


@pytest.mark.parametrize(("version", "written", "left", "keyword"), ABSENT.values(), ids=ABSENT)
def test_what_is_not_certain_is_read_as_absent_and_is_on_record(
    version: str, written: Any, left: Any, keyword: str
) -> None:
    found, spec = read_schema(written, f"{version}.0")
    assert found == left
    assert spec.unread.keys() == {f"{A}/{keyword}"}
    assert spec.notices


OF_B = [{"$ref": "#/components/schemas/B"}]
VAIN = {"allOf": OF_B, "nullable": True}


@pytest.mark.parametrize(
    ("version", "written", "is_told"),
    [
        ("3.0", VAIN, True),
        ("3.0", {"oneOf": OF_B, "nullable": "true"}, True),
        ("3.0", {"enum": ["a"], "nullable": True}, True),
        ("3.0", {**VAIN, "type": "string"}, False),
        ("3.0", {**VAIN, "nullable": False}, False),
        ("3.0", {"nullable": True}, False),
        ("3.1", VAIN, False),
    ],
)
def test_nullable_without_a_type_is_told_to_allow_nothing(version: str, written: Any, is_told: bool) -> None:
    _, spec = read_schema(written, f"{version}.3")
    told = [notice for notice in spec.notices if notice.kind == "nullable"]
    assert [A in notice.problem and "no more than without it" in notice.problem for notice in told] == [True] * is_told
    assert spec.unread == {} or version == "3.1"


OPERATION = {"responses": {"200": {"description": "ok"}}}
PATH = "/paths/~1a/get"


def read_operation(version: str, **more: Any) -> Spec:
    return read({"paths": {"/a": {"get": {**OPERATION, **more}}}}, f"{version}.0")


@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
@pytest.mark.parametrize(
    ("parameter", "read_as", "is_certain"),
    [
        ({"in": "Query", "schema": {}}, ("query", False), True),
        ({"in": "path", "required": False, "schema": {}}, ("path", True), True),
        ({"in": "query", "required": "true", "schema": {}}, ("query", True), True),
        ({"in": "query", "schema": None}, ("query", False), True),
        ({"in": "query", "type": "string"}, ("query", False), True),
        ({"in": "query", "schema": {}, "content": {"a/b": {}}}, ("query", False), False),
        ({"in": "query", "schema": {}, "style": "odd"}, ("query", False), False),
        ({"in": "query", "schema": {}, "examples": [1]}, ("query", False), True),
        ({"in": "body", "schema": {}}, None, False),
        ({"schema": {}}, None, False),
        ({"in": "query", "name": None, "schema": {}}, None, False),
    ],
)
def test_a_parameter_is_read_as_it_was_meant(
    parameter: Any, read_as: tuple[str, bool] | None, is_certain: bool, version: str
) -> None:
    spec = read_operation(version, parameters=[{"name": "a", **parameter}])
    found = [(one.location, one.required) for one in spec.operations[0].parameters]
    assert found == ([read_as] if read_as else [])
    assert spec.notices
    assert bool(spec.unread) is not is_certain


def test_the_schema_of_a_parameter_as_in_2_0_is_still_found() -> None:
    text = """openapi: 3.0.0
info: {title: t, version: '1'}
paths:
  /a:
    get:
      parameters:
        - name: q
          in: query
          type: string
          maxLength: 4
      responses: {200: {description: ok}}
"""
    spec = read_spec(text.encode(), path="d.yaml", folder=None)
    schema = spec.operations[0].parameters[0].schema
    assert schema is not None
    assert schema.value == {"type": "string", "maxLength": 4}
    assert spec.document.source(f"{schema.pointer}/maxLength").line == 10


ODD: dict[str, tuple[dict[str, Any], bool]] = {
    "no responses": ({"responses": None}, True),
    "a null answer": ({"responses": {"200": None}}, True),
    "an answer that is a text": ({"responses": {"200": "ok"}}, False),
    "a status in small letters": ({"responses": {"2xx": {"description": "ok"}}}, True),
    "a status that is none": ({"responses": {"ok": {"description": "ok"}}}, False),
    "a null media type": ({"responses": {"200": {"description": "", "content": {"a/b": None}}}}, True),
    "a null schema": ({"responses": {"200": {"description": "", "content": {"a/b": {"schema": None}}}}}, True),
    "a body without content": ({"requestBody": {}}, True),
    "a null body": ({"requestBody": {"content": {"a/b": {"schema": None}}}}, True),
    "a body that is a text": ({"requestBody": "x"}, False),
    "parameters as a map": ({"parameters": {}}, False),
    "a parameter that is a text": ({"parameters": ["x"]}, False),
    "tags": ({"tags": "x"}, True),
    "a number as operationId": ({"operationId": 7}, True),
    "external documents": ({"externalDocs": {}}, True),
    "deprecated as a text": ({"deprecated": "true"}, True),
    "servers": ({"servers": [{"url": 7}]}, False),
    "security": ({"security": "none"}, False),
    "an unknown scheme": ({"security": [{"no": []}]}, False),
    "a dangling parameter": ({"parameters": [{"$ref": "#/no"}]}, False),
    "a dangling answer": ({"responses": {"200": {"$ref": "#/no"}}}, False),
    "a dangling body": ({"requestBody": {"$ref": "#/no"}}, False),
    "a dangling example": (
        {"requestBody": {"content": {"a/b": {"examples": {"x": {"$ref": "#/no"}}}}}},
        True,
    ),
}


@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
@pytest.mark.parametrize(("more", "is_certain"), ODD.values(), ids=ODD)
def test_an_operation_is_read_all_the_same(more: dict[str, Any], is_certain: bool, version: str) -> None:
    spec = read_operation(version, **more)
    assert [operation.key for operation in spec.operations] == ["GET /a"]
    assert str(spec.notices[0].source) == "d.json:1"
    assert bool(spec.unread) is not is_certain


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"paths": {"a": {}, "/b": {"get": OPERATION}}}, {"/paths/a"}),
        ({"paths": {"/b": {"get": OPERATION, "put": None}}}, set()),
        ({"paths": {"/b": {"get": OPERATION}}, "tags": "x", "externalDocs": 1}, set()),
        ({"paths": {"/b": {"get": OPERATION}}, "info": {"title": 7, "version": None, "contact": 1}}, set()),
        ({"paths": {"/b": {"get": OPERATION}}, "servers": "x"}, {"/servers"}),
        ({"paths": {"/b": {"get": OPERATION}}, "components": {"schemas": {"A": None}}}, {"/components/schemas/A"}),
        ({"paths": {"/b": {"get": OPERATION}}, "components": {"schemas": []}}, {"/components/schemas"}),
        ({"paths": {"/b": {"get": OPERATION}}, "components": {"links": {"A": {}}}}, {"/components/links/A"}),
    ],
)
def test_a_document_is_read_all_the_same(tree: dict[str, Any], told: set[str]) -> None:
    spec = read(tree)
    assert [operation.key for operation in spec.operations] == ["GET /b"]
    assert spec.notices
    assert spec.unread.keys() == told


def test_a_scheme_that_can_not_be_read_is_one_that_no_request_shows() -> None:
    security = {"components": {"securitySchemes": {"k": {"type": "odd"}}}, "security": [{"k": []}]}
    spec = read({"paths": {"/a": {"get": OPERATION}}, **security})
    assert spec.security_schemes["k"].type == "mutualTLS"
    assert spec.operations[0].needs_credential
    assert spec.unread.keys() == {"/components/securitySchemes/k"}


LOOSE = {
    "oneOf": ({"oneOf": [{"required": True}, {"type": "string"}]}, {"anyOf": [{}, {"type": "string"}]}),
    "oneOf of nothing": ({"not": {"oneOf": []}, "oneOf": []}, {}),
    "oneOf beside anyOf": ({"anyOf": [{}], "oneOf": [{"required": True}]}, {"anyOf": [{}]}),
    "not": ({"not": {"properties": {"a": {"enum": 1}}}, "type": "object"}, {"type": "object"}),
    "if": ({"if": {"type": "strin"}, "then": {"minLength": 1}, "else": {"minLength": 2}}, {}),
    "contains": ({"contains": {"type": "strin"}, "maxContains": 2}, {"contains": {}}),
    "behind a reference": (
        {"oneOf": [{"$ref": "#/components/schemas/C"}, {"type": "string"}]},
        {"anyOf": [{"$ref": "#/components/schemas/C"}, {"type": "string"}]},
    ),
}


@pytest.mark.parametrize(("written", "loose"), LOOSE.values(), ids=LOOSE)
def test_what_is_around_something_unread_is_read_looser(written: Any, loose: Any) -> None:
    spec = read({"components": {"schemas": {"A": written, "C": {"type": "strin"}}}})
    assert spec.document.at(A) == loose


def test_what_is_not_around_it_is_read_as_written() -> None:
    written = {"oneOf": [{"$ref": "#/components/schemas/C"}], "properties": {"a": {"type": "strin"}}}
    spec = read({"components": {"schemas": {"A": written, "C": {"type": "string"}}}})
    assert "oneOf" in spec.document.at(A)


def test_a_union_that_something_else_refers_into_stays() -> None:
    written = {"oneOf": [{"type": "strin"}, {"type": "string"}]}
    spec = read({"components": {"schemas": {"A": written, "C": {"$ref": f"#{A}/oneOf/1"}}}})
    assert spec.document.at(spec.document.resolve("/components/schemas/C")) == {"type": "string"}


def test_faults_are_told_in_a_few_passes() -> None:
    schemas = {f"S{n}": {"type": "strin", "maxLength": "x", "enum": 1} for n in range(MAX_PASSES + 1)}
    spec = read({"components": {"schemas": schemas}})
    assert len(spec.unread) == 3 * (MAX_PASSES + 1)


def test_where_it_stands_and_as_what_it_is_read_is_said() -> None:
    text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    A:\n"
    text += "      minimum: 0\n      exclusiveMinimum: true\n"
    (notice,) = read_spec(text.encode(), path="d.yaml", folder=None).notices
    assert str(notice) == (
        'd.yaml:8: /components/schemas/A/exclusiveMinimum is true, but it is not of type "number": '
        "read as `exclusiveMinimum: 0`; write it as OpenAPI 3.1 says"
    )
