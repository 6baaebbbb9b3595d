"""A request on the wire to what came back, on a connection that is kept as long as it is good."""

import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

import h11
import httpcore2
import httpx2

from contracts import messages
from contracts.exchanges import wires
from contracts.exchanges.wires import NoAnswer, Route
from contracts.messages import Failure, FailureKind, Headers, Request, Response

ACCEPTED = "gzip, deflate"  # the codings that are undone; what requests say in Accept-Encoding
MAX_CODINGS = 4  # of one body; to undo each may take as long as the longest body does
_WITH_CONTENT = frozenset({"POST", "PUT", "PATCH", "QUERY"})  # whose lack of it is said
_GZIP = zlib.MAX_WBITS | 16
# Many servers send deflate without its frame, the zlib format (RFC 9110 §8.4.1.2).
_CODINGS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
# By the names that errors have, and what they are: httpx2 calls them as httpcore2 does.
_KINDS = {
    "TimeoutException": FailureKind.TIMED_OUT,
    "ConnectError": FailureKind.REFUSED,
    "ProxyError": FailureKind.REFUSED,
    "LocalProtocolError": FailureKind.REFUSED,  # our own fault, and no word on the service
    "NetworkError": FailureKind.RESET,
}
_ERRORS = (
    *(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError),
    *(httpcore2.ProxyError, httpcore2.UnsupportedProtocol, h11.ProtocolError),
)
_NO_TLS = frozenset({FailureKind.TLS, FailureKind.REFUSED, FailureKind.TIMED_OUT})
_TEXTS: tuple[tuple[str, FailureKind], ...] = (
    ("without sending a response", FailureKind.RESET),
    ("without sending complete message", FailureKind.TRUNCATED),
    ("incomplete chunked read", FailureKind.TRUNCATED),
    ("Receive buffer too long", FailureKind.TOO_LARGE),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request: seconds to connect, between reads, in all; bytes of a decoded body.

    A stream is left, and taken as it came, after `quiet` seconds without any of it, or `stream`
    seconds, or so many bytes, of it.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 30.0
    body: int = 16 * 1024 * 1024
    quiet: float = 3.0
    stream: float = 1.0
    streamed: int = 1024 * 1024


class Transport:
    """The connections to one base URL; they keep to a deadline, and no byte for the next answer.

    While an answer is awaited, `meanwhile` is called once, unless a proxy is between.
    """

    def __init__(self, base_url: str, route: Route, limits: Limits) -> None:
        self.meanwhile: Callable[[], object] = tuple  # does nothing
        self._base = base = urlsplit(base_url)
        self._url = httpx2.URL(f"{base.scheme}://{base.netloc}/")
        self._prefix = base.path.rstrip("/")
        self._limits, self._deadline = limits, wires.Deadline(limits.total)
        self._mistake: Failure | None = None  # of the base URL; then nothing more is sent
        if not (route.proxy or wires.environment_proxy(base)[1]):
            self._deadline.doubt = self._refuse_other_scheme
        self._timeout = httpx2.Timeout(limits.read, connect=limits.connect).as_dict()
        # HTTPTransport has no parameter for what httpcore2's pools take under this name. What it
        # makes of each request and answer, and what a pool is for, would take half of the time.
        self._pool = pool = route.transport(base)._pool
        pool._network_backend = wires.Backend(pool._network_backend, self._deadline)
        self._connection: Any = None  # of the one request under way
        self._fields = lru_cache(256)(self._normal)  # most requests have those of another

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _begun(self, head: h11.Request, content: bytes) -> Any:
        """An answer whose head came, on the connection of the one before if that is still good."""
        kept, limits = self._connection, self._limits
        if kept is None or not kept.is_idle() or kept.has_expired():
            self.close()
            first = self._proxied(head, b"")
            kept = self._connection = self._pool.create_connection(first.url.origin)
            if isinstance(kept, httpcore2.HTTPConnection):  # straight to the service
                stream, keep = kept._connect(first), self._pool._keepalive_expiry
                kept = self._connection = wires.Channel(stream, limits.read, keep)
        if isinstance(kept, wires.Channel):
            return kept.asked(head, content, self.meanwhile)
        return kept.handle_request(self._proxied(head, content))

    def _proxied(self, head: h11.Request, content: bytes) -> httpcore2.Request:
        """A request as httpcore2 takes it, which alone speaks with proxies."""
        place = {"scheme": self._url.raw_scheme, "host": self._url.raw_host, "port": self._url.port}
        url = httpcore2.URL(**place, target=head.target)  # type: ignore[arg-type]
        fields, more = head.headers.raw_items(), {"timeout": self._timeout}
        return httpcore2.Request(head.method, url, headers=fields, content=content, extensions=more)

    def answer(self, request: Request) -> Response | Failure:
        """Send a request once, as it stands. Never raises for what the service does.

        Where the first comes to what the other scheme may be the reason for, the port is asked
        whether it speaks that; if so, this is the failure of all that is sent.

        Raises ValueError for a target that is not in origin-form: a proxy would take an absolute
        one for another origin, and it would get the credential.
        """
        if not messages.is_origin_form(request.target):
            raise ValueError("the request target is no path below the base URL; nothing was sent")
        if self._mistake is not None:
            return self._mistake
        outcome = self._answer(request)
        if self._deadline.doubt is not None and self._is_doubtful(outcome):
            with suppress(NoAnswer):
                self._refuse_other_scheme()
        self._deadline.doubt = None
        return self._mistake or outcome

    def _is_doubtful(self, outcome: Response | Failure) -> bool:
        plain = self._base.scheme == "http"
        if isinstance(outcome, Response):  # what proxies and servers answer from where TLS is due
            is_json = messages.is_json(outcome.media_type or "")
            return plain and outcome.status == 400 and not is_json
        if plain:
            return outcome.kind is FailureKind.RESET or self._deadline.begun.startswith(wires.ALERT)
        return outcome.kind in _NO_TLS and not outcome.detail.startswith(wires.REFUSED_CERTIFICATE)

    def _refuse_other_scheme(self) -> None:
        """Raise NoAnswer if the port of the base URL speaks the other scheme."""
        self._deadline.doubt = None
        if said := wires.scheme_problem(self._base):
            self._mistake = Failure(FailureKind.TLS, said)
            raise NoAnswer(FailureKind.TLS, said)

    def _answer(self, request: Request) -> Response | Failure:
        started = self._deadline.start()
        try:
            came = self._begun(self._head(request), request.body or b"")
            seconds = time.perf_counter() - started
            headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in came.headers)
            named = messages.header_values(headers, "content-type") or [""]
            try:
                received, is_whole = self._received(came, messages.is_stream(named[0]))
            finally:
                came.close()
                surplus = self._drop_surplus()
            if request.method == "HEAD" and surplus and not surplus.startswith(b"HTTP/"):
                said = "content follows the head that HEAD asks for"
                raise NoAnswer(FailureKind.BAD_FRAMING, said)
            body = decoded(received, headers, self._limits.body, is_whole=is_whole)
            if is_whole:  # what never ends has taken as long as its beginning did
                seconds = time.perf_counter() - started
            return Response(came.status, headers, body, seconds, is_whole)
        except _ERRORS as error:
            return failure_of(error, self._deadline.begun)
        except NoAnswer as error:
            return Failure(*error.args)

    def _head(self, request: Request) -> h11.Request:
        """The head of a request. Raises h11's LocalProtocolError if HTTP has none that says it."""
        size, is_missed = len(request.body or b""), request.method.upper() in _WITH_CONTENT
        fields, target = self._fields(request.headers, size, is_missed), request.target
        return h11.Request(method=request.method, target=f"{self._prefix}{target}", headers=fields)

    def _normal(self, *given: Any) -> Any:
        """Fields as h11 writes them, which are checked once."""
        return h11.Request(method="GET", target="/", headers=self._framed(*given)).headers

    def _framed(self, headers: Headers, size: int, is_missed: bool) -> list[tuple[bytes, bytes]]:
        """Fields with those that framing needs (RFC 9112 §3.2, §6.2)."""
        fields = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]
        named = set(map(bytes.lower, dict(fields)))
        if named.isdisjoint((b"content-length", b"transfer-encoding")):
            if size:
                fields.append((b"Content-Length", b"%d" % size))
            elif is_missed:
                fields.insert(0, (b"Content-Length", b"0"))
        if b"host" not in named:
            fields.insert(0, (b"Host", self._url.netloc))
        return fields

    def _received(self, came: Any, is_endless: bool) -> tuple[bytes, bool]:
        """The bytes of a body, and whether they are all; a stream may be left before its end."""
        body, limits = bytearray(), self._limits  # chunks of two bytes would take thirty times more
        if is_endless:
            self._deadline.doubt = None
            self._deadline.shorten(limits.quiet)
        try:
            for chunk in came.iter_stream():
                if is_endless and not body:
                    self._deadline.shorten(limits.stream)
                body += chunk
                if is_endless and len(body) >= limits.streamed:
                    return bytes(body), False
                _bound(body, limits.body)
        except (NoAnswer, httpcore2.ReadTimeout):
            if not is_endless:
                raise
            return bytes(body), False
        return bytes(body), True

    def _drop_surplus(self) -> bytes:
        """What came beyond what was asked for, if any: it answers nothing (RFC 9112 §9.2).

        Its connection is closed.
        """
        layer: Any = self._connection
        while (inner := getattr(layer, "_connection", None)) is not None:
            layer = inner
        state = getattr(layer, "_h11_state", None)
        found: bytes = (state and state.trailing_data[0]) or b""
        if found:
            self.close()
        return found


