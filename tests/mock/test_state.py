"""What was created is there until it is deleted, in lists as well, over HTTP as in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document import Spec, load_spec
from contracts.document.model import NOWHERE
from contracts.messages import Request, Response
from contracts.mock import CREDENTIAL, MockService, Store, app_for, deeds, world
from tests.exchanges.documents import answered, parameter, spec_of
from tests.mock.asgi import App, asked
from tests.mock.shops import BOOK, FRAMEWORK, ORDER, TEXT, body, envelopes, framework, query

FIELDS = (("Authorization", f"Bearer {CREDENTIAL}"), ("X-Depot-Key", CREDENTIAL), ("Host", "shop.example"))
MERGE, PATCH = "application/merge-patch+json", "application/json-patch+json"


class Service:
    """The mock of a document, with what exists there."""

    def __init__(self, spec: Spec) -> None:
        self.mock, self.store = MockService(spec), Store()

    def ask(self, key: str, sent: Any = None, media: str = "application/json", **fields: str) -> Response:
        method, _, target = key.partition(" ")
        headers = [*FIELDS, *((name.replace("_", "-"), text) for name, text in fields.items())]
        content = None
        if sent is not None:
            content = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
            headers.append(("Content-Type", media))
        return self.mock.answer(Request(method, target, tuple(headers), content), self.store)

    def json(self, key: str, sent: Any = None, media: str = "application/json", **fields: str) -> Any:
        response = self.ask(key, sent, media, **fields)
        assert response.status < 300, response
        return json.loads(response.body)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are six of all that nobody created."""
    monkeypatch.setattr(world, "FIRST", 6)


@pytest.fixture
def orders() -> Service:
    return Service(framework())


@pytest.fixture
def shelves() -> Service:
    return Service(envelopes())


@pytest.fixture(scope="module")
def depot_spec() -> Spec:
    return load_spec("tests/service/depot/depot.yaml")


@pytest.fixture
def depot(depot_spec: Spec) -> Service:
    return Service(depot_spec)


NEW = {"name": "tea", "price": 2.5, "secret": "s3cret"}
SHIPMENT = {"name": "a", "carrier": "DHL", "weight_kg": 3, "status": "planned"}


# --- one resource ---


def test_what_was_created_is_there_as_it_was_sent(orders: Service) -> None:
    made = orders.json("POST /orders/", {**NEW, "note": "n"})
    assert made == orders.json(f"GET /orders/{made['id']}")
    assert {**made, **NEW, "note": "n", "paid": False} == {**made, "secret": "s3cret"}
    assert "secret" not in made


def test_what_the_server_says_is_not_for_clients_to_say(depot: Service) -> None:
    sent = {**SHIPMENT, "id": "00000000-0000-4000-8000-000000000000", "created_at": "2001-01-01T00:00:00Z"}
    made = depot.json("POST /shipments", sent)
    assert made["id"] != sent["id"]
    assert made["created_at"] != sent["created_at"]
    assert depot.json(f"PUT /shipments/{made['id']}", sent) == made


def test_what_cannot_be_shown_is_as_the_document_has_it() -> None:
    shown = {"type": "object", "required": ["id", "size"], "properties": {"id": TEXT, "size": {"enum": ["s", "m"]}}}
    paths = {
        "/a": {"post": {"requestBody": body({"type": "object"}), "responses": {"201": answered(shown)}}},
        "/a/{id}": {"get": {"parameters": [parameter("id", TEXT)], "responses": {"200": answered(shown)}}},
    }
    service = Service(spec_of(paths))
    assert service.json("POST /a", {"size": "huge"})["size"] in ("s", "m")
    assert service.json("POST /a", {"size": "m"})["size"] == "m"


def notes(shown: Any, sent: Any = True, made: Any = None) -> Service:
    """A service that makes and shows notes."""
    post = {"requestBody": body(sent), "responses": {"201": answered(made or shown)}}
    item = {"parameters": [parameter("id", TEXT)], "responses": {"200": answered(shown)}}
    return Service(spec_of({"/notes": {"post": post}, "/notes/{id}": {"get": item}}))


def told_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["id"], "properties": {"id": TEXT, **properties}}


SECRET = {"type": "string", "writeOnly": True}


