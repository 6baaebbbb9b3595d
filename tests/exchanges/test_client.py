"""What becomes of a request: every way of answering, and of not answering, on a real socket."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Client, Limits, Secret
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.pace import retry_after
from contracts.exchanges.tokens import Tokens
from contracts.messages import Credential, Exchange, Failure, FailureKind, Probe, Request
from tests.exchanges.documents import one_operation
from tests.service import create_app, raw_server, running
from tests.service.running import port_of_nobody

pytestmark = pytest.mark.usefixtures("no_waiting")

KEY = "k-0123456789/abc"
SPEC, OPERATION = one_operation(
    security=[{"key": []}], components={"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
)
GET = Probe(OPERATION.key, Request("GET", "/things/1"))
POST = replace(GET, request=Request("POST", "/things/1", body=b"{}"))

# The raw server closes after each answer; a client that is not told so may write into a closed connection.
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
CUT = OK.replace(b"Length: 2", b"Length: 9")
BUSY = OK.replace(b"200 OK", b"503 Busy")


class Script:
    """Gives its answers in turn, the last one for ever; remembers what it was sent."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers, self.requests = list(answers), list[bytes]()

    def __call__(self, request: bytes) -> bytes | None:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def ask(script: Callable[[bytes], bytes | None], probe: Probe = GET, **options: object) -> Exchange:
    with raw_server(script) as url:
        return ask_at(url, probe, **options)


def ask_at(url: str, probe: Probe = GET, **options: object) -> Exchange:
    client = Client(SPEC, url, Secret(KEY), **options)  # type: ignore[arg-type]
    with contextlib.closing(client):
        return client.send(probe, 7)


def status_of(exchange: Exchange) -> int | None:
    return exchange.response.status if exchange.response else None


def failure_of(exchange: Exchange) -> FailureKind | None:
    return exchange.failure.kind if exchange.failure else None


def response(*lines: str, status: str = "200 OK", body: bytes = b"{}") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "Connection: close"])
    return f"{head}\r\n\r\n".encode("latin-1") + body


def slow_server(*pieces: bytes) -> contextlib.AbstractContextManager[str]:
    """A server that sends a piece of its answer every 5 ms, and never ends."""

    def drip(connection: socket.socket, told: threading.Event) -> None:
        for piece in pieces:
            told.wait(0.005)
            connection.sendall(piece)

    return streaming_server(drip)


@contextlib.contextmanager
def streaming_server(answer: Callable[[socket.socket, threading.Event], object], connections: int = 1) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    answer(connection, told)
                    told.wait(60)

        threads = [threading.Thread(target=serve) for _ in range(connections)]
        for thread in threads:
            thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        told.set()
    for thread in threads:
        thread.join(5)


@pytest.fixture
def nobody() -> Iterator[str]:
    with port_of_nobody() as url:
        yield url


def test_an_answer_is_recorded_as_received() -> None:
    exchange = ask(Script(response("X-Name: caf\xe9", "x-name: b", status="404 Nope", body=b"gone")))
    assert exchange.response is not None
    assert (exchange.number, exchange.attempts, exchange.probe) == (7, 1, GET)
    assert exchange.response.headers[:2] == (("X-Name", "caf\xe9"), ("x-name", "b"))
    assert (exchange.response.status, exchange.response.body) == (404, b"gone")


