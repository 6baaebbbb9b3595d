"""Slips of the author of the ordinary service: which answers are wrong, how, and the rules that say so."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from .app import answer_of
from .fault import Answer


@dataclass(frozen=True, slots=True)
class Slip:
    """What becomes of answers with this status to this request (`{}` stands for any segment), and what is broken."""

    line: str
    status: int
    edit: Callable[[Answer], Answer]
    breaks: tuple[str, ...]

    def concerns(self, method: str, path: str, status: int) -> bool:
        own, asked = self.line.split("/"), f"{method} {path}".split("/")
        same = len(own) == len(asked) and all(a in ("{}", b) for a, b in zip(own, asked, strict=True))
        return same and status == self.status


def with_values(**values: Any) -> Callable[[Answer], Answer]:
    return lambda answer: answer.with_data(answer.data | values)


def without(name: str) -> Callable[[Answer], Answer]:
    return lambda answer: answer.with_data({key: value for key, value in answer.data.items() if key != name})


def in_each(**values: Any) -> Callable[[Answer], Answer]:
    return lambda answer: answer.with_data([item | values for item in answer.data])


def as_page(answer: Answer) -> Answer:
    return replace(answer.without(b"content-type"), body=b"<p>no</p>").adding(b"content-type", b"text/html")


def with_status(status: int) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, status=status)


def let_in(answer: Answer) -> Answer:
    return replace(answer, status=200, body=json.dumps([]).encode()).without(b"www-authenticate")


WAYS_IN = ("required", "wrong", "other scheme", "cut short", "appended", "empty", "without scheme", "wrong place")
ORDER = "GET /orders/{order_id} 200"
PUT = "PUT /orders/{order_id}"
SLIPS = (
    Slip("GET /orders/1", 200, with_values(state="lost"), (f"{ORDER} /state enum",)),
    Slip("GET /orders/2", 200, without("created_at"), (f"{ORDER} / required created_at",)),
    Slip("GET /orders/3", 200, with_values(quantity=None), (f"{ORDER} /quantity nullability",)),
    Slip("GET /products/{}", 200, with_values(cents="1.99"), ("GET /products/{sku} 200 /cents type",)),
    Slip("GET /products/{}", 404, as_page, ("GET /products/{sku} 404 media type documented",)),
    Slip("GET /orders", 200, in_each(created_at="2026-01-05"), ("GET /orders 200 /*/created_at format",)),
    Slip("GET /orders", 401, let_in, tuple(f"GET /orders auth {way}" for way in WAYS_IN)),
    Slip("POST /orders", 201, with_status(202), ("POST /orders status documented",)),
    Slip(
        "PUT /orders/{}",
        401,
        lambda answer: answer.without(b"www-authenticate"),
        (f"{PUT} challenge", f"{PUT} 401 header required WWW-Authenticate"),
    ),
    Slip("TRACE /orders/{}", 405, with_status(500), ("GET /orders/{order_id} unlisted method",)),
)


class Slipping:
    """The application, with these slips in its answers."""

    def __init__(self, app: ASGIApp, slips: tuple[Slip, ...] = SLIPS) -> None:
        self.app, self.slips = app, slips

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        method, path = scope["method"], scope["path"]
        answer = await answer_of(self.app, scope, receive)
        for slip in self.slips:
            if slip.concerns(method, path, answer.status):
                answer = slip.edit(answer)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.sent_headers})
        await send({"type": "http.response.body", "body": answer.body})