@pytest.mark.parametrize(
    "shown",
    [
        told_of(note=TEXT, pin=SECRET),
        told_of(note=TEXT, inner={"type": "object", "properties": {"pin": SECRET}}),
        {"anyOf": [told_of(note=TEXT, pin=SECRET), {**told_of(note=TEXT), "required": ["id", "other"]}]},
        {"allOf": [told_of(note=TEXT), {"properties": {"pin": SECRET}}]},
    ],
    ids=["a member", "within a member", "in a branch", "in a part"],
)
def test_what_is_only_written_never_comes_back(shown: Any) -> None:
    service = notes(shown)
    made = service.json("POST /notes", {"note": "n", "pin": "4711", "inner": {"pin": "4711"}})
    assert made["note"] == "n"
    assert "4711" not in json.dumps([made, service.json(f"GET /notes/{made['id']}")])


def test_what_is_only_read_within_a_member_is_the_servers() -> None:
    by = {"type": "string", "readOnly": True}
    service = notes(told_of(meta={"type": "object", "properties": {"by": by, "why": TEXT}}))
    assert service.json("POST /notes", {"meta": {"by": "me", "why": "x"}})["meta"] == {"why": "x"}


def test_what_the_answer_to_its_making_has_to_say_is_so() -> None:
    status = {"type": "string", "enum": ["open", "shut", "lost"]}
    made = told_of(status={"const": "shut"})
    service = notes(told_of(status=status), made={**made, "required": ["id", "status"]})
    for _ in range(6):
        place = f"/notes/{service.json('POST /notes', {})['id']}"
        assert service.json(f"GET {place}")["status"] == "shut"


def test_location_leads_to_what_was_created(depot: Service, shelves: Service) -> None:
    response = depot.ask("POST /shipments", SHIPMENT)
    assert depot.ask(f"GET {response.header('location')}").body == response.body
    absolute = shelves.ask("POST /shelves", {"data": {"label": "x"}}).header("location") or ""
    assert absolute.startswith("http://shop.example/shelves/")


def test_each_id_is_another_one(depot: Service) -> None:
    ids = [depot.json("POST /shipments", SHIPMENT)["id"] for _ in range(20)]
    assert len(set(ids)) == 20


def test_an_id_of_the_clients_choice_is_kept_and_taken_once(shelves: Service) -> None:
    shelf = shelves.json("GET /shelves")["data"][0]["id"]
    book = {"isbn": "12345", "title": "b"}
    shelves.json(f"POST /shelves/{shelf}/books", book)
    assert shelves.json(f"GET /shelves/{shelf}/books/12345")["title"] == "b"
    assert shelves.ask(f"POST /shelves/{shelf}/books", book).status == 409


def test_deleted_is_gone_for_every_operation(orders: Service) -> None:
    place = f"/orders/{orders.json('POST /orders/', NEW)['id']}"
    assert orders.ask(f"DELETE {place}").status == 200
    asked = (orders.ask(f"GET {place}"), orders.ask(f"PUT {place}", NEW), orders.ask(f"PATCH {place}", {"paid": True}))
    assert [response.status for response in asked] == [404, 404, 404]
    assert orders.ask(f"POST {place}/cancel").status == 404
    assert orders.ask(f"DELETE {place}").status == 404


@pytest.mark.parametrize(
    ("documented", "status"), [("404", 404), ("410", 410), ("4XX", 404), ("default", 404), ("", 404)]
)
def test_gone_is_said_as_the_document_says_it(documented: str, status: int) -> None:
    refusal = {documented: answered(TEXT)} if documented else {}
    by_id = {"parameters": [parameter("id", TEXT)], "responses": {"200": answered(ORDER), **refusal}}
    service = Service(spec_of({"/a/{id}": {"get": by_id, "delete": by_id}}))
    assert [service.ask(f"{method} /a/x").status for method in ("GET", "DELETE", "GET")] == [200, 200, status]


def test_replaced_reads_as_replaced_and_twice_the_same(orders: Service) -> None:
    made = orders.json("POST /orders/", {**NEW, "note": "n", "paid": True})
    place = f"/orders/{made['id']}"
    after = [orders.json(f"PUT {place}", {"name": "new", "price": 1}) for _ in range(2)]
    assert after == [orders.json(f"GET {place}")] * 2
    assert (after[0]["name"], after[0]["paid"], "note" in after[0]) == ("new", False, False)
    assert after[0]["created_at"] == made["created_at"]