def test_a_real_service_is_asked_with_the_credential() -> None:
    with running(create_app(key=KEY)) as url:
        assert status_of(ask_at(url, replace(GET, request=Request("GET", "/sessions")))) == 200


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        pytest.param(None, FailureKind.RESET, id="closed before a response"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-", FailureKind.RESET, id="closed within the head"),
        pytest.param(CUT, FailureKind.TRUNCATED, id="body cut short, each time"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", FailureKind.TRUNCATED, id="cut in a chunk"
        ),
        pytest.param(b"no response at all\r\n\r\n", FailureKind.BAD_FRAMING, id="no status line"),
        pytest.param(b"{}", FailureKind.BAD_FRAMING, id="a body alone, without an end"),
        pytest.param(b"HTT", FailureKind.RESET, id="closed within the version"),
        pytest.param(b"HTTP/1.1 2OO OK\r\n\r\n", FailureKind.BAD_FRAMING, id="letters for a status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", FailureKind.BAD_FRAMING, id="a field without colon"),
        pytest.param(response("Content-Length: 3"), FailureKind.BAD_FRAMING, id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", FailureKind.BAD_FRAMING, id="a negative length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
            FailureKind.BAD_FRAMING,
            id="a chunk size that is no number",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", FailureKind.TOO_LARGE, id="an endless head"
        ),
        pytest.param(response("Content-Encoding: gzip"), FailureKind.BAD_ENCODING, id="gzip that is none"),
        pytest.param(
            response("Content-Encoding: gzip", body=gzip.compress(b"{}")[:-4]),
            FailureKind.BAD_ENCODING,
            id="gzip that ends too early",
        ),
        pytest.param(response("Content-Encoding: br"), FailureKind.BAD_ENCODING, id="a coding nobody asked for"),
    ],
)
def test_what_is_no_answer_has_a_kind(last: bytes | None, kind: FailureKind) -> None:
    exchange = ask(Script(last))
    assert failure_of(exchange) == kind
    assert exchange.response is None


def test_refused_is_tried_three_times(nobody: str) -> None:
    exchange = ask_at(nobody)
    assert (failure_of(exchange), exchange.attempts) == (FailureKind.REFUSED, 3)


def test_tls_that_fails_is_no_network_problem() -> None:
    with streaming_server(lambda connection, _: connection.sendall(OK)) as url:
        exchange = ask_at(url.replace("http:", "https:"))
    assert (failure_of(exchange), exchange.attempts) == (FailureKind.TLS, 1)


def test_connecting_is_bounded() -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(listener.getsockname()))  # the queue is full now
        exchange = ask_at(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=Limits(connect=0.02))
    assert failure_of(exchange) == FailureKind.TIMED_OUT


def test_silence_is_bounded() -> None:
    with slow_server() as url:
        exchange = ask_at(url, limits=Limits(read=0.02))
    assert (failure_of(exchange), exchange.attempts) == (FailureKind.TIMED_OUT, 1)


def test_a_dripping_body_is_bounded() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    with slow_server(head, *[b"x"] * 40) as url:
        exchange = ask_at(url, limits=Limits(total=0.03))
    assert failure_of(exchange) == FailureKind.TIMED_OUT
    assert exchange.failure is not None
    assert "0.03 s" in exchange.failure.detail


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"HTTP/1.1 200 OK\r\n", *[b"x"] * 40], id="a head that drips"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 40, id="a note that there will be an answer, for ever"),
    ],
)
def test_what_comes_before_an_answer_is_bounded(pieces: list[bytes]) -> None:
    with slow_server(*pieces) as url:
        exchange = ask_at(url, limits=Limits(total=0.03))
    assert exchange.failure == Failure(FailureKind.TIMED_OUT, "the answer took longer than 0.03 s")


