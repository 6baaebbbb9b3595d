"""Lists as services of many makes have them: read to the end, nothing is found wrong; of each, a list that is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from contracts.messages import Exchange, Headers, Probe, Request, Response
from contracts.probes.probe_plan import ProbePlan
from contracts.probes.reads import reads
from contracts.rules import rules_for
from contracts.verdicts import Outcome, judge_all, tally
from tests.documents import spec_from

INTEGER, TEXT, TRUTH = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
BOOKS = [{"id": f"b{number}", "title": f"Volume {number}"} for number in range(7)]
BOOK = {"type": "object", "properties": {"id": TEXT, "title": TEXT}}
Query = dict[str, str]
Style = tuple[dict[str, Any], dict[str, Any], Callable[[Query, list[Any]], tuple[Any, Headers]]]
"""Parameters, what is told beside the list under its name (or nothing), and what is answered."""


def number(query: Query, name: str, otherwise: int) -> int:
    return int(query.get(name, otherwise))


def offsets(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    first, limit = number(query, "offset", 0), number(query, "limit", 100)
    url = f"http://api.example/v1/books?limit={limit}&offset={first + limit}"
    following = url if first + limit < len(books) else None
    return {"count": len(books), "next": following, "results": books[first : first + limit]}, ()


def numbered(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    page, size = number(query, "page", 0), number(query, "size", 20)
    shown = books[page * size : (page + 1) * size]
    last = (page + 1) * size >= len(books)
    return {"content": shown, "totalElements": len(books), "number": page, "size": size, "last": last}, ()


def links(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    page, each = number(query, "page", 1), number(query, "per_page", 30)
    following = f'<https://api.example/books?page={page + 1}&per_page={each}>; rel="next", <x>; rel="last"'
    more = page * each < len(books)
    return books[(page - 1) * each : page * each], ((("Link", following),) if more else ())


def behind(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    names = [book["id"] for book in books]
    first = names.index(query["starting_after"]) + 1 if "starting_after" in query else 0
    limit = number(query, "limit", 10)
    return {"object": "list", "data": books[first : first + limit], "has_more": first + limit < len(books)}, ()


def tokens(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    first, size = number(query, "pageToken", 0), number(query, "pageSize", 50)
    told = {"nextPageToken": str(first + size)} if first + size < len(books) else {}
    return {"items": books[first : first + size], **told}, ()


def relay(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    first = number(query, "after", -1) + 1
    shown = books[first : first + number(query, "first", 50)]
    end = str(first + len(shown) - 1)
    return {"nodes": shown, "pageInfo": {"hasNextPage": int(end) + 1 < len(books), "endCursor": end}}, ()


def sizes(query: Query, books: list[Any]) -> tuple[Any, Headers]:
    return {"data": books[: number(query, "limit", 10)], "meta": {"total": len(books)}}, ()


STYLES: dict[str, Style] = {
    "offset and URL": ({"limit": INTEGER, "offset": INTEGER}, {"next": TEXT, "results": 0}, offsets),
    "pages from 0": ({"page": INTEGER, "size": INTEGER}, {"content": 0, "totalElements": INTEGER}, numbered),
    "Link": ({"page": INTEGER, "per_page": INTEGER}, {}, links),
    "behind an id": ({"limit": INTEGER, "starting_after": TEXT}, {"data": 0, "has_more": TRUTH}, behind),
    "tokens": ({"pageSize": INTEGER, "pageToken": TEXT}, {"items": 0, "nextPageToken": TEXT}, tokens),
    "relay": (
        {"first": INTEGER, "after": TEXT},
        {"nodes": 0, "pageInfo": {"properties": {"hasNextPage": TRUTH, "endCursor": TEXT}}},
        relay,
    ),
    "sizes that are listed": (
        {"limit": {"enum": [5, 10]}},
        {"data": 0, "meta": {"properties": {"total": INTEGER}}},
        sizes,
    ),
}


def read(style: Style, books: list[Any], change: Callable[[Query], Query] = dict) -> tuple[set[str], set[str]]:
    """The kinds of rules about lists that hold, and that are violated."""
    parameters, told, answer = style
    listed = {"type": "array", "items": BOOK}
    properties = {name: schema or listed for name, schema in told.items()}
    schema = {"type": "object", "properties": properties} if properties else listed
    queries = [{"name": name, "in": "query", "schema": schema_} for name, schema_ in parameters.items()]
    response = {
        "description": "",
        "headers": {"Link": {"schema": TEXT}},
        "content": {"application/json": {"schema": schema}},
    }
    item = {"get": {"parameters": queries, "responses": {"200": response}}}
    spec = spec_from({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/books": item}})
    exchanges = list[Exchange]()

    def sent(probes: Iterable[Probe]) -> Iterator[Exchange]:
        for probe in probes:
            body, fields = answer(change(dict(parse_qsl(probe.request.query))), books)
            headers = (("Content-Type", "application/json"), *fields)
            exchanges.append(Exchange(len(exchanges), probe, Response(200, headers, json.dumps(body).encode())))
            yield exchanges[-1]

    list(reads(ProbePlan(spec).lane(spec.operations[0]), sent, [Request("GET", "/books")]))
    own = rules_for(spec).operations["GET /books"]
    found: dict[Outcome, set[str]] = {Outcome.HOLDS: set(), Outcome.VIOLATED: set()}
    for verdict in tally(own.rules, judge_all(own, exchanges)):
        if verdict.rule.kind in ("page limit", "pages", "last page", "total"):
            found.setdefault(verdict.outcome, set()).add(verdict.rule.kind)
    return found[Outcome.HOLDS], found[Outcome.VIOLATED]


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 7])
def test_a_list_as_it_should_be_has_no_finding(name: str, count: int) -> None:
    assert read(STYLES[name], BOOKS[:count])[1] == set()


@pytest.mark.parametrize("name", [name for name in STYLES if name != "sizes that are listed"])
def test_pages_are_turned_in_each_style(name: str) -> None:
    assert read(STYLES[name], BOOKS)[0] >= {"page limit", "pages"}


@pytest.mark.parametrize("name", [name for name in STYLES if name != "sizes that are listed"])
def test_a_list_that_stays_on_its_first_page_is_found(name: str) -> None:
    turning = {"offset", "page", "starting_after", "pageToken", "after"}
    stays: Callable[[Query], Query] = lambda query: {key: query[key] for key in query.keys() - turning}  # noqa: E731
    assert "pages" in read(STYLES[name], BOOKS, stays)[1]


@pytest.mark.parametrize("name", STYLES)
def test_a_limit_that_nobody_reads_is_found(name: str) -> None:
    limits = {"limit", "size", "per_page", "pageSize", "first"}
    forgets: Callable[[Query], Query] = lambda query: {key: query[key] for key in query.keys() - limits}  # noqa: E731
    assert "page limit" in read(STYLES[name], BOOKS, forgets)[1]