def failure_of(error: Exception, begun: bytes = b"") -> Failure:
    """What an error means, where the bytes that came begin so."""
    detail = f"{type(error).__name__}: {error}".strip(": ")
    if said := wires.client_problem(detail):
        return Failure(FailureKind.TLS, said)
    names = list(map(attrgetter("__name__"), type(error).__mro__))
    if "ConnectError" in names and "SSL" in detail.upper():
        return Failure(FailureKind.TLS, wires.certificate_problem(error) or detail)
    if known := next(filter(None, map(_KINDS.get, names)), None):
        return Failure(known, detail)
    found = next((meaning for text, meaning in _TEXTS if text in detail), FailureKind.BAD_FRAMING)
    framed = found in (FailureKind.RESET, FailureKind.BAD_FRAMING)
    if framed and begun and not begun.startswith(b"HTTP/"[: len(begun)]):
        found, detail = (
            FailureKind.BAD_FRAMING,
            f"{messages.NO_STATUS_LINE}{ascii(begun)[1:-1]}...'",
        )
    return Failure(found, detail)


def decoded(body: bytes, headers: Headers, limit: int, *, is_whole: bool = True) -> bytes:
    """The body after undoing what Content-Encoding names, last first; an empty one needs none."""
    if not (written := messages.header_values(headers, "content-encoding")):
        return body
    written = ",".join(written).split(",")
    names = [name for name in map(str.strip, written) if name.lower() not in ("", "identity")]
    if len(names) > MAX_CODINGS:
        said = f"Content-Encoding names {len(names)} codings; at most {MAX_CODINGS} are undone"
        raise NoAnswer(FailureKind.BAD_ENCODING, said)
    for name in reversed(names):
        if body:
            body = _undone(name, body, limit, is_whole)
    return body