def test_put_creates_only_where_the_document_says_so(shelves: Service, orders: Service) -> None:
    label = {"data": {"label": "new"}}
    assert [shelves.ask("PUT /shelves/77777", label).status for _ in range(2)] == [201, 200]
    assert shelves.json("GET /shelves/77777")["data"]["label"] == "new"
    unknown = "/orders/11111111-1111-4111-8111-111111111111"
    assert [orders.ask(f"{method} {unknown}", sent).status for method, sent in (("PUT", NEW), ("GET", None))] == [
        404,
        404,
    ]


@pytest.mark.parametrize(
    ("media", "patch", "changed"),
    [
        (MERGE, {"note": None}, {"note": None}),
        (MERGE, {"address": {"floor": 2}}, {"address": {"city": "Wien", "floor": 2}}),
        (MERGE, {"tags": ["x"], "name": "b"}, {"tags": ["x"], "name": "b"}),
        (MERGE, {"address": {"floor": None}}, {"address": {"city": "Wien"}}),
    ],
    ids=str,
)
def test_a_merge_patch_changes_what_it_names(depot: Service, media: str, patch: Any, changed: Any) -> None:
    sent = {**SHIPMENT, "note": "n", "address": {"city": "Wien", "floor": 1}}
    made = depot.json("POST /shipments", sent)
    place = f"/shipments/{made['id']}"
    expected = {name: held for name, held in {**made, **changed}.items() if held is not None}
    assert depot.json(f"PATCH {place}", patch, media) == expected == depot.json(f"GET {place}")


def patched(media: str) -> Service:
    """A thing whose PATCH takes a media type."""
    thing = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": TEXT, "tags": {"type": "array", "items": TEXT}, "note": {"type": ["string", "null"]}},
    }
    operation = {"parameters": [parameter("id", TEXT)], "responses": {"200": answered(thing), "409": answered(TEXT)}}
    patch = {**operation, "requestBody": body({}, media)}
    put = {**operation, "requestBody": body(thing)}
    return Service(spec_of({"/things/{id}": {"get": operation, "patch": patch, "put": put}}))


@pytest.mark.parametrize(
    ("steps", "status", "after"),
    [
        ([{"op": "add", "path": "/tags/-", "value": "b"}], 200, {"id": "x", "tags": ["a", "b"], "note": "n"}),
        ([{"op": "remove", "path": "/note"}], 200, {"id": "x", "tags": ["a"]}),
        ([{"op": "replace", "path": "/note", "value": None}], 200, {"id": "x", "tags": ["a"], "note": None}),
        ([{"op": "test", "path": "/note", "value": "other"}], 409, {"id": "x", "tags": ["a"], "note": "n"}),
        ([{"op": "replace", "path": "/id", "value": "y"}], 200, {"id": "x", "tags": ["a"], "note": "n"}),
    ],
    ids=str,
)
def test_a_json_patch_changes_what_it_names(steps: Any, status: int, after: Any) -> None:
    service = patched(PATCH)
    service.json("PUT /things/x", {"id": "x", "tags": ["a"], "note": "n"})
    assert service.ask("PATCH /things/x", steps, PATCH).status == status
    assert service.json("GET /things/x") == after


def test_null_in_a_plain_patch_is_a_value(orders: Service) -> None:
    place = f"/orders/{orders.json('POST /orders/', {**NEW, 'note': 'n'})['id']}"
    assert orders.json(f"PATCH {place}", {"note": None})["note"] is None


def test_an_action_makes_it_what_its_answer_has_to_say() -> None:
    state = {"type": "string", "enum": ["open", "shut"]}
    by_id = {"parameters": [parameter("id", TEXT)]}
    shut = {**by_id, "responses": {"200": answered({**told_of(state={"const": "shut"}), "required": ["id", "state"]})}}
    read = {**by_id, "responses": {"200": answered(told_of(state=state))}}
    service = Service(spec_of({"/doors/{id}": {"get": read}, "/doors/{id}/shut": {"post": shut}}))
    for name in "abcdef":
        assert service.json(f"POST /doors/{name}/shut")["state"] == "shut"
        assert service.json(f"GET /doors/{name}")["state"] == "shut"


def test_what_is_there_once(shelves: Service) -> None:
    shelves.json("PUT /settings", {"label": "dark", "tags": ["a"]})
    assert shelves.json("GET /settings") == {"label": "dark", "tags": ["a"]}


