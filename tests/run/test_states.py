"""What is there hides no fault: names that are taken, bookings that are confirmed, versions that have passed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import pytest

from contracts.document import Spec, read_spec
from contracts.exchanges import Ledger, Secret
from contracts.flows import ask, conclude
from contracts.messages import Request, Response
from contracts.rules import Severity
from contracts.run.givens import Givens
from contracts.run.inputs import Inputs, Target
from contracts.run.options import Options
from contracts.run.resources import MAX_OWN
from contracts.run.state import State
from contracts.verdicts import Outcome
from tests.in_process import serving

from .orders import a_list, operation, path_parameter

NIGHTS = {"type": "integer", "minimum": 1, "maximum": 30}
IDENTITY = {"type": "integer", "minimum": 1}
KEPT = {"type": "object", "required": ["id"], "properties": {"id": IDENTITY, "version": {"type": "integer"}}}
ACCOUNT = {
    "type": "object",
    "required": ["email", "name", "plan"],
    "properties": {
        "email": {"type": "string", "format": "email"},
        "name": {"type": "string", "minLength": 3, "maxLength": 20},
        "plan": {"type": "string", "pattern": "^[a-z]+$", "example": "basic"},
        "age": {"type": "integer", "maximum": 120, "example": 30},
    },
}
PAGE = {
    "type": "object",
    "required": ["slug"],
    "properties": {
        "slug": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$", "minLength": 2},
        "title": {"type": "string", "maxLength": 10},
    },
}
BOOKING = {
    "type": "object",
    "required": ["nights", "code"],
    "properties": {"nights": NIGHTS, "code": {"type": "string", "maxLength": 12}},
}
VERSIONED = {
    "type": "object",
    "required": ["nights", "version"],
    "properties": {"nights": NIGHTS, "version": {"type": "integer", "minimum": 1}},
}
NOTE = {
    "type": "object",
    "required": ["channel"],
    "properties": {"channel": {"type": "string", "enum": ["mail", "desk"]}, "note": {"type": "string", "maxLength": 9}},
}
REFUSED = {status: {"description": "no"} for status in ("400", "404", "409", "412", "415", "422")}
KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "minLength": 8}}
IF_MATCH = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}}


def takes(name: str, status: str, schema: Any, media: str = "application/json", **more: Any) -> dict[str, Any]:
    found = operation(name, status, KEPT if status != "204" else None, takes=schema, **more)
    found["requestBody"]["content"] = {media: {"schema": schema}}
    found["responses"] |= REFUSED
    return found


def one_of(kind: str, **more: Any) -> dict[str, Any]:
    own = {"get": operation(f"get{kind.title()}", schema=KEPT), "delete": operation(f"delete{kind.title()}", "204")}
    return {"parameters": [path_parameter(f"{kind}_id", IDENTITY)], **own, **more}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Stays", "version": "1"},
    "paths": {
        "/accounts": {"post": takes("createAccount", "201", ACCOUNT)},
        "/accounts/{account_id}": one_of("account", put=takes("putAccount", "200", NOTE, parameters=[IF_MATCH])),
        "/pages": {"post": takes("createPage", "201", PAGE, "application/x-www-form-urlencoded", parameters=[KEY])},
        "/pages/{page_id}": one_of("page"),
        "/bookings": {
            "post": takes("createBooking", "201", BOOKING),
            "get": operation("listBookings", schema=a_list(KEPT)),
        },
        "/bookings/{booking_id}": one_of("booking", put=takes("putBooking", "200", VERSIONED)),
        "/bookings/{booking_id}/confirm": {
            "parameters": [path_parameter("booking_id", IDENTITY)],
            "post": takes("confirmBooking", "200", NOTE),
        },
        "/bookings/{booking_id}/cancel": {
            "parameters": [path_parameter("booking_id", IDENTITY)],
            "post": takes("cancelBooking", "200", NOTE),
        },
    },
}
LAX = {
    "createAccount": ("POST /accounts", ["/age maximum", "/name maxLength", "/age type", "/age nullability"]),
    "createPage": ("POST /pages", ["/title maxLength", "/slug minLength"]),
    "putAccount": ("PUT /accounts/{account_id}", ["/channel enum", "/note maxLength"]),
    "putBooking": ("PUT /bookings/{booking_id}", ["/nights maximum", "/nights minimum"]),
    "confirmBooking": (
        "POST /bookings/{booking_id}/confirm",
        ["/channel enum", "/note maxLength", "/note type", "/note nullability"],
    ),
    "cancelBooking": ("POST /bookings/{booking_id}/cancel", ["/channel enum", "/note maxLength"]),
}
"""By operation: what is not looked at there."""


def spec_of(document: Mapping[str, Any]) -> Spec:
    return read_spec(json.dumps(document).encode(), path="stays.json", folder=None)


@dataclass
class Stays:
    """Accounts with an email and a name of their own, pages with a slug, and bookings in states.

    Whoever makes a page gets the same answer with the same key, whatever the request.
    """

    lax: bool = False
    repeated: int = 409  # what a second confirmation gets
    state_first: bool = False  # whether that is looked at before the body
    kept: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    done: dict[str | None, tuple[int, Any, str]] = field(default_factory=dict)  # by Idempotency-Key
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers, self.document = count(2), deepcopy(DOCUMENT)
        self.kept = {"accounts": {}, "pages": {}, "bookings": {1: {"id": 1, "version": 1, "state": "new"}}}
        for item in self.document["paths"].values():  # type: ignore[attr-defined]
            for own in item.values():
                name = own.get("operationId", "") if isinstance(own, dict) else ""
                for broken in LAX.get(name, ("", []))[1] * self.lax:
                    place, keyword = broken.split(" ")
                    (media,) = own["requestBody"]["content"].values()
                    media["schema"] = deepcopy(media["schema"])
                    media["schema"]["properties"][place[1:]].pop(keyword, None)  # null goes with the type

    def answer(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        method = "GET" if request.method == "HEAD" else request.method
        status, value, tag = self.answered(method, request)
        fields = [("Content-Type", "application/json")] * (value is not None)
        fields += [("Allow" if status == 405 else "ETag", tag)] * bool(tag)
        body = json.dumps(value).encode() if value is not None and request.method != "HEAD" else b""
        return Response(status, tuple(fields), body)

    def answered(self, method: str, request: Request) -> tuple[int, Any, str]:
        found = re.fullmatch(r"/(accounts|pages|bookings)(?:/([1-9]\d{0,8})(/confirm|/cancel)?)?", request.path)
        if found is None:
            return 404, None, ""
        kind, number, rest = found.groups()
        path = f"/{kind}" + f"/{{{kind[:-1]}_id}}" * bool(number) + (rest or "")
        item: Any = self.document["paths"][path]  # type: ignore[index]
        own = item.get(method.lower())
        if own is None:
            return 405, None, ", ".join(method.upper() for method in item if method != "parameters")
        one = self.kept[kind].get(int(number)) if number else {}
        if one is None:
            return 404, None, ""
        if method == "GET":
            shown = {"items": list(map(shown_of, self.kept[kind].values()))}
            return 200, shown_of(one) if number else shown, f'"{one.get("version")}"' * bool(number)
        if method == "DELETE":
            del self.kept[kind][int(number)]
            return 204, None, ""
        return self.changed(kind, one, rest, own, request)

    def changed(
        self, kind: str, one: dict[str, Any], rest: str | None, own: Any, request: Request
    ) -> tuple[int, Any, str]:
        spent = one.get("state", "new") != "new" if rest else False
        if spent and self.state_first:
            return self.repeated, None, ""
        if (key := request.header("idempotency-key")) in self.done:
            return self.done[key]
        problem, body = self.read(own, request)
        if problem:
            return problem, None, ""
        if spent:
            return self.repeated, None, ""
        if not one:
            if kind == "pages" and len(key or "") < 8:
                return 400, None, ""
            made = self.made(kind, body)
            if kind == "pages" and made[0] == 201:
                self.done[str(key)] = made
            return made
        tag = f'"{one["version"]}"'
        if kind == "accounts":
            sent = request.header("if-match") or ""
            if sent != tag:
                return (412 if re.fullmatch('"[0-9]+"', sent) else 400), None, ""
        elif not rest and body["version"] != one["version"]:
            return 409, None, ""
        one |= {"state": rest or one["state"], "version": one["version"] + 1}
        return 200, shown_of(one), f'"{one["version"]}"'

    def made(self, kind: str, body: Any) -> tuple[int, Any, str]:
        for name in ("email", "name", "slug", "code"):
            if name in body and body[name] in (one.get(name) for one in self.kept[kind].values()):
                return 409, None, ""
        if body.get("plan", "basic") != "basic":
            return 422, None, ""
        number = next(self.numbers)
        self.kept[kind][number] = {**body, "id": number, "version": 7, "state": "new"}
        return 201, shown_of(self.kept[kind][number]), ""

    def read(self, own: Any, request: Request) -> tuple[int, Any]:
        ((media, said),) = own["requestBody"]["content"].items()
        if request.body is None:
            return 400, None
        if (request.header("content-type") or "").partition(";")[0] != media:
            return 415, None
        try:
            body = json.loads(request.body) if "json" in media else dict(parse_qsl(request.body.decode(), True))
        except ValueError:
            return 400, None
        check = jsonschema_rs.Draft202012Validator(said["schema"], validate_formats=True)
        return (0 if check.is_valid(body) else 422), body


def shown_of(one: Mapping[str, Any]) -> Any:
    return {"id": one["id"], "version": one["version"]}


def run_on(service: Stays, folder: Path, **given: list[str]) -> tuple[State, set[str]]:
    """A run of all operations, to its end, and the rules that it violates."""
    target = Target("http://127.0.0.1:1", Secret("correct-horse-battery", "$KEY"))
    inputs = Inputs(spec_of(DOCUMENT), target, Options(unsafe=True), givens=Givens(given), folder=folder)
    state, violated = State(inputs, Ledger(folder / "exchanges.jsonl", {"started": "2026-11-24T12:00:00+00:00"})), set()
    with serving(service):
        for own in inputs.spec.operations:
            for rule, verdict in ask(state, own).verdicts.items():
                if verdict.outcome is Outcome.VIOLATED and verdict.rule.severity is Severity.VIOLATION:
                    violated.add(rule)
        conclude(state, "", "", lambda _run: None)
    return state, violated


LEFT = {"accounts": [], "pages": [], "bookings": [1]}


@pytest.mark.parametrize("options", [{}, {"state_first": True, "repeated": 422}], ids=["409", "422 first"])
def test_nothing_is_found_where_nothing_is_wrong(options: Any, tmp_path: Path) -> None:
    service = Stays(**options)
    assert run_on(service, tmp_path)[1] == set()
    assert {kind: [*own] for kind, own in service.kept.items()} == LEFT


CASES = [({}, {"booking_id": ["1"]}), ({"state_first": True}, {}), ({"repeated": 422}, {"booking_id": ["1"]})]


@pytest.mark.parametrize(("options", "given"), CASES, ids=["409", "409 first", "422"])
def test_what_is_not_enforced_is_found(options: Any, given: Any, tmp_path: Path) -> None:
    wanted = {f"{key} refused body {broken}" for key, places in LAX.values() for broken in places}
    service = Stays(lax=True, **options)
    state, violated = run_on(service, tmp_path, **given)
    assert violated == wanted
    assert {kind: [*own] for kind, own in service.kept.items()} == LEFT
    assert len(state.ledger.note("made") or {}) < 5 * MAX_OWN