def test_a_request_has_the_time_of_one_request() -> None:
    with running(create_app(key=KEY)) as url, contextlib.closing(Client(SPEC, url, Secret(KEY))) as client:
        client.send(GET, 0)
        assert client._transport is not None
        client._transport._deadline.at = 0
        assert client.send(GET, 1).failure is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(body=b"x" * 1001), id="plain"),
        pytest.param(response("Content-Encoding: gzip", body=gzip.compress(b"x" * 1001)), id="compressed"),
    ],
)
def test_a_body_is_bounded(answer: bytes) -> None:
    assert failure_of(ask(Script(answer), limits=Limits(body=1000))) == FailureKind.TOO_LARGE
    assert status_of(ask(Script(answer), limits=Limits(body=1001))) == 200


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(gzip.compress(bytes(10_000_000)))
    exchange = ask(Script(response("Content-Encoding: gzip, gzip", body=bomb)), limits=Limits(body=100_000))
    assert failure_of(exchange) == FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    ("answers", "outcome", "attempts"),
    [
        pytest.param([BUSY, OK], 200, 2, id="busy once"),
        pytest.param([BUSY, BUSY, BUSY, OK], 503, 3, id="busy to the end"),
        pytest.param([None, OK], 200, 2, id="closed once"),
        pytest.param([CUT, OK], FailureKind.RESET, 2, id="cut short once says nothing"),
        pytest.param([CUT, BUSY, OK], FailureKind.RESET, 3, id="cut short once, then busy"),
        pytest.param([CUT, CUT, OK], FailureKind.TRUNCATED, 2, id="cut short twice"),
        pytest.param([CUT, None, CUT], FailureKind.TRUNCATED, 3, id="cut short twice, closed between"),
        pytest.param([CUT, b"?\r\n\r\n"], FailureKind.BAD_FRAMING, 2, id="cut short, then badly framed"),
        pytest.param([response(status="429 Slow Down"), OK], 200, 2, id="too many requests once"),
        pytest.param([response("Retry-After: 20", status="429 No"), OK], 200, 2, id="a wait of 20 seconds"),
        pytest.param([response("Retry-After: 21", status="429 No"), OK], 429, 1, id="a wait of 21 seconds"),
        pytest.param([response(status="500 No"), OK], 500, 1, id="a plain error is an answer"),
        pytest.param([b"?\r\n\r\n", OK], FailureKind.BAD_FRAMING, 1, id="bad framing is an answer, too"),
    ],
)
def test_asked_again_where_it_may_help(answers: list[bytes | None], outcome: int | FailureKind, attempts: int) -> None:
    exchange = ask(Script(*answers))
    assert (status_of(exchange) or failure_of(exchange), exchange.attempts) == (outcome, attempts)


@pytest.mark.parametrize(
    ("answers", "retried"),
    [
        pytest.param([OK], (), id="never"),
        pytest.param([BUSY, OK], ("503",), id="busy"),
        pytest.param([BUSY, None, OK], ("503", "reset"), id="busy, then closed"),
        pytest.param([CUT, OK], ("truncated",), id="cut short"),
        pytest.param([BUSY, BUSY, BUSY, OK], ("503", "503"), id="busy to the end"),
    ],
)
def test_why_it_was_asked_again_is_on_record(answers: list[bytes | None], retried: tuple[str, ...]) -> None:
    assert ask(Script(*answers)).retried == retried


@pytest.mark.parametrize(
    "probe",
    [
        pytest.param(POST, id="a method that may change state"),
        pytest.param(replace(GET, source="status"), id="a busy answer that was ordered"),
    ],
)
def test_some_probes_are_sent_once(probe: Probe) -> None:
    exchange = ask(Script(BUSY, OK), probe)
    assert (status_of(exchange), exchange.attempts) == (503, 1)


def test_a_post_cut_short_says_nothing() -> None:
    assert failure_of(ask(Script(CUT), POST)) == FailureKind.RESET


def test_a_wish_to_wait_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with stamina.set_testing(False):
        ask(Script(response("Retry-After: 17", status="429 No"), OK))
    assert waited == [17]


def test_without_a_wish_the_wait_grows_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with stamina.set_testing(False):
        ask(Script(BUSY))
    assert len(waited) == 2
    assert all(0.2 <= seconds <= 3 for seconds in waited)


def test_a_sleepless_client_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with stamina.set_testing(False):
        exchange = ask(Script(response("Retry-After: 17", status="429 No"), BUSY, OK), sleepless=True)
    assert (status_of(exchange), [*map(bool, waited)]) == (200, [False, False])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("0", 0),
        (" 120 ", 120),
        ("1.5", 0),
        ("-1", 0),
        ("٣", 0),
        ("soon", 0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 0),
        ("Tue, 99 Nov 2026 12:00:30 GMT", 0),
        ("9" * 400, float("inf")),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float) -> None:
    assert retry_after(value, datetime(2026, 11, 24, 12, tzinfo=UTC)) == seconds


@given(st.text())
def test_any_retry_after_can_be_read(value: str) -> None:
    assert retry_after(value, datetime(2026, 11, 24, 12, tzinfo=UTC)) >= 0


