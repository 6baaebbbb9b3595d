"""Documents whose operations show state: as a framework writes them, and with envelopes, cursors and children."""

from __future__ import annotations

import copy
from typing import Any

from contracts.document import Spec
from tests.exchanges.documents import answered, parameter, spec_of

TEXT = {"type": "string", "minLength": 1, "maxLength": 20}
DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}}
URL = {"type": "string", "format": "uri"}
UUID = {"type": "string", "format": "uuid"}
PRICE = {"type": "number", "minimum": 0, "maximum": 1000}


def body(schema: Any, media: str = "application/json") -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schema}}}


def query(name: str, schema: Any) -> dict[str, Any]:
    return parameter(name, schema, "query")


ORDER_IN: dict[str, Any] = {
    "type": "object",
    "required": ["name", "price"],
    "properties": {
        "name": TEXT,
        "price": PRICE,
        "paid": {"type": "boolean", "default": False},
        "note": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
        "secret": {"type": "string", "writeOnly": True},
    },
}
ORDER = {
    "type": "object",
    "required": ["id", "name", "price", "paid", "created_at"],
    "properties": {
        "id": UUID,
        **{name: ORDER_IN["properties"][name] for name in ("name", "price", "paid", "note")},
        "status": {"type": "string", "enum": ["open", "cancelled"]},
        "created_at": {"type": "string", "format": "date-time"},
    },
}
CHANGE = {"type": "object", "properties": ORDER_IN["properties"], "minProperties": 1}
LIST = {
    "type": "object",
    "required": ["items", "page", "total", "has_next"],
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
        "page": {"type": "integer", "minimum": 1},
        "page_size": {"type": "integer"},
        "total": {"type": "integer"},
        "has_next": {"type": "boolean"},
    },
}
REFUSED = {"404": answered(DETAIL), "422": answered(DETAIL)}
FRAMEWORK: dict[str, Any] = {
    "/orders/": {
        "get": {
            "parameters": [
                query("page", {"type": "integer", "minimum": 1, "maximum": 9, "default": 1}),
                query("page_size", {"type": "integer", "minimum": 1, "maximum": 5, "default": 3}),
                query("status", {"type": "string", "enum": ["open", "cancelled"]}),
                query("paid", {"type": "boolean"}),
                query("order_by", {"type": "string", "enum": ["name", "-name", "price", "-price"]}),
            ],
            "responses": {"200": answered(LIST), "422": answered(DETAIL)},
        },
        "post": {
            "requestBody": body(ORDER_IN),
            "responses": {"200": answered({"$ref": "#/components/schemas/Order"}), "422": answered(DETAIL)},
        },
    },
    "/orders/{order_id}": {
        "parameters": [parameter("order_id", UUID)],
        "get": {"responses": {"200": answered({"$ref": "#/components/schemas/Order"}), **REFUSED}},
        "put": {
            "requestBody": body(ORDER_IN),
            "responses": {"200": answered({"$ref": "#/components/schemas/Order"}), **REFUSED},
        },
        "patch": {
            "requestBody": body(CHANGE),
            "responses": {"200": answered({"$ref": "#/components/schemas/Order"}), **REFUSED},
        },
        "delete": {"responses": {"200": answered({"type": "object", "maxProperties": 0}), **REFUSED}},
    },
    "/orders/{order_id}/cancel": {
        "parameters": [parameter("order_id", UUID)],
        "post": {"responses": {"200": answered({"$ref": "#/components/schemas/Order"}), **REFUSED}},
    },
}

NUMBER = {"type": "integer", "minimum": 1, "maximum": 99999}
TAGS = {"type": "array", "maxItems": 2, "items": TEXT}
SHELF_IN: dict[str, Any] = {
    "type": "object",
    "required": ["label"],
    "properties": {"label": TEXT, "tags": TAGS},
    "additionalProperties": False,
}
SHELF = {
    "type": "object",
    "required": ["id", "attributes"],
    "properties": {
        "id": NUMBER,
        "label": TEXT,
        "tags": SHELF_IN["properties"]["tags"],
        "attributes": {"type": "object"},
    },
    "additionalProperties": False,
}


def wrapped(schema: Any, **more: Any) -> dict[str, Any]:
    properties = {"data": schema, **more}
    return {"type": "object", "required": [*properties], "properties": properties, "additionalProperties": False}


META = {
    "type": "object",
    "required": ["total", "next_cursor"],
    "properties": {"total": {"type": "integer", "minimum": 0}, "next_cursor": {"type": ["string", "null"]}},
    "additionalProperties": False,
}
ISBN = {"type": "string", "pattern": "^[0-9]{5}$"}
BOOK = {
    "type": "object",
    "required": ["isbn", "title"],
    "properties": {"isbn": ISBN, "title": TEXT, "shelf": NUMBER},
    "additionalProperties": False,
}
GONE = {"410": answered(DETAIL)}
CURSORS = [
    query("limit", {"type": "integer", "minimum": 1, "maximum": 4, "default": 2}),
    query("cursor", {"type": "string"}),
]
ENVELOPES: dict[str, Any] = {
    "/shelves": {
        "get": {
            "parameters": CURSORS,
            "responses": {"200": answered(wrapped({"type": "array", "maxItems": 3, "items": SHELF}, meta=META))},
        },
        "post": {
            "requestBody": body(wrapped(SHELF_IN)),
            "responses": {
                "201": answered(
                    wrapped(SHELF),
                    headers={"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}},
                )
            },
        },
    },
    "/shelves/{id}": {
        "parameters": [parameter("id", NUMBER)],
        "get": {"responses": {"200": answered(wrapped(SHELF)), **GONE}},
        "put": {
            "requestBody": body(wrapped(SHELF_IN)),
            "responses": {"200": answered(wrapped(SHELF)), "201": answered(wrapped(SHELF)), **GONE},
        },
        "delete": {"responses": {"204": {"description": "gone"}, **GONE}},
    },
    "/shelves/{id}/books": {
        "parameters": [parameter("id", NUMBER)],
        "get": {"responses": {"200": answered({"type": "array", "items": BOOK}), **GONE}},
        "post": {"requestBody": body(BOOK), "responses": {"201": answered(BOOK), "409": answered(DETAIL), **GONE}},
    },
    "/shelves/{id}/books/{isbn}": {
        "parameters": [parameter("id", NUMBER), parameter("isbn", ISBN)],
        "get": {"responses": {"200": answered(BOOK), **GONE}},
        "patch": {
            "requestBody": body({"type": "object", "properties": {"title": TEXT}}, "application/merge-patch+json"),
            "responses": {"200": answered(BOOK), **GONE},
        },
        "delete": {"responses": {"204": {"description": "gone"}, **GONE}},
    },
    "/settings": {
        "get": {"responses": {"200": answered(SHELF_IN)}},
        "put": {"requestBody": body(SHELF_IN), "responses": {"200": answered(SHELF_IN)}},
    },
}


def framework() -> Spec:
    """As FastAPI writes it: what is sent and what comes back are models of their own."""
    return spec_of(FRAMEWORK, components={"schemas": {"Order": ORDER}})


def envelopes() -> Spec:
    """With envelopes, cursors, a PUT that creates, children, and settings that are there once."""
    paths = copy.deepcopy(ENVELOPES)
    for item in paths.values():
        for method in item.keys() - {"parameters"}:
            item[method]["responses"]["422"] = answered(DETAIL)
    return spec_of(paths)
