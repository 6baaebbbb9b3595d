"""A document to an ASGI application: a conforming service that clients ask over HTTP."""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

from contracts.document.security import IN_MEMBERS, MEMBERS, is_secret_name
from contracts.document.serialisation import operations_at, served_at
from contracts.errors import defect
from contracts.exchanges.credential import MIN_LENGTH, Scrubber
from contracts.exchanges.secret_urls import Capabilities, secret_names
from contracts.messages import Headers, Request, Response, has_content, header_values, overridden
from contracts.mock.answers import Turns, answers_to
from contracts.mock.refusals import problem
from contracts.mock.service import CREDENTIAL, MockService, presented
from contracts.mock.world import Store
from contracts.text import printable

MAX_BODY = 10 << 20  # bytes of a request
MAX_KEPT = 64 << 20  # bytes of answers that are remembered
MAX_REMEMBERED = 1 << 16  # bytes of a request's body whose answers are remembered
RESET = "/__contract/reset"
_FRAMING = {"connection", "content-length", "date", "keep-alive", "transfer-encoding", "upgrade"}
"""Fields that are the server's to say: of a documented one there would be two, or a lie."""
_READ = {"accept", "authorization", "content-encoding", "content-type", "cookie", "host", "prefer"}
_READ |= {"idempotency-key", "if-match", "if-none-match"}
_CORS = {"origin", "access-control-request-method", "access-control-request-headers"}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Manners:
    """How the mock serves, whatever it says."""

    walks: bool = True  # what was made is there, else bodies in turn; or the same answer each time
    cors: bool = True  # pages of any origin may ask
    credential: str = CREDENTIAL  # the one that is right; `any`: whichever is there
    secrets: tuple[str, ...] = ()  # names of parameters that no log shows, beside the document's
    log: Callable[[str], None] | None = None  # takes a line for each request


