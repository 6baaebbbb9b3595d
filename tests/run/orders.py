"""A service of orders with lines, that keeps what it promises, and the document of it."""

import json
import re
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote

from .projects import answer

REFUSED = {status: {"description": "no"} for status in ("400", "404", "409", "415", "422")}
ID, NUMBER = {"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 1}
STATES = {"type": "string", "enum": ["open", "cancelled", "sent"]}
ORDER = {"type": "object", "required": ["id", "status"], "properties": {"id": ID, "status": STATES}}
LINE = {"type": "object", "required": ["line_no"], "properties": {"line_no": NUMBER}}
NEW = {"type": "object", "required": ["customer"], "properties": {"customer": {"type": "string", "minLength": 3}}}


def path_parameter(name: str, schema: Any = ID) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def operation(name: str, status: str = "200", schema: Any = None, *, takes: Any = None, **more: Any) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": takes}}}} if takes else {}
    return {"operationId": name, "responses": {status: {"description": "", **content}, **REFUSED}, **body, **more}


def a_list(schema: Any) -> dict[str, Any]:
    items = {"type": "array", "items": schema}
    return {"type": "object", "required": ["items"], "properties": {"items": items}}


FILTER = {"name": "status", "in": "query", "schema": STATES}
ONE, LINES = "/orders/{order_id}", "/orders/{order_id}/lines"
PATHS: dict[str, dict[str, Any]] = {
    ONE: {
        "parameters": [path_parameter("order_id")],
        "get": operation("getOrder", schema=ORDER),
        "patch": operation("updateOrder", schema=ORDER, takes=NEW),
        "delete": operation("deleteOrder", "204"),
    },
    f"{ONE}/cancel": {"post": operation("cancelOrder", schema=ORDER), "parameters": [path_parameter("order_id")]},
    LINES: {
        "parameters": [path_parameter("order_id")],
        "get": operation("listLines", schema=a_list(LINE)),
        "post": operation("addLine", "201", LINE),
    },
    f"{LINES}/{{line_no}}": {
        "parameters": [path_parameter("order_id"), path_parameter("line_no", NUMBER)],
        "get": operation("getLine", schema=LINE),
    },
    "/orders": {
        "get": operation("listOrders", schema=a_list(ORDER), parameters=[FILTER]),
        "post": operation("createOrder", "201", ORDER, takes=NEW),
    },
}


def document(**paths: Any) -> dict[str, Any]:
    info = {"title": "Orders", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": {**deepcopy(PATHS), **paths}}


@dataclass
class Orders:
    """What it has, by id: the status, and the numbers of the lines; and the requests that it got."""

    status: dict[int, str] = field(default_factory=dict)
    lines: dict[int, list[int]] = field(default_factory=dict)
    created: int = 201  # the status of an answer that tells of a new order
    wanted: list[str] = field(default_factory=list)  # customers whose order is there already, each under the id 1
    asked: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: count(70))

    @classmethod
    def with_two(cls, **options: Any) -> "Orders":
        return cls({1: "sent", 2: "open"}, {1: [4], 2: [5, 6]}, **options)

    def of(self, method: str) -> list[str]:
        """The paths that were asked with a method."""
        return [line.split(" ")[1] for line in self.asked if line.startswith(f"{method} ")]

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        line = head.split(b"\r\n")[0].decode("latin-1").removesuffix(" HTTP/1.1")
        self.asked.append(line)
        method, target = line.split(" ", 1)
        path, _, query = target.partition("?")
        if method in ("POST", "PATCH") and body and not re.search(rb"(?i)\ncontent-type: *application/json\b", head):
            return answer(415)
        return self.answered("GET" if method == "HEAD" else method, path, query, self.body_of(body))

    def body_of(self, body: bytes) -> Any:
        try:
            return json.loads(body or b"null")
        except ValueError:
            return None

    def answered(self, method: str, path: str, query: str, body: Any) -> bytes:
        found = re.fullmatch(r"/orders(?:/([1-9]\d{0,8})(/cancel|/lines(?:/(\d{1,8}))?)?)?", unquote(path))
        if found is None:
            return answer(404)
        number, rest, line = found.groups()
        if number is None:
            return self.all(method, query, body)
        order = int(number)
        if order not in self.status:
            return answer(404)
        if rest is None:
            return self.one(method, order, body)
        if rest == "/cancel":
            return self.cancel(method, order)
        return self.line(method, order, int(line) if line else None)

    def all(self, method: str, query: str, body: Any) -> bytes:
        if method == "POST":
            if not self.is_new(body):
                return answer(422)
            if body["customer"] in self.wanted:
                return shown(200, {"id": 1, "status": self.status[1]})
            order = next(self._ids)
            self.status[order], self.lines[order] = "open", []
            return shown(self.created, {"id": order, "status": "open"})
        if method != "GET":
            return answer(405, b"", "Allow: GET, POST")
        wanted = parse_qs(query, keep_blank_values=True).get("status", [*STATES["enum"]])
        if not {*wanted} <= {*STATES["enum"]}:
            return answer(400)
        return shown(200, {"items": [{"id": k, "status": v} for k, v in self.status.items() if v in wanted]})

    def one(self, method: str, order: int, body: Any) -> bytes:
        if method == "DELETE":
            del self.status[order]
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        if method not in ("GET", "PATCH"):
            return answer(405, b"", "Allow: GET, PATCH, DELETE")
        if method == "PATCH" and not self.is_new(body):
            return answer(422)
        return shown(200, {"id": order, "status": self.status[order]})

    def cancel(self, method: str, order: int) -> bytes:
        if method != "POST":
            return answer(405, b"", "Allow: POST")
        if self.status[order] == "cancelled":
            return answer(409)
        self.status[order] = "cancelled"
        return shown(200, {"id": order, "status": "cancelled"})

    def line(self, method: str, order: int, line: int | None) -> bytes:
        if line is None and method == "POST":
            self.lines[order].append(next(self._ids))
            return shown(201, {"line_no": self.lines[order][-1]})
        if method != "GET":
            return answer(405, b"", "Allow: GET")
        if line is None:
            return shown(200, {"items": [{"line_no": one} for one in self.lines[order]]})
        return shown(200, {"line_no": line}) if line in self.lines[order] else answer(404)

    @staticmethod
    def is_new(body: Any) -> bool:
        customer = body.get("customer") if isinstance(body, dict) else None
        return isinstance(customer, str) and len(customer) > 2


def shown(status: int, value: Any) -> bytes:
    return answer(status, json.dumps(value).encode(), "Content-Type: application/json")
