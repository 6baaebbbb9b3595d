"""Requests of clients to a service and its answers back, as they are; and what is seen of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

import brotli
import httpx2

from contracts.consumers.watch import TOO_MANY, Watch
from contracts.exchanges.transport import decoded, failure_of
from contracts.exchanges.wires import NoAnswer, Route, scheme_problem
from contracts.messages import (
    SAFE_METHODS,
    Failure,
    FailureKind,
    Headers,
    Request,
    Response,
    has_content,
    header_values,
    is_field_name,
    is_field_value,
    is_stream,
)
from contracts.mock.refusals import problem
from contracts.text import printable

MAX_BODY = 16 * 1024 * 1024  # bytes of a request or an answer that is judged
MAX_STREAM = 1024 * 1024  # bytes of a stream that are judged; the rest passes
CONNECT = 10.0  # seconds that the service has to take a connection
_HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding"}
_HOP_BY_HOP |= {b"upgrade"}
_UNDONE = {"", "identity", "gzip", "x-gzip", "deflate", "br"}
_SEEN = "contracts.seen"  # in a scope: what a message of ASGI has no place for
UPGRADES = "requests for another protocol (WebSocket), which are refused"
LEFT = "answers that the client did not wait for"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Raw = list[tuple[bytes, bytes]]


@dataclass(eq=False)
class Forwarder:
    """An ASGI application that asks a service, below a base URL, and answers as that does.

    Fields of single connections aside (RFC 9110 §7.6.1), every byte passes as it is, when it comes.
    Where there is no answer, it says so itself, with 502. On a `guarded` host methods that may
    change something are refused with 403. Another protocol is refused with 501.
    """

    base_url: str
    route: Route
    guarded: bool = False
    _transport: httpx2.AsyncHTTPTransport = field(init=False, repr=False)
    _other: str | None = None  # that the port speaks the other scheme; empty if it does not

    def __post_init__(self) -> None:
        self._base = urlsplit(self.base_url)
        self._transport = self.route.forwarding(self._base)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        fields = dict(scope["headers"])
        if fields.get(b"upgrade", b"").lower() == b"websocket":
            await _say(send, problem(501, f"contracts proxy: {UPGRADES}"))
            return
        if self.guarded and scope["method"] not in SAFE_METHODS:
            why = f"{self.base_url} is the production host, to which no {scope['method']} is sent"
            scope.setdefault(_SEEN, {})["refused"] = True
            await _say(send, problem(403, f"contracts proxy: {why}; use staging"))
            return
        seen = scope.setdefault(_SEEN, {})
        host, port = scope.get("server") or ("", None)
        own = {self._base.netloc.lower(), f"localhost:{port}", f"{host}:{port}", f"[{host}]:{port}"}
        with suppress(ValueError):  # a target may be a URL of who is asked (RFC 9112 §3.2.2)
            url = urlsplit(_target(scope))
            if url.scheme and url.netloc.lower() in own:
                scope["raw_path"] = (url.path or "/").encode("latin-1")
        if not _target(scope).startswith("/"):  # below no base URL, and after one another host
            seen["refused"] = True
            why = "the target is no path, and no URL of this proxy or the service"
            await _say(send, problem(400, f"contracts proxy: {why}"))
            return
        client = _Client(receive)
        pump, answer = map(
            asyncio.ensure_future, (client.pump(), self._answer(scope, client, send))
        )
        try:
            await asyncio.wait({pump, answer}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                answer.result()
        except httpx2.HTTPError as error:
            seen["failure"] = failure = await self._failure(error)
            if seen.get("headers"):
                return  # without an end, so that the client sees it cut
            said = f"no answer of {self.base_url} ({failure.kind}: {failure.detail})"
            await _say(send, problem(502, f"contracts proxy: {said}"))
        finally:
            for task in (pump, answer):
                task.cancel()
            await asyncio.wait({pump, answer})

    async def _answer(self, scope: Scope, client: "_Client", send: Send) -> None:
        response = await self._transport.handle_async_request(self._request(scope, client))
        try:
            raw = response.headers.raw
            if said := _unsendable(response.status_code, raw):
                raise httpx2.RemoteProtocolError(said)
            scope[_SEEN]["headers"] = raw
            kept = []
            for name, value in _end_to_end(raw):
                # Of no content, which servers count all the same.
                if response.status_code != 304 or name.lower() != b"content-length":
                    kept.append((name, value))
            start = {"type": "http.response.start", "status": response.status_code}
            await send({**start, "headers": kept})
            async for chunk in response.stream:  # type: ignore[union-attr]
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    def _request(self, scope: Scope, client: "_Client") -> httpx2.Request:
        """The request as the service gets it: its own host, the body as it comes."""
        base, headers = self._base, [(b"Host", self._base.netloc.encode())]
        headers += [one for one in _end_to_end(scope["headers"]) if one[0] != b"host"]
        names = {name for name, _ in scope["headers"]}
        if b"transfer-encoding" in names:
            headers.append((b"Transfer-Encoding", b"chunked"))
        has_body = not names.isdisjoint({b"content-length", b"transfer-encoding"})
        stream: Any = client if has_body else httpx2.ByteStream(b"")
        target = f"{base.path.rstrip('/')}{_target(scope)}".encode("latin-1")
        timeout = {"connect": CONNECT, "read": None, "write": None, "pool": None}
        more = {"target": target, "timeout": timeout}
        url = httpx2.URL(f"{base.scheme}://{base.netloc}/")
        made = httpx2.Request("GET", url, headers=headers, stream=stream, extensions=more)
        made.method = scope["method"]  # which httpx2 writes in capitals
        return made

    async def _failure(self, error: httpx2.HTTPError) -> Failure:
        """What it means that there is no answer; one that was cut short may be the network's."""
        failure = failure_of(error)
        if failure.kind is FailureKind.TRUNCATED:
            return Failure(FailureKind.RESET, "the body was cut short")
        if failure.kind in (FailureKind.TLS, FailureKind.RESET) and self._other is None:
            self._other = await asyncio.to_thread(scheme_problem, self._base)
        return Failure(FailureKind.TLS, self._other) if self._other else failure


