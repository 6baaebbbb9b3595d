"""A story that somebody wrote is told again only as far as it is about what it makes itself."""

from __future__ import annotations

import json

import pytest

from contracts.lives import lived
from contracts.lives.outline import is_whole
from contracts.lives.story import retold
from contracts.messages import Exchange, Probe, Request, Response
from contracts.probes import ProbePlan
from contracts.schemas.families import families_of

from .test_frameworks import Service

SPEC = Service("plain").spec
FAMILY = families_of(SPEC)[0]
JSON = (("content-type", "application/json"),)


def step(method: str, path: str, status: int = 200, body: str = "", sent: str = "") -> Exchange:
    template = "/items" if path == "/items" else "/items/{item_id}"
    headers = (("Content-Type", "application/json"),) if sent else ()
    probe = Probe(f"{method} {template}", Request(method, path, headers, sent.encode() or None), source="life")
    return Exchange(0, probe, Response(status, JSON, body.encode()))


CREATE = step("POST", "/items", 201, '{"id": 5, "name": "abc"}', '{"name": "abc"}')


def told_again(*story: Exchange) -> list[str]:
    """The requests that are sent; what is made has the id 99 this time."""

    def send(probe: Probe) -> Exchange:
        status = 201 if probe.request.method == "POST" else 200
        return Exchange(0, probe, Response(status, JSON, b'{"id": 99, "name": "abc"}'))

    steps = retold(ProbePlan(SPEC, unsafe=True, live=True), FAMILY, story)
    return [f"{one.probe.request.method} {one.probe.request.target}" for one in lived(steps, send)]


def test_ids_are_those_of_this_time() -> None:
    sent = told_again(CREATE, step("DELETE", "/items/5", 204), step("GET", "/items/5"))

    assert sent == ["POST /items", "DELETE /items/99", "GET /items/99"]


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_nothing_is_changed_that_it_did_not_make(method: str) -> None:
    body = "" if method == "DELETE" else '{"name": "abc"}'

    assert told_again(step(method, "/items/7", sent=body)) == []
    assert told_again(CREATE, step(method, "/items/7", sent=body)) == ["POST /items"]


def test_a_request_that_the_document_forbids_is_not_sent() -> None:
    assert told_again(step("POST", "/items", 201, '{"id": 5}', '{"name": 7}')) == []
    assert told_again(step("GET", "/items/../admin")) == []


@pytest.mark.parametrize(
    ("query", "body", "headers", "whole"),
    [
        ("limit=5", [1, 2], (), True),
        ("limit=2", [1, 2], (), False),
        ("", [1, 2], (), False),
        ("limit=5", {"data": [1], "total": 2}, (), False),
        ("limit=5", {"data": [1], "total": 1}, (), True),
        ("limit=5", {"data": [1], "next_cursor": "x"}, (), False),
        ("limit=5", {"data": [1], "next": None}, (), True),
        ("limit=5", [1], (("link", '</items?page=2>; rel="next"'),), False),
    ],
    ids=["below the limit", "at the limit", "no limit", "total", "total of all", "cursor", "no next", "Link"],
)
def test_a_list_is_whole_only_where_nothing_says_that_it_is_cut(
    query: str, body: object, headers: tuple[tuple[str, str], ...], whole: bool
) -> None:
    exchange = step("GET", "/items", body=json.dumps(body))
    request = Request("GET", f"/items?{query}")
    found = Exchange(0, Probe("GET /items", request), Response(200, (*JSON, *headers), json.dumps(body).encode()))

    assert exchange.response is not None
    assert is_whole(SPEC.by_key["GET /items"], found) is whole
