"""Documents with very many of one thing, by what that is: each a function of how many."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Node = dict[str, Any]

NUMBER = {"type": "integer"}
BODY = {"type": "object", "required": ["n"], "properties": {"n": NUMBER}}
CONTENT = {"application/json": {"schema": BODY}}
METHODS = {"get", "post"}


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


def extended(count: int) -> Node:
    """Members of nobody's in the document and in what it has."""
    value = document({"parameters": [{"name": "q", "in": "query", "schema": {**NUMBER}}]})
    operation = value["paths"]["/a"]["get"]
    (parameter,), answer = operation["parameters"], operation["responses"]["200"]
    value["components"]["schemas"]["Body"] = {**BODY}
    held = [value, value["info"], value["paths"], value["paths"]["/a"], operation, parameter, parameter["schema"]]
    held += [operation["responses"], answer, value["components"], value["components"]["schemas"]["Body"]]
    for one in held:
        one.update(dict.fromkeys(names(count // len(held) + 1, "x-n"), 1))
    return value


def referred(count: int, section: str, value: Node) -> tuple[Node, Node]:
    """References to as many components, by name, and these."""
    shown = named(count, value)
    return {name: {"$ref": f"#/components/{section}/{name}"} for name in shown}, {section: shown}


def referring(count: int, section: str, value: Node) -> Node:
    """An answer whose fields, links or examples are references."""
    shown, components = referred(count, section, value)
    if section == "examples":
        made = answered(content={"application/json": {"schema": BODY, "examples": shown}})
    else:
        made = answered(**{section: shown})
    made["components"] |= components
    return made


def parameters_referred(count: int) -> Node:
    shown, components = referred(count, "parameters", {"in": "query", "schema": NUMBER})
    for name, parameter in components["parameters"].items():
        parameter["name"] = name
    return document({"parameters": [*shown.values()]}, **components)


def led(count: int, section: str, value: Node) -> Node:
    """Components each of which is a reference to the next."""
    shown: Node = {f"n{number}": {"$ref": f"#/components/{section}/n{number + 1}"} for number in range(count)}
    return {section: {**shown, f"n{count}": value}}


def taken(schema: Node, media_type: str = "application/json", **more: Any) -> Node:
    """A request with a body, which is answered with as much in JSON."""
    answers = {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}
    body = {"content": {media_type: {"schema": schema, **more}}}
    return document({"requestBody": body, "responses": answers}, method="post")


def whole(properties: dict[str, Node], **more: Any) -> Node:
    return {"type": "object", "properties": properties, **more}


def with_path(value: Node, **more: Any) -> Node:
    """The document with more in its path item."""
    value["paths"]["/a"] |= more
    return value


def led_by_properties(count: int) -> Node:
    shown = {f"n{number}": whole({"n": {"$ref": f"#/components/schemas/n{number + 1}"}}) for number in range(count)}
    value = taken({"$ref": "#/components/schemas/n0"})
    value["components"]["schemas"] |= {**shown, f"n{count}": BODY}
    return value


def authorised(count: int, asked: int) -> Node:
    """A scheme of very many scopes, of which an operation asks for some."""
    flow = {"tokenUrl": "https://example.com/token", "scopes": dict.fromkeys(names(count), "a scope")}
    scheme = {"type": "oauth2", "flows": {"clientCredentials": flow}}
    return document({"security": [{"o": names(asked)}]}, securitySchemes={"o": scheme})


def served(count: int, **more: Any) -> Node:
    """Servers, each of which has something."""
    return {**document({}), "servers": [{"url": f"https://{name}.example.com", **more} for name in names(count)]}


def varying(variables: dict[str, Node]) -> Node:
    url = "https://example.com/" + "/".join(f"{{{name}}}" for name in variables)
    return {**document({}), "servers": [{"url": url, "variables": variables}]}


def pathed(template: str, count: int) -> Node:
    """Paths that are alike but for a name."""
    value = document({})
    for name in names(count):
        own = [{"name": name, "in": "path", "required": True, "schema": NUMBER}]
        value["paths"][template.format(name)] = {"parameters": own * ("{{" in template), **value["paths"]["/a"]}
    return value


def unused(count: int) -> Node:
    """Components of all kinds, to which nothing refers."""
    parameter, answer = {"name": "q", "in": "query", "schema": NUMBER}, {"description": "ok", "content": CONTENT}
    shown: Node = {"schemas": BODY, "parameters": parameter, "responses": answer, "headers": {"schema": NUMBER}}
    shown |= {"requestBodies": {"content": CONTENT}, "examples": {"value": 1}, "links": {"operationRef": "#/paths/~1a"}}
    value = document({})
    for section, held in shown.items():
        value["components"].setdefault(section, {}).update(named(count // len(shown), held))
    return value


ANSWERED = {"responses": {"200": {"description": "ok"}}}
ANSWER = {"description": "ok", "content": CONTENT}

LARGE |= {
    "members that are extensions": extended,
    "references to parameters": parameters_referred,
    "references to fields of an answer": lambda count: referring(count, "headers", {"schema": NUMBER}),
    "references to examples": lambda count: referring(count, "examples", {"value": {"n": 1}}),
    "references to links": lambda count: referring(count, "links", {"operationRef": "#/paths/~1a/get"}),
    "responses that are references": lambda count: document(
        {"responses": {"200": {"$ref": "#/components/responses/n0"}}}, **led(count, "responses", ANSWER)
    ),
    "bodies that are references": lambda count: document(
        {"requestBody": {"$ref": "#/components/requestBodies/n0"}},
        method="post",
        **led(count, "requestBodies", {"content": CONTENT}),
    ),
    "path parameters of all operations": lambda count: with_path(
        document({}), parameters=asked(count, "query")["paths"]["/a"]["get"]["parameters"]
    ),
    "parameters of a path, and of its operation": lambda count: with_path(
        needed(count, "header"), parameters=asked(count, "header")["paths"]["/a"]["get"]["parameters"]
    ),
    "required cookies": lambda count: needed(count, "cookie"),
    "required fields of an answer": lambda count: answered(headers=named(count, {"required": True, "schema": NUMBER})),
    "statuses of an answer": lambda count: document(
        {"responses": {"200": ANSWER, **{str(number): ANSWER for number in range(201, 201 + count)}}}
    ),
    "scopes": lambda count: authorised(count, 1),
    "scopes that are asked for": lambda count: authorised(count, count),
    "webhooks": lambda count: {**document({}), "webhooks": named(count, {"post": ANSWERED})},
    "callbacks": lambda count: document({"callbacks": named(count, {"{$request.query.url}": {"post": ANSWERED}})}),
    "tags": lambda count: {**document({"tags": names(count)}), "tags": [{"name": name} for name in names(count)]},
    "servers": served,
    "variables of a server": lambda count: varying(named(count, {"default": "a"})),
    "values of a variable": lambda count: varying({"v": {"default": "n0", "enum": names(count)}}),
    "paths": lambda count: pathed("/a/{}", count),
    "paths alike": lambda count: pathed("/a/{{{}}}", count),
    "components that nobody uses": unused,
}


LARGE |= {
    "properties of a form": lambda count: taken(whole(named(count, NUMBER)), "application/x-www-form-urlencoded"),
    "parts of a multipart": lambda count: taken(whole(named(count, NUMBER)), "multipart/form-data"),
    "encodings of a multipart": lambda count: taken(
        whole(named(count, NUMBER)), "multipart/form-data", encoding=named(count, {"contentType": "text/plain"})
    ),
    "encodings of a form": lambda count: taken(
        BODY, "application/x-www-form-urlencoded", encoding=named(count, {"style": "form", "explode": True})
    ),
    "required properties of a body": lambda count: taken(whole(named(count, NUMBER), required=names(count))),
    "required names of a body": lambda count: taken(whole({}, required=names(count))),
    "chains of properties": led_by_properties,
    "dependentRequired": lambda count: taken(whole({}, dependentRequired={name: ["n"] for name in names(count)})),
    "patternProperties": lambda count: taken(whole({}, patternProperties=named(count, NUMBER, "^n"))),
    "enum of a parameter": lambda count: document(
        {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string", "enum": names(count)}}]}
    ),
    "allOf": lambda count: taken({"allOf": [whole({name: NUMBER}) for name in names(count)]}),
    "oneOf": lambda count: taken({"oneOf": [{"const": name} for name in names(count)]}),
}
"""What a document has, by how many."""


def operations(count: int, letter: str, prefix: str = "/") -> Node:
    own = {f"/{name}": {"get": {"responses": {"200": {"description": "ok"}}}} for name in names(count, letter)}
    return {**document({}), "servers": [{"url": f"https://example.com{prefix}"}], "paths": own}


def outgoing(count: int, letter: str) -> Node:
    """Each with a body of its own."""
    found = {}
    for number, name in enumerate(names(count, letter)):
        content = {"application/json": {"schema": {"const": number}}}
        found[name] = {"post": {"requestBody": {"content": content}, "responses": {"200": {"description": "ok"}}}}
    return found


def kinds(count: int, letter: str) -> Node:
    return {f"application/{name}+json": {"schema": BODY} for name in names(count, letter)}


def values_of(count: int, letter: str) -> Node:
    return {f"application/n{number}": {"schema": {"const": f"{letter}{number}"}} for number in range(count)}


RENAMED: dict[str, Callable[[int, str], Node]] = {
    "operations": operations,
    "operations of another server": lambda count, letter: operations(count, "n", f"/{letter}"),
    "webhooks": lambda count, letter: {**document({}), "webhooks": outgoing(count, letter)},
    "callbacks": lambda count, letter: document(
        {"callbacks": {name: {f"https://example.com/{name}": one} for name, one in outgoing(count, letter).items()}}
    ),
    "media types of an answer": lambda count, letter: answered(content=kinds(count, letter)),
    "media types of a request": lambda count, letter: document(
        {"requestBody": {"content": kinds(count, letter)}}, method="post"
    ),
    "schemas of media types": lambda count, letter: answered(content=values_of(count, letter)),
    "ranges of media types": lambda count, letter: answered(
        content={f"{name}/*": {"schema": BODY} for name in names(count, letter)}
    ),
}
"""What a document has, by how many and a letter in the names of all: two letters are two versions."""


def changed(value: Node) -> Node:
    """The document with another media type of an answer, of what stands in others, and with an operation more."""
    other: Node = json.loads(json.dumps(value))
    item = next(iter(other["paths"].values()))
    for method in METHODS & item.keys():
        answer = item[method]["responses"]["200"]
        answer.setdefault("content", {})["text/plain"] = {}
    other["components"]["schemas"]["Body"]["required"] = []
    other["paths"]["/another"] = {"get": {"responses": {"200": {"description": "ok"}}}}
    return other
