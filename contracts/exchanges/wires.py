"""A connection to a service: proxy and certificates, why TLS fails, its deadline, its HTTP/1.1."""

import ipaddress
import os
import re
import shlex
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self
from urllib.parse import SplitResult

import h11
import httpcore2
import httpx2

from contracts.messages import FailureKind

SILENCE = 3.0  # seconds after which a port that says nothing to plain HTTP is asked about TLS
GREETING = 2.0  # seconds that a port has to answer a greeting
PORTS = {"http": 80, "https": 443}
PIECE = 65536
_BEGINNING = 40  # bytes of an answer, by which is told what speaks
_HEAD = 100 * 1024  # bytes of a head at most
ALERT = b"\x15\x03"  # how a record with an alert begins (RFC 8446 §5.1)
# How servers begin; where TLS is due, many answer plain HTTP with 400.
_BEGINNINGS = {"http": rb"HTTP/\S+ (?!400)", "https": rb"[\x15\x16]\x03"}
_SPEAKS = {"http": "plain HTTP and no TLS", "https": "TLS and no plain HTTP"}

REFUSED_CERTIFICATE = "the certificate is refused"
_BUNDLE = "if you trust it, give a file with it or its issuer as --contract-ca-bundle"
_DATES = "renew it, or set the clock; --contract-ca-bundle helps where the issuer is unknown alone"
_NAME = "give a name that it has in --base-url; --contract-ca-bundle does not change names"
_CURES = {9: _DATES, 10: _DATES, 62: _NAME, 64: _NAME}
"""What helps, by OpenSSL's X509_V_ERR code: not yet valid, expired, another name, another IP."""


CLIENT_CERT = "--contract-client-cert"
KEY_PASSWORD = "CONTRACT_CLIENT_KEY_PASSWORD"
_AGAINST_CLIENT = re.compile(r"ALERT_(UNKNOWN_CA|\w*CERTIFICATE\w*|ACCESS_DENIED)")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate in a PEM file, with its key there or in a file of its own."""

    file: str
    key: str | None = None
    password: str = field(default="", repr=False)  # of the key

    @property
    def words(self) -> list[str]:
        """What gives it to curl, quoted for a shell."""
        found = ["--cert", shlex.quote(self.file)]
        found += ["--key", shlex.quote(self.key)] if self.key else []
        return [*found, *["--pass", f'"${KEY_PASSWORD}"'] * bool(self.password)]

    def put_into(self, context: ssl.SSLContext) -> None:
        """Let connections show it. ValueError, which says why and what to do, if it can't be."""
        asked = list[str]()

        def password() -> str:  # without one OpenSSL would ask at the terminal
            asked.append(self.password)
            return self.password

        for option, path in ((CLIENT_CERT, self.file), ("--contract-client-key", self.key)):
            if path is not None and not os.path.isfile(path):
                raise ValueError(f"{option} {path} is no file; give one in PEM form")
        try:
            context.load_cert_chain(self.file, self.key, password)
        except (OSError, ValueError) as error:
            why = f"{CLIENT_CERT} {self.file} can't be used"
            if asked:
                said = "is not it" if self.password else "is not set"
                raise ValueError(f"{why}: its key has a password; {KEY_PASSWORD} {said}") from None
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                raise ValueError(f"{why}: the key is that of another certificate") from None
            cure = "give a PEM file with certificate and key, or the key as --contract-client-key"
            raise ValueError(f"{why} ({getattr(error, 'reason', error)}); {cure}") from None


@cache
def trusted(scheme: str, ca_bundle: str | None, certificate: Certificate | None) -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes 50 ms: once, and where needed."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
    context = context or httpx2.create_ssl_context()
    if certificate is not None:
        certificate.put_into(context)
    return context


@dataclass(frozen=True, slots=True)
class Route:
    """A proxy, else the one that the environment names, trusted certificates, and the client's."""

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    certificate: Certificate | None = None

    def transport(self, base: SplitResult) -> httpx2.HTTPTransport:
        """A transport to a base URL; a Client would keep cookies, look into Location, log URLs."""
        return httpx2.HTTPTransport(**self._way(base))

    def forwarding(self, base: SplitResult) -> httpx2.AsyncHTTPTransport:
        """One for what others ask. A connection each: one that is kept may be closed meanwhile."""
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx2.AsyncHTTPTransport(**self._way(base), limits=limits)

    def _way(self, base: SplitResult) -> dict[str, Any]:
        proxy: str | httpx2.Proxy | None = self.proxy or environment_proxy(base)[1]
        context = trusted(base.scheme, self.ca_bundle, self.certificate)
        if isinstance(proxy, str) and proxy.startswith("https:"):
            proxy = httpx2.Proxy(proxy, ssl_context=trusted("https", self.ca_bundle, None))
        return {"verify": context, "proxy": proxy}


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


