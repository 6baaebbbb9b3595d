"""A request on the wire to what came back; no other file looks into httpx2 and httpcore2."""

import ipaddress
import time
import urllib.request
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore2
import httpx2

from contracts import messages
from contracts.exchanges import tls
from contracts.exchanges.tls import SILENCE
from contracts.messages import Failure, FailureKind, Headers, Request, Response

ACCEPTED = "gzip, deflate"  # the codings that are undone; what requests say in Accept-Encoding
MAX_CODINGS = 4  # of one body; to undo each may take as long as the longest body does
_PIECE = 65536
_BEGINNING = 40
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
    *(httpcore2.ProxyError, httpcore2.UnsupportedProtocol),
)
_NO_TLS = frozenset({FailureKind.TLS, FailureKind.REFUSED, FailureKind.TIMED_OUT})
_TEXTS: tuple[tuple[str, FailureKind], ...] = (
    ("without sending a response", FailureKind.RESET),
    ("without sending complete message", FailureKind.TRUNCATED),
    ("incomplete chunked read", FailureKind.TRUNCATED),
    ("Receive buffer too long", FailureKind.TOO_LARGE),
)


class NoAnswer(Exception):
    """What came can't be used; the arguments are those of a Failure."""


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


@dataclass(frozen=True, slots=True)
class Route:
    """A proxy, else the one that the environment names, trusted certificates, and the client's."""

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    certificate: tls.Certificate | None = None

    def transport(self, base: SplitResult) -> httpx2.HTTPTransport:
        """A transport to a base URL; a Client would keep cookies, look into Location, log URLs."""
        return httpx2.HTTPTransport(**self._way(base))

    def forwarding(self, base: SplitResult) -> httpx2.AsyncHTTPTransport:
        """One for what others ask. A connection each: one that is kept may be closed meanwhile."""
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx2.AsyncHTTPTransport(**self._way(base), limits=limits)

    def _way(self, base: SplitResult) -> dict[str, Any]:
        proxy: str | httpx2.Proxy | None = self.proxy or environment_proxy(base)[1]
        trusted = tls.trusted(base.scheme, self.ca_bundle, self.certificate)
        if isinstance(proxy, str) and proxy.startswith("https:"):
            proxy = httpx2.Proxy(proxy, ssl_context=tls.trusted("https", self.ca_bundle, None))
        return {"verify": trusted, "proxy": proxy}


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def environment_proxy(base: SplitResult) -> tuple[str, str | None]:
    """The proxy that the environment names for a base URL, and where; none for this machine."""
    host = base.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return "", None
    proxies = urllib.request.getproxies()
    name = base.scheme if proxies.get(base.scheme) else "all"
    found = proxies.get(name)
    if found and "://" not in found:
        found = f"http://{found}"
    return f"{name.upper()}_PROXY", found


