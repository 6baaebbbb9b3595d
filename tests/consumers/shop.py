"""A small shop: its document, and a watch over those who ask it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.consumers.watch import Watch, watch_of
from contracts.messages import Headers, Request, Response
from contracts.run.options import Options

KEY = "k3y-of-the-client-77"
JSON: Headers = (("Content-Type", "application/json"),)
SHOWN: Headers = (("Authorization", f"Bearer {KEY}"),)
BASE_URL = "http://127.0.0.1:9/api"
ORDER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "n": {"type": "integer"}}}


def content(schema: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def shop(**more: Any) -> dict[str, Any]:
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}
    token = {"name": "token", "in": "query", "schema": {"type": "string", "minLength": 5}}
    tenant = {"name": "X-Tenant", "in": "header", "schema": {"enum": ["a", "b"]}}
    shelf = {"name": "shelf", "in": "cookie", "schema": {"enum": ["top"]}}
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    body = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 1}}}
    posted = {"required": True, "content": {"application/json": {"schema": body}}}
    listed = {
        "parameters": [limit, token, tenant, shelf],
        "responses": {"200": content({"type": "array", "items": ORDER})},
    }
    made = {"requestBody": posted, "responses": {"201": content(ORDER), "422": {"description": ""}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "query", "name": "key"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
            }
        },
        "security": [{"bearer": []}, {"key": []}, {"cookie": []}],
        "paths": {
            "/orders": {"get": listed, "post": made},
            "/orders/{id}": {
                "parameters": [one],
                "get": {"responses": {"200": content(ORDER), "404": {"description": ""}}},
            },
        },
        **more,
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the document of the shop."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(shop(), indent=1))
    return tmp_path


@pytest.fixture
def watch(folder: Path) -> Watch:
    return watch_of(Options(spec="openapi.json"), BASE_URL, "contracts proxy")


def order(**members: Any) -> Response:
    return Response(200, JSON, json.dumps({"id": "o1", **members}).encode())


def orders(*members: Any) -> Response:
    return Response(200, JSON, json.dumps(list(members)).encode())


def get(target: str = "/orders", *headers: tuple[str, str]) -> Request:
    return Request("GET", target, (*SHOWN, *headers))


def post(body: Any, *headers: tuple[str, str]) -> Request:
    return Request("POST", "/orders", (*SHOWN, *JSON, *headers), json.dumps(body).encode())


def violated(watch: Watch) -> dict[str, str]:
    """What was seen at each violated rule, by its id."""
    assert watch.state.told is not None
    return {v.rule: v.evidence.message if v.evidence else "" for v in watch.state.told.violated}


def written(folder: Path) -> str:
    """All that is in the folder of the report."""
    return "".join(path.read_text() for path in sorted((folder / "build" / "contract").iterdir()) if path.is_file())
