"""What goes through the proxy, to the byte; what is seen of it; and who it is put down to."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import brotli
import httpx2
import pytest
import uvicorn
from uvicorn.server import ServerState

from contracts.consumers import proxy
from contracts.consumers.proxy import Forwarder, Onlooker
from contracts.consumers.watch import Watch, watch_of
from contracts.exchanges.wires import Route
from contracts.mock import app_for, server
from contracts.report.run import Run
from contracts.run.options import Options
from tests.consumers.shop import KEY, shop, violated
from tests.mock.asgi import asked
from tests.service.raw import raw_server
from tests.service.running import port_of_nobody, running

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
HEAD_END = b"\r\n\r\n"
Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Script = Callable[[bytes], bytes | None]


@contextmanager
def proxied(watch: Watch, script: Script, prefix: str = "") -> Iterator[tuple[str, list[bytes]]]:
    """Within, a proxy before a service that is a script; gives its address, and the requests that came through."""
    came = []

    def noted(request: bytes) -> bytes | None:
        came.append(request)
        return script(request)

    with raw_server(noted) as base_url, forwarding(watch, f"{base_url}{prefix}") as address:
        yield address, came


@contextmanager
def forwarding(watch: Watch, base_url: str, **more: Any) -> Iterator[str]:
    onlooker = Onlooker(Forwarder(base_url, Route(), **more), watch)
    with running(onlooker) as address:
        yield address
    onlooker.close()


def exchanged(address: str, request: bytes) -> bytes:
    """All that comes of a request, whose connection is closed then."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def get(target: str, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join(
        [f"{method} {target} HTTP/1.1", "Host: proxy.example", *lines, "Connection: close", "", ""]
    ).encode("latin-1")


def told(watch: Watch) -> Run:
    watch.conclude()
    assert watch.state.told is not None
    return watch.state.told


# --- what goes through ---


def test_a_request_arrives_as_it_was_sent(watch: Watch) -> None:
    sent = get("/orders/a%2Fb%20c;x=~'?q=%7e+&&=&q", "X-Twice: 1", "accept-encoding: br", "X-Twice: 2")
    with proxied(watch, lambda _: OK, "/api/") as (address, came):
        exchanged(address, sent)
    head, *lines = came[0].partition(HEAD_END)[0].decode().split("\r\n")
    assert head == "GET /api/orders/a%2Fb%20c;x=~'?q=%7e+&&=&q HTTP/1.1"
    assert lines[0].startswith("Host: 127.0.0.1:")
    assert lines[1:] == ["x-twice: 1", "accept-encoding: br", "x-twice: 2"]


def test_fields_of_the_connection_stay_there(watch: Watch) -> None:
    hops = ("Keep-Alive: 5", "TE: trailers", "Proxy-Connection: x", "X-Hop: 1", "Connection: X-Hop", "Upgrade: h2c")
    answer = OK.replace(b"Connection: close", b"Connection: close, x-mine\r\nX-Mine: 1\r\nKeep-Alive: 3\r\nX-Kept: 1")
    with proxied(watch, lambda _: answer) as (address, came):
        got = exchanged(address, get("/orders", *hops))
    assert [line.partition(b":")[0] for line in came[0].split(b"\r\n")[1:-2]] == [b"Host"]
    names = [line.partition(b":")[0] for line in fields_of(got)]
    assert names == [b"content-type", b"content-length", b"x-kept"]


BODIES = {
    "of a length": ((b"content-length", b"5"), [b"ab", b"\x00\xffe"], b"ab\x00\xffe"),
    "in chunks": ((b"transfer-encoding", b"chunked"), [b"ab", b"\x00\xffe"], b"2\r\nab\r\n3\r\n\x00\xffe\r\n0\r\n\r\n"),
    "empty": ((b"content-length", b"0"), [b""], b""),
    "none": ((b"content-type", b"text/plain"), [b""], b""),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("option", [b"close", b"Content-Length, Transfer-Encoding"])
def test_a_body_arrives_as_it_was_sent(name: str, option: bytes, watch: Watch) -> None:
    field, parts, wanted = BODIES[name]
    came = []

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(HEAD_END))
        came.append(await reader.readexactly(len(wanted)))
        writer.write(OK)

    async def play() -> None:
        messages = asyncio.Queue[Any]()
        for part in parts:
            messages.put_nowait({"type": "http.request", "body": part, "more_body": part is not parts[-1]})
        async with serving(service) as base_url:
            app = Onlooker(Forwarder(base_url, Route()), watch)
            fields = (field, (b"expect", b"100-continue"), (b"connection", option))
            await asyncio.wait_for(through(app, messages, nowhere, "/orders", fields), 60)
        app.close()

    asyncio.run(play())
    assert field[0] + b": " + field[1] in came[0].lower()
    assert b"expect: 100-continue" in came[0]
    assert came[1] == wanted


