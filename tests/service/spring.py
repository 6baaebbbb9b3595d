"""A service as Spring Boot makes it: security in front of every route, the firewall of Tomcat in front of that.

No handler is asked before the credential was looked at: 401 comes with an empty body for paths that nobody serves, too.
Behind it errors are `{"timestamp", "status", "error", "path"}`, also for what no route takes. Outside its context path,
and for an encoded slash or NUL, Tomcat answers with a page of its own. HEAD is served wherever GET is.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

CONTEXT = "/shop"
BOOKS = {number: {"id": number, "title": f"Volume {number}", "lent": number % 2 == 0} for number in range(1, 6)}
BOOK = re.compile(r"/books/([^/]+)")
WEIRD = re.compile(r"%(2f|5c|00|0a|0d|25)|;|//", re.IGNORECASE)
"""What StrictHttpFirewall and Tomcat refuse in a path."""
TEXT = {"type": "string"}

Answer = tuple[int, bytes, dict[str, str]]


def content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"*/*": {"schema": schema}}


def spring_document() -> dict[str, Any]:
    """What springdoc writes of it, where its author names the errors too."""
    error = {"description": "error", "content": content({"$ref": "#/components/schemas/Error"})}
    errors = {"400": error, "401": {"description": "Unauthorized"}, "404": error}
    book = {"$ref": "#/components/schemas/Book"}
    size = {"name": "size", "in": "query", "schema": {"type": "integer", "format": "int32", "minimum": 1}}
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "format": "int64"}}
    listed = {"description": "OK", "content": content({"type": "array", "items": book})}
    found = {"description": "OK", "content": content(book)}
    shapes = {
        "Book": {"id": {"type": "integer", "format": "int64"}, "title": TEXT, "lent": {"type": "boolean"}},
        "Error": {
            "timestamp": TEXT | {"format": "date-time"},
            "status": {"type": "integer"},
            "error": TEXT,
            "path": TEXT,
        },
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": "Books", "version": "v0"},
        "servers": [{"url": f"http://localhost:8080{CONTEXT}", "description": "Generated server url"}],
        "security": [{"bearer": []}],
        "paths": {
            "/books": {"get": {"operationId": "list", "parameters": [size], "responses": {"200": listed, **errors}}},
            "/books/{id}": {
                "get": {"operationId": "one", "parameters": [number], "responses": {"200": found, **errors}}
            },
        },
        "components": {
            "schemas": {
                name: {"type": "object", "required": [*properties], "properties": properties}
                for name, properties in shapes.items()
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def as_json(value: object, status: int = 200, **fields: str) -> Answer:
    return status, json.dumps(value).encode(), {"content-type": "application/json", **fields}


def tomcat(status: int) -> Answer:
    said = f"HTTP Status {status} \u2013 {HTTPStatus(status).phrase}"
    page = f'<!doctype html><html lang="en"><head><title>{said}</title></head><body><h1>{said}</h1></body></html>'
    return status, page.encode(), {"content-type": "text/html;charset=utf-8", "content-language": "en"}


def problem(status: int, path: str, **fields: str) -> Answer:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"timestamp": now, "status": status, "error": HTTPStatus(status).phrase, "path": path}
    return as_json(body, status, **fields)


def handled(method: str, path: str, query: str) -> Answer:
    """What the routes say to a request that security let through."""
    route = unquote(path.removeprefix(CONTEXT))
    match = BOOK.fullmatch(route)
    if route != "/books" and match is None:
        return problem(404, path)
    if method not in ("GET", "HEAD"):
        return problem(405, path, allow="GET,HEAD")
    if match is None:
        size = re.search(r"(?:^|&)size=([^&]*)", query)
        valid = size is None or re.fullmatch(r"[1-9]\d{0,8}", size.group(1))
        return as_json([*BOOKS.values()]) if valid else problem(400, path)
    if not re.fullmatch(r"-?\d{1,18}", match.group(1), re.ASCII):
        return problem(400, path)
    book = BOOKS.get(int(match.group(1)))
    return problem(404, path) if book is None else as_json(book)


def answer_to(method: str, path: str, query: str, credential: str, key: str) -> Answer:
    if WEIRD.search(path):
        return tomcat(400)
    if not path.startswith(f"{CONTEXT}/"):
        return tomcat(404)
    scheme, _, token = credential.partition(" ")
    if scheme.lower() != "bearer":
        return 401, b"", {"www-authenticate": "Bearer"}
    if token.strip() != key:
        return 401, b"", {"www-authenticate": 'Bearer error="invalid_token"'}
    return handled(method, path, query)


def spring_app(key: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        credential = headers.get(b"authorization", b"").decode("latin-1")
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        status, body, fields = answer_to(scope["method"], path, query, credential, key)
        sent = {**fields, "content-length": str(len(body)), "x-content-type-options": "nosniff"}
        lines = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app