def test_what_nobody_created_can_be_read_replaced_and_deleted(depot: Service) -> None:
    first = depot.json("GET /shipments")["items"][0]
    place = f"/shipments/{first['id']}"
    assert depot.json(f"GET {place}") == first
    depot.json(f"PUT {place}", {**SHIPMENT, "name": "mine"})
    assert depot.json(f"GET {place}")["name"] == "mine"
    assert depot.ask(f"DELETE {place}").status == 204
    assert first["id"] not in [one["id"] for one in depot.json("GET /shipments")["items"]]


def test_what_can_not_exist_does_not(depot: Service) -> None:
    assert depot.ask(f"GET /shipments/{NOWHERE[1]}").status == 404
    assert depot.ask("GET /shipments/11111111-1111-4111-8111-111111111111").status == 404


# --- what is within ---


def test_children_belong_to_their_parent_and_go_with_it(depot: Service) -> None:
    places = [f"/shipments/{depot.json('POST /shipments', SHIPMENT)['id']}" for _ in range(2)]
    stop = depot.json(f"POST {places[0]}/stops", {"city": "Graz"})
    assert stop["shipment"] == places[0].rpartition("/")[2]
    assert [depot.json(f"GET {place}/stops") for place in places] == [[stop], []]
    assert depot.ask(f"GET {places[1]}/stops/{stop['id']}").status == 404
    depot.ask(f"DELETE {places[0]}")
    for key in (f"GET {places[0]}/stops", f"GET {places[0]}/stops/{stop['id']}"):
        assert depot.ask(key).status == 404
    assert depot.ask(f"POST {places[0]}/stops", {"city": "Graz"}).status == 404


# --- lists ---


def walked(service: Service, path: str, follow: str) -> list[Any]:
    """The names in a list, page by page, by a member of it."""
    found, target = list[Any](), path
    for _ in range(20):
        page = service.json(f"GET {target}")
        found.append([one["name"] for one in page["items"]])
        if page[follow] in (None, False):
            return found
        target = f"{path}&cursor={page[follow]}" if follow == "next_cursor" else f"{path}&page={page['page'] + 1}"
    raise AssertionError("it never ends")


def test_pages_by_number(orders: Service) -> None:
    for index in range(3):
        orders.json("POST /orders/", {"name": f"n{index}", "price": 1})
    pages = walked(orders, "/orders/?page_size=4", "has_next")
    assert [len(page) for page in pages] == [4, 4, 1]
    assert pages[1][2:] + pages[2] == ["n0", "n1", "n2"]
    told = orders.json("GET /orders/?page_size=4&page=2")
    assert (told["page"], told["total"], told.get("page_size", 4)) == (2, 9, 4)


def test_pages_by_cursor_also_when_something_is_sorted(depot: Service) -> None:
    for name in ("x", "y", "z"):
        depot.json("POST /shipments", {**SHIPMENT, "name": name})
    pages = walked(depot, "/shipments?limit=4&sort=-name", "next_cursor")
    names = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert names == sorted(names, reverse=True)


def test_a_cursor_in_an_object_of_its_own(shelves: Service) -> None:
    first = shelves.json("GET /shelves?limit=1")
    second = shelves.json(f"GET /shelves?limit=1&cursor={first['meta']['next_cursor']}")
    assert first["meta"]["total"] == second["meta"]["total"] == 6
    assert first["data"][0]["id"] != second["data"][0]["id"]


def test_no_page_is_longer_than_the_document_says(shelves: Service) -> None:
    assert len(shelves.json("GET /shelves?limit=4")["data"]) == 3


def test_pages_by_link(depot: Service) -> None:
    place = f"/shipments/{depot.json('POST /shipments', SHIPMENT)['id']}/stops"
    for city in "abc":
        depot.json(f"POST {place}", {"city": city})
    first = depot.ask(f"GET {place}?per_page=2")
    link = first.header("link") or ""
    assert (first.header("x-total-count"), link) == ("3", f'<{place}?per_page=2&page=2>; rel="next"')
    last = depot.ask(f"GET {link[1 : link.index('>')]}")
    assert ([one["city"] for one in json.loads(last.body)], last.header("link")) == (["c"], None)