def client_problem(detail: str) -> str:
    """What a service has against the client's certificate, if it says so in an alert."""
    found = _AGAINST_CLIENT.search(detail.upper())
    if found is None:
        return ""
    if found[1] == "CERTIFICATE_REQUIRED":
        return f"the service wants a client's certificate; give it as {CLIENT_CERT} FILE"
    alert = found[1].replace("_", " ").lower()
    return f"the service refuses the client's certificate ({alert}); give another as {CLIENT_CERT}"


def certificate_problem(error: BaseException | None) -> str:
    """What is wrong with a certificate, and what helps; empty if no certificate is the cause."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    cure = _CURES.get(error.verify_code, _BUNDLE)
    return f"{REFUSED_CERTIFICATE} ({error.verify_message.rstrip('.')}); {cure}"


def scheme_problem(base: SplitResult) -> str:
    """That the port of a base URL speaks the other scheme; empty if it does not say so in seconds.

    It is greeted once, without credential.
    """
    other = "https" if base.scheme == "http" else "http"
    try:
        place = (base.hostname or "", base.port or PORTS[base.scheme])
        with socket.create_connection(place, GREETING) as connection:
            connection.sendall(_greeting(other, base))
            begun = connection.recv(16)
    except (OSError, ValueError):
        return ""
    if not re.match(_BEGINNINGS[other], begun):
        return ""
    url = base._replace(scheme=other).geturl()
    return f"the port speaks {_SPEAKS[other]}; give --base-url {url}"


def _greeting(scheme: str, base: SplitResult) -> bytes:
    if scheme == "http":
        return f"HEAD / HTTP/1.1\r\nHost: {base.netloc}\r\nConnection: close\r\n\r\n".encode(
            "ascii"
        )
    hello, context = ssl.MemoryBIO(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname=base.hostname)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return hello.read()


class NoAnswer(Exception):
    """What came can't be used; the arguments are those of a Failure."""


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


class Backend(httpcore2.NetworkBackend):
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


class Channel:
    """HTTP/1.1 by h11 on a connection without a proxy, and the answer that comes on it.

    What httpcore2 has around h11, for each event, takes twice the time that h11 does.
    """

    def __init__(self, stream: httpcore2.NetworkStream, timeout: float, keep: float | None) -> None:
        self._stream, self._timeout, self._keep = stream, timeout, keep or 0.0
        self._h11_state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)
        self.status, self.headers = 0, list[tuple[bytes, bytes]]()
        self._until = 0.0  # the moment up to which it may serve again

    def is_idle(self) -> bool:
        return time.monotonic() < self._until

    def has_expired(self) -> bool:
        return bool(self._stream.get_extra_info("is_readable"))  # as the service has closed it

    def asked(self, head: h11.Request, content: bytes, meanwhile: Callable[[], object]) -> Self:
        """Itself, once the head of the answer came; that is done while it is awaited."""
        events = [head, *[h11.Data(data=content)] * bool(content), h11.EndOfMessage()]
        try:
            data = b"".join(self._h11_state.send(event) or b"" for event in events)
            with suppress(httpcore2.WriteError):  # it may have answered early, and closed
                self._stream.write(data, self._timeout)
            meanwhile()
            self._read()
            event = self._event()
            while event.status_code < 200 and event.status_code != 101:
                event = self._event()
        except BaseException:
            self.close()
            raise
        self.status, self.headers = event.status_code, event.headers.raw_items()
        return self

    def iter_stream(self) -> Iterator[bytes]:
        while isinstance(event := self._event(), h11.Data):
            yield event.data

    def _event(self) -> Any:
        while (event := self._h11_state.next_event()) is h11.NEED_DATA:
            self._read()
        return event

    def _read(self) -> None:
        data = self._stream.read(PIECE, self._timeout)
        if not data and self._h11_state.their_state is h11.SEND_RESPONSE:
            raise h11.RemoteProtocolError("Server disconnected without sending a response.")
        self._h11_state.receive_data(data)

    def close(self) -> None:
        """Be done with an answer that is whole, else with the connection."""
        self._until = 0.0
        if self._h11_state.our_state is h11.DONE is self._h11_state.their_state:
            self._h11_state.start_next_cycle()
            self._until = time.monotonic() + self._keep
        else:
            self._stream.close()