@asynccontextmanager
async def serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Within, a service in this loop; when it is over, so are its connections."""
    tasks = set[Any]()

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handle(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(called, "127.0.0.1", 0, backlog=100)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.wait_for(asyncio.gather(*tasks), 60)


async def nowhere(_: Any) -> None:
    """Where nobody looks at what is sent."""


ANSWERS = {
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/x\r\nContent-Length: 0\r\n\r\n",
    "cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-A: \xe9\r\nSet-Cookie: b=2\r\nContent-Length: 1\r\n\r\nx",
    "nothing": b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
    "of no reason": b"HTTP/1.1 404 \r\nContent-Length: 1\r\n\r\nx",
    "after an interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_arrives_as_it_was_sent(name: str, watch: Watch) -> None:
    answer = ANSWERS[name]
    with proxied(watch, lambda _: answer) as (address, _):
        got = exchanged(address, get("/orders"))
    final = answer[answer.rindex(b"HTTP/1.1") :]
    assert got.split(b" ")[1] == final.split(b" ")[1]
    assert fields_of(got) == [name.lower() + b":" + value for name, _, value in map(parted, lines_of(final))]
    assert got.partition(HEAD_END)[2] == final.partition(HEAD_END)[2]


def parted(line: bytes) -> tuple[bytes, bytes, bytes]:
    return line.partition(b":")


def lines_of(message: bytes) -> list[bytes]:
    return message.partition(HEAD_END)[0].split(b"\r\n")[1:]


def fields_of(answer: bytes) -> list[bytes]:
    """Its fields, names in lower case, but for what the server of the tests adds."""
    found = [name.lower() + b":" + value for name, _, value in map(parted, lines_of(answer))]
    return [line for line in found if not line.startswith((b"date", b"server", b"connection"))]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
def test_what_has_no_content_has_none(method: str, status: int, watch: Watch) -> None:
    answer = f"HTTP/1.1 {status} X\r\nETag: 1\r\nContent-Length: 4711\r\n\r\n".encode()
    with proxied(watch, lambda _: answer) as (address, came):
        got = exchanged(address, get("/orders", method=method))
    assert came[0].startswith(method.encode())
    assert got.endswith(HEAD_END)
    assert [line.partition(b":")[0] for line in fields_of(got)] == [b"etag", b"content-length"][: 2 - (status == 304)]


async def through(
    app: Any, messages: asyncio.Queue[Any], send: Any, target: str = "/orders", fields: Iterable[Any] = ()
) -> None:
    scope = {"type": "http", "method": "GET", "path": target, "raw_path": target.encode(), "query_string": b""}
    await app({**scope, "headers": [(b"host", b"x"), *fields]}, messages.get, send)


def test_an_event_arrives_before_the_stream_ends(watch: Watch) -> None:
    """The service ends its stream only when the client has the first event."""
    first_seen, gone = asyncio.Event(), []

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        await first_seen.wait()
        writer.write(b"data: 2\n\n")

    async def play() -> None:

        async def send(message: MutableMapping[str, Any]) -> None:
            gone.append(message.get("body"))
            if message.get("body"):
                first_seen.set()

        messages = asyncio.Queue[Any]()
        messages.put_nowait({"type": "http.request", "body": b""})
        async with serving(service) as base_url:
            app = Onlooker(Forwarder(base_url, Route()), watch)
            await asyncio.wait_for(through(app, messages, send), 60)
        app.close()

    asyncio.run(play())
    assert gone == [None, b"data: 1\n\n", b"data: 2\n\n", b""]


def test_who_goes_leaves_nothing_behind(watch: Watch) -> None:
    """The client goes while a service says nothing more; the service sees that, and nothing is judged."""
    seen_gone = []

    async def play() -> None:
        asked_for, over = asyncio.Event(), asyncio.Event()

        async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(HEAD_END)
            asked_for.set()
            seen_gone.append(await reader.read())
            over.set()

        async def send(_: Any) -> None:
            raise AssertionError("nothing is sent")

        messages = asyncio.Queue[Any]()
        async with serving(service) as base_url:
            app = Onlooker(Forwarder(base_url, Route()), watch)
            asking = asyncio.ensure_future(through(app, messages, send))
            await asyncio.wait_for(asked_for.wait(), 60)
            messages.put_nowait({"type": "http.disconnect"})
            await asyncio.wait_for(asking, 60)
            await asyncio.wait_for(over.wait(), 60)
        app.close()

    asyncio.run(play())
    assert seen_gone == [b""]
    assert told(watch).exchanges == 0


def test_many_clients_at_once(watch: Watch) -> None:
    """The service answers nobody before all have asked."""
    count = 60

    async def play() -> list[int]:
        waiting, everybody = set[int](), asyncio.Event()

        async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(HEAD_END)
            waiting.add(id(writer))
            if len(waiting) == count:
                everybody.set()
            await everybody.wait()
            writer.write(OK)
            writer.close()

        async def one(app: Any) -> int:
            statuses = list[int]()

            async def send(message: Any) -> None:
                statuses.append(message.get("status", 0))

            messages = asyncio.Queue[Any]()
            messages.put_nowait({"type": "http.request", "body": b""})
            await through(app, messages, send)
            return statuses[0]

        async with serving(service) as base_url:
            app = Onlooker(Forwarder(base_url, Route()), watch)
            found = await asyncio.wait_for(asyncio.gather(*(one(app) for _ in range(count))), 120)
        app.close()
        return found

    assert asyncio.run(play()) == [200] * count
    assert told(watch).exchanges == count


# --- what is seen of it ---


def test_both_sides_are_in_the_report(watch: Watch) -> None:
    broken = OK.replace(b"Content-Length: 2", b"Content-Length: 11").replace(b"[]", b'[{"id": 7}]')
    with proxied(watch, lambda _: broken) as (address, _):
        exchanged(address, get("/orders?limit=11"))
    assert told(watch).decision == "fail"
    assert sorted(violated(watch)) == ["GET /orders 200 /*/id type", "GET /orders request allowed"]


def answering(body: bytes, *headers: tuple[str, str], status: int = 200) -> Any:
    """An application that answers with this."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        fields = [(b"content-type", b"application/json")] * (not headers)
        fields += [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is seen is kept at once, and not by a thread that a loop waits for."""

    async def keep(self: Any, scope: Any, receive: Any, send: Any) -> None:
        seen = proxy._Seen(scope)

        async def receiving() -> Any:
            message = await receive()
            seen.sent(message)
            return message

        async def sending(message: Any) -> None:
            seen.came(message)
            await send(message)

        await self.app(scope, receiving, sending)
        self._keep(seen)

    monkeypatch.setattr(Onlooker, "__call__", keep)


JSON = ("content-type", "application/json")
PACKED = {
    "gzip": gzip.compress(b'[{"id": 7}]'),
    "br": brotli.compress(b'[{"id": 7}]'),
    "br, gzip": gzip.compress(brotli.compress(b'[{"id": 7}]')),
    "gzip, br": brotli.compress(gzip.compress(b'[{"id": 7}]')),
}


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("coding", PACKED)
def test_what_is_packed_is_judged_unpacked_and_passes_as_it_is(coding: str, watch: Watch) -> None:
    app = Onlooker(answering(PACKED[coding], JSON, ("content-encoding", coding)), watch)
    assert asked(app, "/orders").body == PACKED[coding]
    told(watch)
    assert "7, of type integer" in violated(watch).values()


@pytest.mark.usefixtures("inline")
def test_what_is_packed_badly_breaks_the_contract(watch: Watch) -> None:
    app = Onlooker(answering(b"no brotli at all", JSON, ("content-encoding", "br")), watch)
    asked(app, "/orders")
    told(watch)
    assert [*violated(watch)] == ["GET /orders content encoding"]


UNJUDGED = {
    "a coding that nobody here knows": (
        answering(b"x", JSON, ("content-encoding", "zstd")),
        "answers in a content coding",
    ),
    "a bomb": (
        answering(brotli.compress(b"[" + b" " * 5000), JSON, ("content-encoding", "br")),
        "answers of more than",
    ),
    "a long one": (answering(b"[" + b" " * 5000), "answers of more than 1000 bytes"),
}


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("name", UNJUDGED)
def test_what_can_not_be_judged_is_counted(name: str, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.consumers.proxy.MAX_BODY", 1000)
    app, said = UNJUDGED[name]
    asked(Onlooker(app, watch), "/orders?limit=11")
    assert said in "".join(told(watch).notes)
    assert [*violated(watch)] == ["GET /orders request allowed"]


@pytest.mark.usefixtures("inline")
def test_a_body_of_a_request_beyond_the_bound_forbids_nothing(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.consumers.proxy.MAX_BODY", 10)

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await answering(b'{"id":"1"}', status=201)(scope, receive, send)

    asked(Onlooker(reading, watch), "/orders", "POST", JSON, body=[b'{"n": ', b"0", b" " * 10, b"}"])
    told(watch)
    assert violated(watch) == {}


@pytest.mark.usefixtures("inline")
def test_a_stream_is_judged_as_far_as_it_came(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.consumers.proxy.MAX_STREAM", 10)
    app = answering(b"data: 1\n\ndata: 2\n\n", ("content-type", "text/event-stream"))
    asked(Onlooker(app, watch), "/orders")
    told(watch)
    assert [*violated(watch)] == ["GET /orders 200 media type documented"]


@pytest.mark.usefixtures("inline")
def test_the_log_has_a_line_a_request_and_no_credential(watch: Watch) -> None:
    lines = list[str]()
    app = Onlooker(answering(b"[]"), watch, lines.append)
    asked(app, f"/orders?limit=11&key={KEY}", "GET", ("Authorization", f"Bearer {KEY}"))
    asked(app, f"/orders/{KEY}")
    asked(app, "/nowhere/https://me:another-key-of-9@h")
    asked(app, "/orders/\x1b[2J")
    asked(app, "/orders/a/\n::error::b")
    assert lines[0].partition(" ms")[2].startswith(" forbidden: the query parameter limit")
    assert lines[0].startswith("GET /orders?… 200 ")
    assert KEY not in "".join(lines)
    assert "another-key" not in "".join(lines)
    assert all(map(str.isprintable, lines))


@pytest.mark.usefixtures("inline")
def test_the_log_has_no_path_once_there_are_too_many_credentials(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.consumers.watch.MAX_SECRETS", 1)
    lines = list[str]()
    app = Onlooker(answering(b"[]"), watch, lines.append)
    asked(app, "/orders", "GET", ("Authorization", f"Bearer {KEY}"))
    asked(app, f"/nowhere/https://me:{KEY[::-1]}@h")
    assert [line.partition(" 200 ")[0] for line in lines] == ["GET /orders", "GET /…"]
    assert KEY[::-1] not in "".join(lines)


# --- who it is put down to ---


def test_a_service_that_is_not_there_is_the_network(watch: Watch) -> None:
    with port_of_nobody() as base_url, forwarding(watch, base_url) as address:
        got = exchanged(address, get("/orders"))
    head, _, body = got.partition(HEAD_END)
    assert head.startswith(b"HTTP/1.1 502")
    assert b"application/problem+json" in head
    said = json.loads(body)
    assert (said["status"], said["title"]) == (502, "Bad Gateway")
    assert f"contracts proxy: no answer of {base_url} (refused: " in said["detail"]
    run = told(watch)
    assert (run.decision, run.violated) == ("inconclusive", ())
    assert "is the service up" in run.reasons[0]


BROKEN: dict[str, tuple[Script, int, list[str]]] = {
    "closed at once": (lambda _: None, 502, []),
    "no status line": (lambda _: b"hello\r\n\r\n", 502, ["GET /orders framing"]),
    "a status beyond all": (lambda _: OK.replace(b"200 OK", b"999 x"), 502, ["GET /orders framing"]),
    "a field that a terminal obeys": (
        lambda _: OK.replace(b"Connection", b"X: \x1b[31m\r\nConnection"),
        502,
        ["GET /orders framing"],
    ),
    "a body cut short": (lambda _: OK.replace(b"Length: 2", b"Length: 9"), 200, []),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_answer_is_told_apart(name: str, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.consumers.proxy.scheme_problem", lambda _: "")  # which waits for a word
    script, status, broken = BROKEN[name]
    with proxied(watch, script) as (address, _):
        got = exchanged(address, get("/orders"))
    assert got.startswith(f"HTTP/1.1 {status}".encode())
    told(watch)
    assert [*violated(watch)] == broken


@pytest.mark.parametrize("target", ["*", "@evil.example/", "http://evil.example/orders"])
def test_a_target_that_is_no_path_goes_nowhere(target: str, watch: Watch) -> None:
    onlooker = Onlooker(Forwarder("http://127.0.0.1:9", Route()), watch)
    scope = {"type": "http", "method": "GET", "path": target, "raw_path": target.encode(), "query_string": b""}
    came: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            came.append(message)

        await onlooker({**scope, "headers": [(b"authorization", KEY.encode())]}, receive, send)

    asyncio.run(ask())
    onlooker.close()
    assert came[0]["status"] == 400
    assert told(watch).decision == "inconclusive"


TARGETS = {
    "GET http://evil.example/orders?a=1": 400,
    "GET http://evil.example": 400,
    "CONNECT evil.example:443": 400,
    "GET http://SHOP.example:8080/orders?a=1": 200,
    "GET /orders?a=1": 200,
}


class Wire(asyncio.Transport):
    def __init__(self, said: list[bytes]) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1)})
        self.write = said.append  # type: ignore[method-assign,assignment]

    def close(self) -> None:
        """Nothing is held open."""

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize("target", TARGETS)
def test_a_url_of_another_host_goes_nowhere(target: str, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that is used, and the bytes that it reads."""
    onlooker, came, said = (
        Onlooker(Forwarder("http://shop.example:8080/v1", Route()), watch),
        list[bytes](),
        list[bytes](),
    )

    async def forwarded(request: Any) -> httpx2.Response:
        came.append(request.extensions["target"])
        return httpx2.Response(200, stream=httpx2.ByteStream(b"[]"))

    async def ask() -> None:
        config = uvicorn.Config(onlooker, http=server._WholeTargets, log_config=None)
        config.load()
        protocol = server._WholeTargets(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(Wire(said))
        protocol.data_received(f"{target} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*tasks)
        protocol.timeout_keep_alive_task and protocol.timeout_keep_alive_task.cancel()

    monkeypatch.setattr(onlooker.app._transport, "handle_async_request", forwarded)  # type: ignore[attr-defined]
    asyncio.run(ask())
    onlooker.close()
    assert b"".join(said).startswith(f"HTTP/1.1 {TARGETS[target]} ".encode())
    assert came == [b"/v1/orders?a=1"] * (TARGETS[target] == 200)


@pytest.mark.usefixtures("inline")
def test_what_a_client_did_not_wait_for_is_not_judged(watch: Watch) -> None:
    async def leaving(scope: Any, receive: Any, send: Any) -> None:
        fields = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"[{", "more_body": True})

    asked(Onlooker(leaving, watch), "/orders")
    run = told(watch)
    assert violated(watch) == {}
    assert "unjudged: answers that the client did not wait for x 1" in run.notes


def test_another_protocol_is_refused_and_counted(watch: Watch) -> None:
    asks = ("Upgrade: websocket", "Sec-WebSocket-Key: eA==", "Sec-WebSocket-Version: 13")
    with proxied(watch, lambda _: OK) as (address, came):
        got = exchanged(address, get("/orders", *asks).replace(b"Connection: close", b"Connection: Upgrade, close"))
    assert got.startswith(b"HTTP/1.1 501")
    assert came == []
    assert "unjudged: requests for another protocol (WebSocket), which are refused x 1" in told(watch).notes


@pytest.mark.parametrize(("method", "status"), [("POST", 403), ("DELETE", 403), ("GET", 200)])
def test_nothing_that_may_change_anything_goes_to_production(method: str, status: int, watch: Watch) -> None:
    came = []

    def script(request: bytes) -> bytes:
        came.append(request)
        return OK

    with raw_server(script) as base_url, forwarding(watch, base_url, guarded=True) as address:
        got = exchanged(address, get("/orders", method=method))
    assert got.startswith(f"HTTP/1.1 {status}".encode())
    assert len(came) == (status == 200)


# --- the mock, and its clients ---


@pytest.mark.usefixtures("inline")
def test_the_mock_says_which_requests_the_document_forbids(folder: Path) -> None:
    value = shop(servers=[{"url": "https://shop.example/v1"}])
    (folder / "openapi.json").write_text(json.dumps(value))
    watch = watch_of(Options(spec="openapi.json"), None, "contracts mock", answers=False)
    mock = app_for(watch.spec)
    app = Onlooker(mock, watch, below=mock.below)
    shown = ("Authorization", "Bearer mock-credential")
    assert asked(app, "/v1/orders?limit=3", "GET", shown).status == 200
    assert asked(app, "/orders?limit=11", "GET", shown).status in range(400, 500)
    assert asked(app, "/orders", "GET", shown, ("Prefer", "code=599")).status == 404
    assert asked(app, "/__contract/reset", "POST").status == 204
    assert asked(app, "/nope", "GET", shown).status == 404
    run = told(watch)
    assert sorted(violated(watch)) == ["GET /* operation documented", "GET /orders request allowed"]
    assert {v.kind for v in run.verdicts} == {"request allowed", "operation documented"}
    assert run.exchanges == 4
