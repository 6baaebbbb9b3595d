"""Services as frameworks make them, and as people document them: lives find nothing wrong with any."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest

from contracts.document import Spec
from contracts.messages import Request, Response

from ..documents import spec_from
from .living import Lived, live

Item = dict[str, Any]
TEXT = {"type": "string", "minLength": 3, "maxLength": 20}
ITEM: Item = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": TEXT,
        "email": {"type": "string", "format": "email"},
        "price": {"type": "number", "minimum": 0, "maximum": 1000},
        "status": {"type": "string", "enum": ["draft", "active", "deleted"]},
        "tags": {"type": "array", "uniqueItems": True, "items": TEXT, "maxItems": 4},
        "due": {"type": "string", "format": "date-time"},
        "version": {"type": "integer"},
        "updated_at": {"type": "string", "format": "date-time"},
        "views": {"type": "integer", "readOnly": True},
    },
}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 50, "default": 2}}


class Service:
    """Items in a dict, as a first service has them; its ways are switched on by name."""

    item: ClassVar[Item] = ITEM

    def __init__(self, *ways: str) -> None:
        self.ways, self.items, self.numbers, self.ticks = ways, dict[int, Item](), count(1), count(1)
        if "others" in ways:
            self.items = {-n: {"id": -n, "name": f"other {n}", "price": n} for n in range(1, 6)}

    @property
    def spec(self) -> Spec:
        ways, ok = self.ways, {"application/json": {"schema": self.wrapped(self.item)}}
        sent = {"required": True, "content": {"application/json": {"schema": self.item}}}
        gone = {"404": {"description": "gone"}, "422": {"description": "no"}}
        shown = {"responses": {"200": {"description": "", "content": ok}, **gone}}
        listed = {"application/json": {"schema": {"type": "array", "items": self.item}}}
        status = "202" if "later" in ways else "200" if "toy" in ways else "201"
        created = {"requestBody": sent, "responses": {status: {"description": "", "content": ok}, **gone}}
        one = [{"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer"}}]
        end = "/" * ("slashes" in ways)
        paths: Item = {
            f"/items{end}": {
                "get": {"parameters": [LIMIT], "responses": {"200": {"description": "", "content": listed}}},
                "post": created,
            },
            f"/items/{{item_id}}{end}": {
                "parameters": one,
                "get": shown,
                "put": {"requestBody": sent, **shown},
                "patch": {"requestBody": sent, **shown},
                "delete": {"responses": {"204": {"description": ""}, **gone}},
            },
        }
        if "puts" in ways:
            del paths[f"/items{end}"]["post"]
        return spec_from({"openapi": "3.1.0", "info": {"title": "Items", "version": "1"}, "paths": paths})

    def wrapped(self, value: Any) -> Any:
        return {"type": "object", "properties": {"data": value}} if "envelope" in self.ways else value

    def answer(self, request: Request) -> Response:
        number = request.path.strip("/").partition("/")[2]
        body = json.loads(request.body) if request.body else {}
        if "others" in self.ways:  # somebody else is at it as well
            own = next(self.ticks) + 1000
            self.items[own] = {"id": own, "name": f"stranger {own}", "price": own % 7}
        if not number:
            return self._list(request) if request.method == "GET" else self._create(body)
        item = self.items.get(int(number))
        if item is None or (item.get("gone") and "soft" not in self.ways):
            return Response(404)
        if request.method in ("PUT", "PATCH"):
            item = self._change(request.method, item, body)
        if request.method == "DELETE":
            self._delete(item)
            return Response(204)
        item["views"] = item.get("views", 0) + 1
        return self._shown(200, item)

    def _list(self, request: Request) -> Response:
        most = int(parse_qs(request.query).get("limit", ["2"])[0])
        found = [one for one in self.items.values() if not one.get("gone")]
        if "drafts" in self.ways:
            found = [one for one in found if one.get("status") == "active"]
        found = found[: 2 if "small pages" in self.ways else most]
        return Response(200, (("content-type", "application/json"),), json.dumps(found).encode())

    def _create(self, body: Item) -> Response:
        number = max([0, *self.items]) + 1 if "reused" in self.ways else next(self.numbers)
        item = self.items[number] = self._kept(body) | {"id": number}
        return self._shown(200 if "toy" in self.ways else 201, item)

    def _kept(self, body: Item) -> Item:
        kept: Item = {"price": 1.5, "status": "draft"} | {name: held for name, held in body.items() if held is not None}
        kept |= {"version": next(self.ticks), "updated_at": datetime.now(UTC).isoformat()}
        if "tidy" in self.ways:
            kept["name"] = kept["name"].strip().title()
            kept["email"] = kept.get("email", "").lower() or None
            kept["price"] = str(round(float(kept["price"]), 2))
            if "due" in kept:
                kept["due"] = datetime.fromisoformat(kept["due"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        kept["tags"] = sorted({*kept.get("tags", [])}, key=lambda tag: tag[::-1])
        return kept

    def _change(self, method: str, item: Item, body: Item) -> Item:
        given = {name: held for name, held in body.items() if held is not None}
        kept = self._kept(item | given if method == "PATCH" or "merges" in self.ways else given)
        item = self.items[item["id"]] = kept | {"id": item["id"], "views": item.get("views", 0)}
        return item

    def _delete(self, item: Item) -> None:
        if "soft" in self.ways:
            item |= {"gone": True, "status": "deleted"}
        else:
            del self.items[item["id"]]

    def _shown(self, status: int, item: Item) -> Response:
        value = {name: held for name, held in item.items() if name != "gone"}
        data = {"data": value} if "envelope" in self.ways else value
        fields = (("content-type", "application/json"), ("etag", f'W/"{item.get("version")}"'))
        return Response(status, fields, json.dumps(data).encode())


def asked_of(service: Service) -> Lived:
    answer: Callable[[Request], Response] = service.answer
    return live(service.spec, answer)


@pytest.mark.parametrize(
    "ways",
    [
        ("toy",),
        ("plain",),
        ("soft",),
        ("tidy",),
        ("envelope",),
        ("slashes", "tidy"),
        ("reused",),
        ("small pages",),
        ("others",),
        ("toy", "others", "soft"),
    ],
    ids=" ".join,
)
def test_nothing_is_found(ways: tuple[str, ...]) -> None:
    found = asked_of(Service(*ways))

    assert found.violated == {}
    assert sum(map(len, found.exchanges.values())) > 15


@pytest.mark.parametrize(("ways", "kind"), [(("drafts",), "list has what exists"), (("merges",), "drops the rest")])
def test_what_only_convention_says_is_an_advisory(ways: tuple[str, ...], kind: str) -> None:
    found = asked_of(Service(*ways))

    assert all(kind in rule for rule in found.violated), found.violated
    assert {found.verdicts[rule].rule.severity for rule in found.violated} <= {"advisory"}


@pytest.mark.parametrize("way", ["later", "puts"])
def test_no_life_is_asked_of_what_is_made_later_or_by_nobody(way: str) -> None:
    found = asked_of(Service(way))

    assert (found.exchanges, found.verdicts) == ({}, {})


def test_how_a_service_writes_what_was_sent_is_counted() -> None:
    found = asked_of(Service("tidy"))

    seen = found.verdicts["POST /items / created has what was sent"].seen
    assert seen.keys() >= {
        "/name in another case",
        "/due as another spelling of the moment",
        "/price as another spelling of the number",
    }


SMALL: Item = {
    "truth": {"type": "boolean", "default": False},
    "stars": {"type": "integer", "minimum": 0, "maximum": 2, "default": 0},
    "side": {"type": "string", "enum": ["left", "right"]},
    "inner": {"type": "object", "required": ["deep"], "properties": {"deep": {"type": "boolean"}}},
    "text": TEXT,
}


class Forgetful(Service):
    """Keeps of one member what was made with it, or writes it otherwise, whatever a PUT says."""

    item: ClassVar[Item] = {**ITEM, "properties": {"id": {"type": "integer", "readOnly": True}, "name": TEXT, **SMALL}}

    def __init__(self, member: str, write: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        self.member, self.write = member, write

    def _kept(self, body: Item) -> Item:
        return body

    def _change(self, method: str, item: Item, body: Item) -> Item:
        kept = {**body, self.member: self.write(body.get(self.member)) if self.write else item.get(self.member)}
        self.items[item["id"]] = kept | {"id": item["id"]}
        return self.items[item["id"]]


@pytest.mark.parametrize("member", SMALL)
def test_what_has_few_values_is_another_one_each_time(member: str) -> None:
    found = asked_of(Forgetful(member)).violated

    assert f"/{member}" in found["PUT /items/{item_id} / replaced reads as replaced"]


@pytest.mark.parametrize("write", [lambda text: f"{text}!", lambda text: f"({text})"], ids=["one more", "in brackets"])
def test_what_is_added_to_a_text_is_no_spelling_of_it(write: Callable[[Any], Any]) -> None:
    assert "PUT /items/{item_id} / replaced reads as replaced" in asked_of(Forgetful("text", write)).violated


class Haunted(Service):
    """Lists what was deleted, and finds it no more."""

    def __init__(self) -> None:
        super().__init__()
        self.ghosts: dict[int, Item] = {}

    def _list(self, request: Request) -> Response:
        self.ghosts |= self.items
        listed = json.dumps([*self.ghosts.values()]).encode()
        return Response(200, (("content-type", "application/json"),), listed)


def test_the_story_has_what_the_verdict_rests_on() -> None:
    """That nothing is found of it: without, a list may be of yesterday, and lived again it would show nothing."""
    evidence = asked_of(Haunted()).verdicts["GET /items / list has not what is gone"].evidence
    assert evidence is not None
    told = [(one.probe.note, one.response and one.response.status) for one in evidence.finding.story]
    assert ("read", 404) in told
