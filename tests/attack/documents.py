"""Documents that have much of what OpenAPI has, in three of its versions."""

import copy
from typing import Any

JsonObject = dict[str, Any]
STRING = {"type": "string"}
GET = ("paths", "/things/{id}", "get")

RICH: JsonObject = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://h/{v}", "variables": {"v": {"default": "v1"}}}],
    "security": [{"k": []}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": STRING}],
            "get": {
                "operationId": "g",
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"name": "X-T", "in": "header", "schema": STRING},
                    {"name": "c", "in": "cookie", "schema": STRING},
                ],
                "responses": {
                    "200": {
                        "description": "ok",
                        "headers": {"X-R": {"required": True, "schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}},
                    },
                    "4XX": {"$ref": "#/components/responses/E"},
                },
            },
            "post": {
                "security": [],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["n"],
                                "properties": {
                                    "n": {"type": ["integer", "null"], "minimum": 1, "multipleOf": 2},
                                    "o": {"oneOf": [STRING, {"type": "boolean"}]},
                                    "p": {"type": "string", "pattern": "^a+$"},
                                },
                            }
                        }
                    },
                },
                "responses": {"201": {"description": "ok"}},
            },
        }
    },
    "components": {
        "schemas": {
            "T": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string", "format": "uuid"}, "k": {"$ref": "#/components/schemas/T"}},
            }
        },
        "responses": {"E": {"description": "e", "content": {"application/problem+json": {"schema": True}}}},
        "securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}


PLAIN = {"200": {"description": "ok"}}
THING: JsonObject = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "k": {"$ref": "#/definitions/T"},
        "n": {"type": "integer", "format": "int32", "x-nullable": True},
        "kind": STRING,
    },
    "discriminator": "kind",
    "example": {"id": "x"},
}
SWAGGER: JsonObject = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "host": "h.example",
    "basePath": "/v1",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "securityDefinitions": {
        "k": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "b": {"type": "basic"},
        "o": {"type": "oauth2", "flow": "application", "tokenUrl": "https://h/t", "scopes": {"a": "b"}},
    },
    "security": [{"k": []}, {"o": ["a"]}],
    "parameters": {"P": {"name": "page", "in": "query", "type": "integer", "minimum": 1}},
    "responses": {"E": {"description": "e", "schema": {"$ref": "#/definitions/T"}}},
    "definitions": {"T": THING},
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "get": {
                "operationId": "g",
                "parameters": [
                    {"$ref": "#/parameters/P"},
                    {
                        "name": "q",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "integer"},
                        "collectionFormat": "pipes",
                    },
                    {"name": "X-T", "in": "header", "type": "string"},
                ],
                "responses": {
                    "200": {
                        "description": "ok",
                        "headers": {"X-R": {"type": "integer"}},
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/T"}},
                        "examples": {"application/json": []},
                    },
                    "default": {"$ref": "#/responses/E"},
                },
            },
            "post": {
                "consumes": ["multipart/form-data"],
                "security": [],
                "parameters": [
                    {"name": "f", "in": "formData", "type": "file"},
                    {"name": "g", "in": "formData", "type": "string", "enum": ["a", "b"]},
                ],
                "responses": PLAIN,
            },
            "put": {
                "parameters": [{"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/T"}}],
                "responses": PLAIN,
            },
        }
    },
}


def newest() -> JsonObject:
    """What OpenAPI 3.2 has beside the rest."""
    tree = copy.deepcopy(RICH)
    tree |= {"openapi": "3.2.0", "$self": "https://h/openapi.json", "tags": [{"name": "t", "kind": "nav"}]}
    tree["webhooks"] = {"w": {"post": {"responses": PLAIN, "requestBody": content("application/json", STRING)}}}
    item = tree["paths"]["/things/{id}"]
    lines = {"description": "ok", "content": {"application/jsonl": {"itemSchema": STRING}}}
    item["query"] = {"responses": {"200": lines}}
    item["additionalOperations"] = {"LINK": {"responses": PLAIN}}
    item["servers"] = [{"url": "https://{r}.h/v2", "variables": {"r": {"default": "a", "enum": ["a", "b"]}}}]
    item["get"]["callbacks"] = {"cb": {"{$request.query.q}": {"post": {"responses": PLAIN}}}}
    item["get"]["responses"]["200"]["links"] = {"L": {"operationId": "g", "parameters": {"id": "$response.body#/id"}}}
    form = content("multipart/form-data", {"type": "object", "properties": {"f": STRING, "o": {"type": "object"}}})
    form["content"]["multipart/form-data"]["encoding"] = {
        "f": {"contentType": "image/png", "headers": {"X-P": {"schema": STRING}}},
        "o": {"style": "deepObject", "explode": True},
    }
    item["put"] = {"requestBody": form, "responses": PLAIN}
    item["delete"] = {"parameters": [{"name": "s", "in": "querystring", **content("a/b", STRING)}], "responses": PLAIN}
    flow = {"deviceAuthorizationUrl": "http://x", "tokenUrl": "http://x", "scopes": {"a": "b"}}
    tree["components"]["securitySchemes"]["o"] = {"type": "oauth2", "flows": {"deviceAuthorization": flow}}
    tree["components"]["mediaTypes"] = {"M": {"schema": STRING}}
    tree["components"]["schemas"]["U"] = {
        "$anchor": "u",
        "oneOf": [{"$ref": "#/components/schemas/T"}, {"$ref": "#u"}],
        "discriminator": {"propertyName": "k", "mapping": {"a": "T"}, "defaultMapping": "T"},
        "if": STRING,
        "then": {"minLength": 1},
        "dependentSchemas": {"a": STRING},
        "prefixItems": [STRING],
        "contains": STRING,
    }
    return tree


def content(name: str, schema: JsonObject) -> JsonObject:
    return {"content": {name: {"schema": schema}}}


DOCUMENTS = {"3.1": RICH, "2.0": SWAGGER, "3.2": newest()}
