"""Operations belong together by their paths: what makes, lists, reads, changes and ends one kind of thing."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document import Spec, load_spec
from contracts.schemas.families import Family, families_of, list_of
from tests.exchanges.documents import answered, parameter, spec_of

ORDER = {"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
PAGE = {"type": "object", "properties": {"has_next": {"type": "boolean"}, "items": {"type": "array", "items": ORDER}}}


def spec_with(*keys: str, said: dict[str, Any] | None = None, **status: str) -> Spec:
    """A document with operations, whose GETs of what ends in `s` list."""
    paths: dict[str, Any] = {}
    for key in keys:
        method, _, path = key.partition(" ")
        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        schema = PAGE if path.rstrip("/").endswith("s") and method == "GET" else ORDER
        operation = {
            "parameters": [parameter(name, {"type": "string"}) for name in names],
            "responses": {status.get(method.lower(), "200"): answered(schema)},
            **(said or {}),
        }
        paths.setdefault(path, {})[method.lower()] = operation
    return spec_of(paths)


def told(family: Family) -> dict[str, str]:
    roles = ("create", "list", "read", "replace", "patch", "delete")
    return {role: one.key for role in roles if (one := getattr(family, role)) is not None}


def test_a_collection_and_its_items_are_one_family() -> None:
    keys = [
        "POST /orders",
        "GET /orders",
        *(f"{method} /orders/{{id}}" for method in ("GET", "PUT", "PATCH", "DELETE")),
    ]
    (family,) = families_of(spec_with(*keys, "POST /orders/{id}/cancel", "GET /orders/{id}/bill"))
    assert list(told(family).values()) == keys
    assert [one.key for one in family.actions] == ["POST /orders/{id}/cancel"]
    assert (family.item_path, family.collection_path, family.id_parameter) == ("/orders/{id}", "/orders", "id")


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["POST /orders/", "GET /orders/{id}/"], {"create": "POST /orders/", "read": "GET /orders/{id}/"}),
        (["POST /A.json", "GET /A/{id}.json"], {"create": "POST /A.json", "read": "GET /A/{id}.json"}),
        (["POST /a/start", "GET /a/{id}"], {"create": "POST /a/start", "read": "GET /a/{id}"}),
        (["POST /a/new", "POST /a", "GET /a/{id}"], {"create": "POST /a", "read": "GET /a/{id}"}),
        (["GET /as/list", "GET /as/{id}"], {"list": "GET /as/list", "read": "GET /as/{id}"}),
        (["POST /a/search", "GET /a/{id}"], {"read": "GET /a/{id}"}),
        (["GET /a/{id}", "POST /a/{id}"], {"read": "GET /a/{id}", "patch": "POST /a/{id}"}),
        (["GET /a/{x}", "PUT /a/{y}"], {"read": "GET /a/{x}", "replace": "PUT /a/{y}"}),
        (["GET /me", "PATCH /me"], {"read": "GET /me", "patch": "PATCH /me"}),
        (["GET /notes", "POST /notes"], {"create": "POST /notes", "list": "GET /notes"}),
    ],
    ids=str,
)
def test_families_however_paths_are_written(keys: list[str], found: dict[str, str]) -> None:
    assert [told(family) for family in families_of(spec_with(*keys))] == [found]


@pytest.mark.parametrize("keys", [["POST /searches"], ["GET /health"], ["GET /orders"], ["POST /a", "GET /a"]], ids=str)
def test_what_is_no_family(keys: list[str]) -> None:
    assert families_of(spec_with(*keys)) == ()


@pytest.mark.parametrize(
    ("status", "schema", "said", "is_made"),
    [
        ("201", True, {}, True),
        ("200", ORDER, {}, True),
        ("200", {"type": "object", "properties": {"data": ORDER}}, {}, True),
        ("200", {"type": "object", "properties": {"orderId": {"type": "string"}}}, {}, True),
        ("200", {"type": "object", "properties": {"count": {"type": "integer"}}}, {}, False),
        ("200", {"type": "object", "properties": {"count": {"type": "integer"}}}, {"x-creates": True}, True),
        ("201", True, {"x-creates": False}, False),
        ("404", ORDER, {}, False),
    ],
    ids=str,
)
def test_what_answers_with_an_id_creates(status: str, schema: Any, said: dict[str, Any], is_made: bool) -> None:
    of_item = {"parameters": [parameter("order_id", {"type": "string"})], "responses": {"200": answered(ORDER)}}
    post = {"responses": {status: answered(schema)}, **said}
    (family,) = families_of(spec_of({"/orders": {"post": post}, "/orders/{order_id}": {"get": of_item}}))
    assert (family.create is not None) == is_made


def test_families_stand_below_one_another() -> None:
    keys = ["GET /a/{x}", "GET /a/{x}/b/{y}", "GET /a/{x}/b/{y}/c/d/{z}", "GET /a/{x}/me", "PUT /a/{x}/me"]
    families = families_of(spec_with(*keys, "POST /a/{x}/b/{y}/stop"))
    assert [family.parent for family in families] == ["", "/a/{x}", "/a/{x}/b/{y}", "/a/{x}"]
    assert [[one.key for one in family.actions] for family in families] == [[], ["POST /a/{x}/b/{y}/stop"], [], []]


def test_families_of_the_depot() -> None:
    families = families_of(load_spec("tests/service/depot/depot.yaml"))
    items = [family.item_path for family in families if family.read]
    assert items[:4] == ["/parcels/{id}", "/imports/{job}", "/docks/{dock}", "/docks/{dock}/slots/{slots}"]
    assert items[4:] == ["/reports/{day}", "/shipments/{shipment}", "/shipments/{shipment}/stops/{stop}"]
    assert told(families[1]) == {"create": "POST /imports", "read": "GET /imports/{job}"}


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "array"}, ()),
        (PAGE, ("items",)),
        ({"properties": {"tags": {"type": "array"}, "orders": {"type": ["array", "null"]}}}, ("orders",)),
        ({"properties": {"found": {"type": "array"}}}, ("found",)),
        (ORDER, None),
    ],
    ids=str,
)
def test_where_a_list_stands(schema: Any, place: tuple[str, ...] | None) -> None:
    assert list_of(spec_of({"/orders": {"get": {"responses": {"200": answered(schema)}}}}).operations[0]) == place
