"""What a page of a list promises by its request, and what pages in a row do together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.messages import Exchange, Headers, Probe, Request, Response
from contracts.rules import OperationRules, rules_for
from contracts.rules.lists import AGAIN, FIRST, NEXT
from contracts.verdicts import Outcome, asked_again, judge_all, tally
from tests.documents import spec_from

JSON: Headers = (("Content-Type", "application/json"),)
INTEGER, TEXT, TIME = {"type": "integer"}, {"type": "string"}, {"type": "string", "format": "date-time"}
ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "state": {"enum": ["open", "shut"]},
        "size": {"type": "number"},
        "title": TEXT,
        "done": {"type": "boolean"},
        "tags": {"type": "array", "items": TEXT},
        "rank": INTEGER,
        "lat": {"type": "number"},
        "made_at": TIME,
    },
}
KINDS = ("page limit", "pages", "last page", "total", "filter", "sorted")


def rules(parameters: dict[str, Any], told: dict[str, Any] | None = None, headers: Any = None) -> OperationRules:
    """The rules of a list, bare or with what is told of it."""
    queries = [{"name": name, "in": "query", "schema": schema} for name, schema in parameters.items()]
    schema: dict[str, Any] = {"type": "array", "items": ITEM}
    if told is not None:
        schema = {"type": "object", "properties": {"items": schema, **told}}
    answer = {"description": "", "headers": headers or {}, "content": {"application/json": {"schema": schema}}}
    item = {"get": {"parameters": queries, "responses": {"200": answer}}}
    spec = spec_from({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/things": item}})
    return next(iter(rules_for(spec).operations.values()))


def page(*items: Any, headers: Headers = (), **told: Any) -> Response:
    body: Any = {"items": list(items), **told} if told else list(items)
    return Response(200, (*JSON, *headers), json.dumps(body).encode())


def exchanges(*asked: tuple[str, str, Response]) -> list[Exchange]:
    found = []
    for index, (note, query, response) in enumerate(asked):
        probe = Probe("GET /things", Request("GET", f"/things{query}"), source="read", note=note)
        found.append(Exchange(index, probe, response))
    return found


def judged(own: OperationRules, *asked: tuple[str, str, Response]) -> dict[str, str]:
    """What was seen by the rules about lists that were exercised, "" where they hold."""
    found: dict[str, str] = {}
    for judgement in judge_all(own, exchanges(*asked)):
        found |= {rule: "" for rule in judgement.exercised if rule not in found}
        found |= {finding.rule: finding.seen for finding in judgement.findings}
    named = {rule.removeprefix("GET /things "): seen for rule, seen in found.items()}
    return {rule: seen for rule, seen in named.items() if rule.startswith(KINDS)}


def one(own: OperationRules, query: str, response: Response) -> dict[str, str]:
    return judged(own, ("filtered", query, response))


A, B, C, D = ({"id": name} for name in "abcd")
LIMITED = rules({"limit": INTEGER})


@pytest.mark.parametrize(
    ("query", "items", "found"),
    [
        ("?limit=2", [A, B], {"page limit": ""}),
        ("?limit=2", [A, B, C], {"page limit": "3 items for limit=2"}),
        ("?limit=2", [A], {}),
        ("?limit=2&limit=1", [A, B, C], {}),
        ("?limit=two", [A, B, C], {}),
        ("?limit=0", [A, B, C], {}),
        ("", [A, B, C], {}),
    ],
)
def test_a_limit_bounds_the_page(query: str, items: list[Any], found: dict[str, str]) -> None:
    assert one(LIMITED, query, page(*items)) == found


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (["per_page"], "violation"),
        (["pageSize"], "violation"),
        (["max_results"], "violation"),
        (["first", "after"], "advisory"),
        (["count", "page"], "advisory"),
        (["count"], None),
        (["size"], None),
    ],
)
def test_a_vague_name_advises_beside_pages(names: list[str], severity: str | None) -> None:
    found = [rule.severity for rule in rules(dict.fromkeys(names, INTEGER)).rules if rule.kind == "page limit"]
    assert found == ([] if severity is None else [severity])


STATE, DONE, TITLE = {"enum": ["open", "shut", "all"]}, {"type": "boolean"}, TEXT
FILTERED = rules({"state": STATE, "done": DONE, "title": TITLE, "tag": TEXT, "rank": INTEGER})


@pytest.mark.parametrize(
    ("query", "item", "seen"),
    [
        ("state=open", {"state": "open"}, ""),
        ("state=open", {"state": "shut"}, 'state is "shut" for state=open'),
        ("state=all", {"state": "shut"}, None),
        ("state=open", {"id": "a"}, None),
        ("state=open", {"state": None}, None),
        ("done=true", {"done": True}, ""),
        ("done=1", {"done": True}, ""),
        ("done=true", {"done": False}, "done is false for done=true"),
        ("rank=5", {"rank": 5.0}, ""),
        ("rank=5", {"rank": 6}, "rank is 6 for rank=5"),
        ("title=caf%C3%A9", {"title": "Old CAFE"}, ""),
        ("title=old+tea", {"title": "Tea"}, ""),
        ("title=tea", {"title": "Coffee"}, 'title is "Coffee" for title=tea'),
        ("tag=x", {"tags": ["y", "x"]}, ""),
        ("tag=x", {"tags": ["y"]}, 'tags is ["y"] for tag=x'),
        ("tag=x", {"tags": []}, None),
    ],
)
def test_each_item_is_as_a_filter_asks(query: str, item: Any, seen: str | None) -> None:
    name = f"filter {query.partition('=')[0]}"
    assert one(FILTERED, f"?{query}", page(item)) == ({} if seen is None else {name: seen})


def test_what_items_have_is_no_role_of_a_page() -> None:
    own = rules({"page": INTEGER, "size": INTEGER})
    assert {rule.id for rule in own.rules if rule.kind in ("filter", "page limit")} == set()


@pytest.mark.parametrize(
    "schema",
    [{"enum": ["mine", "others"]}, TIME, {"type": "object"}],
    ids=["other values", "times", "objects"],
)
def test_what_may_mean_something_else_is_no_filter(schema: Any) -> None:
    own = rules({"state": schema, "made_at": TIME, "q": TEXT, "search": TEXT, "lat": {"type": "number"}})
    assert [rule for rule in own.rules if rule.kind == "filter"] == []


BY_SIGN = rules({"sort": {"enum": ["size", "-size", "title", "-title", "made_at"]}})
BY_WAY = rules({"sort_by": {"enum": ["size", "other"]}, "order": {"enum": ["asc", "desc"]}})


@pytest.mark.parametrize(
    ("own", "query", "name", "values", "holds"),
    [
        (BY_SIGN, "sort=size", "size", [1, 2, 10], True),
        (BY_SIGN, "sort=size", "size", [1, 10, 2], False),
        (BY_SIGN, "sort=size", "size", [10, 2, 1], False),
        (BY_SIGN, "sort=-size", "size", [10, 2, 1], True),
        (BY_SIGN, "sort=-size", "size", [1, 2, 10], False),
        (BY_SIGN, "sort=size", "size", [1, None, 2, 2], True),
        (BY_SIGN, "sort=size", "size", [2, 2], None),
        (BY_SIGN, "sort=title", "title", ["Zoo", "apple"], True),
        (BY_SIGN, "sort=title", "title", ["apple", "Zoo"], True),
        (BY_SIGN, "sort=title", "title", ["\u00e4ra", "b"], True),
        (BY_SIGN, "sort=title", "title", ["zoo", "\u00e4ra"], True),
        (BY_SIGN, "sort=title", "title", ["file 9", "file 10"], True),
        (BY_SIGN, "sort=title", "title", ["o'hara", "ohm"], True),
        (BY_SIGN, "sort=title", "title", ["Alabama", "a la mode", "al fresco"], True),
        (BY_SIGN, "sort=title", "title", ["b", "c", "a"], False),
        (BY_SIGN, "sort=made_at", "made_at", ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z"], True),
        (BY_SIGN, "sort=made_at", "made_at", ["2026-01-02T10:00:00Z", "2026-01-01T09:00:00Z"], True),
        (BY_SIGN, "sort=made_at", "made_at", ["2026-01-02", "2026-01-01", "2026-01-03"], False),
        (BY_WAY, "sort_by=size&order=desc", "size", [3, 2], True),
        (BY_WAY, "sort_by=size&order=desc", "size", [2, 3], False),
        (BY_WAY, "sort_by=size", "size", [3, 2], True),
        (BY_WAY, "sort_by=size", "size", [3, 1, 2], False),
        (BY_WAY, "sort_by=other", "size", [3, 1, 2], None),
    ],
)
def test_items_are_in_the_order_that_is_asked_for(
    own: OperationRules, query: str, name: str, values: list[Any], holds: bool | None
) -> None:
    """By any usual collation; where no direction is said, in either."""
    found = one(own, f"?{query}", page(*({name: value} for value in values)))
    assert {rule: not seen for rule, seen in found.items()} == ({} if holds is None else {"sorted": holds})


PAGED = rules({"page": {"type": "integer", "minimum": 1}, "limit": INTEGER})
SCROLLED = rules(
    {"cursor": TEXT, "limit": INTEGER},
    {"next_cursor": {"type": ["string", "null"]}, "total": {"type": "integer", "description": "of all pages"}},
)


def walk(own: OperationRules, *pages: Response, again: Response | None = None) -> dict[str, str]:
    name = "cursor" if own is SCROLLED else "page"
    asked = [(FIRST, "?limit=2", pages[0])]
    asked += [(NEXT, f"?limit=2&{name}={number}", one) for number, one in enumerate(pages[1:], 1)]
    return judged(own, *asked, (AGAIN, "?limit=2", again or pages[0]))


@pytest.mark.parametrize(
    ("pages", "seen"),
    [
        ([page(A, B), page(C)], ""),
        ([page(A, B), page(A, B)], "2 of 2 items of GET /things?limit=2&page=1, a for one, stand on a page before"),
        ([page(A, B), page(B, C)], "1 of 2 items of GET /things?limit=2&page=1, b for one, stand on a page before"),
        ([page(A, B), page(C, D), page(A)], "1 of 1 items of GET /things?limit=2&page=2, a for one, stand"),
        ([page({}, {"size": 1}), page({}, {"size": 2})], ""),
        ([page({}, {"size": 1}), page({}, {"size": 1})], '2 of 2 items of GET /things?limit=2&page=1, {} for one'),
        ([page(A, B), page()], ""),
        ([page(A, B)], None),
    ],
)  # fmt: skip
def test_pages_do_not_overlap(pages: list[Response], seen: str | None) -> None:
    found = walk(PAGED, *pages).get("pages")
    assert found == seen or bool(seen and found and found.startswith(seen))


def test_a_list_that_others_change_says_nothing() -> None:
    pages, again = [page(B, C), page(C, D)], page(A, B)
    assert walk(PAGED, *pages, again=again) == {"page limit": ""}
    told = [page(B, C, next_cursor="x", total=9), page(C, D, next_cursor=None, total=9)]
    assert walk(SCROLLED, *told, again=page(A, B, next_cursor="x", total=9)).keys() == {"page limit"}


def scrolled(*items: Any, after: str | None, total: int = 3) -> Response:
    return page(*items, next_cursor=after, total=total)


@pytest.mark.parametrize(
    ("pages", "kind", "seen"),
    [
        ([scrolled(A, B, after="b"), scrolled(C, after=None)], "total", ""),
        ([scrolled(A, B, after="b"), scrolled(C, after=None)], "last page", ""),
        (
            [scrolled(A, B, after="b"), scrolled(after=None)],
            "last page",
            "GET /things?limit=2 says that another page follows, and GET /things?limit=2&cursor=1 has 0 items",
        ),
        (
            [scrolled(A, B, after=None), scrolled(C, after=None)],
            "last page",
            "GET /things?limit=2 says that none follows, and GET /things?limit=2&cursor=1 has 1 items",
        ),
        (
            [scrolled(A, B, after="b", total=4), scrolled(C, after=None, total=4)],
            "total",
            "4 in all, by GET /things?limit=2&cursor=1, and 3 were counted",
        ),
        (
            [scrolled(A, B, after="b", total=2), scrolled(C, after="c", total=2)],
            "total",
            "2 in all, by GET /things?limit=2&cursor=1, and 3 were counted",
        ),
        ([scrolled(A, B, after="b", total=9), scrolled(C, D, after="d", total=9)], "total", None),
    ],
)
def test_what_a_page_tells_is_so(pages: list[Response], kind: str, seen: str | None) -> None:
    assert walk(SCROLLED, *pages).get(kind) == seen


def test_a_page_alone_adds_up_where_none_follows() -> None:
    assert one(SCROLLED, "", scrolled(A, B, after=None, total=2)) == {"total": ""}
    assert one(SCROLLED, "", scrolled(A, B, after=None, total=3))["total"].startswith("3 in all")
    assert one(SCROLLED, "", scrolled(A, B, after="b", total=3)) == {}
    assert one(SCROLLED, "?cursor=b", scrolled(C, after=None, total=3)) == {}


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"total": {"type": "integer", "description": "How many there are"}}, "violation"),
        ({"total": {"type": "integer"}}, "advisory"),
        ({"total": {"type": "integer", "description": "An estimate"}}, None),
        ({"meta": {"type": "object", "properties": {"total_count": INTEGER}}}, "advisory"),
        ({"number": INTEGER}, None),
    ],
)
def test_a_total_counts_as_the_document_says_it(told: Any, severity: str | None) -> None:
    found = [rule.severity for rule in rules({}, told).rules if rule.kind == "total"]
    assert found == ([] if severity is None else [severity])


def test_a_link_tells_of_the_next_page() -> None:
    own = rules({"page": INTEGER, "limit": INTEGER}, headers={"Link": {"schema": TEXT}})
    following: Headers = (("Link", '</things?page=2>; rel="next"'),)
    found = walk(own, page(A, B, headers=following), page())
    assert found["last page"].startswith("GET /things?limit=2 says that another page follows")
    assert walk(own, page(A, B, headers=(("Link", "</style.css>; rel=preload"),)), page(C)).keys() == {
        "page limit",
        "pages",
    }


def test_what_pages_do_together_is_not_asked_for_alone() -> None:
    asked = ((FIRST, "", page(A, B)), (NEXT, "?page=2", page(A, B)), (AGAIN, "", page(A, B)))
    verdicts = tally(PAGED.rules, judge_all(PAGED, exchanges(*asked)))
    assert [verdict.rule.kind for verdict in verdicts if verdict.outcome is Outcome.VIOLATED] == ["pages"]
    assert list(asked_again(verdicts, frozenset({"GET"}))) == []


def test_a_later_page_alone_is_no_list() -> None:
    """Evidence of an earlier run is asked for without the pages before it."""
    last = scrolled(C, after=None)
    assert judged(SCROLLED, (NEXT, "?limit=2&cursor=b", last), (AGAIN, "?limit=2&cursor=b", last)) == {}


@pytest.mark.parametrize("source", ["given", "fuzz", "coverage", "client"])
def test_nothing_is_said_of_what_no_read_asked(source: str) -> None:
    """The mock has the same list for every request."""
    probe = Probe("GET /things", Request("GET", "/things?limit=1"), source=source)
    (judgement,) = judge_all(LIMITED, [Exchange(0, probe, page(A, B))])
    assert judgement.findings == []


def test_one_resource_is_no_list() -> None:
    item = {"get": {"parameters": [{"name": "limit", "in": "query", "schema": INTEGER}], "responses": {"200": {}}}}
    item["get"]["responses"] = {"200": {"content": {"application/json": {"schema": {"type": "array", "items": ITEM}}}}}
    path = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    spec = spec_from({"openapi": "3.1.0", "info": {}, "paths": {"/a/{id}": {**item, "parameters": [path]}}})
    assert {rule.kind for rule in rules_for(spec).rules} & {*KINDS} == set()
