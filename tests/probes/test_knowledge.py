"""Which operations tell of resources for another, and what their answers tell: nothing that may be another's id."""

import json
from typing import Any

import pytest

from contracts.document import Spec
from contracts.messages import Exchange, Probe, Request, Response
from contracts.probes.knowledge import filters_of, items_of, tellers, told
from tests.exchanges.documents import spec_of

ORDERS, ONE, LINES = "/orders", "/orders/{order_id}", "/orders/{order_id}/lines"
OPERATION: dict[str, Any] = {"responses": {"200": {"description": ""}}}


def shop(**paths: Any) -> Spec:
    both = {"get": OPERATION, "post": OPERATION}
    made = {ORDERS: both, ONE: {"get": OPERATION, "delete": OPERATION}, LINES: both}
    made |= {f"{LINES}/{{line_no}}": {"get": OPERATION}, f"{ONE}/cancel": {"post": OPERATION}, "/ping": both}
    return spec_of({**made, **paths})


def exchange(key: str, body: Any, target: str = ORDERS, **headers: str) -> Exchange:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    response = Response(200, fields, json.dumps(body).encode())
    return Exchange(0, Probe(key, Request(key.partition(" ")[0], target)), response)


@pytest.mark.parametrize(
    ("key", "method", "expected"),
    [
        (f"GET {ONE}", "GET", [f"GET {ORDERS}"]),
        (f"DELETE {ONE}", "POST", [f"POST {ORDERS}"]),
        (f"POST {ONE}/cancel", "POST", [f"POST {ORDERS}"]),
        (f"GET {LINES}", "GET", [f"GET {ORDERS}"]),
        (f"GET {LINES}/{{line_no}}", "POST", [f"POST {LINES}"]),
        ("GET /ping", "GET", []),
        (f"GET {ORDERS}", "GET", []),
    ],
)
def test_what_tells_of_resources_stands_above_the_last_parameter(key: str, method: str, expected: list[str]) -> None:
    spec = shop()
    assert [other.key for other, _ in tellers(spec, spec.by_key[key], method)] == expected


def test_names_of_parameters_may_differ() -> None:
    spec = shop(**{"/orders/{id}/notes": {"get": OPERATION}, "/orders/{o}/notes/{note}": {"get": OPERATION}})
    operation = spec.by_key["GET /orders/{o}/notes/{note}"]
    (teller,) = tellers(spec, operation, "GET")
    made = exchange("GET /orders/{id}/notes", [{"id": "n1"}], "/orders/a%2Fb/notes?x=1")
    assert list(told(operation, teller, made)) == [{"o": "a/b", "note": "n1"}]


def test_a_collection_may_end_in_a_slash() -> None:
    spec = spec_of({"/notes/": {"get": OPERATION, "post": OPERATION}, "/notes/{id}": {"get": OPERATION}})
    operation = spec.by_key["GET /notes/{id}"]
    (teller,) = tellers(spec, operation, "GET")
    assert list(told(operation, teller, exchange("GET /notes/", [{"id": "n1"}], "/notes/"))) == [{"id": "n1"}]
    (maker,) = tellers(spec, operation, "POST")
    made = exchange("POST /notes/", None, "/notes/", Location="http://a.example/notes/n2")
    assert list(told(operation, maker, made)) == [{"id": "n2"}]
    assert items_of(spec, spec.by_key["POST /notes/"]) == [operation]


def test_what_is_made_is_ended_by_its_delete() -> None:
    spec = shop()
    assert [one.method for one in items_of(spec, spec.by_key[f"POST {ORDERS}"])] == ["DELETE", "GET"]
    assert items_of(spec, spec.by_key["POST /ping"]) == []


def told_of(key: str, teller: str, body: Any, target: str = ORDERS, **headers: str) -> list[dict[str, str]]:
    spec = shop()
    return list(told(spec.by_key[key], (spec.by_key[teller], None), exchange(teller, body, target, **headers)))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ({"id": 7, "status": "x"}, "7"),
        ({"order_id": "a", "id": 7}, "a"),
        ({"orderId": "b"}, "b"),
        ({"Order-ID": 3}, "3"),
        ("plain", "plain"),
        (5, "5"),
        ({"name": "x"}, None),
        ({"id": None}, None),
        ({"id": {"x": 1}}, None),
        ({"id": 1.5}, None),
        ({"id": True}, None),
        (None, None),
        ([1], None),
    ],
)
@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"total": 1, "items": [one]}], ids=["list", "page"])
def test_members_of_lists_are_named(member: Any, value: str | None, wrap: Any) -> None:
    found = told_of(f"GET {ONE}", f"GET {ORDERS}", wrap(member))
    assert found == ([{"order_id": value}] if value else [])


