"""What differs between OpenAPI 3.0 and 3.1, as data: which objects hold which, and how schemas become 2020-12."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

ANY = "*"
"""Stands for every field of an object that is a map itself, extensions (`x-…`) apart."""

Fields = Mapping[str, str]
"""What each field of an object holds: one object of a `kind`, a list `[kind]`, or a map with free names `{kind}`."""

_SERIALISED = {"schema": "schema", "content": "{media type}", "examples": "{example}"}
_OBJECTS: dict[str, Fields] = {
    "document": {"paths": "paths", "webhooks": "{path item}", "components": "components"},
    "components": {
        "schemas": "{schema}",
        "responses": "{response}",
        "parameters": "{parameter}",
        "examples": "{example}",
        "requestBodies": "{request body}",
        "headers": "{header}",
        "securitySchemes": "{security scheme}",
        "links": "{link}",
        "callbacks": "{callback}",
        "pathItems": "{path item}",
    },
    "paths": {ANY: "path item"},
    "path item": {**dict.fromkeys(METHODS, "operation"), "parameters": "[parameter]"},
    "operation": {
        "parameters": "[parameter]",
        "requestBody": "request body",
        "responses": "responses",
        "callbacks": "{callback}",
    },
    "callback": {ANY: "path item"},
    "parameter": _SERIALISED,
    "header": _SERIALISED,
    "request body": {"content": "{media type}"},
    "responses": {ANY: "response"},
    "response": {"headers": "{header}", "content": "{media type}", "links": "{link}"},
    "media type": {"schema": "schema", "examples": "{example}", "encoding": "{encoding}"},
    "encoding": {"headers": "{header}"},
    "example": {},
    "link": {},
    "security scheme": {},
}
_SCHEMA_3_0: Fields = {
    **dict.fromkeys(("items", "additionalProperties", "not"), "schema"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), "[schema]"),
    "properties": "{schema}",
}
_SCHEMA_3_1: Fields = {
    **_SCHEMA_3_0,
    **dict.fromkeys(("contains", "propertyNames", "if", "then", "else"), "schema"),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema"), "schema"),
    **dict.fromkeys(("patternProperties", "dependentSchemas", "$defs"), "{schema}"),
    "prefixItems": "[schema]",
}

_NEVER_REFERRED_TO = {"document", "components", "paths", "operation", "responses"}
REFERABLE = frozenset(_OBJECTS) - _NEVER_REFERRED_TO - {"media type", "encoding"}
"""Kinds that a Reference Object, or a `$ref` of their own, may stand for; schemas come on top."""

_IDENTIFIERS = ("$id", "$anchor", "$schema")
_NEW_IN_2020_12 = (
    *sorted(_SCHEMA_3_1.keys() - _SCHEMA_3_0.keys()),
    *("const", "dependentRequired", "minContains", "maxContains", "$dynamicRef", *_IDENTIFIERS),
)
"""Keywords that mean nothing in a 3.0 schema and would begin to bind once it is read as 2020-12."""

_INTEGER_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def _drop_siblings_of_ref(schema: dict[str, Any]) -> None:
    """OpenAPI 3.0.3 §4.7.23.1: what stands beside `$ref` is ignored."""
    ref = schema.get("$ref")
    if isinstance(ref, str):
        schema.clear()
        schema["$ref"] = ref


def _drop_new_keywords(schema: dict[str, Any]) -> None:
    for keyword in _NEW_IN_2020_12:
        schema.pop(keyword, None)


def _nullable_to_type(schema: dict[str, Any]) -> None:
    """OpenAPI 3.0.3: `nullable` counts only beside `type`, and an `enum` without null still forbids null."""
    if schema.pop("nullable", False) is True and schema.get("type"):
        schema["type"] = list(dict.fromkeys([*_types(schema), "null"]))


def _exclusive_bounds_to_numbers(schema: dict[str, Any]) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.pop(exclusive, False) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _integer_formats_to_bounds(schema: dict[str, Any]) -> None:
    """`int32` and `int64` are promises that no validator asserts; `format` stays."""
    name, types = schema.get("format"), _types(schema)
    if name in ("int32", "int64") and "integer" in types and {"integer", "null"}.issuperset(types):
        low, high = _INTEGER_BOUNDS[name]
        schema["minimum"] = max(low, schema.get("minimum", low))
        schema["maximum"] = min(high, schema.get("maximum", high))


def _types(schema: dict[str, Any]) -> list[Any]:
    types = schema.get("type")
    return types if isinstance(types, list) else [types]


def _drop_identifiers(schema: dict[str, Any]) -> None:
    """References are pointers by now, and an `$id` would give those below it another meaning."""
    for keyword in (*_IDENTIFIERS, "$dynamicAnchor"):
        schema.pop(keyword, None)


@dataclass(frozen=True, eq=False)
class Dialect:
    """One minor version: `version` is its first two numbers, `fields` those of each kind of object.

    `metaschema` names the official meta-schema, `definitions` where in it some kinds are defined. `ref_hides` are
    kinds whose other fields don't count beside a `$ref`; `has_identifiers` tells whether `$id` and the like mean
    something. `rewrites` turn a Schema Object, in place and in this order, into JSON Schema 2020-12.
    """

    version: str
    metaschema: str
    definitions: Mapping[str, str]
    fields: Mapping[str, Fields]
    ref_hides: frozenset[str]
    has_identifiers: bool
    rewrites: tuple[Callable[[dict[str, Any]], None], ...]


_DEFINED = (*REFERABLE, "schema")
_DEFINITIONS_3_0 = {kind: f"#/definitions/{kind.title().replace(' ', '')}" for kind in _DEFINED}
_DEFINITIONS_3_1 = {kind: f"#/$defs/{kind.replace(' ', '-')}" for kind in _DEFINED}
_HIDING = REFERABLE - {"path item"}

DIALECTS = (
    Dialect(
        "3.0",
        "oas-3.0.json",
        {**_DEFINITIONS_3_0, "document": ""},
        {**_OBJECTS, "schema": _SCHEMA_3_0},
        _HIDING | {"schema"},
        False,
        (
            _drop_siblings_of_ref,
            _drop_new_keywords,
            _nullable_to_type,
            _exclusive_bounds_to_numbers,
            _integer_formats_to_bounds,
        ),
    ),
    Dialect(
        "3.1",
        "oas-3.1.json",
        {**_DEFINITIONS_3_1, "document": "", "callback": "#/$defs/callbacks"},
        {**_OBJECTS, "schema": _SCHEMA_3_1},
        _HIDING,
        True,
        (_integer_formats_to_bounds, _drop_identifiers),
    ),
)

Found = tuple[Any, str, tuple[str, ...]]
"""A node, the kind that it has where it stands, and the raw segments that lead there."""


def walk(dialect: Dialect, found: Found) -> Iterator[Found]:
    """Every OpenAPI object at and below the one that was found; references are not followed.

    Only fields that hold objects are entered, so that examples, defaults, enums, extensions, and properties that are
    named like keywords are never taken for schemas or references.
    """
    stack = [found]
    while stack:
        node, kind, segments = stack.pop()
        if not isinstance(node, dict):
            continue
        yield node, kind, segments
        if kind in dialect.ref_hides and isinstance(node.get("$ref"), str):
            continue
        fields = dialect.fields[kind]
        for name, value in node.items():
            held = fields.get(name)
            if held is None and not name.startswith("x-"):
                held = fields.get(ANY)
            if held is not None:
                stack.extend(_children(held, value, (*segments, name)))


def _children(held: str, value: Any, segments: tuple[str, ...]) -> list[Found]:
    if held[0] == "{" and isinstance(value, dict):
        return [(child, held[1:-1], (*segments, name)) for name, child in value.items()]
    if held[0] == "[" and isinstance(value, list):
        return [(child, held[1:-1], (*segments, str(at))) for at, child in enumerate(value)]
    return [] if held[0] in "{[" else [(value, held, segments)]
