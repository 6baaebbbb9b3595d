"""An ASGI application asked in this process, without a loop: it waits for nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from contracts.messages import Response

App = Callable[[Any, Any, Any], Awaitable[None]]


def told(app: App, scope: dict[str, Any], *messages: dict[str, Any]) -> list[MutableMapping[str, Any]]:
    """What an application sends when it is told this."""
    waiting, sent = iter(messages), []

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    call = app(scope, receive, send)
    try:
        call.send(None)  # type: ignore[attr-defined]
    except StopIteration:
        return sent
    raise AssertionError("the application waits for something")


def asked(
    app: App,
    target: str,
    method: str = "GET",
    *fields: tuple[str, str],
    body: bytes | Iterable[bytes] = b"",
    **scope: Any,
) -> Response:
    """The answer to a request; parts of a body come one by one, as if in chunks."""
    path, _, query = target.partition("?")
    parts = [body] if isinstance(body, bytes) else [*body]
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields]
    if isinstance(body, bytes) and body:
        headers.append((b"content-length", str(len(body)).encode()))
    elif not isinstance(body, bytes):
        headers.append((b"transfer-encoding", b"chunked"))
    http = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode()}
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]
    start, end = told(app, http | {"headers": headers} | scope, *messages)
    named = tuple((name.decode(), value.decode()) for name, value in start["headers"])
    return Response(start["status"], named, end["body"])
