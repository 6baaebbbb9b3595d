"""Edits of the shop's shared components, which travel in both directions, and of what travels in one only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.changes.change import Direction
from tests.changes.editing import (
    BREAKING,
    COMPATIBLE,
    EQUAL,
    Edit,
    Message,
    Place,
    Revision,
    Truth,
    append,
    change,
    drop,
    put,
    ref,
    take,
)
from tests.changes.keywords import REQUEST, RESPONSE, SENT, SHOWN, mapped, obj, revised

SCHEMAS = "/components/schemas"
ORDER = f"{SCHEMAS}/Order"
LINE = f"{SCHEMAS}/Line"
ADDRESS = f"{SCHEMAS}/Address"
CATEGORY = f"{SCHEMAS}/Category"
PROBLEM = f"{SCHEMAS}/Problem"
STATUS = f"{SCHEMAS}/Status"
CARD = f"{SCHEMAS}/Card"
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
COUNTED = {"sku": "x", "count": 1}
READ_ONLY, WRITE_ONLY = {"readOnly": True}, {"writeOnly": True}

# fmt: off
# ruff: noqa: E501 - one row a line
SHARED: tuple[tuple[str, Truth, tuple[Edit, ...]], ...] = (
    ("a value added to a shared enum", BREAKING, (append(f"{STATUS}/enum", "lost"),)),
    ("a value taken from a shared enum", BREAKING, (take(f"{STATUS}/enum", "paid"),)),
    ("a shared property no longer required", BREAKING, (take(f"{ORDER}/required", "lines"),)),
    ("a shared property made required", BREAKING, (append(f"{ORDER}/required", "gift"),)),
    ("a required property of a nested component dropped", BREAKING, (take(f"{ADDRESS}/required", "zip"),)),
    ("an optional property of an open component removed", COMPATIBLE, (drop(f"{ORDER}/properties/gift"),)),
    ("an optional property of a closed component removed", BREAKING, (drop(f"{LINE}/properties/discount"),)),
    ("an optional property added to an open component", COMPATIBLE, (put(f"{ORDER}/properties/colour", STRING),)),
    ("an optional property added to a closed component", BREAKING, (put(f"{LINE}/properties/colour", STRING),)),
    ("a closed component opened", COMPATIBLE, (drop(f"{LINE}/additionalProperties"),)),
    ("a closed component opened in so many words", BREAKING, (put(f"{LINE}/additionalProperties", True),)),
    ("an open component closed", COMPATIBLE, (put(f"{CARD}/additionalProperties", False),)),
    ("a free object made typed", BREAKING, (put(f"{ORDER}/properties/extra/additionalProperties", STRING),)),
    ("a free object that nothing is said of", COMPATIBLE, (drop(f"{ORDER}/properties/extra/additionalProperties"),)),
    ("an object that nothing was said of set free", COMPATIBLE, (put(f"{ORDER}/properties/extra/additionalProperties", True),)),
    ("a property of any value made a string", BREAKING, (put(f"{ORDER}/properties/anything", STRING),)),
    ("a default changed", COMPATIBLE, (put(f"{ORDER}/properties/gift/default", True),)),
    ("a default removed", COMPATIBLE, (drop(f"{ORDER}/properties/gift/default"),)),
    ("a property deprecated", COMPATIBLE, (put(f"{ORDER}/properties/gift/deprecated", True),)),
    ("values of a map made nullable", BREAKING, (put(f"{ORDER}/properties/labels/additionalProperties", {"type": ["string", "null"]}),)),
    ("null taken from a shared property", BREAKING, (put(f"{ORDER}/properties/note", STRING),)),
    ("a branch added to a shared union", BREAKING, (append(f"{ORDER}/properties/payment/oneOf", obj({"kind": {"const": "cash"}}, "kind")),)),
    ("a branch taken from a shared union", BREAKING, (take(f"{ORDER}/properties/payment/oneOf", ref("Transfer")),)),
    ("a discriminator dropped", COMPATIBLE, (drop(f"{ORDER}/properties/payment/discriminator"),)),
    ("a limit of a shared list raised", BREAKING, (put(f"{ORDER}/properties/lines/maxItems", 60),)),
    ("a pattern of a nested component changed", BREAKING, (put(f"{ADDRESS}/properties/zip/pattern", "^[0-9]{4,5}$"),)),
    ("a component's type changed", BREAKING, (put(f"{SCHEMAS}/Status", INTEGER),)),
    ("a recursive component given a required property", COMPATIBLE, (append(f"{CATEGORY}/required", "children"),)),
    ("a recursive component's limit raised", BREAKING, (put(f"{CATEGORY}/properties/children/maxItems", 10),)),
    ("a recursive component's limit lowered", COMPATIBLE, (put(f"{CATEGORY}/properties/children/maxItems", 8),)),
    ("a recursive component loosened", BREAKING, (put(f"{CATEGORY}/properties/name", {}),)),
    ("a recursive component closed", COMPATIBLE, (put(f"{PROBLEM}/additionalProperties", False),)),
    ("recursion cut off", COMPATIBLE, (put(f"{CATEGORY}/properties/children/maxItems", 0),)),
    ("recursion to another component", BREAKING, (put(f"{CATEGORY}/properties/children/items", ref("Problem")),)),
    ("a property of an error removed", BREAKING, (take(f"{PROBLEM}/required", "title"), drop(f"{PROBLEM}/properties/title"))),
    ("a reference replaced by what it once said", BREAKING, (put(f"{ORDER}/properties/status", {"type": "string", "enum": ["open", "paid"]}),)),
    ("readOnly dropped from a required property", BREAKING, (drop(f"{ORDER}/properties/id/readOnly"),)),
    ("writeOnly dropped from a required property", COMPATIBLE, (drop(f"{ORDER}/properties/secret/writeOnly"),)),
    ("a readOnly property retyped", BREAKING, (put(f"{ORDER}/properties/id/minimum", 0),)),
    ("a readOnly property narrowed", COMPATIBLE, (put(f"{ORDER}/properties/id/minimum", 2),)),
    ("a writeOnly property narrowed", BREAKING, (put(f"{ORDER}/properties/secret/minLength", 8),)),
    ("a writeOnly property widened", COMPATIBLE, (put(f"{ORDER}/properties/secret", {"type": ["string", "integer"], "writeOnly": True}),)),
    ("a readOnly property no longer required", BREAKING, (take(f"{ORDER}/required", "id"),)),
    ("a writeOnly property no longer required", COMPATIBLE, (take(f"{ORDER}/required", "secret"),)),
    ("a required property made readOnly", COMPATIBLE, (put(f"{ORDER}/properties/lines/readOnly", True),)),
    ("a required property made writeOnly", BREAKING, (put(f"{ORDER}/properties/lines/writeOnly", True),)),
    ("an optional property made writeOnly", COMPATIBLE, (put(f"{ORDER}/properties/gift/writeOnly", True),)),
)
Row = tuple[str, Any, Any, Any]


def answer(body: Any, media: str = "application/json") -> Message:
    return {"status": 200, "headers": {"Content-Type": media}, "body": body}


def shown_order(**members: Any) -> tuple[Place, Message]:
    order = {"id": 1, "address": {"street": "Quay 1", "zip": "12345"}, "lines": [COUNTED], **members}
    return ("GET /orders/{order_id}", Direction.RESPONSE), answer(order)


REQUESTS: tuple[Row, ...] = (
    # name, before, after, a value that the one sends and the other refuses or None
    ("an optional property added", obj({"a": INTEGER}), obj({"a": INTEGER, "b": INTEGER}), None),
    ("a required property added", obj({"a": INTEGER}), obj({"a": INTEGER, "b": INTEGER}, "b"), {"a": 1}),
    ("an optional property removed", obj({"a": INTEGER, "b": INTEGER}), obj({"a": INTEGER}), None),
    ("a required property removed", obj({"a": INTEGER, "b": INTEGER}, "b"), obj({"a": INTEGER}), None),
    ("a property added that clients could send as anything", obj({}, additionalProperties=True), obj({"a": INTEGER}, additionalProperties=True), {"a": "x"}),
    ("a property added to a map of its type", mapped(INTEGER), obj({"a": INTEGER}, additionalProperties=INTEGER), None),
    ("a property added to a map of another type", mapped(INTEGER), obj({"a": STRING}, additionalProperties=INTEGER), {"a": 1}),
    ("a property removed and its name typed", obj({"a": INTEGER, "b": INTEGER}), obj({"a": INTEGER}, additionalProperties=STRING), {"b": 1}),
    ("additionalProperties false added", obj({"a": INTEGER}), obj({"a": INTEGER}, additionalProperties=False), None),
    ("additionalProperties false removed", obj({"a": INTEGER}, additionalProperties=False), obj({"a": INTEGER}), None),
    ("additionalProperties true removed", obj({"a": INTEGER}, additionalProperties=True), obj({"a": INTEGER}), None),
    ("additionalProperties typed", obj({"a": INTEGER}), obj({"a": INTEGER}, additionalProperties=STRING), None),
    ("an object that nothing is said of given a property", {"type": "object"}, obj({"a": INTEGER}), None),
    ("an object that nothing is said of given a required property", {"type": "object"}, obj({"a": INTEGER}, "a"), {}),
    ("a free object given a property", mapped(True), obj({"a": INTEGER}), {"a": "x"}),
    ("anything as an object", {}, {"type": "object"}, "x"),
    ("a required property made readOnly", obj({"a": INTEGER}, "a"), obj({"a": {**INTEGER, **READ_ONLY}}, "a"), None),
    ("a required readOnly property added", obj({"a": INTEGER}), obj({"a": INTEGER, "b": {**INTEGER, **READ_ONLY}}, "b"), None),
    ("a required property no longer readOnly", obj({"a": {**INTEGER, **READ_ONLY}}, "a"), obj({"a": INTEGER}, "a"), {}),
    ("a readOnly property retyped", obj({"a": {**INTEGER, **READ_ONLY}}), obj({"a": {**STRING, **READ_ONLY}}), None),
    ("a property made writeOnly", obj({"a": INTEGER}, "a"), obj({"a": {**INTEGER, **WRITE_ONLY}}, "a"), None),
)
RESPONSES: tuple[Row, ...] = (
    ("an optional property added", obj({"a": INTEGER}), obj({"a": INTEGER, "b": INTEGER}), None),
    ("a required property added", obj({"a": INTEGER}), obj({"a": INTEGER, "b": INTEGER}, "b"), None),
    ("an optional property removed", obj({"a": INTEGER, "b": INTEGER}), obj({"a": INTEGER}), None),
    ("a required property removed", obj({"a": INTEGER, "b": INTEGER}, "b"), obj({"a": INTEGER}), {"a": 1}),
    ("a property added to a closed object", obj({"a": INTEGER}, additionalProperties=False), obj({"a": INTEGER, "b": INTEGER}, additionalProperties=False), {"b": 1}),
    ("a property added to a map of its type", mapped(INTEGER), obj({"a": INTEGER}, additionalProperties=INTEGER), None),
    ("a property added to a map of another type", mapped(INTEGER), obj({"a": STRING}, additionalProperties=INTEGER), {"a": "x"}),
    ("additionalProperties false added", obj({"a": INTEGER}), obj({"a": INTEGER}, additionalProperties=False), None),
    ("additionalProperties false removed", obj({"a": INTEGER}, additionalProperties=False), obj({"a": INTEGER}), None),
    ("additionalProperties true added", obj({"a": INTEGER}), obj({"a": INTEGER}, additionalProperties=True), None),
    ("additionalProperties true removed", obj({"a": INTEGER}, additionalProperties=True), obj({"a": INTEGER}), None),
    ("additionalProperties of a type loosened to nothing said", obj({"a": INTEGER}, additionalProperties=STRING), obj({"a": INTEGER}), None),
    ("an object that nothing is said of given a property", {"type": "object"}, obj({"a": INTEGER}), None),
    ("a free object that nothing is said of", obj({}, additionalProperties=False), {"type": "object"}, None),
    ("an object that nothing is said of set free", {"type": "object"}, mapped(True), None),
    ("an empty object set free", obj({}, additionalProperties=False), mapped(True), {"a": 1}),
    ("an object as anything", {"type": "object"}, {}, "x"),
    ("a required property made writeOnly", obj({"a": INTEGER}, "a"), obj({"a": {**INTEGER, **WRITE_ONLY}}, "a"), {}),
    ("a required property no longer writeOnly", obj({"a": {**INTEGER, **WRITE_ONLY}}, "a"), obj({"a": INTEGER}, "a"), None),
    ("a writeOnly property retyped", obj({"a": {**INTEGER, **WRITE_ONLY}}), obj({"a": {**STRING, **WRITE_ONLY}}), None),
    ("a required property made readOnly", obj({"a": INTEGER}, "a"), obj({"a": {**INTEGER, **READ_ONLY}}, "a"), None),
    ("an optional property nested and added", obj({"n": obj({"a": INTEGER})}), obj({"n": obj({"a": INTEGER, "b": STRING})}), None),
)
EQUALLY: tuple[tuple[str, Any, Any], ...] = (
    ("additionalProperties true added to what a service takes", obj({"a": INTEGER}), obj({"a": INTEGER}, additionalProperties=True)),
    ("a property of any value spelled out in what a service takes", obj({"a": INTEGER}), obj({"a": INTEGER, "b": {}})),
)
CROSSWISE: tuple[tuple[str, Truth, tuple[Edit, ...]], ...] = (
    ("a request's schema replaced by a component", EQUAL, (put(f"{SCHEMAS}/Text", STRING), put(SENT, ref("Text")))),
    ("a response's schema replaced by a component", EQUAL, (put(f"{SCHEMAS}/Text", STRING), put(SHOWN, ref("Text")))),
    ("a response's schema replaced by a wider component", BREAKING, (put(f"{SCHEMAS}/Text", {}), put(SHOWN, ref("Text")))),
    ("a component split in two the same", EQUAL, (put(f"{SCHEMAS}/Place", {}), change(f"{SCHEMAS}", lambda s: {**s, "Place": s["Address"]}), put(f"{ORDER}/properties/address", ref("Place")))),
)
# A message for what drawing does not find.
MESSAGES: dict[str, tuple[Place, Message]] = {
    "a closed component opened in so many words": shown_order(lines=[{**COUNTED, "colour": "red"}]),
    "a limit of a shared list raised": shown_order(lines=[COUNTED] * 60),
    "a recursive component's limit raised": (("GET /catalogue", Direction.RESPONSE), answer({"name": "x", "children": [{"name": "y"}] * 10})),
}
# fmt: on


def component_revisions() -> Iterator[Revision]:
    for name, truth, edits in (*SHARED, *CROSSWISE):
        place, message = MESSAGES.get(name, (None, None))
        yield Revision(name, "shop", truth, edits, (), place, message)
    for place, rows, word in ((REQUEST, REQUESTS, "sent"), (RESPONSE, RESPONSES, "shown")):
        for name, before, after, value in rows:
            yield revised(f"in what is {word}, {name}", place, before, after, value, breaks=value is not None)
    for name, before, after in EQUALLY:
        yield Revision(name, "shop", EQUAL, (put(SENT, after),), (put(SENT, before),), REQUEST)
