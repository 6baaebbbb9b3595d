"""What differs between OpenAPI 3.0 and 3.1, as data: which objects hold which, and how schemas become 2020-12."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

Path = tuple[Any, str] | None
"""A pointer while walking: the path of the parent and the last segment. Joining is left to who needs the text."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

ANY = "*"
"""Stands for every field of an object that is a map itself, extensions (`x-…`) apart."""


class Field(NamedTuple):
    """What a field holds: `one` object of a kind, a `list` of them or a `map` with free names."""

    shape: str
    kind: str


Kinds = Mapping[str, Mapping[str, Field]]


def _one(kind: str) -> Field:
    return Field("one", kind)


def _list(kind: str) -> Field:
    return Field("list", kind)


def _map(kind: str) -> Field:
    return Field("map", kind)


_PARAMETER = {"schema": _one("schema"), "content": _map("media type"), "examples": _map("example")}
_OBJECTS: dict[str, dict[str, Field]] = {
    "document": {
        "paths": _one("paths"),
        "webhooks": _map("path item"),
        "components": _one("components"),
    },
    "components": {
        "schemas": _map("schema"),
        "responses": _map("response"),
        "parameters": _map("parameter"),
        "examples": _map("example"),
        "requestBodies": _map("request body"),
        "headers": _map("header"),
        "securitySchemes": _map("security scheme"),
        "links": _map("link"),
        "callbacks": _map("callback"),
        "pathItems": _map("path item"),
    },
    "paths": {ANY: _one("path item")},
    "path item": {**dict.fromkeys(METHODS, _one("operation")), "parameters": _list("parameter")},
    "operation": {
        "parameters": _list("parameter"),
        "requestBody": _one("request body"),
        "responses": _one("responses"),
        "callbacks": _map("callback"),
    },
    "callback": {ANY: _one("path item")},
    "parameter": _PARAMETER,
    "header": _PARAMETER,
    "request body": {"content": _map("media type")},
    "responses": {ANY: _one("response")},
    "response": {"headers": _map("header"), "content": _map("media type"), "links": _map("link")},
    "media type": {
        "schema": _one("schema"),
        "examples": _map("example"),
        "encoding": _map("encoding"),
    },
    "encoding": {"headers": _map("header")},
    "example": {},
    "link": {},
    "security scheme": {},
}
_SCHEMA_3_0 = {
    **dict.fromkeys(("items", "additionalProperties", "not"), _one("schema")),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _list("schema")),
    "properties": _map("schema"),
}
_ONE_3_1 = (
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_SCHEMA_3_1 = {
    **_SCHEMA_3_0,
    **dict.fromkeys((*_ONE_3_1, "contentSchema"), _one("schema")),
    **dict.fromkeys(("patternProperties", "dependentSchemas", "$defs"), _map("schema")),
    "prefixItems": _list("schema"),
}

REFERABLE = frozenset(_OBJECTS) - {
    "document",
    "components",
    "paths",
    "operation",
    "responses",
    "media type",
    "encoding",
}
"""Kinds that a Reference Object, or a `$ref` of their own, may stand for; schemas come on top."""

NEW_IN_2020_12 = (
    *(name for name in _SCHEMA_3_1 if name not in _SCHEMA_3_0),
    *(
        "const",
        "dependentRequired",
        "minContains",
        "maxContains",
        "$id",
        "$anchor",
        "$schema",
        "$dynamicRef",
    ),
)
"""Keywords that mean nothing in a 3.0 schema and would begin to bind once it is read as 2020-12."""

_INTEGER_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def _drop_siblings_of_ref(schema: dict[str, Any]) -> None:
    """OpenAPI 3.0.3 §4.7.23.1: what stands beside `$ref` is ignored."""
    if isinstance(schema.get("$ref"), str):
        for keyword in [name for name in schema if name != "$ref"]:
            del schema[keyword]


def _drop_new_keywords(schema: dict[str, Any]) -> None:
    for keyword in NEW_IN_2020_12:
        schema.pop(keyword, None)


def _nullable_to_type(schema: dict[str, Any]) -> None:
    """OpenAPI 3.0.3: `nullable` counts only beside `type`, and an `enum` without null still forbids null."""
    types = schema.get("type")
    if schema.pop("nullable", False) is True and types:
        schema["type"] = list(
            dict.fromkeys([*(types if isinstance(types, list) else [types]), "null"])
        )


def _exclusive_bounds_to_numbers(schema: dict[str, Any]) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.pop(exclusive, False) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _integer_formats_to_bounds(schema: dict[str, Any]) -> None:
    """`int32` and `int64` are promises that no validator asserts; `format` stays."""
    types = schema.get("type")
    names = set(types) if isinstance(types, list) else {types}
    bounds = (
        _INTEGER_BOUNDS.get(schema["format"]) if isinstance(schema.get("format"), str) else None
    )
    if bounds and "integer" in names and names <= {"integer", "null"}:
        schema["minimum"] = max(bounds[0], schema.get("minimum", bounds[0]))
        schema["maximum"] = min(bounds[1], schema.get("maximum", bounds[1]))


def _drop_identifiers(schema: dict[str, Any]) -> None:
    """References are pointers by now, and an `$id` would give those below it another meaning."""
    for keyword in ("$id", "$anchor", "$dynamicAnchor", "$schema"):
        schema.pop(keyword, None)


@dataclass(frozen=True, eq=False)
class Dialect:
    """One minor version: `version` is its first two numbers, `kinds` the fields of each kind of object.

    `metaschema` names the official meta-schema, `definitions` where in it some kinds are defined. `ref_hides` are
    kinds whose other fields don't count beside a `$ref`; `has_identifiers` tells whether `$id` and the like mean
    something. `rewrites` turn a Schema Object, in place and in this order,
    into JSON Schema 2020-12.
    """

    version: str
    metaschema: str
    definitions: Mapping[str, str]
    kinds: Kinds
    ref_hides: frozenset[str]
    has_identifiers: bool
    rewrites: tuple[Callable[[dict[str, Any]], None], ...]


def _definitions(prefix: str, spell: Callable[[str], str]) -> Mapping[str, str]:
    return MappingProxyType(
        {"document": "", **{kind: f"{prefix}{spell(kind)}" for kind in (*REFERABLE, "schema")}}
    )


_HIDING = REFERABLE - {"path item"}

DIALECTS = (
    Dialect(
        "3.0",
        "oas-3.0.json",
        _definitions("#/definitions/", lambda kind: kind.title().replace(" ", "")),
        MappingProxyType({**_OBJECTS, "schema": _SCHEMA_3_0}),
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
        _definitions(
            "#/$defs/", lambda kind: {"callback": "callbacks"}.get(kind, kind).replace(" ", "-")
        ),
        MappingProxyType({**_OBJECTS, "schema": _SCHEMA_3_1}),
        _HIDING,
        True,
        (_integer_formats_to_bounds, _drop_identifiers),
    ),
)


def walk(
    dialect: Dialect, node: Any, kind: str, path: Path
) -> Iterator[tuple[dict[str, Any], str, Path]]:
    """Every OpenAPI object at and below `node`, with its kind and path; references are not followed.

    Only fields that hold objects are entered, so that examples, defaults, enums, extensions, and properties that are
    named like keywords are never taken for schemas or references.
    """
    stack: list[tuple[Any, str, Path]] = [(node, kind, path)]
    while stack:
        node, kind, path = stack.pop()
        if not isinstance(node, dict):
            continue
        yield node, kind, path
        if kind in dialect.ref_hides and isinstance(node.get("$ref"), str):
            continue
        fields = dialect.kinds[kind]
        for name, value in node.items():
            field = fields.get(name) or (fields.get(ANY) if not name.startswith("x-") else None)
            if field:
                stack.extend(_held(field, value, (path, name)))


def _held(field: Field, value: Any, path: Path) -> list[tuple[Any, str, Path]]:
    if field.shape == "one":
        return [(value, field.kind, path)]
    if field.shape == "map" and isinstance(value, dict):
        return [(child, field.kind, (path, name)) for name, child in value.items()]
    if field.shape == "list" and isinstance(value, list):
        return [(child, field.kind, (path, str(index))) for index, child in enumerate(value)]
    return []


def segments_of(path: Path) -> list[str]:
    """The raw segments of a path, outermost first."""
    segments = []
    while path:
        path, segment = path
        segments.append(segment)
    return segments[::-1]