def _undone(name: str, body: bytes, limit: int, is_whole: bool) -> bytes:
    said = f"the request accepts {ACCEPTED}"
    for wbits in _CODINGS.get(name.lower(), ()):
        try:
            return _unpacked(body, limit, wbits, is_whole)
        except zlib.error as error:
            said = f"decoding fails: {error}"
    raise NoAnswer(FailureKind.BAD_ENCODING, f"Content-Encoding is {name}; {said}")


def _unpacked(body: bytes, limit: int, wbits: int, is_whole: bool) -> bytes:
    # Gzip may have one member after another (RFC 1952 §2.2). Piece by piece: what follows a member
    # is copied each time, and there may be a million of them.
    whole, unpacker = bytearray(), zlib.decompressobj(wbits)
    for start in range(0, len(body), wires.PIECE):
        piece = body[start : start + wires.PIECE]
        while piece:
            if unpacker.eof:
                if wbits != _GZIP:
                    return bytes(whole)
                unpacker = zlib.decompressobj(wbits)
            whole += unpacker.decompress(piece, limit - len(whole) + 1)
            _bound(whole, limit)
            piece = unpacker.unused_data
    if is_whole and not unpacker.eof:
        raise zlib.error("the data ends too early")
    return bytes(whole)


def _bound(body: bytearray, limit: int) -> None:
    if len(body) > limit:
        raise NoAnswer(FailureKind.TOO_LARGE, f"the body is longer than {limit} bytes")