@pytest.mark.parametrize(
    ("parameters", "members", "asked", "expected", "told"),
    [
        (["offset", "limit"], ["total", "offset"], "offset=7&limit=2", ["n1", "n2"], {"total": 10, "offset": 7}),
        (["skip", "top"], ["count"], "skip=9&top=5", ["n3"], {"count": 10}),
        (["page", "per_page"], ["pages", "nextPage"], "page=3&per_page=3", ["n3"], {"pages": 4, "nextPage": None}),
        (["page", "size"], ["has_more"], "page=3&size=3", ["n3"], {"has_more": False}),
        (["starting_after", "limit"], ["has_more"], "limit=7", None, {"has_more": True}),
        (["limit"], ["next"], "limit=9", None, {"next": "/orders?limit=9&page=2"}),
    ],
    ids=str,
)
def test_pages_by_the_usual_names(parameters: Any, members: Any, asked: str, expected: Any, told: Any) -> None:
    integer = {"type": "integer", "minimum": 0}
    kinds = {"starting_after": TEXT}
    kind = {"type": ["integer", "string", "boolean", "null"]}
    page = {
        "type": "object",
        "required": ["results", *members],
        "properties": {"results": {"type": "array", "items": ORDER}, **dict.fromkeys(members, kind)},
    }
    listing = {
        "parameters": [query(name, kinds.get(name, integer)) for name in parameters],
        "responses": {"200": answered(page)},
    }
    post = FRAMEWORK["/orders/"]["post"]
    item = FRAMEWORK["/orders/{order_id}"]
    spec = spec_of({"/orders": {"get": listing, "post": post}, "/orders/{order_id}": item}, components=COMPONENTS)
    service = Service(spec)
    service.json("GET /orders")
    for index in range(4):
        service.json("POST /orders", {"name": f"n{index}", "price": 1})
    found = service.json(f"GET /orders?{asked}")
    assert expected is None or [one["name"] for one in found["results"]][-len(expected) :] == expected
    assert {name: found[name] for name in told} == told


COMPONENTS = {"schemas": {"Order": ORDER}}


@pytest.mark.parametrize("asked", ["status=open", "status=cancelled", "paid=true", "paid=false"])
def test_filters_hold_of_each_item(orders: Service, asked: str) -> None:
    name, _, text = asked.partition("=")
    for paid in (True, False):
        orders.json("POST /orders/", {**NEW, "paid": paid})
    everything = [one for page in range(1, 4) for one in orders.json(f"GET /orders/?page_size=5&page={page}")["items"]]
    kept = orders.json(f"GET /orders/?page_size=5&{asked}")
    wanted = [one for one in everything if json.dumps(one.get(name)).strip('"') == text]
    assert kept["total"] == len(wanted)
    assert kept["items"] == wanted[:5]


@pytest.mark.parametrize("asked", ["tag=ab", "tag=xyz&tag=ab", "references=AB-0001,ZZ-0000"])
def test_filters_may_be_called_by_one_of_several(depot: Service, asked: str) -> None:
    parcel = {"weight_grams": 1, "pin": "1234", "recipient": {"name": "a", "country": "AT"}}
    made = depot.json("POST /parcels", {**parcel, "reference": "AB-0001", "tags": ["ab", "cd"]})
    depot.json("POST /parcels", {**parcel, "reference": "AB-0002", "tags": ["cd"]})
    assert [one["id"] for one in depot.json(f"GET /parcels?{asked}")["items"]] == [made["id"]]


@pytest.mark.parametrize("asked", ["name", "-name", "price", "-price"])
def test_sorted_as_asked(orders: Service, asked: str) -> None:
    for name, price in (("b", 3), ("a", 10), ("c", 2.5)):
        orders.json("POST /orders/", {"name": name, "price": price})
    pages = range(1, 3)
    found = [one for n in pages for one in orders.json(f"GET /orders/?page_size=5&page={n}&order_by={asked}")["items"]]
    held = [one[asked.strip("-")] for one in found]
    assert held == sorted(held, reverse=asked.startswith("-"))
    assert len(held) == 9


def test_moments_are_sorted_as_such() -> None:
    note = told_of(at={"type": "string", "format": "date-time"})
    paths = {
        "get": {"parameters": [query("sort", TEXT)], "responses": {"200": answered({"type": "array", "items": note})}},
        "post": {"requestBody": body(True), "responses": {"201": answered(note)}},
    }
    service = Service(spec_of({"/notes": paths}))
    moments = ("1900-01-01T06:00:00Z", "1900-01-01T10:00:00+05:00")
    for moment in moments:
        service.json("POST /notes", {"at": moment})
    assert [one["at"] for one in service.json("GET /notes?sort=at") if one.get("at") in moments] == [*moments[::-1]]