@pytest.mark.parametrize("location", ["/elsewhere", "http://[", "//\xff", ""])
def test_redirects_are_answers(location: str) -> None:
    script = Script(response(f"Location: {location}", status="302 Found"))
    assert status_of(ask(script)) == 302
    assert len(script.requests) == 1


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 500 Stale\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 O", b"}"])
def test_what_comes_behind_an_answer_answers_nothing(surplus: bytes) -> None:
    def answer(connection: socket.socket, told: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + surplus)

    with streaming_server(answer, connections=2) as url, contextlib.closing(Client(SPEC, url, None)) as client:
        assert [status_of(client.send(GET, number)) for number in range(2)] == [200, 200]


def test_a_connection_serves_requests_in_turn_until_it_is_closed() -> None:
    closed, kept = threading.Event(), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    def answer(connection: socket.socket, told: threading.Event) -> None:
        connection.sendall(kept)
        connection.recv(65536)
        connection.sendall(kept.replace(b"200", b"201"))
        connection.close()
        closed.set()

    with streaming_server(answer, connections=2) as url, contextlib.closing(Client(SPEC, url, None)) as client:
        assert [status_of(client.send(GET, number)) for number in range(2)] == [200, 201]
        assert closed.wait(5)
        last = client.send(GET, 2)
        assert (status_of(last), last.attempts) == (200, 1)


def test_a_length_that_is_not_that_of_the_content_is_not_the_services_fault() -> None:
    script = Script(OK)
    request = Request("PUT", "/things/1", (("Content-Length", "1"),), b"{}")
    assert failure_of(ask(script, replace(GET, request=request))) is FailureKind.REFUSED
    assert script.requests == []


def test_no_cookie_is_kept() -> None:
    script = Script(response("Set-Cookie: a=b; Path=/"))
    with raw_server(script) as url, contextlib.closing(Client(SPEC, url, None)) as client:
        client.send(GET, 0)
        client.send(GET, 1)
    assert b"cookie" not in script.requests[1].lower()


