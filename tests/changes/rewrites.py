"""Schemas spelled otherwise that mean the same: each pair is two revisions of a component used in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.changes.editing import EQUAL, Edit, Revision, change, drop, move, put, ref, text
from tests.changes.keywords import AB, INTEGER, NULL, NUMBER, STRING, any_of, array, mapped, obj, one_of

VALUE = "/components/schemas/Shared/properties/value"

# fmt: off
# ruff: noqa: E501 - one row a line
PAIRS: tuple[tuple[str, Any, Any], ...] = (
    ("allOf around a reference", ref("Address"), {"allOf": [ref("Address")]}),
    ("anyOf around a reference", ref("Address"), any_of(ref("Address"))),
    ("oneOf around a reference", ref("Address"), one_of(ref("Address"))),
    ("allOf around a schema", STRING, {"allOf": [STRING]}),
    ("a description beside a reference", ref("Address"), {**ref("Address"), "description": "where to"}),
    ("an object split in allOf", obj(AB, "a", "b"), {"allOf": [obj({"a": INTEGER}, "a"), obj({"b": INTEGER}, "b")]}),
    ("a required list of its own in allOf", obj(AB, "a"), {"allOf": [obj(AB), {"required": ["a"]}]}),
    ("allOf twice the same", {"allOf": [ref("Address")]}, {"allOf": [ref("Address"), ref("Address")]}),
    ("allOf in another order", {"allOf": [ref("Address"), obj(AB)]}, {"allOf": [obj(AB), ref("Address")]}),
    ("allOf in allOf", {"allOf": [{"allOf": [STRING, {"minLength": 1}]}]}, {"type": "string", "minLength": 1}),
    ("bounds through allOf", {**INTEGER, "minimum": 1, "maximum": 9}, {"allOf": [{**INTEGER, "minimum": 1}, {"maximum": 9}]}),
    ("a type list of one", STRING, {"type": ["string"]}),
    ("a type list against anyOf null", {"type": ["string", "null"]}, any_of(STRING, NULL)),
    ("a type list against oneOf null", {"type": ["string", "null"]}, one_of(NULL, STRING)),
    ("a type list in another order", {"type": ["string", "null"]}, {"type": ["null", "string"]}),
    ("null as a constant", any_of(STRING, NULL), any_of(STRING, {"const": None})),
    ("null as an enum", any_of(STRING, NULL), any_of(STRING, {"enum": [None]})),
    ("keywords beside a type list", any_of({**STRING, "minLength": 2}, NULL), {"type": ["string", "null"], "minLength": 2}),
    ("a nullable enum", {"type": ["string", "null"], "enum": ["a", None]}, any_of({"enum": ["a"]}, NULL)),
    ("const against an enum of one", {"const": "a"}, {"enum": ["a"]}),
    ("enum in another order", {"enum": ["a", "b", "c"]}, {"enum": ["c", "a", "b"]}),
    ("enum with its type", {"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
    ("enum against consts", {"enum": ["a", "b"]}, one_of({"const": "a"}, {"const": "b"})),
    ("enum against a pattern", {"enum": ["a", "b"]}, {"type": "string", "pattern": "^[ab]$"}),
    ("enum split in anyOf", {"enum": ["a", "b", "c"]}, any_of({"enum": ["a"]}, {"enum": ["b", "c"]})),
    ("enum that overlaps itself", {"enum": ["a", "b"]}, any_of({"enum": ["a", "b"]}, {"const": "b"})),
    ("enum with values that its type forbids", {"type": "string", "enum": ["a", 1]}, {"enum": ["a"]}),
    ("enum of integers as a range", {"enum": [1, 2, 3]}, {**INTEGER, "minimum": 1, "maximum": 3}),
    ("enum of booleans", {"type": "boolean"}, {"enum": [True, False]}),
    ("integer against number and multipleOf 1", INTEGER, {**NUMBER, "multipleOf": 1}),
    ("integer with multipleOf 1", INTEGER, {**INTEGER, "multipleOf": 1}),
    ("integer and number", NUMBER, {"type": ["integer", "number"]}),
    ("integers in anyOf with number", NUMBER, any_of(INTEGER, NUMBER)),
    ("an exclusive bound of integers", {**INTEGER, "minimum": 1}, {**INTEGER, "exclusiveMinimum": 0}),
    ("a fractional bound of integers", {**INTEGER, "maximum": 5}, {**INTEGER, "maximum": 5.5}),
    ("a bound written with a fraction", {**NUMBER, "minimum": 1}, {**NUMBER, "minimum": 1.0}),
    ("a bound twice", {**INTEGER, "minimum": 3}, {**INTEGER, "minimum": 3, "exclusiveMinimum": 1}),
    ("minLength 0", STRING, {**STRING, "minLength": 0}),
    ("minItems 0", array(STRING), array(STRING, minItems=0)),
    ("minProperties 0", obj(AB), obj(AB, minProperties=0)),
    ("minContains 0", array(STRING), array(STRING, contains={"const": "x"}, minContains=0)),
    ("uniqueItems false", array(STRING), array(STRING, uniqueItems=False)),
    ("uniqueItems of one", array(STRING, maxItems=1), array(STRING, maxItems=1, uniqueItems=True)),
    ("an empty required", obj(AB), obj(AB, required=[])),
    ("required in another order", obj(AB, "a", "b"), obj(AB, "b", "a")),
    ("required against minProperties", obj({"a": INTEGER}, "a"), obj({"a": INTEGER}, "a", minProperties=1)),
    ("items true", {"type": "array"}, array(True)),
    ("items empty", array({}), array(True)),
    ("a prefix like the rest", array(STRING), {"type": "array", "items": STRING, "prefixItems": [STRING]}),
    ("a closed tuple", {"type": "array", "prefixItems": [STRING], "items": False}, {"type": "array", "prefixItems": [STRING], "maxItems": 1}),
    ("additionalProperties empty", mapped({}), mapped(True)),
    ("patternProperties that match anything", mapped(STRING), obj(patternProperties={"": STRING}, additionalProperties=False)),
    ("propertyNames against a pattern", obj(propertyNames={"pattern": "^x"}, additionalProperties=STRING), obj(patternProperties={"^x": STRING}, additionalProperties=False)),
    ("propertyNames true", mapped(STRING), obj(propertyNames=True, additionalProperties=STRING)),
    ("propertyNames against an enum", obj(propertyNames={"enum": ["a"]}, additionalProperties=STRING), obj({"a": STRING}, additionalProperties=False)),
    ("dependentRequired of nothing", obj(AB), obj(AB, dependentRequired={"a": []})),
    ("dependentRequired against dependentSchemas", obj(AB, dependentRequired={"a": ["b"]}), obj(AB, dependentSchemas={"a": {"required": ["b"]}})),
    ("not of nothing", STRING, {**STRING, "not": False}),
    ("not twice", {**STRING, "minLength": 2}, {**STRING, "not": {"not": {"minLength": 2}}}),
    ("not of an impossible type", STRING, {**STRING, "not": {"type": "integer"}}),
    ("not against a bound", {**INTEGER, "minimum": 5}, {**INTEGER, "not": {"exclusiveMaximum": 5}}),
    ("if without then", STRING, {**STRING, "if": {"minLength": 2}}),
    ("then without if", STRING, {**STRING, "then": {"minLength": 2}}),
    ("if against anyOf", {**INTEGER, "if": {"minimum": 10}, "then": {"multipleOf": 10}}, {**INTEGER, "anyOf": [{"maximum": 9}, {"multipleOf": 10}]}),
    ("oneOf of types against anyOf", one_of(STRING, INTEGER), any_of(STRING, INTEGER)),
    ("oneOf of tags against anyOf", one_of(ref("Card"), ref("Transfer")), any_of(ref("Card"), ref("Transfer"))),
    ("oneOf in another order", one_of(ref("Card"), ref("Transfer")), one_of(ref("Transfer"), ref("Card"))),
    ("anyOf twice the same", any_of(STRING, INTEGER), any_of(STRING, INTEGER, STRING)),
    ("anyOf in anyOf", any_of(STRING, INTEGER, NULL), any_of(any_of(STRING, INTEGER), NULL)),
    ("anyOf with an impossible branch", any_of(STRING, INTEGER), any_of(STRING, INTEGER, False)),
    ("anyOf with a branch within another", STRING, any_of(STRING, {**STRING, "maxLength": 3})),
    ("anyOf of ranges that meet", {**INTEGER, "minimum": 0, "maximum": 9}, any_of({**INTEGER, "minimum": 0, "maximum": 4}, {**INTEGER, "minimum": 5, "maximum": 9})),
    ("anyOf with a discriminator", one_of(ref("Card"), ref("Transfer")), one_of(ref("Card"), ref("Transfer"), discriminator={"propertyName": "kind"})),
    ("anyOf of items", array(any_of(STRING, NULL)), array({"type": ["null", "string"]})),
    ("keywords of another type", STRING, {**STRING, "minimum": 3, "required": ["a"], "maxItems": 2}),
    ("pattern with a class", {**STRING, "pattern": "^[0-9]+$"}, {**STRING, "pattern": r"^\d+$"}),
    ("pattern with a repeat", {**STRING, "pattern": "^[a-z][a-z]*$"}, {**STRING, "pattern": "^[a-z]+$"}),
    ("pattern with a group", {**STRING, "pattern": "^(?:ab)+$"}, {**STRING, "pattern": "^(ab)+$"}),
    ("pattern with a counted repeat", {**STRING, "pattern": "^[0-9]{2}$"}, {**STRING, "pattern": "^[0-9][0-9]$"}),
    ("pattern in another order", {**STRING, "pattern": "^(a|b)$"}, {**STRING, "pattern": "^(b|a)$"}),
    ("pattern that takes all", STRING, {**STRING, "pattern": ".*"}),
    ("pattern against a length", {**STRING, "minLength": 1}, {**STRING, "pattern": r"^[\s\S]"}),
    ("pattern with a loose end", {**STRING, "pattern": "^ab"}, {**STRING, "pattern": "^ab.*"}),
    ("true against empty", {}, True),
    ("an unknown format", STRING, {**STRING, "format": "password"}),
    ("an unknown keyword", STRING, {**STRING, "x-shown": True, "colour": "red"}),
    ("members in another order", {"type": "string", "minLength": 1}, {"minLength": 1, "type": "string"}),
    ("$defs of its own", STRING, {"$ref": "#/components/schemas/Shared/$defs/Text"}),
    ("a comment", STRING, {**STRING, "$comment": "text"}),
)
# fmt: on

ANNOTATIONS: dict[str, Any] = {
    "title": "Value",
    "description": "said otherwise",
    "examples": ["x"],
    "example": "x",
    "externalDocs": {"url": "https://shop.example"},
    "x-internal": True,
}


def inlined(tree: dict[str, Any]) -> None:
    schemas = tree["components"]["schemas"]
    for name, property_name in (("Order", "address"), ("Order", "status")):
        target = schemas[name]["properties"][property_name]["$ref"].rpartition("/")[2]
        schemas[name]["properties"][property_name] = schemas[target]


def reordered(value: Any) -> Any:
    """Every object with its members the other way round."""
    if isinstance(value, dict):
        return {name: reordered(member) for name, member in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def turned_round(tree: dict[str, Any]) -> None:
    for name in reversed(list(tree)):
        tree[name] = tree.pop(name)


def as_3_0(tree: dict[str, Any]) -> None:
    """The document as OpenAPI 3.0 spells it."""
    tree["openapi"] = "3.0.3"
    schemas = tree["components"]["schemas"]
    trace = tree["paths"]["/orders"]["get"]["parameters"][6]
    trace["schema"] = {"type": "string", "nullable": True, "maxLength": 20}
    patch = tree["paths"]["/orders/{order_id}"]["patch"]["requestBody"]["content"]["application/merge-patch+json"]
    patch["schema"]["properties"]["note"] = {"type": "string", "nullable": True}
    schemas["Address"]["properties"]["country"] = {"type": "string", "nullable": True, "minLength": 2, "maxLength": 2}
    schemas["Order"]["properties"]["note"] = {"type": "string", "nullable": True}
    schemas["Line"]["properties"]["discount"] = {**NUMBER, "minimum": 0, "maximum": 1, "exclusiveMaximum": True}
    for name, tag in (("Card", "card"), ("Transfer", "transfer")):
        schemas[name]["properties"]["kind"] = {"type": "string", "enum": [tag]}


# fmt: off
LIST = "/paths/~1orders/get"
ORDER = "/components/schemas/Order"
WHOLE: tuple[tuple[str, tuple[Edit, ...]], ...] = (
    ("nothing at all", ()),
    ("two properties inlined", (inlined,)),
    ("a component renamed", (text(lambda s: s.replace("schemas/Address", "schemas/Place").replace('"Address":', '"Place":')),)),
    ("a response component renamed", (text(lambda s: s.replace("responses/Refused", "responses/No").replace('"Refused":', '"No":')),)),
    ("a recursive component renamed", (text(lambda s: s.replace("schemas/Problem", "schemas/Trouble").replace('"Problem":', '"Trouble":')),)),
    ("a schema moved to components", (move(f"{ORDER}/properties/lines", "/components/schemas/Lines"), put(f"{ORDER}/properties/lines", ref("Lines")))),
    ("a parameter moved to components", (put("/components/parameters", {}), move(f"{LIST}/parameters/0", "/components/parameters/Limit"), change(f"{LIST}/parameters", lambda p: [ref("Limit", "parameters"), *p]))),
    ("a body moved to components", (put("/components/requestBodies", {}), move("/paths/~1orders/post/requestBody", "/components/requestBodies/New"), put("/paths/~1orders/post/requestBody", ref("New", "requestBodies")))),
    ("a header moved to components", (put("/components/headers", {}), move(f"{LIST}/responses/200/headers/X-Total", "/components/headers/Total"), put(f"{LIST}/responses/200/headers/X-Total", ref("Total", "headers")))),
    ("a response inlined", (put("/paths/~1orders/post/responses/default", {"description": "refused", "content": {"application/problem+json": {"schema": ref("Problem")}}}),)),
    ("a path item moved to components", (put("/components/pathItems", {}), move("/paths/~1catalogue", "/components/pathItems/Catalogue"), put("/paths/~1catalogue", ref("Catalogue", "pathItems")))),
    ("an unused component added", (put("/components/schemas/Unused", STRING),)),
    ("recursion unrolled once", (put("/components/schemas/Problem/properties/causes/items", obj({"title": STRING, "detail": STRING, "causes": array(ref("Problem"))}, "title")),)),
    ("every object in another order", (lambda tree: tree.update(reordered(dict(tree))),)),
    ("every member of the document in another order", (turned_round,)),
    ("3.1 spelled as 3.0", (as_3_0,)),
    ("another patch version of OpenAPI", (put("/openapi", "3.1.1"),)),
    ("a title and a version of the document", (put("/info/title", "The Shop"), put("/info/version", "1.0.1"))),
    ("annotations of a schema", (change(VALUE, lambda schema: {**schema, **ANNOTATIONS}),)),
    ("annotations of a property", (change(f"{ORDER}/properties/lines", lambda schema: {**schema, **ANNOTATIONS}),)),
    ("words of an operation", (put(f"{LIST}/summary", "All orders"), put(f"{LIST}/description", "of a tenant"), put(f"{LIST}/tags", ["shop"]))),
    ("words of a response", (put(f"{LIST}/responses/200/description", "some orders"),)),
    ("words of a parameter", (put(f"{LIST}/parameters/0/description", "how many"), put(f"{LIST}/parameters/0/example", 3))),
    ("an extension of an operation", (put(f"{LIST}/x-rate", 100),)),
    ("tags of the document", (drop("/tags"),)),
    ("external documents", (put("/externalDocs", {"url": "https://shop.example"}),)),
    ("an example of a media type", (put("/paths/~1orders/post/requestBody/content/application~1json/example", {}),)),
    ("a link", (put("/paths/~1orders/post/responses/201/links", {"order": {"operationId": "get_order"}}),)),
    ("path-level parameters moved to the operation", (move("/paths/~1orders~1{order_id}/parameters", "/paths/~1orders~1{order_id}/get/parameters"), *(put(f"/paths/~1orders~1{{order_id}}/{method}/parameters", [{"name": "order_id", "in": "path", "required": True, "schema": {**INTEGER, "minimum": 1}}]) for method in ("patch", "delete")))),
    ("a path parameter renamed", (text(lambda s: s.replace("order_id", "orderId")),)),
    ("a header parameter in another case", (put("/paths/~1orders/parameters/0/name", "x-tenant"),)),
    ("a response header in another case", (move(f"{LIST}/responses/200/headers/X-Total", f"{LIST}/responses/200/headers/x-total"),)),
    ("parameters in another order", (change(f"{LIST}/parameters", lambda p: p[::-1]),)),
    ("a parameter's default style spelled out", (put(f"{LIST}/parameters/2/style", "form"), put(f"{LIST}/parameters/2/explode", True))),
    ("required false spelled out", (put(f"{LIST}/parameters/0/required", False),)),
    ("explode of a primitive", (put(f"{LIST}/parameters/0/explode", False),)),
    ("style of a primitive header", (put("/paths/~1orders/parameters/0/explode", True),)),
    ("a media type in another case", (move("/paths/~1orders/post/requestBody/content/application~1json", "/paths/~1orders/post/requestBody/content/Application~1JSON"),)),
    ("the charset of a JSON type dropped", (move("/paths/~1catalogue/get/responses/200/content/application~1json; charset=utf-8", "/paths/~1catalogue/get/responses/200/content/application~1json"),)),
    ("security at the operation as in the document", (put(f"{LIST}/security", [{"bearer": []}]),)),
    ("a security scheme renamed", (move("/components/securitySchemes/bearer", "/components/securitySchemes/token"), put("/security", [{"token": []}]))),
    ("security alternatives in another order", (change("/paths/~1orders~1{order_id}/patch/security", lambda s: s[::-1]),)),
    ("the case of a header that carries a key", (put("/components/securitySchemes/key/name", "x-key"),)),
    ("the case of an HTTP scheme", (put("/components/securitySchemes/bearer/scheme", "Bearer"),)),
    ("an unused security scheme added", (put("/components/securitySchemes/spare", {"type": "http", "scheme": "basic"}),)),
    ("the server moved into the paths", (put("/servers", [{"url": "https://api.shop.example"}]), change("/paths", lambda paths: {f"/v1{path}": item for path, item in paths.items()}))),
    ("a server with a variable", (put("/servers", [{"url": "https://api.shop.example/{v}", "variables": {"v": {"default": "v1"}}}]),)),
    ("a slash at the end of the server", (put("/servers", [{"url": "https://api.shop.example/v1/"}]),)),
    ("the description of a server", (put("/servers/0/description", "production"),)),
)
# fmt: on


def rewrite_revisions() -> Iterator[Revision]:
    defs = put("/components/schemas/Shared/$defs", {"Text": STRING})
    for name, one, other in PAIRS:
        yield Revision(f"{name}: written so", "shop", EQUAL, (put(VALUE, other),), (defs, put(VALUE, one)))
        yield Revision(f"{name}: written back", "shop", EQUAL, (put(VALUE, one),), (defs, put(VALUE, other)))
    for name, edits in WHOLE:
        yield Revision(f"{name}: no change", "shop", EQUAL, edits)