def test_what_the_document_wants_in_a_list_is_there() -> None:
    listing = {"responses": {"200": answered({"type": "array", "minItems": 9, "items": BOOK})}}
    item = {"parameters": [parameter("isbn", TEXT)], "responses": {"200": answered(BOOK)}}
    service = Service(spec_of({"/books": {"get": listing}, "/books/{isbn}": {"get": item}}))
    books = service.json("GET /books")
    assert len(books) == 9
    assert service.json(f"GET /books/{books[-1]['isbn']}") == books[-1]


def test_what_is_only_listed_is_filtered_sorted_and_paged_as_well(
    depot: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "FIRST", 12)
    every = depot.json("GET /carriers")["data"]
    assert len({one["code"] for one in every}) == len(every) > 3
    assert [one["name"] for one in every] == sorted(one["name"] for one in every)
    country = every[0]["country"]
    found = depot.json(f"GET /carriers?country={country}&order_by=founded&order=desc")["data"]
    assert sorted(one["founded"] for one in found)[::-1] == [one["founded"] for one in found]
    assert len(found) == len([one for one in every if one["country"] == country])
    assert depot.json("GET /carriers?limit=2&offset=3")["data"] == every[3:5]
    assert (
        depot.json("GET /carriers?limit=2")["has_more"],
        depot.json(f"GET /carriers?offset={len(every) - 1}")["has_more"],
    ) == (
        True,
        False,
    )


def test_a_list_of_names() -> None:
    listing = {"responses": {"200": answered({"type": "array", "items": TEXT})}}
    item = {"parameters": [parameter("tag", TEXT)], "responses": {"204": {"description": ""}, "404": answered(TEXT)}}
    service = Service(spec_of({"/tags": {"get": listing}, "/tags/{tag}": {"put": item, "delete": item}}))
    names = service.json("GET /tags")
    service.ask(f"DELETE /tags/{names[0]}")
    assert service.json("GET /tags") == names[1:]


# --- conditions ---


def test_conditions_go_by_the_tag(depot: Service) -> None:
    made = depot.ask("POST /shipments", SHIPMENT)
    place, tag = made.header("location"), made.header("etag") or ""
    assert depot.ask(f"GET {place}").header("etag") == tag
    unchanged = depot.ask(f"GET {place}", If_None_Match=f'"other", W/{tag}')
    assert (unchanged.status, unchanged.header("etag"), unchanged.body) == (304, tag, b"")
    assert depot.ask(f"PUT {place}", SHIPMENT, If_Match='"other"').status == 412
    changed = depot.ask(f"PUT {place}", {**SHIPMENT, "name": "b"}, If_Match=tag)
    assert changed.status == 200
    assert changed.header("etag") not in (tag, None)
    assert depot.ask(f"GET {place}", If_None_Match=tag).status == 200
    assert depot.ask(f"DELETE {place}", If_Match=tag).status == 412
    assert depot.ask(f"DELETE {place}", If_Match="*").status == 204


def test_head_has_the_tag_of_get(depot: Service) -> None:
    place = depot.ask(
        "POST /parcels",
        {"reference": "AB-1234", "weight_grams": 1, "pin": "1234", "recipient": {"name": "a", "country": "AT"}},
    ).header("location")
    get, head = depot.ask(f"GET {place}"), depot.ask(f"HEAD {place}")
    assert (head.status, head.header("etag"), head.body) == (200, get.header("etag"), b"")
    depot.ask(f"DELETE {place}")
    assert depot.ask(f"HEAD {place}").status == 404


def test_an_idempotency_key_creates_once(depot: Service) -> None:
    key = {"Idempotency_Key": "0b5a9f4e-4d8c-4f57-8d38-2f9f5a3f6a11"}
    first, again = (depot.ask("POST /shipments", SHIPMENT, **key) for _ in range(2))
    assert first == again
    assert depot.json("GET /shipments?limit=20")["total"] == 7
    assert depot.ask("POST /shipments", {**SHIPMENT, "name": "other"}, **key).status == 422


# --- the store ---


def test_as_many_resources_as_are_kept(orders: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "MOST", 10)
    monkeypatch.setattr(deeds, "MOST", 10)
    first, *others = (orders.json("POST /orders/", NEW)["id"] for _ in range(9))
    orders.json("GET /orders/")
    assert len(orders.store.resources) == 10
    assert orders.ask(f"GET /orders/{first}").status == 404
    assert orders.ask(f"GET /orders/{others[-1]}").status == 200