TARGETS = ["/a%2Fb", "/a%2fb", "/%00", "/%c3%a9", "/a%20b?c=d%2Be+f", "/'(*)!;=@,$&", "/a?", "/x?q=[1]|{2}^`", "/%25"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("prefix", ["", "/", "/v1", "/v1/"])
def test_the_target_goes_out_byte_for_byte(target: str, prefix: str) -> None:
    script = Script(OK)
    with raw_server(script) as url:
        ask_at(url + prefix, replace(GET, request=Request("GET", target)))
    wanted = prefix.rstrip("/") + target
    assert script.requests[0].startswith(f"GET {wanted} HTTP/1.1\r\n".encode())


def test_header_fields_go_out_as_latin_1_and_in_order() -> None:
    script = Script(OK)
    fields = (("X-B", "caf\xe9"), ("X-A", "1"), ("X-A", "2"), ("X-Empty", ""))
    ask(script, replace(GET, request=Request("GET", "/", fields)))
    sent = script.requests[0].split(b"\r\n")
    assert [line for line in sent if line.startswith(b"X-")] == [b"X-B: caf\xe9", b"X-A: 1", b"X-A: 2", b"X-Empty: "]


def test_a_field_of_the_probe_replaces_ours() -> None:
    script = Script(OK)
    ask(script, replace(GET, request=Request("GET", "/", (("user-agent", "theirs"),))))
    assert b"user-agent: theirs" in script.requests[0]
    assert b"notte-contracts" not in script.requests[0]


def test_the_body_goes_out() -> None:
    fields = (("Content-Type", "application/json"),)
    with running(create_app(key=KEY)) as url:
        exchange = ask_at(url, replace(POST, request=Request("POST", "/sessions/start", fields, b'{"proxies":false}')))
    assert exchange.response is not None
    assert b'"proxies":false' in exchange.response.body


def test_a_request_that_is_no_http_is_not_the_services_fault() -> None:
    exchange = ask(Script(OK), replace(GET, request=Request("GET", "/", (("bad name", "x"),))))
    assert failure_of(exchange) == FailureKind.REFUSED


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_proxies_are_not_used_for_this_machine(variable: str, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, nobody)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert status_of(ask(Script(OK))) == 200


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_proxies_are_used_for_other_machines(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(OK)
    with raw_server(script) as proxy:
        monkeypatch.setenv(name, proxy.removeprefix("http://"))
        assert status_of(ask_at("http://api.example/v1", GET)) == 200
    assert script.requests[0].startswith(b"GET http://api.example/v1/things/1 HTTP/1.1\r\n")


def test_no_proxy_is_obeyed(nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", nobody)
    monkeypatch.setenv("NO_PROXY", "localhost.example")
    script = Script(OK)
    with raw_server(script) as url:
        monkeypatch.setattr(socket, "getaddrinfo", resolving("localhost.example", "127.0.0.1"))
        assert status_of(ask_at(url.replace("127.0.0.1", "localhost.example"))) == 200


def resolving(name: str, address: str) -> Callable[..., object]:
    original = socket.getaddrinfo
    return lambda host, *args, **options: original(address if host == name else host, *args, **options)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_extra_fields_are_sent_with_every_request(host: str) -> None:
    script = Script(OK)
    with raw_server(script) as url:
        ask_at(url.replace("127.0.0.1", host), extra_headers=(("X-Gateway", "gate"),))
    assert b"X-Gateway: gate\r\n" in script.requests[0]


def echo(request: bytes) -> bytes:
    """An answer that holds the whole request, in a header and in the body."""
    lines = b" ".join(request.split(b"\r\n"))
    return response(f"X-Echo: {lines.decode('latin-1')}", body=request)


@pytest.mark.parametrize("variant", Credential)
def test_the_credential_is_scrubbed_from_answers(variant: Credential) -> None:
    exchange = ask(echo, replace(GET, credential=variant))
    assert KEY[:-1] not in repr(exchange)
    assert ("$CONTRACT_CREDENTIAL" in repr(exchange)) == (
        variant not in (Credential.NONE, Credential.WRONG, Credential.EMPTY)
    )


def test_the_credential_is_scrubbed_from_failures() -> None:
    exchange = ask(lambda request: b"HTTP/1.1 " + request.replace(b"\r\n", b" ") + b"\r\n\r\n")
    assert failure_of(exchange) == FailureKind.BAD_FRAMING
    assert exchange.failure is not None
    assert "Bearer $CONTRACT_CREDENTIAL" in exchange.failure.detail


@pytest.mark.parametrize("value", ["open-sesame", "hunter2", "12345678"])
def test_extra_values_are_scrubbed_from_answers(value: str) -> None:
    tokens = Tokens(scrubber=Scrubber.of({"GATEWAY_KEY": value}, ""))
    exchange = ask(echo, extra_headers=(("X-Gateway-Key", value),), tokens=tokens)
    assert exchange.response is not None
    assert b"X-Gateway-Key: $GATEWAY_KEY" in exchange.response.body
    assert value not in repr(exchange)


@pytest.mark.parametrize("value", ["true", "staging", "2026", "v1", ""])
def test_words_that_anybody_uses_are_no_secrets(value: str) -> None:
    tokens = Tokens(scrubber=Scrubber.of({"ENV": value}, ""))
    exchange = ask(echo, extra_headers=(("X-Env", value),), tokens=tokens)
    assert exchange.response is not None
    assert f"X-Env: {value}\r\n".encode() in exchange.response.body


def test_without_a_credential_extra_values_are_scrubbed_as_well() -> None:
    with raw_server(echo) as url:
        tokens = Tokens(scrubber=Scrubber.of({"GATEWAY_KEY": "open-sesame"}, ""))
        client = Client(SPEC, url, None, extra_headers=(("X-Gateway-Key", "open-sesame"),), tokens=tokens)
        exchange = client.send(GET, 0)
        client.close()
    assert "open-sesame" not in repr(exchange)
    assert "open-sesame" not in repr(client)


def test_a_bug_shows_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ValueError(f"Bearer {KEY}")

    monkeypatch.setattr("contracts.exchanges.transport.Transport.answer", broken)
    with pytest.raises(
        RuntimeError, match=r"ValueError while sending GET /things/1: Bearer \$CONTRACT_CREDENTIAL"
    ) as caught:
        ask_at("http://127.0.0.1:1")
    assert caught.value.__suppress_context__
