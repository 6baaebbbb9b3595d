"""What two answers show together: the same request asked twice, and GET and HEAD of one target."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.messages import Credential, Exchange, Headers, Probe, Request, Response
from contracts.rules import OperationRules, rules_for
from contracts.verdicts import judge_all
from tests.documents import spec_from

JSON: Headers = (("Content-Type", "application/json"),)
ITEM: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}, "n": {"type": "integer"}}}


def rules(path: str = "/things/{key}", schema: Any = ITEM, method: str = "get") -> OperationRules:
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    headers = {"X-Total": {"schema": {"type": "integer"}}}
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": "", "headers": headers, "content": content}, "default": {"description": ""}}
    item = {method: {"parameters": parameters, "responses": responses}}
    spec = spec_from({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {path: item}})
    return next(iter(rules_for(spec).operations.values()))


def answer(status: int, body: Any = None, *headers: tuple[str, str]) -> Response:
    return Response(status, (*JSON, *headers), json.dumps(body if body is not None else {}).encode())


def seen(
    own: OperationRules, *answers: Response, methods: tuple[str, ...] = (), later: Credential = Credential.RIGHT
) -> dict[str, str]:
    """What was seen wrong, by rule, in answers to one request, the last with another credential perhaps."""
    exchanges, key = [], own.operation.key
    for index, response in enumerate(answers):
        method = methods[index] if methods else own.operation.method
        source = "method" if method != own.operation.method else "given"
        credential = later if index else Credential.RIGHT
        probe = Probe(key, Request(method, "/things/1"), source=source, credential=credential)
        exchanges.append(Exchange(index, probe, response))
    judged = judge_all(own, exchanges)
    kinds = ("same", "head")
    found = {f.rule.removeprefix(f"{key} "): f.seen for judgement in judged for f in judgement.findings}
    return {rule: text for rule, text in found.items() if any(kind in rule for kind in kinds)}


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (200, 404, "404, where the same request had 200"),
        (404, 200, "200, where the same request had 404"),
        (200, 204, "204, where the same request had 200"),
        (200, 200, None),
        (404, 404, None),
        (200, 500, None),
        (503, 200, None),
        (200, 429, None),
        (401, 200, None),
        (200, 403, None),
        (202, 200, None),
    ],
)
def test_same_request_has_the_same_status(first: int, second: int, found: str | None) -> None:
    """Crashes, refusals and limits have rules of their own, and what was accepted may be done by now."""
    expected = {"same status": found} if found else {}
    assert seen(rules(), answer(first), answer(second)) == expected


def test_another_credential_may_have_another_status() -> None:
    assert seen(rules(), answer(200), answer(404), later=Credential.WRONG) == {}


def test_methods_that_are_not_safe_promise_nothing_of_the_kind() -> None:
    assert seen(rules(method="post"), answer(200), answer(409)) == {}


@pytest.mark.parametrize(
    ("path", "first", "second", "found"),
    [
        ("/things/{key}", {"id": "a"}, {"id": "b"}, True),
        ("/things/{key}", {"id": "a", "n": 1}, {"id": "a", "n": 2}, False),
        ("/things/{key}", {"id": 1}, {"id": 2}, True),
        ("/things/{key}", {"id": "a"}, {}, False),
        ("/things/{key}", {"id": "a"}, {"id": None}, False),
        ("/things/{key}/latest", {"id": "a"}, {"id": "b"}, False),
        ("/next", {"id": "a"}, {"id": "b"}, False),
        ("/things/{id}", {"id": "a"}, {"id": "b"}, False),
    ],
)
def test_same_request_is_about_the_same_resource(path: str, first: Any, second: Any, found: bool) -> None:
    """Where the path names it; a parameter that the body repeats is judged by itself."""
    shown = f"{json.dumps(second.get('id'))}, where the same request had {json.dumps(first.get('id'))}"
    expected = {"200 /id same identity": shown} if found else {}
    assert seen(rules(path), answer(200, first), answer(200, second)) == expected


HEAD_STATUS: list[tuple[int, str | None]] = [
    (200, None),
    (405, None),
    (501, None),
    (404, None),
    (401, None),
    (403, None),
    (429, None),
    (503, None),
]
HEAD_STATUS += [(302, None), (400, None), (204, "204"), (500, "500"), (410, None), (409, "409")]


@pytest.mark.parametrize(("status", "found"), HEAD_STATUS)
def test_head_has_the_status_of_get_where_it_is_served(status: int, found: str | None) -> None:
    head = Response(status, (*JSON, ("Allow", "GET")))
    said = f"{status} for HEAD, where GET has 200"
    expected = {"head status": said} if found else {"head answer": said} if status in (404, 410) else {}
    assert seen(rules(), answer(200), head, methods=("GET", "HEAD")) == expected


@pytest.mark.parametrize(
    ("get", "head", "found"),
    [
        ((), JSON, ""),
        ((), (*JSON, ("Content-Length", "2")), ""),
        ((("ETag", "a"),), JSON, ""),
        ((("X-Total", "1"),), JSON, "HEAD has no X-Total, and GET has it"),
        ((("X-Total", "1"),), (*JSON, ("x-total", "2")), ""),
        ((), (), "HEAD has no Content-Type, and GET has it"),
        ((), (("Content-Type", "text/html"),), "Content-Type is text/html with HEAD, and application/json with GET"),
        ((), (("Content-Type", "application/json; charset=utf-8"),), ""),
        ((), (*JSON, ("Content-Length", "0")), "Content-Length is 0 with HEAD, and GET has 2 bytes"),
    ],
)
def test_head_has_the_fields_of_get(get: Headers, head: Headers, found: str) -> None:
    expected = {"head answer": found} if found else {}
    assert seen(rules(), answer(200, {}, *get), Response(200, head), methods=("GET", "HEAD")) == expected


def test_head_says_nothing_where_get_was_not_answered() -> None:
    assert seen(rules(), answer(404), Response(200, JSON), methods=("GET", "HEAD")) == {}
    assert seen(rules(), Response(200, JSON), methods=("HEAD",)) == {}