def test_a_body_of_too_many_bytes_is_not_kept() -> None:
    shown = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "note": {"type": "string"}}}
    paths = {
        "/a": {"post": {"requestBody": body({"type": "object"}), "responses": {"201": answered(shown)}}},
        "/a/{id}": {"get": {"parameters": [parameter("id", TEXT)], "responses": {"200": answered(shown)}}},
    }
    service = Service(spec_of(paths))
    assert service.json("POST /a", {"note": "x" * 60_000})["note"] == "x" * 60_000
    assert service.json("POST /a", {"note": "x" * 70_000}).get("note") != "x" * 70_000


def test_a_cleared_store_is_as_at_first(depot: Service) -> None:
    before = depot.json("GET /shipments")
    depot.json("POST /shipments", SHIPMENT)
    depot.ask(f"DELETE /shipments/{before['items'][0]['id']}")
    depot.store.clear()
    assert depot.json("GET /shipments") == before


def test_a_status_that_is_asked_for_changes_nothing(depot: Service) -> None:
    before = depot.json("GET /shipments")
    assert depot.ask("POST /shipments", SHIPMENT, Prefer="code=201").status == 201
    assert depot.json("GET /shipments") == before


def test_what_is_forbidden_changes_nothing(depot: Service) -> None:
    before = depot.json("GET /shipments")
    assert depot.ask("POST /shipments", {**SHIPMENT, "weight_kg": -1}).status == 422
    assert depot.json("GET /shipments") == before


def test_without_a_store_nothing_is_kept(depot_spec: Spec) -> None:
    mock, fields = MockService(depot_spec), (*FIELDS, ("Content-Type", "application/json"))
    request = Request("POST", "/shipments", fields, json.dumps(SHIPMENT).encode())
    first, again = mock.answer(request), mock.answer(request)
    assert first == again


# --- over HTTP ---


def http(app: App, key: str, sent: Any = None, *fields: tuple[str, str]) -> Response:
    method, _, target = key.partition(" ")
    content = b"" if sent is None else json.dumps(sent).encode()
    typed = [("Content-Type", "application/json")] * bool(content)
    return asked(app, target, method, *FIELDS, *typed, *fields, body=content)


def test_over_http_what_was_created_is_there_until_the_reset(depot_spec: Spec) -> None:
    app = app_for(depot_spec)
    listed = http(app, "GET /shipments")
    for _ in range(2):
        place = http(app, "POST /shipments", SHIPMENT).header("location")
        made = [http(app, f"GET {place}") for _ in range(2)]
        assert made[0] == made[1]
        assert (made[0].status, json.loads(made[0].body)["name"]) == (200, "a")
    assert json.loads(http(app, "GET /shipments").body)["total"] == 8
    assert http(app, f"DELETE {place}").status == 204
    assert http(app, f"GET {place}").status == 404
    assert http(app, "POST /__contract/reset").status == 204
    assert http(app, "GET /shipments") == listed


def test_over_http_what_is_told_of_what_is_there_is_told_in_turn(depot_spec: Spec) -> None:
    app = app_for(depot_spec)
    listed = json.loads(http(app, "GET /parcels").body)
    place = f"/parcels/{listed['items'][0]['id']}"
    languages = {http(app, f"GET {place}/label?copies=1").header("content-language") for _ in range(4)}
    assert languages == {"en", "de"}
    http(app, f"DELETE {place}")
    assert http(app, f"GET {place}/label?copies=1").status == 404


def test_over_http_nothing_is_kept_without_state(depot_spec: Spec) -> None:
    app = app_for(depot_spec, walks=False)
    place = "/shipments/0b5a9f4e-4d8c-4f57-8d38-2f9f5a3f6a11"
    assert http(app, f"DELETE {place}").status == 204
    assert http(app, f"GET {place}").status == 200


def test_over_http_a_preference_is_about_the_document_alone(depot_spec: Spec) -> None:
    app = app_for(depot_spec)
    listed = http(app, "GET /shipments")
    for wish in ("code=201", "dynamic=true", "example=0"):
        assert http(app, "POST /shipments", SHIPMENT, ("Prefer", wish)).status == 201
    assert http(app, "GET /shipments") == listed
