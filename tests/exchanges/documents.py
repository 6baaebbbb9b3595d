"""Small documents, written in the test that needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from contracts.document import Operation, Spec, read_spec

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "oauth2": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "api key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "tls": {"type": "mutualTLS"},
}
"""A security scheme of every sort, by id."""


def spec_of(paths: Mapping[str, Any], *, version: str = "3.1.0", **fields: Any) -> Spec:
    """The Spec of a document with these paths; `fields` are further fields of its root."""
    document = {"openapi": version, "info": {"title": "small", "version": "1"}, "paths": paths, **fields}
    return read_spec(json.dumps(document).encode(), path="small.json", folder=None)


def one_operation(
    path: str = "/things/{id}",
    method: str = "get",
    *,
    parameters: list[dict[str, Any]] | None = None,
    responses: Mapping[str, Any] | None = None,
    components: Mapping[str, Any] | None = None,
    **fields: Any,
) -> tuple[Spec, Operation]:
    """A document with one operation, and that operation; `fields` are further fields of it."""
    operation = {
        "parameters": parameters or [],
        "responses": responses or {"200": {"description": "fine"}},
        **fields,
    }
    spec = spec_of({path: {method: operation}}, components=components or {})
    return spec, spec.operations[0]


def parameter(name: str, schema: Any, location: str = "path", **fields: Any) -> dict[str, Any]:
    return {"name": name, "in": location, "required": location == "path", "schema": schema, **fields}


def answered(schema: Any, media: str = "application/json", **fields: Any) -> dict[str, Any]:
    """A Response Object with one media type."""
    return {"description": "fine", "content": {media: {"schema": schema}}, **fields}