class Transport:
    """The connections to one base URL; they keep to a deadline, and no byte for the next answer."""

    def __init__(self, base_url: str, route: Route, limits: Limits) -> None:
        self._base = base = urlsplit(base_url)
        self._url = httpx2.URL(f"{base.scheme}://{base.netloc}/")
        self._prefix = base.path.rstrip("/")
        self._limits, self._deadline = limits, Deadline(limits.total)
        self._mistake: Failure | None = None  # of the base URL; then nothing more is sent
        if not (route.proxy or environment_proxy(base)[1]):
            self._deadline.doubt = self._refuse_other_scheme
        self._timeout = httpx2.Timeout(limits.read, connect=limits.connect).as_dict()
        # HTTPTransport has no parameter for what httpcore2's pools take under this name. What it
        # makes of each request and answer, and what a pool is for, would take half of the time.
        self._pool = pool = route.transport(base)._pool
        pool._network_backend = _Backend(pool._network_backend, self._deadline)
        self._connection: Any = None  # of the one request under way

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connected(self, url: httpcore2.URL) -> Any:
        """The connection of the request before, if it is still good, else a new one."""
        known = self._connection
        if known is None or not known.is_idle() or known.has_expired():
            self.close()
            self._connection = self._pool.create_connection(url.origin)
        return self._connection

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
            return (
                plain and outcome.status == 400 and not messages.is_json(outcome.media_type or "")
            )
        if plain:
            return outcome.kind is FailureKind.RESET or self._deadline.begun.startswith(tls.ALERT)
        return outcome.kind in _NO_TLS and not outcome.detail.startswith(tls.REFUSED_CERTIFICATE)

    def _refuse_other_scheme(self) -> None:
        """Raise NoAnswer if the port of the base URL speaks the other scheme."""
        self._deadline.doubt = None
        if said := tls.scheme_problem(self._base):
            self._mistake = Failure(FailureKind.TLS, said)
            raise NoAnswer(FailureKind.TLS, said)

    def _answer(self, request: Request) -> Response | Failure:
        wire, started = self._wire(request), self._deadline.start()
        try:
            came = self._connected(wire.url).handle_request(wire)
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

    def _wire(self, request: Request) -> httpcore2.Request:
        """A request with the fields that its framing needs (RFC 9112 §3.2, §6.2)."""
        fields = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in request.headers]
        named, content = set(map(bytes.lower, dict(fields))), request.body or b""
        if named.isdisjoint((b"content-length", b"transfer-encoding")):
            if content:
                fields.append((b"Content-Length", b"%d" % len(content)))
            elif request.method.upper() in _WITH_CONTENT:
                fields.insert(0, (b"Content-Length", b"0"))
        if b"host" not in named:
            fields.insert(0, (b"Host", self._url.netloc))
        target = f"{self._prefix}{request.target}".encode("ascii")
        place = self._url.raw_scheme, self._url.raw_host, self._url.port
        url = httpcore2.URL(scheme=place[0], host=place[1], port=place[2], target=target)
        more = {"extensions": {"timeout": self._timeout}}
        return httpcore2.Request(request.method, url, headers=fields, content=content, **more)

    def _received(self, came: httpcore2.Response, is_endless: bool) -> tuple[bytes, bool]:
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
    if said := tls.client_problem(detail):
        return Failure(FailureKind.TLS, said)
    names = list(map(attrgetter("__name__"), type(error).__mro__))
    if "ConnectError" in names and "SSL" in detail.upper():
        return Failure(FailureKind.TLS, tls.certificate_problem(error) or detail)
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
    written = ",".join(messages.header_values(headers, "content-encoding")).split(",")
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
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
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


@dataclass(slots=True)
class Deadline:
    """When the request under way must be over (`time.perf_counter`), and how its answer begins."""

    seconds: float  # httpcore2's own timeouts bound each read: a head that drips goes on for days
    at: float = 0.0
    begun: bytes = b""
    doubt: Callable[[], None] | None = None  # asked once an answer does not begin; may raise

    def shorten(self, seconds: float) -> None:
        """Let the request be over in so many seconds from now, or before."""
        self.at = min(self.at, time.perf_counter() + seconds)

    def start(self) -> float:
        now = time.perf_counter()
        self.at, self.begun = now + self.seconds, b""
        return now

    def within(self, timeout: float | None) -> float:
        """What is left of a timeout. Raises NoAnswer if nothing is."""
        left = self.at - time.perf_counter()
        if left <= 0:
            said = f"the answer took longer than {self.seconds:g} s"
            raise NoAnswer(FailureKind.TIMED_OUT, said)
        return left if timeout is None else min(timeout, left)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, inner: httpcore2.NetworkBackend, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.NetworkStream:
        options["timeout"] = self._deadline.within(options.get("timeout"))
        return _Stream(self._inner.connect_tcp(*args, **options), self._deadline)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            received = self._received(max_bytes, self._deadline.within(timeout))
        except httpcore2.ReadTimeout:
            self._deadline.within(None)
            raise
        self._deadline.begun = self._deadline.begun or received[:_BEGINNING]
        return received

    def _received(self, max_bytes: int, timeout: float) -> bytes:
        doubt = self._deadline.doubt
        if doubt is None or timeout <= SILENCE:
            return self._inner.read(max_bytes, timeout)
        try:
            return self._inner.read(max_bytes, SILENCE)
        except httpcore2.ReadTimeout:
            doubt()
            return self._inner.read(max_bytes, self._deadline.within(timeout - SILENCE))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: Any = None, timeout: Any = None) -> Any:
        within = self._deadline.within(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, within), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