@dataclass(slots=True)
class _Kept:
    """The answers to requests that are alike, as far as they were made."""

    answers: Turns
    made: dict[int, "_Wire"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Wire:
    """An answer as it goes out, and its line in the log."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    line: str


class MockApp:
    """An ASGI 3 application. It belongs to one event loop, and has its turns and its memory."""

    def __init__(self, service: MockService, manners: Manners) -> None:
        self.manners = manners
        self.store = Store() if manners.walks else None
        self.service = replace(service, credential=manners.credential, plain=problem)
        self._memory, self._size, self._version = dict[Any, _Kept](), 0, 0
        self._turns = dict[tuple[str, ...], int]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            self._read()
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
        elif scope["type"] == "websocket":  # which no document of ours describes
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    def _read(self) -> None:
        """Read the schemas of both directions, for which the first answers would have to wait."""
        for operation in self.service.spec.operations:
            schemas = [one.schema for one in operation.parameters]
            for response in operation.responses:
                schemas += [one.schema for one in response.content]
            for schema in filter(None, schemas):
                schema.document.at("")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        told, length = [], b""
        for name, value in scope["headers"]:
            if name in self._told_apart:
                told.append((name, value))
            if name in (b"content-length", b"transfer-encoding"):
                length = value
        body: bytes | None = b""
        if length.isdigit() and int(length) > MAX_BODY:
            body = None
        elif length:
            try:
                body = await _body_of(receive)
            except ConnectionError:
                return
        wire = self._wire(scope, tuple(told), body)
        start = {"type": "http.response.start", "status": wire.status}
        # A list of its own: whoever stands between may add to it.
        await send({**start, "headers": [*wire.headers]})
        await send({"type": "http.response.body", "body": wire.body})
        if self.manners.log is not None:
            self.manners.log(wire.line)

    @cached_property
    def _told_apart(self) -> frozenset[bytes]:
        """Names of the fields on which an answer may depend."""
        names = {*_READ, *(_CORS if self.manners.cors else ())}
        for operation in self.service.spec.operations:
            for one in operation.parameters:
                names.update([one.name.lower()] * (one.location == "header"))
        for scheme in self.service.spec.security_schemes.values():
            if scheme.location == "header":
                names.add(scheme.name.lower())
        return frozenset(name.encode("latin-1", "replace") for name in names)

    def _wire(self, scope: Scope, told: tuple[Any, ...], body: bytes | None) -> _Wire:
        """What goes out: remembered, for a request like an earlier one, if it is its turn again."""
        method, path = scope["method"], scope.get("raw_path") or quote(scope["path"]).encode()
        if self.store is not None and self.store.version != self._version:
            self._memory.clear()
            self._size, self._version = 0, self.store.version
        key = method, path, scope["query_string"], scope.get("root_path"), told, body
        kept = self._memory.get(key)
        if kept is None:
            request = _request_of(scope, path, told, body or b"")
            kept = self._kept(request, is_too_large=body is None)
            if body is not None and len(body) <= MAX_REMEMBERED:
                self._memory[key] = kept
                self._size += 2000 + len(body)
        answers = kept.answers
        number = self._turns.get(answers.turn, 0)
        if answers.turn and method != "HEAD":  # which tells what GET would be answered
            self._turns[answers.turn] = number + 1
        number %= answers.count or number + 1
        wire = kept.made.get(number)
        if wire is None:
            request = _request_of(scope, path, told, body or b"")
            wire = self._made(answers, number, request)
            if answers.count:
                kept.made[number] = wire
                self._size += 500 + len(wire.body)
            if self._size > MAX_KEPT:
                self._memory.clear()
                self._size = 0
        return wire

    def _kept(self, request: Request, *, is_too_large: bool) -> _Kept:
        if is_too_large:
            said = f"the body has more than {MAX_BODY} bytes"
            response = problem(413, said)
            return _Kept(Turns(lambda _: response, refused=said))
        if (request.method, request.path) == ("POST", RESET):
            return _Kept(Turns(self._reset, 0))
        asked = request.header("access-control-request-method")
        if self.manners.cors and request.method == "OPTIONS" and asked and request.header("origin"):
            served = served_at(self.service.spec, self._routed(request).path) or [asked]
            wanted = request.header("access-control-request-headers") or "*"
            fields = (
                ("Access-Control-Allow-Methods", ", ".join(served)),
                ("Access-Control-Allow-Headers", wanted),
                ("Access-Control-Max-Age", "600"),
            )
            return _Kept(Turns(lambda _: Response(204, fields)))
        try:
            below, walks = self._routed(request), self.manners.walks
            found = answers_to(self.service, below, walks=walks, store=self.store)
        except Exception as error:  # of ours: nobody is shown a traceback
            found = self._defect(error)
        return _Kept(found)

    def _reset(self, _number: int) -> Response:
        """Begin anew: nothing was made, and the next answer of each operation is its first."""
        self._turns.clear()
        if self.store is not None:
            self.store.clear()
        return Response(204)

    def _defect(self, error: Exception) -> Turns:
        said = defect(error)
        return Turns(lambda _: problem(500, f"{said}, please report"), refused=said)

    def below(self, request: Request) -> Request | None:
        """The request as the document has its path; None if it is about the mock itself."""
        return None if request.path == RESET else self._routed(request)

    def _routed(self, request: Request) -> Request:
        """The request without the path of a documented server, where nothing is found with it."""
        if operations_at(self.service.spec, request.path):
            return request
        for prefix in self._prefixes:
            path = request.path.removeprefix(prefix)
            if path != request.path and operations_at(self.service.spec, path):
                return request.with_path(path)
        return request

    @cached_property
    def _prefixes(self) -> list[str]:
        paths = (urlsplit(url).path.rstrip("/") for url in self.service.spec.servers)
        return [path for path in dict.fromkeys(paths) if path]

    def _made(self, answers: Turns, number: int, request: Request) -> _Wire:
        try:
            response = answers.make(number)
        except Exception as error:
            answers = self._defect(error)
            response = answers.make(0)
        fields = tuple(one for one in response.headers if one[0].lower() not in _FRAMING)
        if response.status == 413:
            fields += (("Connection", "close"),)
        fields += self.service.date(self.store)
        if has_content("", response.status):
            fields += (("Content-Length", str(len(response.body))),)
        body = response.body if has_content(request.method, response.status) else b""
        if self.manners.cors and (origin := request.header("origin")):
            fields = self._shared(fields, origin)
        encoded = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in fields]
        return _Wire(response.status, encoded, body, self._line(request, response, answers.refused))

    def _shared(self, fields: Headers, origin: str) -> Headers:
        """The fields of an answer that a page of any origin may read (Fetch §3.3)."""
        vary = ", ".join([*header_values(fields, "vary"), "Origin"])
        names = ", ".join(dict.fromkeys(name for name, _ in fields))
        shared: Headers = (("Access-Control-Allow-Origin", origin), ("Vary", vary))
        shared += (("Access-Control-Allow-Credentials", "true"),)
        return overridden(fields, (*shared, ("Access-Control-Expose-Headers", names)))

    def _line(self, request: Request, response: Response, refused: str) -> str:
        """A request in the log, without credentials, and without URLs that are some."""
        if self.manners.log is None:
            return ""
        query = "?" * bool(request.query) + "&".join(map(_shown, request.query.split("&")))
        line = f"{request.method} {request.path}{query} {response.status}"
        if refused:
            line += f" refused: {refused}"
        for values in presented(request, self.service.spec).values():
            for value in filter(None, values):
                if value != self.service.credential and len(value) >= MIN_LENGTH:
                    line = line.replace(value, "…").replace(quote(value, safe=""), "…")
        return printable(self._scrubber.text(line))

    @cached_property
    def _scrubber(self) -> Scrubber:
        spec = self.service.spec
        keys = (one.name for one in spec.security_schemes.values() if one.type == "apiKey")
        named = filter(partial(re.search, "[A-Za-z0-9]"), (*self.manners.secrets, *keys))
        names = secret_names(spec.document, tuple(named))
        return Scrubber(capabilities=Capabilities(names, others=(MEMBERS, IN_MEMBERS)))


def _shown(pair: str) -> str:
    """A pair of a query without its value if that is a credential by its name."""
    name, _, value = pair.partition("=")
    return f"{name}=…" if value and is_secret_name(unquote_plus(name)) else pair


def _request_of(scope: Scope, path: bytes, told: Iterable[Any], body: bytes) -> Request:
    """The request below the place where the application is mounted."""
    target = path.partition(b"?")[0].decode("latin-1")
    root = quote(scope.get("root_path") or "", safe="/~!$&'()*+,;=:@")
    if root and target.startswith(f"{root}/"):
        target = target[len(root) :]
    if query := scope["query_string"]:
        target += f"?{query.decode('latin-1')}"
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in told)
    return Request(scope["method"], target, fields, body)


async def _body_of(receive: Receive) -> bytes | None:
    """The whole body of a request, None if it is larger than one may be; ConnectionError."""
    parts, size, more = list[bytes](), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY:
            return None
    return b"".join(parts)
