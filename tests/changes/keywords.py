"""Every keyword of a schema, tight and loose; each pair is four revisions: tightened and loosened, either direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.changes.change import Direction
from tests.changes.editing import BREAKING, COMPATIBLE, Edit, Place, Revision, put, ref

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
NULL = {"type": "null"}


def obj(properties: dict[str, Any] | None = None, *required: str, **more: Any) -> dict[str, Any]:
    kept = {"properties": properties} if properties is not None else {}
    return {"type": "object", **kept, **({"required": list(required)} if required else {}), **more}


def array(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def any_of(*branches: Any, **more: Any) -> dict[str, Any]:
    return {"anyOf": list(branches), **more}


def one_of(*branches: Any, **more: Any) -> dict[str, Any]:
    return {"oneOf": list(branches), **more}


def mapped(schema: Any) -> dict[str, Any]:
    return obj(additionalProperties=schema)


AB = {"a": INTEGER, "b": INTEGER}

# fmt: off
# ruff: noqa: E501 - one row a line
PAIRS: tuple[tuple[str, Any, Any, Any], ...] = (
    # name, tight, loose, a value that only the loose one allows
    ("type integer to number", INTEGER, NUMBER, 1.5),
    ("type string to integer or string", STRING, {"type": ["string", "integer"]}, 7),
    ("type string to anything", STRING, {}, [1]),
    ("type object to anything", obj({"a": STRING}), {}, 3),
    ("type array to array or one item", array(STRING), any_of(STRING, array(STRING)), "x"),
    ("nothing to something", {"not": {}}, STRING, "x"),
    ("null as a type list", STRING, {"type": ["string", "null"]}, None),
    ("null as a branch of anyOf", STRING, any_of(STRING, NULL), None),
    ("null as a branch of oneOf", STRING, one_of(STRING, NULL), None),
    ("null in an enum", {"enum": ["a", "b"]}, {"enum": ["a", "b", None]}, None),
    ("null beside a reference", ref("Address"), any_of(ref("Address"), NULL), None),
    ("null as a constant", INTEGER, any_of(INTEGER, {"const": None}), None),
    ("enum of strings", {"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b", "c"]}, "c"),
    ("enum of integers", {"enum": [1, 2]}, {"enum": [1, 2, 3]}, 3),
    ("enum of several types", {"enum": [1, "a"]}, {"enum": [1, "a", False]}, False),
    ("enum to any string", {"type": "string", "enum": ["a", "b"]}, STRING, "c"),
    ("enum of another case", {"enum": ["a"]}, {"enum": ["a", "A"]}, "A"),
    ("enum of objects", {"enum": [{"k": 1}]}, {"enum": [{"k": 1}, {"k": 2}]}, {"k": 2}),
    ("const to enum", {"const": "a"}, {"enum": ["a", "b"]}, "b"),
    ("const to its type", {"const": 5}, INTEGER, 6),
    ("format date-time", {"type": "string", "format": "date-time"}, STRING, "yesterday"),
    ("format uuid", {"type": "string", "format": "uuid"}, STRING, "1234"),
    ("format email", {"type": "string", "format": "email"}, STRING, "nobody"),
    ("format date", {"type": "string", "format": "date"}, STRING, "2024-13-40"),
    ("format duration", {"type": "string", "format": "duration"}, STRING, "PT41.286072S"),
    ("format ipv4", {"type": "string", "format": "ipv4"}, STRING, "300.1.1.1"),
    ("format int32 to int64", {**INTEGER, "format": "int32"}, {**INTEGER, "format": "int64"}, 2**40),
    ("format int32", {**INTEGER, "format": "int32"}, INTEGER, 2**31),
    ("pattern", {"type": "string", "pattern": "^[a-z]+$"}, STRING, "A1"),
    ("pattern to a wider one", {"type": "string", "pattern": "^[a-f]+$"}, {"type": "string", "pattern": "^[a-z]+$"}, "z"),
    ("pattern of a prefix", {"type": "string", "pattern": "^ab"}, {"type": "string", "pattern": "^a"}, "ac"),
    ("pattern without its anchor", {"type": "string", "pattern": "^x$"}, {"type": "string", "pattern": "x"}, "xx"),
    ("pattern of a length", {"type": "string", "pattern": "^[0-9]{5}$"}, {"type": "string", "pattern": "^[0-9]{5,9}$"}, "123456"),
    ("enum to a pattern", {"enum": ["v1", "v2"]}, {"type": "string", "pattern": "^v[0-9]$"}, "v3"),
    ("minLength", {**STRING, "minLength": 3}, {**STRING, "minLength": 2}, "ab"),
    ("minLength of one", {**STRING, "minLength": 1}, STRING, ""),
    ("maxLength", {**STRING, "maxLength": 5}, {**STRING, "maxLength": 6}, "abcdef"),
    ("maxLength at all", {**STRING, "maxLength": 300}, STRING, "x" * 301),
    ("minimum", {**INTEGER, "minimum": 1}, {**INTEGER, "minimum": 0}, 0),
    ("minimum at all", {**NUMBER, "minimum": 0}, NUMBER, -0.5),
    ("maximum", {**INTEGER, "maximum": 99}, {**INTEGER, "maximum": 100}, 100),
    ("maximum at all", {**INTEGER, "maximum": 30}, INTEGER, 31),
    ("exclusiveMinimum", {**NUMBER, "exclusiveMinimum": 0}, {**NUMBER, "minimum": 0}, 0),
    ("exclusiveMaximum", {**NUMBER, "exclusiveMaximum": 1}, {**NUMBER, "maximum": 1}, 1),
    ("exclusiveMaximum moved", {**NUMBER, "exclusiveMaximum": 1}, {**NUMBER, "exclusiveMaximum": 1.5}, 1.25),
    ("multipleOf", {**INTEGER, "multipleOf": 10}, {**INTEGER, "multipleOf": 5}, 15),
    ("multipleOf at all", {**NUMBER, "multipleOf": 0.5}, NUMBER, 0.25),
    ("minItems", array(STRING, minItems=2), array(STRING, minItems=1), ["x"]),
    ("minItems of one", array(STRING, minItems=1), array(STRING), []),
    ("maxItems", array(STRING, maxItems=2), array(STRING, maxItems=3), ["x", "y", "z"]),
    ("maxItems at all", array(INTEGER, maxItems=10), array(INTEGER), list(range(11))),
    ("uniqueItems", array(INTEGER, uniqueItems=True), array(INTEGER), [1, 1]),
    ("items", array(INTEGER), array(NUMBER), [0.5]),
    ("items to anything", array(STRING), {"type": "array"}, [None]),
    ("items that are objects", array(obj(AB, "a")), array(obj(AB)), [{}]),
    ("contains", array(INTEGER, contains={"const": 0}), array(INTEGER), [1]),
    ("minContains", array(INTEGER, contains={"const": 0}, minContains=2), array(INTEGER, contains={"const": 0}), [0]),
    ("maxContains", array(INTEGER, contains={"const": 0}, maxContains=1), array(INTEGER, contains={"const": 0}), [0, 0]),
    ("prefixItems", {"type": "array", "prefixItems": [STRING]}, {"type": "array", "prefixItems": [{}]}, [1]),
    ("prefixItems one more", {"type": "array", "prefixItems": [STRING, INTEGER], "minItems": 2}, {"type": "array", "prefixItems": [STRING], "minItems": 2}, ["x", "y"]),
    ("items after prefixItems", {"type": "array", "prefixItems": [STRING], "items": False}, {"type": "array", "prefixItems": [STRING], "items": INTEGER}, ["x", 1]),
    ("required", obj(AB, "a"), obj(AB), {"b": 1}),
    ("required of one more", obj(AB, "a", "b"), obj(AB, "a"), {"a": 1}),
    ("required through a reference", obj({"n": {"allOf": [ref("Address"), {"required": ["country"]}]}}), obj({"n": ref("Address")}), {"n": {"street": "s", "zip": "12345"}}),
    ("a property of two parts, one a reference", {"allOf": [obj({"a": ref("Status")}), obj({"a": {"minLength": 5}})]}, {"allOf": [obj({"a": ref("Status")}), obj({"a": {"minLength": 4}})]}, {"a": "open"}),
    ("a property of a property", obj({"n": obj({"m": INTEGER})}), obj({"n": obj({"m": NUMBER})}), {"n": {"m": 0.5}}),
    ("a property of any value", obj({"a": STRING}), obj({"a": {}}), {"a": 1}),
    ("a property that can't be", obj({"a": False, "b": INTEGER}), obj(AB), {"a": 1}),
    ("a property of a closed object", obj({"a": INTEGER}, additionalProperties=False), obj(AB, additionalProperties=False), {"b": 1}),
    ("additionalProperties false to true", obj(AB, additionalProperties=False), obj(AB, additionalProperties=True), {"c": 1}),
    ("additionalProperties false to a type", obj(AB, additionalProperties=False), obj(AB, additionalProperties=STRING), {"c": "x"}),
    ("additionalProperties of a type to any", mapped(STRING), mapped(True), {"k": 1}),
    ("values of a map", mapped(INTEGER), mapped(NUMBER), {"k": 0.5}),
    ("null as values of a map", mapped(STRING), mapped({"type": ["string", "null"]}), {"k": None}),
    ("patternProperties", obj(patternProperties={"^x": INTEGER}, additionalProperties=False), obj(patternProperties={"^x": NUMBER}, additionalProperties=False), {"x1": 0.5}),
    ("patternProperties names", obj(patternProperties={"^xy": INTEGER}, additionalProperties=False), obj(patternProperties={"^x": INTEGER}, additionalProperties=False), {"xa": 1}),
    ("propertyNames", obj(propertyNames={"pattern": "^[a-z]+$"}, additionalProperties=INTEGER), mapped(INTEGER), {"K": 1}),
    ("propertyNames of a length", obj(propertyNames={"maxLength": 3}, additionalProperties=INTEGER), obj(propertyNames={"maxLength": 4}, additionalProperties=INTEGER), {"abcd": 1}),
    ("minProperties", obj(AB, minProperties=1), obj(AB), {}),
    ("minProperties of a map", obj(additionalProperties=INTEGER, minProperties=2), obj(additionalProperties=INTEGER, minProperties=1), {"k": 1}),
    ("maxProperties", obj(AB, maxProperties=1), obj(AB), {"a": 1, "b": 1}),
    ("maxProperties of a map", obj(additionalProperties=INTEGER, maxProperties=1), obj(additionalProperties=INTEGER, maxProperties=2), {"j": 1, "k": 1}),
    ("dependentRequired", obj(AB, dependentRequired={"a": ["b"]}), obj(AB), {"a": 1}),
    ("dependentSchemas", obj(AB, dependentSchemas={"a": {"required": ["b"]}}), obj(AB), {"a": 1}),
    ("not", {**STRING, "not": {"const": "x"}}, STRING, "x"),
    ("not of an enum", {**STRING, "not": {"enum": ["x", "y"]}}, {**STRING, "not": {"const": "x"}}, "y"),
    ("not of a length", {**STRING, "not": {"maxLength": 2}}, STRING, "ab"),
    ("not of a required name", obj(AB, **{"not": {"required": ["b"]}}), obj(AB), {"b": 1}),
    ("if and then", {**INTEGER, "if": {"minimum": 10}, "then": {"multipleOf": 10}}, INTEGER, 15),
    ("if and else", {**INTEGER, "if": {"minimum": 10}, "else": {"const": 0}}, INTEGER, 5),
    ("if and then about properties", obj(AB, **{"if": {"required": ["a"]}, "then": {"required": ["b"]}}), obj(AB), {"a": 1}),
    ("one more part of allOf", {"allOf": [STRING, {"minLength": 2}]}, {"allOf": [STRING]}, "x"),
    ("a part of allOf", {"allOf": [ref("Address"), obj({"n": INTEGER}, "n")]}, {"allOf": [ref("Address"), obj({"n": INTEGER})]}, {"street": "s", "zip": "12345"}),
    ("one more branch of anyOf", any_of(STRING, INTEGER), any_of(STRING, INTEGER, {"type": "boolean"}), True),
    ("a branch of anyOf", any_of(STRING, {**INTEGER, "minimum": 0}), any_of(STRING, INTEGER), -1),
    ("a branch of anyOf that is an object", any_of(STRING, obj({"a": INTEGER}, "a")), any_of(STRING, obj({"a": NUMBER}, "a")), {"a": 0.5}),
    ("one more branch of oneOf", one_of(ref("Card")), one_of(ref("Card"), ref("Transfer")), {"kind": "transfer", "iban": "x"}),
    ("one more branch of a discriminated union", one_of(ref("Card"), ref("Transfer"), discriminator={"propertyName": "kind"}), one_of(ref("Card"), ref("Transfer"), obj({"kind": {"const": "cash"}}, "kind"), discriminator={"propertyName": "kind"}), {"kind": "cash"}),
    ("a branch of a union of objects", any_of(ref("Address"), obj({"geo": array(NUMBER)}, "geo")), any_of(ref("Address"), obj({"geo": array(NUMBER)})), {}),
    ("oneOf that overlaps to anyOf", one_of({**INTEGER, "minimum": 0}, {**INTEGER, "maximum": 9}), any_of({**INTEGER, "minimum": 0}, {**INTEGER, "maximum": 9}), 5),
    ("two types with their own bounds", {"type": ["string", "integer"], "minLength": 2, "minimum": 1}, {"type": ["string", "integer"], "minLength": 2}, 0),
)
CROSSED: tuple[tuple[str, Any, Any, Any, Any], ...] = (
    # name, one, another, a value that only the one allows, a value that only the other allows
    ("type string against integer", STRING, INTEGER, "x", 1),
    ("enum renamed", {"enum": ["a", "b"]}, {"enum": ["a", "c"]}, "b", "c"),
    ("enum of another case only", {"enum": ["open"]}, {"enum": ["OPEN"]}, "open", "OPEN"),
    ("const changed", {"const": 1}, {"const": 2}, 1, 2),
    ("const as another type", {"const": 1}, {"const": "1"}, 1, "1"),
    ("format changed", {**STRING, "format": "date"}, {**STRING, "format": "date-time"}, "2024-01-02", "2024-01-02T03:04:05Z"),
    ("pattern changed", {**STRING, "pattern": "^a"}, {**STRING, "pattern": "b$"}, "a", "b"),
    ("range moved", {**INTEGER, "minimum": 0, "maximum": 9}, {**INTEGER, "minimum": 5, "maximum": 14}, 0, 14),
    ("length moved", {**STRING, "minLength": 1, "maxLength": 4}, {**STRING, "minLength": 2, "maxLength": 5}, "x", "xxxxx"),
    ("multipleOf changed", {**INTEGER, "multipleOf": 4}, {**INTEGER, "multipleOf": 6}, 4, 6),
    ("one value against a list", STRING, array(STRING), "x", ["x"]),
    ("a list against a map", array(STRING), mapped(STRING), ["x"], {"k": "x"}),
    ("required renamed", obj(AB, "a"), obj(AB, "b"), {"a": 1}, {"b": 1}),
    ("a property retyped", obj({"a": STRING}), obj({"a": INTEGER}), {"a": "x"}, {"a": 1}),
    ("a required property renamed", obj({"a": INTEGER}, "a"), obj({"b": INTEGER}, "b"), {"a": 1}, {"b": 1}),
    ("a branch swapped", one_of(ref("Card"), ref("Address")), one_of(ref("Transfer"), ref("Address")), {"kind": "card", "number": "123456789012"}, {"kind": "transfer", "iban": "x"}),
    ("a tag renamed", obj({"kind": {"const": "card"}}, "kind"), obj({"kind": {"const": "Card"}}, "kind"), {"kind": "card"}, {"kind": "Card"}),
    ("prefixItems swapped", {"type": "array", "prefixItems": [STRING, INTEGER]}, {"type": "array", "prefixItems": [INTEGER, STRING]}, ["x", 1], [1, "x"]),
    ("not changed", {**STRING, "not": {"const": "x"}}, {**STRING, "not": {"const": "y"}}, "y", "x"),
    ("oneOf that overlaps elsewhere", one_of(INTEGER, {**NUMBER, "minimum": 5}), one_of(INTEGER, {**NUMBER, "minimum": 7}), 5.5, 5),
    ("nullable and required swapped", obj({"a": {"type": ["string", "null"]}}, "a"), obj({"a": STRING}), {"a": None}, {}),
)
# fmt: on

REQUEST: Place = ("PUT /preference", Direction.REQUEST)
RESPONSE: Place = ("GET /preference", Direction.RESPONSE)
SENT = "/components/schemas/PreferenceChange/properties/value"
SHOWN = "/components/schemas/Preference/properties/value"


def sent(value: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer KEY"}
    return {"method": "PUT", "path": "/preference", "headers": headers, "body": {"value": value}}


def shown(value: Any) -> dict[str, Any]:
    return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"value": value}}


def revised(name: str, place: Place, before: Any, after: Any, value: Any = None, *, breaks: bool) -> Revision:
    pointer, message = (SENT, sent(value)) if place is REQUEST else (SHOWN, shown(value))
    base: tuple[Edit, ...] = (put(pointer, before),)
    truth = BREAKING if breaks else COMPATIBLE
    return Revision(name, "shop", truth, (put(pointer, after),), base, place, message if breaks else None)


def keyword_revisions() -> Iterator[Revision]:
    for name, tight, loose, only in PAIRS:
        yield revised(f"{name}: tightened in a request", REQUEST, loose, tight, only, breaks=True)
        yield revised(f"{name}: loosened in a request", REQUEST, tight, loose, breaks=False)
        yield revised(f"{name}: tightened in a response", RESPONSE, loose, tight, breaks=False)
        yield revised(f"{name}: loosened in a response", RESPONSE, tight, loose, only, breaks=True)
    for name, one, other, only, only_other in CROSSED:
        yield revised(f"{name} in a request", REQUEST, one, other, only, breaks=True)
        yield revised(f"{name} in a response", RESPONSE, one, other, only_other, breaks=True)
