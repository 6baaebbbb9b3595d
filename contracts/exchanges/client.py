"""A probe to an exchange: the request is sent, and whatever comes back, or does not, is put on record.

The only file that talks HTTP. The mock is reached through the same client, see `mock/`.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2
import stamina

from contracts.document import Spec
from contracts.exchanges.credential import DISTINCTIVE, Secret, with_credential
from contracts.exchanges.pace import Exhausted, Pace, wish
from contracts.exchanges.secret_urls import Capabilities
from contracts.exchanges.transport import (
    ACCEPTED,
    Deadline,
    Route,
    TooLong,
    TooSlow,
    Undecodable,
    decoded,
    drop_surplus,
    keep_to,
)
from contracts.messages import UNAVAILABLE, Exchange, Failure, FailureKind, Headers, Probe, Response

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})  # RFC 9110 §9.2.2
ATTEMPTS = 3
AT_ONCE = 0.001
"""Seconds before a body that was cut short is asked for again: it says nothing of a service that needs rest."""
MAX_RETRY_AFTER = 20.0
MAX_DETAIL = 500
OUR_HEADERS: Headers = (("User-Agent", "notte-contracts"), ("Accept-Encoding", ACCEPTED))

Outcome = Response | Failure


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request: seconds to connect, between two reads, and in all; bytes of a decoded body."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 30.0
    body: int = 16 * 1024 * 1024


@dataclass(slots=True)
class Client:
    """Sends probes to one base URL, with the credential on requests to that origin alone.

    Each request stands alone: no redirect is followed, no cookie kept.

    Args:
        base_url: scheme, host, port and path prefix; no query, no userinfo.
        secret: the credential, None to send none.
        extra_headers: sent with every request (a gateway's own key, say); their values are scrubbed from answers, too,
            the header's name in capitals in their place, but for words and numbers that anybody could use.
        capabilities: takes capability URLs out of answers, as well as the secrets.
        pace: when each request may be sent, and whether it may.
        route: the certificates that are trusted, and a proxy.
        sleepless: retry at once (for the mock, where nothing gets better by waiting).
    """

    spec: Spec
    base_url: str
    secret: Secret | None
    limits: Limits = field(default_factory=Limits)
    extra_headers: Headers = field(default=(), repr=False)
    sleepless: bool = False
    capabilities: Capabilities = field(default_factory=Capabilities)
    pace: Pace = field(default_factory=Pace)
    route: Route = field(default_factory=Route)
    _transport: httpx2.HTTPTransport = field(init=False, repr=False)
    _deadline: Deadline = field(init=False, repr=False)
    _url: httpx2.URL = field(init=False, repr=False)
    _prefix: str = field(init=False, repr=False)
    _timeout: dict[str, float | None] = field(init=False, repr=False)
    _secrets: tuple[Secret, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        self._transport = self.route.transport(parts)
        self._deadline = Deadline()
        keep_to(self._deadline, self._transport)
        self._url = httpx2.URL(f"{parts.scheme}://{parts.netloc}/")
        self._prefix = parts.path.rstrip("/")
        self._timeout = httpx2.Timeout(self.limits.read, connect=self.limits.connect).as_dict()
        named = (
            Secret(value, f"${_variable(name)}")
            for name, value in self.extra_headers
            if _distinctive(value)
        )
        self._secrets = (*([self.secret] if self.secret else []), *named)

    def close(self) -> None:
        self._transport.close()

    def send(self, probe: Probe, number: int) -> Exchange:
        """Send a probe, again where that is harmless and may help. Never raises for what the service does.

        Raises Exhausted, with nothing sent, if a bound of the run is reached.
        """
        self.pace.turn()
        try:
            outcomes = self._outcomes(probe)
        except Exception as error:
            # The traceback would show the credential, with --showlocals.
            where = f"{probe.request.method} {probe.request.target}"
            raise RuntimeError(
                self._scrub(f"{type(error).__name__} while sending {where}: {error}")
            ) from None
        if isinstance(last := outcomes[-1], Response) and not self.sleepless:
            self.pace.heed(last.status, last.headers)
        outcome = _conclusion(outcomes)
        if isinstance(outcome, Failure):
            failure = Failure(outcome.kind, self._scrub(outcome.detail)[:MAX_DETAIL])
            return Exchange(number, probe, failure=failure, attempts=len(outcomes))
        return Exchange(number, probe, response=self._scrubbed(outcome), attempts=len(outcomes))

    def _outcomes(self, probe: Probe) -> list[Outcome]:
        """What came of each attempt."""
        wire = self._wire(probe)
        outcomes = [self._once(wire)]
        if probe.request.method not in IDEMPOTENT or probe.source == "status":
            return outcomes
        if self._retry_wait(outcomes) is not None:
            self._again(wire, outcomes)
        return outcomes

    def _again(self, wire: httpx2.Request, outcomes: list[Outcome]) -> None:
        """Attempts after the first, which failed; waits before each as the service or the back-off says."""

        def wait(error: Exception) -> bool | float:
            return isinstance(error, _TryAgain) and (
                0.0 if self.sleepless else error.seconds or True
            )

        with suppress(_TryAgain, Exhausted):
            for attempt in stamina.retry_context(
                wait, attempts=ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=2
            ):
                with attempt:
                    if attempt.num > 1:
                        self.pace.turn()
                        outcomes.append(self._once(wire))
                    if (seconds := self._retry_wait(outcomes)) is not None:
                        raise _TryAgain(seconds)

    def _retry_wait(self, outcomes: list[Outcome]) -> float | None:
        """How long to wait before asking again, see `_wait_after`; None as well if the run has no time for it."""
        seconds = _wait_after(outcomes)
        return seconds if seconds is not None and self.pace.has_time(seconds) else None

    def _wire(self, probe: Probe) -> httpx2.Request:
        request = probe.request
        if self.secret is not None:
            request = with_credential(
                request, probe.credential, self.spec.by_key[probe.operation], self.spec, self.secret
            )
        headers = _overridden(_overridden(OUR_HEADERS, request.headers), self.extra_headers)
        return httpx2.Request(
            request.method,
            self._url,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            content=request.body,
            extensions={
                "target": f"{self._prefix}{request.target}".encode("ascii"),
                "timeout": self._timeout,
            },
        )

    def _once(self, wire: httpx2.Request) -> Outcome:
        started = time.perf_counter()
        self._deadline.start(started, self.limits.total)
        try:
            response = self._transport.handle_request(wire)
            try:
                body = self._read(response)
            finally:
                response.close()
                drop_surplus(self._transport)
            headers = tuple(
                (k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw
            )
            body = decoded(body, headers, self.limits.body)
            return Response(response.status_code, headers, body, time.perf_counter() - started)
        except httpx2.HTTPError as error:
            return _failure(error, self._deadline.begun)
        except Undecodable as error:
            return Failure(FailureKind.BAD_ENCODING, str(error))
        except TooLong:
            return Failure(
                FailureKind.TOO_LARGE, f"the body is longer than {self.limits.body} bytes"
            )
        except TooSlow:
            return Failure(
                FailureKind.TIMED_OUT, f"the answer took longer than {self.limits.total:g} s"
            )

    def _read(self, response: httpx2.Response) -> bytes:
        body = bytearray()  # a list of chunks of two bytes would take thirty times as much
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > self.limits.body:
                raise TooLong
        return bytes(body)

    def _scrub(self, text: str) -> str:
        for secret in self._secrets:
            text = secret.scrub(text)
        return text

    def _scrubbed(self, response: Response) -> Response:
        """The response with a placeholder for secrets, then without capability URLs: those may hold a secret."""
        headers, body = response.headers, response.body
        for secret in self._secrets:
            headers = tuple((name, secret.scrub(value)) for name, value in headers)
            body = secret.scrub_bytes(body)
        body = self.capabilities.body(body)
        headers = tuple((name, self.capabilities.text(value)) for name, value in headers)
        return Response(response.status, headers, body, response.seconds)


class _TryAgain(Exception):
    """Ask again, after `seconds` if the service said how long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__("ask again")


def _overridden(headers: Headers, others: Headers) -> Headers:
    """`headers` and `others`; of two that share a name, those of `others`."""
    names = {name.lower() for name, _ in others}
    return (*(field for field in headers if field[0].lower() not in names), *others)


def _variable(header: str) -> str:
    return header.upper().replace("-", "_")


def _distinctive(value: str) -> bool:
    """Whether a value is a secret by its looks: without `true`, bodies would be no JSON any more."""
    mixed = any(map(str.isalpha, value)) and any(map(str.isdigit, value))
    return len(value) >= DISTINCTIVE or (mixed and len(value) >= DISTINCTIVE // 2)


def _conclusion(outcomes: list[Outcome]) -> Outcome:
    """The last outcome, but a body cut short only once says nothing: what cut it may have been the network."""
    last, cut = outcomes[-1], [outcome for outcome in outcomes if _is_cut(outcome)]
    if len(cut) == 1 and (last is cut[0] or isinstance(last, Response)):
        return Failure(
            FailureKind.RESET, "the body was cut short once, which may be the network's doing"
        )
    return last


def _is_cut(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.kind is FailureKind.TRUNCATED


def _wait_after(outcomes: list[Outcome]) -> float | None:
    """None if asking again is pointless, 0 for as soon as backing off says, else the service's own wish in seconds."""
    outcome = outcomes[-1]
    if isinstance(outcome, Failure):
        again = outcome.kind in (FailureKind.REFUSED, FailureKind.RESET, FailureKind.TRUNCATED)
        wait = AT_ONCE if _is_cut(outcome) else 0.0
        return wait if again and sum(map(_is_cut, outcomes)) < 2 else None
    if outcome.status not in UNAVAILABLE:
        return None
    seconds = wish(outcome.status, outcome.headers, datetime.now(UTC))
    return seconds if seconds <= MAX_RETRY_AFTER else None


_START = b"HTTP/"
_KINDS: tuple[tuple[type[Exception], FailureKind], ...] = (
    (httpx2.TimeoutException, FailureKind.TIMED_OUT),
    (httpx2.ConnectError, FailureKind.REFUSED),
    (httpx2.ProxyError, FailureKind.REFUSED),
    (httpx2.LocalProtocolError, FailureKind.REFUSED),  # our own fault, and no word on the service
    (httpx2.NetworkError, FailureKind.RESET),
)
_TEXTS: tuple[tuple[str, FailureKind], ...] = (
    ("without sending a response", FailureKind.RESET),
    ("without sending complete message", FailureKind.TRUNCATED),
    ("incomplete chunked read", FailureKind.TRUNCATED),
    ("Receive buffer too long", FailureKind.TOO_LARGE),
)


def _failure(error: httpx2.HTTPError, begun: bytes) -> Failure:
    """What an error means, where the bytes that came begin so."""
    detail = f"{type(error).__name__}: {error}".strip(": ")
    if isinstance(error, httpx2.ConnectError) and "SSL" in detail.upper():
        return Failure(FailureKind.TLS, detail)
    for kind, meaning in _KINDS:
        if isinstance(error, kind):
            return Failure(meaning, detail)
    found = next((meaning for text, meaning in _TEXTS if text in detail), FailureKind.BAD_FRAMING)
    if found is FailureKind.RESET and begun and not begun.startswith(_START[: len(begun)]):
        return Failure(
            FailureKind.BAD_FRAMING,
            f"the answer has no status line, it begins with {ascii(begun)[1:]}",
        )
    return Failure(found, detail)