@pytest.mark.parametrize(
    ("member", "value"), [({"no": 2, "id": 99}, "2"), ({"line_no": 3}, "3"), ({"lineNo": 4}, "4"), ({"id": 99}, None)]
)
def test_an_id_is_not_what_is_called_otherwise(member: Any, value: str | None) -> None:
    found = told_of(f"GET {LINES}/{{line_no}}", f"GET {LINES}", [member], "/orders/a/lines")
    assert found == ([{"order_id": "a", "line_no": value}] if value else [])


@pytest.mark.parametrize("body", ["text", None, 3, {}, {"items": []}, [[]], {"a": {"b": [{"id": 1}]}}])
def test_other_bodies_tell_nothing(body: Any) -> None:
    assert told_of(f"GET {ONE}", f"GET {ORDERS}", body) == []


@pytest.mark.parametrize(
    ("body", "headers", "value"),
    [
        ({"id": 7}, {}, "7"),
        ({"data": {"id": 7}, "meta": {}}, {}, "7"),
        ({"order": {"id": 7}, "customer": {"id": 8}}, {}, "7"),
        ({"anything": {"id": 7}}, {}, "7"),
        ({"customer": {"id": 8}, "paid": True}, {}, None),
        ({"customer": {"id": 8}, "order_id": 7}, {}, "7"),
        (None, {"Location": "/orders/9"}, "9"),
        ({"id": 7}, {"Location": "https://h/v1/orders/a%20b/?x=1"}, "a b"),
        ({"id": 7}, {"Location": "/elsewhere/9"}, "7"),
        ({"id": 7}, {"Location": "9"}, "7"),
        ([{"id": 7}], {}, None),
        ({"id": 7}, {"Location": "http://["}, "7"),
        ({"id": 7}, {"Location": "/orders/.."}, "7"),
    ],
)
def test_what_was_made_is_named_by_its_place_or_in_the_body(
    body: Any, headers: dict[str, str], value: str | None
) -> None:
    found = told_of(f"DELETE {ONE}", f"POST {ORDERS}", body, **headers)
    assert found == ([{"order_id": value}] if value else [])


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"operationId": "getOne", "parameters": {"order_id": "$response.body#/next/id"}}, "5"),
        ({"operationId": "getOne", "parameters": {"path.order_id": "$response.body#/next/id"}}, "5"),
        (
            {"operationRef": "#/paths/~1orders~1{order_id}/get", "parameters": {"order_id": "$response.header.X-Next"}},
            "6",
        ),
        ({"operationId": "getOne", "parameters": {"order_id": "7"}}, "7"),
        ({"operationId": "getOne", "parameters": {"order_id": "$response.body#/absent"}}, None),
        ({"operationId": "getOne", "parameters": {}}, None),
        ({"$ref": "#/components/links/Next"}, "5"),
    ],
)
def test_links_give_values(link: dict[str, Any], expected: str | None) -> None:
    listed = {"responses": {"200": {"description": "", "links": {"next": link}}}}
    named = {"links": {"Next": {"operationId": "getOne", "parameters": {"order_id": "$response.body#/next/id"}}}}
    paths = {"/feed": {"get": listed}, ONE: {"get": {**OPERATION, "operationId": "getOne"}}}
    spec = spec_of(paths, components=named)
    operation = spec.by_key[f"GET {ONE}"]
    (teller,) = tellers(spec, operation, "GET")
    made = exchange("GET /feed", {"next": {"id": 5}}, "/feed", X_Next="6")
    assert list(told(operation, teller, made)) == ([{"order_id": expected}] if expected else [])


def test_filters_have_the_names_of_members() -> None:
    names = ("status", "customer_id", "page", "tags")
    parameters = [{"name": name, "in": "query", "schema": {}} for name in names]
    spec = spec_of({ORDERS: {"get": {**OPERATION, "parameters": parameters}}})
    body = {"items": [{"status": "open", "customerId": 3, "tags": ["a"]}, {"status": None}, "x"]}
    found = filters_of(spec.operations[0], exchange(f"GET {ORDERS}", body))
    assert list(found) == [{"status": "open", "customer_id": "3"}]