class _Client(httpx2.AsyncByteStream):
    """Who asks: the body as it comes, and, when `pump` returns, nobody any more."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._waiting = receive, asyncio.Queue[Message](4)

    async def pump(self) -> None:
        while (message := await self._receive())["type"] != "http.disconnect":
            await self._waiting.put(message)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._waiting.get()
            more = message.get("more_body", False)
            yield message.get("body", b"")


def _end_to_end(fields: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    """The fields that are not of one connection, in their order (RFC 9110 §7.6.1)."""
    fields, named = list(fields), set(_HOP_BY_HOP)
    for name, value in fields:
        if name.lower() == b"connection":
            named |= {option.strip().lower() for option in value.split(b",")}
    named.discard(b"content-length")  # which frames what passes, whatever a client says of it
    for name, value in fields:
        if name.lower() not in named:
            yield name, value


def _unsendable(status: int, fields: Raw) -> str:
    """What of the head of an answer no server can pass on; empty if nothing."""
    if not 100 <= status <= 599:
        return f"the status {status} is none (RFC 9110 §15)"
    for name, value in _texts(fields):
        if not is_field_name(name) or not is_field_value(value.strip()):
            return "a header field has characters that none can have (RFC 9110 §5.5)"
    return ""


def _target(scope: Scope) -> str:
    """The path and query as they stand on the wire, each byte a character."""
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    target: bytes = path.partition(b"?")[0]
    if query := scope["query_string"]:
        target += b"?" + query
    return target.decode("latin-1")


async def _say(send: Send, response: Response) -> None:
    fields = [(name.encode(), value.encode()) for name, value in response.headers]
    fields.append((b"Content-Length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": fields})
    await send({"type": "http.response.body", "body": response.body})


@dataclass(eq=False)
class Onlooker:
    """An ASGI application that lets another answer, and a Watch judge what passes.

    `log` takes a line for each request, without credentials; `below` gives the request as the
    document has its path, None for one that is no matter of the document.
    """

    app: App
    watch: Watch
    log: Callable[[str], None] | None = None
    below: Callable[[Request], Request | None] = lambda request: request
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                self.watch.leave(UPGRADES)
            await self.app(scope, receive, send)
            return
        seen = _Seen(scope)

        async def receiving() -> Message:
            message = await receive()
            seen.sent(message)
            return message

        async def sending(message: Message) -> None:
            seen.came(message)
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        finally:
            loop = asyncio.get_running_loop()
            await asyncio.shield(loop.run_in_executor(self._thread, self._keep, seen))

    def _keep(self, seen: "_Seen") -> None:
        request, unknown = seen.request()
        against = ""
        if header_values(request.headers, "upgrade") == ["websocket"]:
            self.watch.leave(UPGRADES)
        elif (came := seen.outcome(request)) is not None and (own := self.below(request)):
            against = self.watch.take(own, came, unknown)
        if self.log is not None:
            line = f"{request.method} {request.path}{'?…' * bool(request.query)}"
            if self.watch.left[TOO_MANY]:  # nobody knows what of it is one
                line, against = f"{request.method} /…", ""
            line += f" {seen.status or 'cut'} {1000 * (perf_counter() - seen.started):.0f} ms"
            line += f" forbidden: {against}" * bool(against)
            self.log(printable(self.watch.state.inputs.scrubber.text(line)))

    def close(self) -> None:
        """Wait until all that passed is kept."""
        self._thread.shutdown()


@dataclass(slots=True)
class _Seen:
    """What has passed of a request and its answer."""

    scope: Scope
    started: float = field(default_factory=perf_counter)
    seconds: float = 0.0  # until the answer began, and then until it ended
    body: bytearray = field(default_factory=bytearray)  # of the request
    is_whole: bool = False
    answer: bytearray = field(default_factory=bytearray)
    status: int = 0
    headers: Raw = field(default_factory=list)
    is_over: bool = False
    too_long: bool = False

    def sent(self, message: Message) -> None:
        if message["type"] == "http.request" and len(self.body) <= MAX_BODY:
            self.body += message.get("body", b"")
            self.is_whole = not message.get("more_body", False)

    def came(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
            self.seconds = perf_counter() - self.started
            return
        self.is_over = not message.get("more_body", False)
        most = MAX_STREAM if self.is_endless else MAX_BODY
        if not self.too_long:
            self.answer += message.get("body", b"")
        self.too_long = self.too_long or len(self.answer) > most
        if self.is_over and not self.is_endless:
            self.seconds = perf_counter() - self.started

    @property
    def is_endless(self) -> bool:
        return is_stream(next(iter(header_values(_texts(self.headers), "content-type")), ""))

    def request(self) -> tuple[Request, set[str]]:
        """The request, and what of it is not known."""
        names, unknown = dict(self.scope["headers"]), set[str]()
        has_body = not names.keys().isdisjoint({b"content-length", b"transfer-encoding"})
        if has_body and (not self.is_whole or len(self.body) > MAX_BODY):
            unknown.add("body")
        target = quote(
            _target(self.scope).encode("latin-1"), safe="!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
        )
        body = bytes(self.body[:MAX_BODY]) or None
        return Request(self.scope["method"], target, _texts(self.scope["headers"]), body), unknown

    def outcome(self, request: Request) -> Response | Failure | None:
        """What came of it; None where the service was not asked."""
        told = self.scope.get(_SEEN, {})
        if "failure" in told:
            return told["failure"]  # type: ignore[no-any-return]
        if told.get("refused") or not self.status:
            return None
        if not self.is_over and not self.is_endless:
            return Failure(FailureKind.UNJUDGED, LEFT)
        if self.too_long and not self.is_endless:
            return Failure(FailureKind.UNJUDGED, f"answers of more than {MAX_BODY} bytes")
        headers, body = _texts(told.get("headers", self.headers)), bytes(self.answer)
        is_whole = self.is_over and not self.too_long
        try:
            if has_content(request.method, self.status):
                body = _undone(body, headers, is_whole=is_whole)
        except NoAnswer as error:
            return Failure(*error.args)
        return Response(self.status, headers, body, self.seconds, is_whole)


def _texts(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)


def _undone(body: bytes, headers: Headers, *, is_whole: bool) -> bytes:
    """The body without its content codings; `br` as well, which clients accept and runs do not."""
    named = ",".join(header_values(headers, "content-encoding")).lower().split(",")
    codings = list(map(str.strip, named))
    if not _UNDONE.issuperset(codings):
        raise NoAnswer(FailureKind.UNJUDGED, "answers in a content coding that is not undone here")
    for name in reversed(codings):
        if name != "br":
            body = decoded(body, (("Content-Encoding", name),), MAX_BODY, is_whole=is_whole)
        elif body:
            body = _unpacked(body, is_whole=is_whole)
    return body


def _unpacked(body: bytes, *, is_whole: bool) -> bytes:
    whole, unpacker = bytearray(), brotli.Decompressor()
    try:
        while not unpacker.is_finished():
            piece = unpacker.process(body, output_buffer_limit=MAX_BODY)
            whole, body = whole + piece, b""
            if len(whole) > MAX_BODY:
                raise NoAnswer(FailureKind.UNJUDGED, f"answers of more than {MAX_BODY} bytes")
            if not piece and unpacker.can_accept_more_data():
                break
    except brotli.error as error:
        said = f"Content-Encoding is br; decoding fails: {error}"
        raise NoAnswer(FailureKind.BAD_ENCODING, said) from None
    if is_whole and not unpacker.is_finished():
        raise NoAnswer(FailureKind.BAD_ENCODING, "Content-Encoding is br; the data ends too early")
    return bytes(whole)
