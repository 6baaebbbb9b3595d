"""The way to a service and back: proxy and certificates, a deadline for each request, and bodies without their codings.

This is the only file that looks into httpx2 and httpcore2.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
import urllib.request
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from math import inf
from typing import Any
from urllib.parse import SplitResult

import httpcore2
import httpx2

from contracts.messages import Headers, header_values

ACCEPTED = "gzip, deflate"
"""The codings that are undone; what requests say in Accept-Encoding."""
MAX_CODINGS = 4
"""How many codings of one body are undone; each may take as long as the longest body does."""
_PIECE = 65536


class Undecodable(Exception):
    """The body is not encoded as Content-Encoding says; `str()` says how."""


class TooLong(Exception):
    """The decoded body would be longer than the bound."""


def decoded(body: bytes, headers: Headers, limit: int) -> bytes:
    """The body after undoing what Content-Encoding names, last first; an empty one needs none of it."""
    names = [
        name.strip().lower()
        for value in header_values(headers, "content-encoding")
        for name in value.split(",")
    ]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > MAX_CODINGS:
        raise Undecodable(
            f"Content-Encoding names {len(names)} codings; at most {MAX_CODINGS} are undone"
        )
    for name in reversed(names):
        if body:
            body = _undone(name, body, limit)
    return body


def _undone(name: str, body: bytes, limit: int) -> bytes:
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Undecodable(f"Content-Encoding is {name}; the request accepts {ACCEPTED}")
    try:
        return _gunzipped(body, limit) if name != "deflate" else _inflated(body, limit)
    except zlib.error as error:
        raise Undecodable(f"Content-Encoding is {name}; decoding fails: {error}") from None


def _gunzipped(body: bytes, limit: int) -> bytes:
    """One member after another, as RFC 1952 §2.2 allows.

    Piece by piece: what follows a member is copied each time, and a body may hold a million of them.
    """
    whole, unpacker = bytearray(), _gunzip()
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        while piece:
            unpacker = _gunzip() if unpacker.eof else unpacker
            whole += unpacker.decompress(piece, limit - len(whole) + 1)
            if len(whole) > limit:
                raise TooLong
            piece = unpacker.unused_data
    if not unpacker.eof:
        raise zlib.error("the data ends too early")
    return bytes(whole)


def _gunzip() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _inflated(body: bytes, limit: int) -> bytes:
    """In the zlib format, or without it, as many servers send it (RFC 9110 §8.4.1.2)."""
    try:
        return _unpacked(zlib.decompressobj(), body, limit)
    except zlib.error:
        return _unpacked(zlib.decompressobj(-zlib.MAX_WBITS), body, limit)


def _unpacked(unpacker: zlib._Decompress, body: bytes, limit: int) -> bytes:
    found = unpacker.decompress(body, limit + 1)
    if len(found) > limit:
        raise TooLong
    if not unpacker.eof:
        raise zlib.error("the data ends too early")
    return found


@dataclass(frozen=True, slots=True)
class Route:
    """What stands between the suite and a service.

    Args:
        proxy: asked instead of the service; None for the one that the environment names, if it does.
        ca_bundle: a file of the certificates that are trusted, in place of the usual ones.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None

    def transport(self, base: SplitResult) -> httpx2.HTTPTransport:
        """A transport to a base URL. Not httpx2.Client: a client keeps cookies, looks into Location, and logs URLs."""
        proxy = self.proxy or _proxy(base)
        if proxy is None or not proxy.startswith("https:"):
            return httpx2.HTTPTransport(verify=_trust(base.scheme, self.ca_bundle), proxy=proxy)
        trusted = _trust("https", self.ca_bundle)
        return httpx2.HTTPTransport(verify=trusted, proxy=httpx2.Proxy(proxy, ssl_context=trusted))


@cache
def _trust(scheme: str, ca_bundle: str | None) -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes 50 ms, so it is done once, and only where needed."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return (
        ssl.create_default_context(cafile=ca_bundle) if ca_bundle else httpx2.create_ssl_context()
    )


def _proxy(base: SplitResult) -> str | None:
    """The proxy that the environment names for a base URL; none for this machine."""
    host = base.hostname or ""
    if _is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(base.scheme) or proxies.get("all")
    return f"http://{found}" if found and "://" not in found else found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


_BEGINNING = 40


class TooSlow(Exception):
    """The request took longer than it may in all."""


@dataclass(slots=True)
class Deadline:
    """When the request under way must be over, on the clock of `time.perf_counter`; its answer begins with `begun`."""

    at: float = inf
    begun: bytes = b""

    def start(self, now: float, seconds: float) -> None:
        """A request starts that may take so long."""
        self.at, self.begun = now + seconds, b""

    def within(self, timeout: float | None) -> float:
        """What is left of a timeout. Raises TooSlow if nothing is."""
        left = self.at - time.perf_counter()
        if left <= 0:
            raise TooSlow
        return left if timeout is None else min(timeout, left)


def keep_to(deadline: Deadline, transport: httpx2.HTTPTransport) -> None:
    """Let every connection of a transport keep to a deadline."""
    # HTTPTransport has no parameter for what httpcore2's pools take under this name.
    transport._pool._network_backend = _Backend(transport._pool._network_backend, deadline)


def drop_surplus(transport: httpx2.HTTPTransport) -> None:
    """Close connections on which more came than was asked for: it is no answer to the next request (RFC 9112 §9.2)."""
    for connection in transport._pool.connections:
        if _has_surplus(connection):
            connection.close()


def _has_surplus(connection: Any) -> bool:
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    state = getattr(connection, "_h11_state", None)
    return state is not None and bool(state.trailing_data[0])


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, inner: httpcore2.NetworkBackend, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        within = self._deadline.within(timeout)
        return _Stream(
            self._inner.connect_tcp(host, port, within, local_address, socket_options),
            self._deadline,
        )


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            received = self._inner.read(max_bytes, self._deadline.within(timeout))
            self._deadline.begun = self._deadline.begun or received[:_BEGINNING]
            return received
        except httpcore2.ReadTimeout:
            self._deadline.within(None)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        within = self._deadline.within(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, within), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
