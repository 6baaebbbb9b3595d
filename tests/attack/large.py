"""Documents with very many of one thing, by what that is: each a function of how many."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Node = dict[str, Any]

NUMBER = {"type": "integer"}
BODY = {"type": "object", "required": ["n"], "properties": {"n": NUMBER}}
CONTENT = {"application/json": {"schema": BODY}}


def names(count: int, letter: str = "n") -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def named(count: int, value: Node, letter: str = "n") -> dict[str, Node]:
    return {name: {**value} for name in names(count, letter)}


def document(operation: Node, path: str = "/a", method: str = "get", **components: Node) -> Node:
    answers = {"200": {"description": "ok", "content": CONTENT}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Many", "version": "1"},
        "paths": {path: {method: {"responses": answers, **operation}}},
        "components": {"schemas": {"Body": BODY}, **components},
    }


def asked(count: int, place: str) -> Node:
    return document({"parameters": [{"name": name, "in": place, "schema": NUMBER} for name in names(count)]})


def needed(count: int, place: str) -> Node:
    value = asked(count, place)
    for parameter in value["paths"]["/a"]["get"]["parameters"]:
        parameter["required"] = True
    return value


def templated(count: int, between: str) -> Node:
    own = [{"name": name, "in": "path", "required": True, "schema": NUMBER} for name in names(count)]
    return document({"parameters": own}, "/a/" + between.join(f"{{{name}}}" for name in names(count)))


def kept(security: list[Node]) -> Node:
    shown = {name: {"type": "apiKey", "in": "header", "name": f"X-{name}"} for one in security for name in one}
    return document({"security": security}, securitySchemes=shown)


def answered(**more: Any) -> Node:
    return document({"responses": {"200": {"description": "ok", "content": CONTENT, **more}}})


def media(count: int) -> Node:
    return {f"application/{name}+json": {"schema": BODY} for name in names(count)}


def examples(count: int) -> Node:
    return named(count, {"value": {"n": 1}})


def mapped(count: int) -> Node:
    tags = dict.fromkeys(names(count), "#/components/schemas/Body")
    return {"oneOf": [{"$ref": "#/components/schemas/Body"}], "discriminator": {"propertyName": "k", "mapping": tags}}


def chained(count: int) -> dict[str, Node]:
    led = {f"n{number}": {"$ref": f"#/components/schemas/n{number + 1}"} for number in range(count)}
    return {**led, f"n{count}": BODY}


LARGE: dict[str, Callable[[int], Node]] = {
    "query parameters": lambda count: asked(count, "query"),
    "header parameters": lambda count: asked(count, "header"),
    "required query parameters": lambda count: needed(count, "query"),
    "required header parameters": lambda count: needed(count, "header"),
    "path parameters": lambda count: templated(count, "/"),
    "path parameters of a segment": lambda count: templated(count, "-"),
    "alternatives of a credential": lambda count: kept([{name: []} for name in names(count)]),
    "schemes together": lambda count: kept([{name: [] for name in names(count)}]),
    "fields of an answer": lambda count: answered(headers=named(count, {"schema": NUMBER})),
}


LARGE |= {
    "media types of an answer": lambda count: answered(content=media(count)),
    "media types of a request": lambda count: document({"requestBody": {"content": media(count)}}, method="post"),
    "examples": lambda count: answered(content={"application/json": {"schema": BODY, "examples": examples(count)}}),
    "links": lambda count: answered(links=named(count, {"operationRef": "#/paths/~1a/get"})),
    "mapping of a discriminator": lambda count: answered(content={"application/json": {"schema": mapped(count)}}),
    "references to references": lambda count: document({}, schemas={"Body": BODY, **chained(count)}),
}
"""What a document has, by how many."""


def changed(value: Node) -> Node:
    """The document with another media type of an answer, of what stands in others, and with an operation more."""
    other: Node = json.loads(json.dumps(value))
    (item,) = other["paths"].values()
    for operation in item.values():
        operation["responses"]["200"]["content"]["text/plain"] = {}
    other["components"]["schemas"]["Body"]["required"] = []
    other["paths"]["/another"] = {"get": {"responses": {"200": {"description": "ok"}}}}
    return other
